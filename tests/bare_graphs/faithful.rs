//! Every model gives what ONNX Runtime gave: labels the same, numbers within 1e-5, relative above 1.

use std::collections::BTreeMap;

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Float32Type, types::Int64Type};
use arrow_schema::DataType;
use automl_pack::{Auto, Selection};

use super::{
    predict,
    recorded::{Columns, Recorded, model, names},
};

/// Scores, or what is expected, by the name of the column.
type Cells = BTreeMap<String, Vec<String>>;

#[test]
fn every_model_opens_as_a_bundle_does_and_gives_what_onnx_runtime_gave() {
    all(|name, recorded| {
        let auto = Auto::unpack(model(name)).map_err(|error| format!("{error:?}"))?;
        let members = auto.pattern.members();
        assert_eq!((members.len(), members[0].weight()), (1, 1.0));
        let scores = auto.pattern.predict(&recorded.batch()).map_err(|error| format!("{error:?}"))?;
        Ok(cells_of(&scores.to_record_batch(Selection::default())))
    });
}

#[test]
fn so_does_the_command() {
    all(|name, recorded| {
        let (code, out, err) = predict(&model(name), &recorded.csv(), &[]);
        let mut reader = out.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let header = reader.next().filter(|_| code == 0).ok_or(err)?;
        let rows: Vec<_> = reader.collect();
        let cells = |at: usize| rows.iter().map(|row| row[at].clone()).collect();
        Ok(header.into_iter().enumerate().map(|(at, name)| (name, cells(at))).collect())
    });
}

fn all(score: impl Fn(&str, &Recorded) -> Result<Cells, String>) {
    let wrong_with = |name: &String| {
        let recorded = Recorded::of(name);
        let found = score(name, &recorded).and_then(|found| compare(&recorded.outputs, &found));
        found.err().map(|what| format!("{name}: {what}"))
    };
    assert_eq!(names().len(), 53);
    let wrong: Vec<String> = names().iter().filter_map(wrong_with).collect();
    assert!(wrong.is_empty(), "{} of 53:\n{}", wrong.len(), wrong.join("\n"));
}

fn cells_of(batch: &RecordBatch) -> Cells {
    let cells = |column: &dyn Array| -> Vec<String> {
        let rows = 0..column.len();
        match column.data_type() {
            DataType::Float32 => {
                rows.map(|row| column.as_primitive::<Float32Type>().value(row).to_string()).collect()
            }
            DataType::Int64 => {
                rows.map(|row| column.as_primitive::<Int64Type>().value(row).to_string()).collect()
            }
            _ => rows.map(|row| column.as_string::<i32>().value(row).to_owned()).collect(),
        }
    };
    let schema = batch.schema();
    let named = schema.fields().iter().zip(batch.columns());
    named.map(|(field, column)| (field.name().clone(), cells(column))).collect()
}

fn compare(recorded: &BTreeMap<String, Columns>, found: &Cells) -> Result<(), String> {
    let (labels, numbers) = expected(recorded);
    let names: Vec<&String> = labels.keys().chain(numbers.keys()).collect();
    let mut sorted = names.clone();
    sorted.sort();
    if sorted.iter().copied().ne(found.keys()) {
        return Err(format!("columns {:?}, expected {sorted:?}", found.keys()));
    }
    for (name, expected) in &labels {
        if let Some(row) = (0..expected.len()).find(|row| expected[*row] != found[name][*row]) {
            return Err(format!("{name}, row {row}: {}, expected {}", found[name][row], expected[row]));
        }
    }
    numbers.iter().try_for_each(|(name, expected)| near(name, expected, &found[name]))
}

/// The labels, and the numbers, under the names that they are to have.
fn expected(recorded: &BTreeMap<String, Columns>) -> (Cells, BTreeMap<String, Vec<f32>>) {
    let is_label = |columns: &Columns| matches!(columns, Columns::Integers(_) | Columns::Texts(_));
    let classifies = recorded.values().any(is_label);
    let (mut labels, mut numbers) = (Cells::new(), BTreeMap::new());
    for (output, columns) in recorded {
        match columns {
            Columns::Integers(columns) => {
                labels.insert("prediction".to_owned(), columns[0].iter().map(i64::to_string).collect());
            }
            Columns::Texts(columns) => {
                labels.insert("prediction".to_owned(), columns[0].clone());
            }
            Columns::Maps(maps) => numbers.extend(maps[0].keys().map(|key| {
                (format!("probability_{key}"), maps.iter().map(|map| map[key]).collect::<Vec<f32>>())
            })),
            Columns::Floats(columns) => numbers.extend(columns.iter().enumerate().map(|(place, column)| {
                let name = match (classifies, columns.len()) {
                    (true, 1) => output.clone(),
                    (true, _) => format!("probability_{place}"),
                    (false, 1) => "prediction".to_owned(),
                    (false, _) => format!("{output}_{place}"),
                };
                (name, column.clone())
            })),
        }
    }
    (labels, numbers)
}

fn near(name: &str, expected: &[f32], found: &[String]) -> Result<(), String> {
    const TOLERANCE: f32 = 1e-5;
    if expected.len() != found.len() {
        return Err(format!("{name}: {} rows, expected {}", found.len(), expected.len()));
    }
    let is_near = |(expected, found): (&f32, &String)| {
        found.parse::<f32>().is_ok_and(|found| {
            found == *expected || (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0)
        })
    };
    match expected.iter().zip(found).position(|pair| !is_near(pair)) {
        Some(row) => Err(format!("{name}, row {row}: {}, expected {}", found[row], expected[row])),
        None => Ok(()),
    }
}
