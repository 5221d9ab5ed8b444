//! Steps beside what scikit-learn's gave for the same values. `tests/fixtures/steps` has the cases, and the
//! scripts that made them.

use std::sync::Arc;

use serde::Deserialize;

use super::{Answers, Step, trial};
use crate::{
    Known, Vocabulary,
    values::{NO_TIME, Numbers, Series, Shape, Values, Words},
};

/// A step, what it reads, and what it must give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// With `step`, its options, and holes that are to be filled from `reads` (or from `fitted_to`).
    step: Step,
    reads: Reads,
    #[serde(default)]
    fitted_to: Option<Reads>,
    #[serde(default)]
    answers: Option<Given>,
    expected: Expected,
    /// Relative where numbers are larger than 1.
    #[serde(default = "usual_tolerance")]
    tolerance: f64,
}

fn usual_tolerance() -> f64 {
    1e-9
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Reads {
    /// Columns; null is missing.
    Numbers(Vec<Vec<Option<f64>>>),
    /// Values of a category; null is missing, and what is none of `values` unseen.
    Codes {
        values: Vec<Known>,
        rows: Vec<Option<Known>>,
    },
    Texts(Vec<Option<String>>),
    Words(Vec<Vec<String>>),
    /// Microseconds since 1970.
    Times(Vec<Option<i64>>),
    Series(Vec<Vec<f64>>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Given {
    Classes { places: Vec<u32>, count: usize },
    Values(Vec<f64>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Expected {
    /// Rows; null is missing.
    Numbers(Vec<Vec<Option<f64>>>),
    Texts(Vec<Option<String>>),
    Words(Vec<Vec<String>>),
}

impl Reads {
    fn values(&self) -> (Shape, Values) {
        match self {
            Reads::Numbers(columns) => {
                let names = (0..columns.len()).map(|place| format!("x{place}")).collect();
                let column =
                    |column: &Vec<Option<f64>>| column.iter().map(|x| x.unwrap_or(f64::NAN)).collect();
                let columns: Vec<Vec<f64>> = columns.iter().map(column).collect();
                let rows = columns.first().map_or(0, Vec::len);
                (Shape::labelled(names), Values::Numbers(Numbers::new(rows, columns)))
            }
            Reads::Codes { values, rows } => {
                let vocabulary = Vocabulary::new(values.clone()).unwrap();
                let code = |value: &Option<Known>| match value {
                    None => vocabulary.missing(),
                    Some(value) => vocabulary.of(value).unwrap_or(vocabulary.unseen()),
                };
                let codes = rows.iter().map(code).collect();
                (Shape::Codes(Arc::new(vocabulary)), Values::Codes(codes))
            }
            Reads::Texts(rows) => (Shape::Texts, Values::Texts(rows.clone().into())),
            Reads::Words(rows) => (Shape::Words, Values::Words(words(rows))),
            Reads::Times(rows) => {
                (Shape::Times, Values::Times(rows.iter().map(|time| time.unwrap_or(NO_TIME)).collect()))
            }
            Reads::Series(rows) => {
                let series = Series { ends: ends(rows.iter().map(Vec::len)), numbers: rows.concat() };
                (Shape::Series, Values::Series(series))
            }
        }
    }
}

impl Reads {
    fn len(&self) -> usize {
        self.values().1.rows()
    }

    /// One row alone.
    fn row(&self, row: usize) -> Reads {
        match self {
            Reads::Numbers(columns) => {
                Reads::Numbers(columns.iter().map(|column| vec![column[row]]).collect())
            }
            Reads::Codes { values, rows } => {
                Reads::Codes { values: values.clone(), rows: vec![rows[row].clone()] }
            }
            Reads::Texts(rows) => Reads::Texts(vec![rows[row].clone()]),
            Reads::Words(rows) => Reads::Words(vec![rows[row].clone()]),
            Reads::Times(rows) => Reads::Times(vec![rows[row]]),
            Reads::Series(rows) => Reads::Series(vec![rows[row].clone()]),
        }
    }
}

fn words(rows: &[Vec<String>]) -> Words {
    rows.iter().map(|row| row.iter().map(String::as_str)).collect()
}

fn ends(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut end = 0;
    lengths
        .map(|length| {
            end += length;
            end
        })
        .collect()
}

/// Whether two tables are the same, but for the tolerance.
fn compare(case: &Case, found: &[Vec<f64>], expected: &[Vec<Option<f64>>]) {
    let name = &case.name;
    assert_eq!(found.len(), expected.len(), "{name}: rows");
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{name}: columns of row {row}: {found:?} for {expected:?}");
        for (column, (found, expected)) in found.iter().zip(expected).enumerate() {
            let is_same = match expected {
                None => found.is_nan(),
                Some(expected) => (found - expected).abs() <= case.tolerance * expected.abs().max(1.0),
            };
            assert!(is_same, "{name}: row {row}, column {column}: {found}, expected {expected:?}");
        }
    }
}

fn check(case: &Case) {
    let (reads, fitted_to) = (case.reads.values(), case.fitted_to.as_ref().map(Reads::values));
    let answers = match &case.answers {
        None => Answers::None,
        Some(Given::Classes { places, count }) => Answers::Classes(places, *count),
        Some(Given::Values(values)) => Answers::Values(values),
    };
    let (fitted, _) = trial::fit_and_apply(case.step.clone(), fitted_to.as_ref().unwrap_or(&reads), answers);
    // What was fitted is the same after it was written and read.
    let written = serde_json::to_string(&fitted).unwrap();
    assert_eq!(serde_json::from_str::<Step>(&written).unwrap(), fitted, "{}: {written}", case.name);
    match &case.expected {
        Expected::Numbers(rows) => {
            compare(case, &trial::table(&fitted, &reads).1, rows);
            compare(case, &apply_apart(&fit_backwards(case), &case.reads), rows);
        }
        Expected::Texts(rows) => {
            let applied = trial::apply(&fitted, &reads);
            assert_eq!(applied.texts(), &rows.clone().into(), "{}", case.name);
        }
        Expected::Words(rows) => {
            assert_eq!(trial::apply(&fitted, &reads).words(), &words(rows), "{}", case.name);
        }
    }
}

/// Fits to one row after another, the last first.
fn fit_backwards(case: &Case) -> Step {
    let rows = case.fitted_to.as_ref().unwrap_or(&case.reads);
    let Some(mut fit) = case.step.work().fit(&[&rows.values().0]).unwrap() else { return case.step.clone() };
    for row in (0..rows.len()).rev() {
        let answers = match &case.answers {
            None => Answers::None,
            Some(Given::Classes { places, count }) => Answers::Classes(&places[row..=row], *count),
            Some(Given::Values(values)) => Answers::Values(&values[row..=row]),
        };
        fit.see(&[&rows.row(row).values().1], &answers);
    }
    fit.conclude(None).unwrap()
}

/// Applies to each row alone.
fn apply_apart(step: &Step, reads: &Reads) -> Vec<Vec<f64>> {
    let row = |row| trial::table(step, &reads.row(row).values()).1.remove(0);
    (0..reads.len()).map(row).collect()
}

/// Checks every case of a file, which must have at least so many.
fn check_all(file: &str, least: usize) {
    let path = format!("{}/../../tests/fixtures/steps/{file}", env!("CARGO_MANIFEST_DIR"));
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(cases.len() >= least, "{file}: {} cases", cases.len());
    cases.iter().for_each(check);
}

#[test]
fn one_number_becomes_what_scikit_learn_makes_of_it() {
    check_all("scaling.json", 4);
}

#[test]
fn categories_texts_words_and_times_become_what_scikit_learn_and_python_make_of_them() {
    check_all("words.json", 45);
}

#[test]
fn columns_of_numbers_become_what_scikit_learn_makes_of_them() {
    check_all("numeric.json", 40);
}
