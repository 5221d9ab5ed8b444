//! From scores to what a classifier gives: labels, and what is done to the scores after.

use super::super::super::{
    budget,
    node::Node,
    tensor::{Data, Fault, Tensor},
    way::widely,
};
use super::super::{curves::sigmoid, reduce::softmax_rows};
use crate::Error;

/// What is done to scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Post {
    None,
    Logistic,
    Softmax,
    SoftmaxZero,
    Probit,
}

/// How one score becomes two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    /// It does not.
    No,
    /// The other is what is left to 1.
    Rest,
    /// The other is the opposite.
    Opposite,
}

impl Post {
    pub(super) fn of(node: Node<'_>) -> Result<Post, Error> {
        Ok(match node.text("post_transform", "NONE").as_str() {
            "NONE" => Post::None,
            "LOGISTIC" => Post::Logistic,
            "SOFTMAX" => Post::Softmax,
            "SOFTMAX_ZERO" => Post::SoftmaxZero,
            "PROBIT" => Post::Probit,
            other => return Err(node.refuse("post_transform", format!("{other} is not known"))),
        })
    }

    /// Changes several scores of one row.
    pub(super) fn apply(self, scores: &mut [f32]) {
        match self {
            Post::None => {}
            Post::Logistic => scores.iter_mut().for_each(|x| *x = logistic(*x)),
            Post::Softmax => softmax_rows(scores, scores.len()),
            Post::SoftmaxZero => softmax_zero(scores),
            Post::Probit => scores.iter_mut().for_each(|x| *x = probit(*x)),
        }
    }

    /// Changes the scores of several rows.
    pub(super) fn apply_to_rows(self, scores: &mut [f32], width: usize) {
        match self {
            Post::None => {}
            Post::Logistic => widely(|| scores.iter_mut().for_each(|x| *x = logistic(*x))),
            Post::Softmax => softmax_rows(scores, width),
            _ => scores.chunks_exact_mut(width).for_each(|row| self.apply(row)),
        }
    }

    /// Changes the only score of a row; it may become two.
    pub(super) fn apply_to_one(self, score: f32, second: Second) -> [Option<f32>; 2] {
        match (self, second) {
            (Post::Probit, _) => [Some(probit(score)), None],
            (_, Second::No) => [Some(score), None],
            (Post::Logistic, _) => [Some(logistic(-score)), Some(logistic(score))],
            (_, Second::Rest) => [Some(1.0 - score), Some(score)],
            (_, Second::Opposite) => [Some(-score), Some(score)],
        }
    }
}

#[inline]
fn logistic(x: f32) -> f32 {
    let above = sigmoid(x.abs());
    if x < 0.0 { 1.0 - above } else { above }
}

/// Leaves zeros where they are.
fn softmax_zero(scores: &mut [f32]) {
    const ZERO: f32 = 1e-7;
    let largest = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for x in scores.iter_mut() {
        if x.abs() > ZERO {
            *x = (*x - largest).exp();
            sum += *x;
        } else {
            *x *= (-largest).exp();
        }
    }
    scores.iter_mut().for_each(|x| *x /= sum);
}

/// The same short formula as ONNX Runtime's, whose results are what is compared with.
#[allow(clippy::approx_constant, reason = "the numbers are those of the formula, digits and all")]
fn probit(x: f32) -> f32 {
    const A: f32 = 0.147;
    let x = 2.0 * x - 1.0;
    let sign = if x < 0.0 { -1.0 } else { 1.0 };
    let log = ((1.0 - x) * (1.0 + x)).ln();
    let v = 2.0 / (3.14159 * A) + 0.5 * log;
    let v2 = 1.0 / A * log;
    1.414_213_6 * sign * (-v + (v * v - v2).sqrt()).sqrt()
}

/// The values of the classes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Labels {
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

impl Labels {
    /// The classes of a classifier, by either of the attributes' names.
    pub(super) fn of(node: Node<'_>, texts: &str, integers: &str) -> Result<Labels, Error> {
        const MOST: usize = 65_536;
        let labels = match (node.texts(texts), node.ints(integers)) {
            (names, _) if !names.is_empty() => Labels::Texts(names),
            (_, Some(numbers)) if !numbers.is_empty() => Labels::Integers(numbers.to_vec()),
            _ => return Err(node.refuse(texts, format!("expected labels there or in {integers}"))),
        };
        if labels.len() > MOST {
            return Err(node.refuse(texts, format!("{} classes, over the limit of {MOST}", labels.len())));
        }
        Ok(labels)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Labels::Integers(values) => values.len(),
            Labels::Texts(values) => values.len(),
        }
    }

    /// The labels at those places.
    pub(super) fn at(&self, places: &[usize]) -> Result<Tensor, Fault> {
        if let Labels::Texts(values) = self {
            budget::fits_texts(places.len(), values)?;
        }
        Ok(Tensor::list(match self {
            Labels::Integers(values) => Data::I64(places.iter().map(|at| values[*at]).collect()),
            Labels::Texts(values) => Data::Text(places.iter().map(|at| values[*at].clone()).collect()),
        }))
    }

    /// The same, with 0 and 1 for the second and the first where there are not two classes.
    pub(super) fn at_of_two(&self, places: &[usize]) -> Result<Tensor, Fault> {
        if self.len() == 2 {
            return self.at(places);
        }
        Ok(Tensor::list(match self {
            Labels::Integers(_) => Data::I64(places.iter().map(|at| *at as i64).collect()),
            Labels::Texts(_) => Data::Text(places.iter().map(usize::to_string).collect()),
        }))
    }
}

/// The place of the largest, the first of several.
pub(super) fn largest<T: PartialOrd>(scores: &[T]) -> usize {
    let mut best = 0;
    for (place, x) in scores.iter().enumerate() {
        if *x > scores[best] {
            best = place;
        }
    }
    best
}
