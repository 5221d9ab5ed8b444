//! Linear models.

use super::{
    super::super::{
        node::{Kernel, Node, input},
        product::{Finish, Panels},
        tensor::{Data, Fault, Tensor},
    },
    scores::{Labels, Post, Second, largest},
};
use crate::Error;

/// Coefficients by target, and what sums start with.
struct Sums {
    coefficients: Panels,
    intercepts: Finish,
}

impl Sums {
    fn of(node: Node<'_>, targets: usize) -> Result<Sums, Error> {
        let coefficients = node.floats("coefficients");
        if targets == 0 || coefficients.is_empty() || !coefficients.len().is_multiple_of(targets) {
            let what =
                format!("expected as many for each of {targets} targets, found {}", coefficients.len());
            return Err(node.refuse("coefficients", what));
        }
        let mut intercepts = node.floats("intercepts").to_vec();
        if intercepts.is_empty() {
            intercepts = vec![0.0; targets];
        }
        if intercepts.len() != targets {
            return Err(node.refuse("intercepts", format!("expected {targets}, found {}", intercepts.len())));
        }
        let columns = coefficients.len() / targets;
        let at = |row: usize, target: usize| coefficients[target * columns + row];
        let mut start = Finish::default();
        start.start(&intercepts);
        Ok(Sums { coefficients: Panels::pack(columns, targets, at), intercepts: start })
    }

    /// A row of sums for each row.
    fn run(&self, x: &Tensor) -> Result<(usize, Vec<f32>), Fault> {
        let (rows, columns) = x.as_rows();
        if columns != self.coefficients.inner() {
            return Err(format!("expected {} columns, found {columns}", self.coefficients.inner()).into());
        }
        let mut sums = vec![0.0; rows * self.coefficients.columns()];
        self.coefficients.add_to(&x.to_f32s()?, &mut sums, &self.intercepts);
        Ok((rows, sums))
    }
}

pub(super) fn classifier(node: Node<'_>) -> Result<Kernel, Error> {
    let targets = node.floats("intercepts").len();
    let labels = Labels::of(node, "classlabels_strings", "classlabels_ints")?;
    let (sums, post) = (Sums::of(node, targets)?, Post::of(node)?);
    if targets > 1 && labels.len() != targets {
        return Err(node.refuse("intercepts", format!("expected one for each of {} classes", labels.len())));
    }
    Ok(Box::new(move |inputs| {
        let (rows, mut scores) = sums.run(input(inputs, 0)?)?;
        if targets > 1 {
            let places: Vec<usize> = scores.chunks_exact(targets).map(largest).collect();
            post.apply_to_rows(&mut scores, targets);
            return Ok(vec![labels.at(&places)?, Tensor::of(vec![rows, targets], Data::F32(scores))]);
        }
        let places: Vec<usize> = scores.iter().map(|score| usize::from(*score > 0.0)).collect();
        let second = match post {
            _ if labels.len() != 2 => Second::No,
            Post::Logistic => Second::Opposite,
            _ => Second::Rest,
        };
        let scores: Vec<f32> =
            scores.into_iter().flat_map(|score| post.apply_to_one(score, second)).flatten().collect();
        let width = scores.len() / rows.max(1);
        Ok(vec![labels.at_of_two(&places)?, Tensor::of(vec![rows, width], Data::F32(scores))])
    }))
}

pub(super) fn regressor(node: Node<'_>) -> Result<Kernel, Error> {
    let targets = usize::try_from(node.int("targets", 1)).unwrap_or(0);
    let (sums, post) = (Sums::of(node, targets)?, Post::of(node)?);
    Ok(Box::new(move |inputs| {
        let (rows, mut values) = sums.run(input(inputs, 0)?)?;
        // One value is changed by no transformation but this one, as in ONNX Runtime.
        if targets > 1 || post == Post::Probit {
            post.apply_to_rows(&mut values, targets);
        }
        Ok(vec![Tensor::of(vec![rows, targets], Data::F32(values))])
    }))
}
