//! What members eat, put together from values: named blocks of one type.

mod strip;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::{
    Action, Block, DistinctNames, Element, Error, Flaw, Policy,
    findings::Findings,
    values::{Labels, Shape, Values},
};
use strip::Strip;

/// The type of an input's values, as `plan.json` has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum InputType {
    /// Numbers of single precision.
    #[default]
    #[serde(rename = "f32")]
    Single,
    /// Numbers of double precision.
    #[serde(rename = "f64")]
    Double,
    /// Integers of 64 bits.
    #[serde(rename = "i64")]
    Integer,
    /// Texts.
    #[serde(rename = "string")]
    Text,
}

impl InputType {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            InputType::Single => "f32",
            InputType::Double => "f64",
            InputType::Integer => "i64",
            InputType::Text => "string",
        }
    }

    /// The type of the block.
    pub fn element(self) -> Element {
        match self {
            InputType::Single => Element::Single,
            InputType::Double => Element::Double,
            InputType::Integer => Element::Integer,
            InputType::Text => Element::Text,
        }
    }
}

/// Values side by side, as one block.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub element: InputType,
    /// Where each value is, and its first column in the block.
    parts: Vec<(usize, usize)>,
    labels: Vec<String>,
    levels: Vec<Option<usize>>,
    /// The names of the categories, where they go in as texts.
    names: Vec<Option<Shape>>,
}

impl Input {
    /// Takes values of those shapes.
    pub(crate) fn bind(element: InputType, reads: &[(usize, &str, &Shape)]) -> Result<Input, String> {
        let mut input =
            Input { element, parts: Vec::new(), labels: Vec::new(), levels: Vec::new(), names: Vec::new() };
        for (slot, name, shape) in reads {
            input.parts.push((*slot, input.labels.len()));
            match (element, shape) {
                (InputType::Text, Shape::Texts | Shape::Codes(_)) => {
                    input.labels.push((*name).to_owned());
                    input.levels.push(None);
                    input.names.push(matches!(shape, Shape::Codes(_)).then(|| (*shape).clone()));
                }
                (
                    InputType::Single | InputType::Double | InputType::Integer,
                    Shape::Numbers(Labels { names, levels }),
                ) => {
                    input.labels.extend(names.iter().cloned());
                    input.levels.extend(names.iter().map(|_| *levels));
                    input.names.push(None);
                }
                (InputType::Text, other) => {
                    return Err(format!("\"{name}\" is {}: expected texts or categories", other.word()));
                }
                (_, other) => {
                    return Err(format!(
                        "\"{name}\" is {}: expected numbers, as a step makes of them",
                        other.word()
                    ));
                }
            }
        }
        let mut names = DistinctNames::default();
        input.labels.iter_mut().for_each(|label| *label = names.take(label));
        Ok(input)
    }

    /// The slots that it reads.
    pub(crate) fn slots(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().map(|(slot, _)| *slot)
    }

    /// What the columns are called.
    pub(crate) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How many values each column may have, where it holds codes.
    pub(crate) fn levels(&self) -> &[Option<usize>] {
        &self.levels
    }

    /// The block of some rows. A row of which a number does not fit the type gets no score.
    pub(crate) fn assemble(
        &self,
        values: &[Values],
        rows: usize,
        policy: &Policy,
        findings: &mut Findings,
    ) -> Block {
        let mut misfit = |row: usize, column: usize, number: f64| match policy
            .said(Flaw::Unreadable)
            .unwrap_or(Policy::usual(Flaw::Unreadable))
        {
            Action::Null => findings.refuse(row),
            Action::Impute | Action::Error => findings.fail(row, || Error::Unfit {
                row,
                column: self.labels[column].clone(),
                expected: self.element.element().expected(),
                found: number.to_string(),
            }),
        };
        match self.element {
            InputType::Single => {
                self.check(values, |number| !(number as f32).is_infinite(), &mut misfit);
                Block::Single(self.matrix(values, rows, |number| number as f32))
            }
            InputType::Double => Block::Double(self.matrix(values, rows, |number| number)),
            InputType::Integer => {
                self.check(values, |number| number.fract() == 0.0, &mut misfit);
                Block::Integer(self.matrix(values, rows, |number| number as i64))
            }
            InputType::Text => Block::Text(self.texts(values, rows)),
        }
    }

    /// Tells of the numbers that do not fit. There are hardly ever any: whole columns are asked first.
    fn check(
        &self,
        values: &[Values],
        fits: impl Fn(f64) -> bool,
        misfit: &mut impl FnMut(usize, usize, f64),
    ) {
        let all_fit = |numbers: &[f64]| numbers.iter().fold(true, |all, number| all & fits(*number));
        for (slot, first) in &self.parts {
            match &values[*slot] {
                Values::Marks(_) => {}
                Values::Sparse(sparse) if all_fit(&sparse.numbers) => {}
                Values::Numbers(numbers) if numbers.columns().iter().all(|column| all_fit(column)) => {}
                other => {
                    for (place, column) in other.numbers().columns().iter().enumerate() {
                        let misfits = column.iter().enumerate().filter(|(_, number)| !fits(**number));
                        misfits.for_each(|(row, number)| misfit(row, first + place, *number));
                    }
                }
            }
        }
    }

    fn matrix<T: Copy + Default>(&self, values: &[Values], rows: usize, of: impl Fn(f64) -> T) -> Array2<T> {
        let width = self.labels.len();
        let mut cells = Vec::with_capacity(rows * width);
        while cells.len() < rows * width {
            let begin = cells.len();
            let first = begin / width;
            cells.resize(rows.min(first + Strip::<T>::ROWS) * width, T::default());
            let mut strip = Strip { cells: &mut cells[begin..], width, first };
            self.parts.iter().for_each(|(slot, column)| strip.write(&values[*slot], *column, &of));
        }
        Array2::from_shape_vec((rows, width), cells).expect("there are as many cells as rows and columns")
    }

    fn texts(&self, values: &[Values], rows: usize) -> Array2<String> {
        let mut cells = Array2::from_elem((rows, self.labels.len()), String::new());
        for ((slot, column), names) in self.parts.iter().zip(&self.names) {
            for (row, cell) in cells.column_mut(*column).iter_mut().enumerate() {
                *cell = match (&values[*slot], names) {
                    (Values::Codes(codes), Some(Shape::Codes(vocabulary))) => {
                        let code = codes[row] as usize;
                        if code < vocabulary.len() {
                            vocabulary.name(code).into_owned()
                        } else {
                            String::new()
                        }
                    }
                    (other, _) => {
                        let texts = other.texts();
                        if texts.is_null(row) { String::new() } else { texts.value(row).to_owned() }
                    }
                };
            }
        }
        cells
    }
}
