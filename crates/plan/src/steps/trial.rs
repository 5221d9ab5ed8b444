//! Steps on a few rows, for the tests of each.

use super::*;
use crate::values::Numbers;

/// A column of numbers.
pub(crate) fn numbers(column: &[f64]) -> (Shape, Values) {
    (Shape::number("x"), Values::Numbers(Numbers::one(column.to_vec())))
}

/// Fits a step to some values, and applies it to them.
pub(crate) fn fit_and_apply(
    step: impl Into<Step>,
    reads: &(Shape, Values),
    answers: Answers<'_>,
) -> (Step, Values) {
    let step = step.into();
    let fitted = match step.work().fit(&[&reads.0]).unwrap() {
        None => step,
        Some(mut fit) => {
            fit.see(&[&reads.1], &answers);
            fit.conclude(None).unwrap()
        }
    };
    let applied = apply(&fitted, reads);
    (fitted, applied)
}

/// What a step without holes calls its columns, and what they hold for each row.
pub(crate) fn table(step: &Step, reads: &(Shape, Values)) -> (Vec<String>, Vec<Vec<f64>>) {
    let bound = step.work().bind(&[&reads.0], "x").unwrap();
    let Shape::Numbers(labels) = bound.shape else { panic!("{:?}", bound.shape) };
    let applied = bound.apply.apply(&[&reads.1]);
    let numbers = applied.numbers();
    let row = |row: usize| numbers.columns().iter().map(|column| column[row]).collect();
    (labels.names, (0..numbers.rows()).map(row).collect())
}

/// Codes of a vocabulary of texts; those beyond are missing, and unseen.
pub(crate) fn codes(values: &[&str], codes: &[u32]) -> (Shape, Values) {
    let values = values.iter().map(|value| crate::Known::Text((*value).to_owned()));
    let vocabulary = Vocabulary::new(values.collect()).unwrap();
    (Shape::Codes(Arc::new(vocabulary)), Values::Codes(codes.to_vec()))
}

/// Applies a step without holes.
pub(crate) fn apply(step: &Step, reads: &(Shape, Values)) -> Values {
    step.work().bind(&[&reads.0], "x").unwrap().apply.apply(&[&reads.1])
}

/// Why a step is refused, with the field.
pub(crate) fn refusal(step: impl Into<Step>, shape: &Shape) -> String {
    let misfit = step.into().work().bind(&[shape], "x").unwrap_err();
    format!("{}: {}", misfit.field.unwrap_or("-"), misfit.what)
}
