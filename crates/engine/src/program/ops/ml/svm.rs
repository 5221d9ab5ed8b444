//! Support vector machines.

use super::{
    super::super::{
        node::{Kernel, Node, input},
        product::{Finish, Panels},
        tensor::{Data, Fault, Tensor},
    },
    scores::{Labels, Post, Second, largest},
};
use crate::Error;

/// How like two rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Linear,
    Poly,
    Rbf,
    Sigmoid,
}

/// A likeness with its parameters.
#[derive(Debug, Clone, Copy)]
struct KernelOf {
    likeness: Likeness,
    gamma: f32,
    coef0: f32,
    degree: f32,
}

impl KernelOf {
    fn of(node: Node<'_>) -> Result<KernelOf, Error> {
        let likeness = match node.text("kernel_type", "LINEAR").as_str() {
            "LINEAR" => Likeness::Linear,
            "POLY" => Likeness::Poly,
            "RBF" => Likeness::Rbf,
            "SIGMOID" => Likeness::Sigmoid,
            other => return Err(node.refuse("kernel_type", format!("{other} is not known"))),
        };
        let [gamma, coef0, degree] = match *node.floats("kernel_params") {
            [gamma, coef0, degree] => [gamma, coef0, degree],
            [] => [0.0; 3],
            ref other => {
                return Err(node.refuse("kernel_params", format!("expected 3, found {}", other.len())));
            }
        };
        Ok(KernelOf { likeness, gamma, coef0, degree })
    }

    /// From the product of two rows, or from the square of their distance.
    fn of_product(&self, x: f32) -> f32 {
        // Fused, as in ONNX Runtime: where scores are sums of large parts, the last digit shows.
        let linear = || x.mul_add(self.gamma, self.coef0);
        match self.likeness {
            Likeness::Linear => x,
            Likeness::Poly => match linear() {
                x if self.degree == 2.0 => x * x,
                x if self.degree == 3.0 => x * x * x,
                x => x.powf(self.degree),
            },
            Likeness::Rbf => (-self.gamma * x).exp(),
            Likeness::Sigmoid => linear().tanh(),
        }
    }
}

/// Support vectors, and how like a row is to each.
struct Vectors {
    kernel: KernelOf,
    width: usize,
    values: Vec<f32>,
    packed: Panels,
}

impl Vectors {
    fn of(kernel: KernelOf, values: Vec<f32>, width: usize) -> Vectors {
        let count = values.len() / width.max(1);
        let packed = Panels::pack(width, count, |row, column| values[column * width + row]);
        Vectors { kernel, width, values, packed }
    }

    /// For each row, how like it is to each vector.
    fn likeness(&self, rows: &[f32]) -> Vec<f32> {
        let count = self.packed.columns();
        let mut all = vec![0.0; rows.len() / self.width.max(1) * count];
        if self.kernel.likeness == Likeness::Rbf {
            for (row, all) in rows.chunks_exact(self.width).zip(all.chunks_exact_mut(count)) {
                for (vector, x) in self.values.chunks_exact(self.width).zip(all) {
                    *x = row.iter().zip(vector).map(|(a, b)| (a - b) * (a - b)).sum();
                }
            }
        } else {
            self.packed.add_to(rows, &mut all, &Finish::default());
        }
        all.iter_mut().for_each(|x| *x = self.kernel.of_product(*x));
        all
    }
}

/// Rows of a matrix of known width.
fn rows_of(x: &Tensor, width: usize) -> Result<(usize, std::borrow::Cow<'_, [f32]>), Fault> {
    let (rows, columns) = x.as_rows();
    if columns != width {
        return Err(format!("expected {width} columns, found {columns}").into());
    }
    Ok((rows, x.to_f32s()?))
}

/// A count that an attribute has.
fn count_of(node: Node<'_>, attribute: &str, value: i64) -> Result<usize, Error> {
    usize::try_from(value).map_err(|_| node.refuse(attribute, format!("{value} is no count")))
}

/// A sum in the order in which ONNX Runtime adds for one column, with one rounding a step.
fn weighted(terms: &[f32], by: &[f32]) -> f32 {
    const BLOCK: usize = 1024;
    let blocks = terms.chunks(BLOCK).zip(by.chunks(BLOCK));
    blocks
        .map(|(terms, by)| terms.iter().zip(by).fold(0.0, |sum, (x, by): (&f32, &f32)| x.mul_add(*by, sum)))
        .sum()
}

pub(super) fn regressor(node: Node<'_>) -> Result<Kernel, Error> {
    let (coefficients, rho) = (node.floats("coefficients").to_vec(), node.floats("rho").to_vec());
    let supports = count_of(node, "n_supports", node.int("n_supports", 0))?;
    let vectors = node.floats("support_vectors").to_vec();
    // A transformation is read and left out, as in ONNX Runtime.
    let (kernel, _, is_one_class) = (KernelOf::of(node)?, Post::of(node)?, node.flag("one_class"));
    let width = vectors.len().checked_div(supports).unwrap_or(coefficients.len());
    let fits = if supports > 0 {
        width > 0 && width * supports == vectors.len() && coefficients.len() == supports
    } else {
        width > 0
    };
    if !fits {
        return Err(
            node.refuse("support_vectors", format!("{} numbers for {supports} vectors", vectors.len()))
        );
    }
    let rho = *rho.first().ok_or_else(|| node.refuse("rho", "expected a number"))?;
    let vectors = (supports > 0).then(|| Vectors::of(kernel, vectors, width));
    Ok(Box::new(move |inputs| {
        let (rows, x) = rows_of(input(inputs, 0)?, width)?;
        let likeness = vectors.as_ref().map(|vectors| vectors.likeness(&x));
        let terms = likeness.as_deref().unwrap_or(&x);
        let mut scores: Vec<f32> = terms
            .chunks_exact(coefficients.len())
            .map(|terms| rho + weighted(terms, &coefficients))
            .collect();
        if is_one_class {
            scores.iter_mut().for_each(|score| *score = if *score > 0.0 { 1.0 } else { -1.0 });
        }
        Ok(vec![Tensor::of(vec![rows, 1], Data::F32(scores))])
    }))
}

/// A classifier of every pair of classes.
struct Pairs {
    vectors: Vectors,
    /// The first vector of each class, and the end of all.
    begins: Vec<usize>,
    coefficients: Vec<f32>,
    rho: Vec<f32>,
    /// What makes a probability of a score, where that was fitted.
    sigmoid: Option<(Vec<f32>, Vec<f32>)>,
}

pub(super) fn classifier(node: Node<'_>) -> Result<Kernel, Error> {
    let labels = Labels::of(node, "classlabels_strings", "classlabels_ints")?;
    let classes = labels.len();
    let coefficients = node.floats("coefficients").to_vec();
    let (kernel, post) = (KernelOf::of(node)?, Post::of(node)?);
    let rho = node.floats("rho").to_vec();
    let positive = coefficients.iter().all(|x| *x >= 0.0);
    let mut begins = vec![0_usize];
    for count in node.ints("vectors_per_class").unwrap_or_default() {
        let last = begins[begins.len() - 1];
        begins.push(last.saturating_add(count_of(node, "vectors_per_class", *count)?));
    }
    let total = begins[begins.len() - 1];
    if total == 0 {
        return linear(node, labels, coefficients, rho, post, positive);
    }
    let vectors = node.floats("support_vectors").to_vec();
    let width = vectors.len() / total;
    let pairs = classes * (classes - 1) / 2;
    let (a, b) = (node.floats("prob_a").to_vec(), node.floats("prob_b").to_vec());
    for (attribute, found, expected) in [
        ("vectors_per_class", begins.len() - 1, classes),
        ("support_vectors", vectors.len(), width.max(1).saturating_mul(total)),
        ("coefficients", coefficients.len(), (classes - 1).saturating_mul(total)),
        ("rho", rho.len(), pairs),
        ("prob_b", b.len(), a.len()),
        ("prob_a", a.len(), if a.is_empty() { 0 } else { pairs }),
    ] {
        if found != expected {
            return Err(node.refuse(attribute, format!("expected {expected}, found {found}")));
        }
    }
    let sigmoid = (!a.is_empty()).then_some((a, b));
    let machine = Pairs { vectors: Vectors::of(kernel, vectors, width), begins, coefficients, rho, sigmoid };
    Ok(Box::new(move |inputs| {
        let (rows, x) = rows_of(input(inputs, 0)?, width)?;
        let (mut places, mut all) = (Vec::with_capacity(rows), Vec::new());
        for likeness in machine.vectors.likeness(&x).chunks_exact(total) {
            let (scores, votes) = machine.scores(likeness, classes);
            let winner = (0..classes).rev().max_by_key(|class| votes[*class]).unwrap_or(0);
            places.push(winner);
            match &machine.sigmoid {
                Some(sigmoid) => {
                    let mut shares = probabilities(&scores, sigmoid, classes);
                    post.apply(&mut shares);
                    all.extend(shares);
                }
                None if classes == 2 => {
                    let is_opposite = matches!(post, Post::None | Post::Logistic);
                    let second = if is_opposite { Second::Opposite } else { Second::Rest };
                    all.extend(post.apply_to_one(scores[0], second).into_iter().flatten());
                }
                None => {
                    let mut scores = scores;
                    post.apply(&mut scores);
                    all.extend(scores);
                }
            }
        }
        let columns = all.len() / rows.max(1);
        Ok(vec![labels.at(&places)?, Tensor::of(vec![rows, columns], Data::F32(all))])
    }))
}

impl Pairs {
    /// The score of each pair, and how many pairs each class won.
    fn scores(&self, likeness: &[f32], classes: usize) -> (Vec<f32>, Vec<usize>) {
        let total = likeness.len();
        let part = |line: usize, class: usize| -> f64 {
            let range = self.begins[class]..self.begins[class + 1];
            let by = &self.coefficients[line * total..][range.clone()];
            by.iter().zip(&likeness[range]).map(|(by, x)| f64::from(by * x)).sum()
        };
        let (mut scores, mut votes) = (Vec::with_capacity(self.rho.len()), vec![0; classes]);
        for i in 0..classes {
            for j in i + 1..classes {
                let sum = part(j - 1, i) + part(i, j) + f64::from(self.rho[scores.len()]);
                votes[if sum > 0.0 { i } else { j }] += 1;
                scores.push(sum as f32);
            }
        }
        (scores, votes)
    }
}

/// Shares of the classes that fit the probabilities of all pairs best, by iteration.
fn probabilities(scores: &[f32], (a, b): &(Vec<f32>, Vec<f32>), classes: usize) -> Vec<f32> {
    const CLOSE: f32 = 1e-7;
    let mut of_pair = vec![0.0_f32; classes * classes];
    let mut pair = 0;
    for i in 0..classes {
        for j in i + 1..classes {
            let x = scores[pair] * a[pair] + b[pair];
            let logistic = 1.0 / (1.0 + (-x.abs()).exp());
            let share = 1.0 - if x < 0.0 { 1.0 - logistic } else { logistic };
            let share = share.clamp(CLOSE, 1.0 - CLOSE);
            of_pair[i * classes + j] = share;
            of_pair[j * classes + i] = 1.0 - share;
            pair += 1;
        }
    }
    let r = |i: usize, j: usize| of_pair[i * classes + j];
    let mut q = vec![0.0_f32; classes * classes];
    for i in 0..classes {
        for j in (0..classes).filter(|j| *j != i) {
            q[i * classes + i] += r(j, i) * r(j, i);
            q[i * classes + j] = -r(j, i) * r(i, j);
        }
    }
    let mut p = vec![1.0 / classes as f32; classes];
    for _ in 0..100 {
        let mut qp: Vec<f32> =
            (0..classes).map(|i| (0..classes).map(|j| q[i * classes + j] * p[j]).sum()).collect();
        let mut pqp: f32 = p.iter().zip(&qp).map(|(p, qp)| p * qp).sum();
        let worst = qp.iter().map(|qp| (qp - pqp).abs()).fold(0.0, f32::max);
        if worst < 0.005 / classes as f32 {
            break;
        }
        for i in 0..classes {
            let step = (pqp - qp[i]) / q[i * classes + i];
            p[i] += step;
            pqp = (pqp + step * (step * q[i * classes + i] + 2.0 * qp[i])) / (1.0 + step) / (1.0 + step);
            for j in 0..classes {
                qp[j] = (qp[j] + step * q[i * classes + j]) / (1.0 + step);
                p[j] /= 1.0 + step;
            }
        }
    }
    p
}

/// Without support vectors: a sum for each class.
fn linear(
    node: Node<'_>,
    labels: Labels,
    coefficients: Vec<f32>,
    rho: Vec<f32>,
    post: Post,
    positive: bool,
) -> Result<Kernel, Error> {
    let classes = labels.len();
    let width = coefficients.len() / classes;
    if width == 0 || width * classes != coefficients.len() {
        return Err(node.refuse("coefficients", format!("{} for {classes} classes", coefficients.len())));
    }
    let rho = *rho.first().ok_or_else(|| node.refuse("rho", "expected a number"))?;
    Ok(Box::new(move |inputs| {
        let (rows, x) = rows_of(input(inputs, 0)?, width)?;
        let (mut places, mut all) = (Vec::with_capacity(rows), Vec::new());
        for row in x.chunks_exact(width) {
            let dot = |by: &[f32]| row.iter().zip(by).map(|(a, b)| a * b).sum::<f32>() + rho;
            let mut scores: Vec<f32> = coefficients.chunks_exact(width).map(dot).collect();
            let best = largest(&scores);
            let is_second = classes == 2 && if positive { scores[best] >= 0.5 } else { scores[best] > 0.0 };
            places.push(if is_second { 1 } else { best });
            post.apply(&mut scores);
            all.extend(scores);
        }
        Ok(vec![labels.at(&places)?, Tensor::of(vec![rows, classes], Data::F32(all))])
    }))
}
