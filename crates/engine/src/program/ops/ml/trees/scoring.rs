//! What the operators give: a value for each target, or labels and scores.

use super::{
    Aggregate, Sum, Trees,
    lists::{Lists, adds_doubles, floats_of},
    run::BLOCK,
    targets_of,
};
use crate::{
    Error,
    program::{
        budget,
        node::{Kernel, Node, input},
        ops::ml::scores::{Labels, Post, Second, largest},
        room,
        tensor::{Data, Element, Tensor},
        way::Way,
    },
};

fn aggregate_of(node: Node<'_>) -> Result<Aggregate, Error> {
    Ok(match node.text("aggregate_function", "SUM").as_str() {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Least,
        "MAX" => Aggregate::Largest,
        other => return Err(node.refuse("aggregate_function", format!("{other} is not known"))),
    })
}

pub(in super::super) fn regressor(node: Node<'_>) -> Result<Kernel, Error> {
    if adds_doubles(node, "target")? { regressor_of::<f64>(node) } else { regressor_of::<f32>(node) }
}

fn regressor_of<S: Sum>(node: Node<'_>) -> Result<Kernel, Error> {
    let targets = targets_of(node)?;
    let trees = Lists::of(node)?.read::<S>("target", targets)?;
    let (aggregate, post) = (aggregate_of(node)?, Post::of(node)?);
    let base = base_of(node)?;
    if !base.is_empty() && base.len() != targets {
        return Err(node.refuse("base_values", format!("expected {targets}, found {}", base.len())));
    }
    Ok(values(trees, aggregate, post, base, Given::Single))
}

fn base_of<S: Sum>(node: Node<'_>) -> Result<Vec<S>, Error> {
    Ok(floats_of(node, "base_values")?.values.into_iter().map(S::of).collect())
}

/// In what the values of the targets are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Single,
    /// In doubles where doubles are taken.
    AsTaken,
}

/// A value for each target.
pub(super) fn values<S: Sum>(
    trees: Trees<S>,
    aggregate: Aggregate,
    post: Post,
    base: Vec<S>,
    given: Given,
) -> Kernel {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let gives_doubles = given == Given::AsTaken && x.element() == Element::F64;
        // One value is changed by no transformation but this one.
        let is_changed = post != Post::None && (trees.targets > 1 || post == Post::Probit);
        budget::fits(x.as_rows().0.saturating_mul(trees.targets))?;
        let (mut all, mut doubles) = (room::empty(x.as_rows().0 * trees.targets), Vec::new());
        let rows = trees.each_block(Way::best(), x, aggregate, |scores, has| {
            add_base(scores, &base, trees.targets);
            if trees.targets > 1 && !base.is_empty() {
                // Of several targets, one that no leaf adds to stays nothing, as in ONNX Runtime.
                let absent = scores.iter_mut().zip(has).filter(|(_, has)| !**has);
                absent.for_each(|(score, _)| *score = S::default());
            }
            if gives_doubles && !is_changed {
                doubles.extend(scores.iter().map(|score| score.to_f64()));
                return;
            }
            let first = all.len();
            all.extend(scores.iter().map(|score| score.to_f32()));
            if is_changed {
                post.apply_to_rows(&mut all[first..], trees.targets);
            }
        })?;
        if gives_doubles && is_changed {
            doubles.extend(all.iter().map(|value| f64::from(*value)));
        }
        let data = if gives_doubles { Data::F64(doubles) } else { Data::F32(all) };
        Ok(vec![Tensor::of(vec![rows, trees.targets], data)])
    })
}

fn add_base<S: Sum>(scores: &mut [S], base: &[S], targets: usize) {
    if !base.is_empty() {
        let of_row = |row: &mut [S]| row.iter_mut().zip(base).for_each(|(score, base)| *score += *base);
        scores.chunks_exact_mut(targets).for_each(of_row);
    }
}

pub(in super::super) fn classifier(node: Node<'_>) -> Result<Kernel, Error> {
    if adds_doubles(node, "class")? { classifier_of::<f64>(node) } else { classifier_of::<f32>(node) }
}

fn classifier_of<S: Sum>(node: Node<'_>) -> Result<Kernel, Error> {
    let labels = Labels::of(node, "classlabels_strings", "classlabels_int64s")?;
    let classes = labels.len();
    let trees = Lists::of(node)?.read::<S>("class", classes)?;
    let (post, base) = (Post::of(node)?, base_of(node)?);
    if base.len() > classes {
        return Err(node.refuse("base_values", format!("expected at most {classes}, found {}", base.len())));
    }
    let mut used: Vec<u32> = trees.weights.iter().map(|(target, _)| *target).collect();
    used.sort_unstable();
    used.dedup();
    let positive = trees.weights.iter().all(|(_, weight)| *weight >= S::default());
    let labels = labels_given(labels, used.len() > 1);
    let binary = Binary { is_one_score: used.len() == 1, positive, base: base.clone(), post };
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let rows = x.as_rows().0;
        budget::fits(rows.saturating_mul(classes))?;
        let (mut places, mut all) = (Vec::with_capacity(rows), room::empty(rows * classes));
        let rows = trees.each_block(Way::best(), x, Aggregate::Sum, |scores, has| {
            let first = all.len();
            if classes == 2 {
                binary.finish(scores, has, &mut places, &mut all);
            } else {
                add_base(scores, &base, classes);
                let rows = scores.chunks_exact(classes).zip(has.chunks_exact(classes));
                places.extend(rows.map(|(scores, has)| match scores {
                    // One class alone is told from its absence.
                    [score] => usize::from(*score > S::default()),
                    scores => best_known(scores, has, base.len()),
                }));
                all.extend(scores.iter().map(|score| score.to_f32()));
                if classes > 1 || post == Post::Probit {
                    post.apply_to_rows(&mut all[first..], classes);
                }
            }
        })?;
        Ok(vec![labels.at(&places)?, Tensor::of(vec![rows, classes], Data::F32(all))])
    }))
}

/// Labels as ONNX Runtime gives them: of one class, and of two that both have scores, integers are left out
/// and places given instead.
fn labels_given(labels: Labels, has_both: bool) -> Labels {
    match labels {
        Labels::Integers(values) if values.len() == 1 || values.len() == 2 && has_both => {
            Labels::Integers(vec![0, 1])
        }
        Labels::Texts(values) if values.len() == 1 => {
            Labels::Texts(vec![values[0].clone(), values[0].clone()])
        }
        labels => labels,
    }
}

/// The class of the largest score. One that no leaf speaks of is not chosen, if another is.
fn best_known<S: Sum>(scores: &[S], has: &[bool], bases: usize) -> usize {
    let known = (0..scores.len()).filter(|class| has[*class] || *class < bases);
    let best = known.fold(None, |best: Option<usize>, class| match best {
        Some(best) if scores[class] <= scores[best] => Some(best),
        _ => Some(class),
    });
    best.unwrap_or_else(|| largest(scores))
}

/// Two classes, of which one alone may have scores.
#[derive(Debug, Clone)]
struct Binary<S> {
    is_one_score: bool,
    /// No leaf weighs less than nothing: scores are probabilities.
    positive: bool,
    base: Vec<S>,
    post: Post,
}

impl<S: Sum> Binary<S> {
    /// From what the leaves gave to what the classes have, which is added to `all`; the places of the labels are
    /// added to others.
    fn finish(&self, sums: &mut [S], has: &[bool], places: &mut Vec<usize>, all: &mut Vec<f32>) {
        // Where it is a logistic function, it is worked out for all rows that want one at once.
        let is_logistic = self.post == Post::Logistic;
        let mut wait = [false; BLOCK];
        let first = all.len();
        all.resize(first + sums.len(), 0.0);
        let scores = &mut all[first..];
        if is_logistic && self.is_margin(has) {
            let base = self.base.first().copied().unwrap_or_default();
            let rows = scores.as_chunks_mut().0.iter_mut().zip(sums.as_chunks().0);
            places.extend(rows.map(|(scores, [sum, _]): (&mut [f32; 2], &[S; 2])| {
                let margin = *sum + base;
                *scores = [-margin.to_f32(), margin.to_f32()];
                usize::from(margin > S::default())
            }));
            return self.post.apply_to_rows(scores, 2);
        }
        let rows = sums.as_chunks_mut().0.iter_mut().zip(has.as_chunks().0).zip(&mut wait);
        for (scores, ((sums, has), waits)) in scores.as_chunks_mut().0.iter_mut().zip(rows) {
            let (label, second) = self.label(sums, has);
            places.push(label);
            *scores = sums.map(S::to_f32);
            *waits = is_logistic && second != Some(Second::No);
            match second {
                None if is_logistic => {}
                None => self.post.apply(scores),
                Some(Second::Opposite | Second::Rest) if is_logistic => *scores = [-scores[0], scores[0]],
                Some(second) => {
                    *scores = self.post.apply_to_one(scores[0], second).map(Option::unwrap_or_default);
                }
            }
        }
        let rows = scores.len() / 2;
        if wait[..rows].iter().all(|wait| *wait) {
            self.post.apply_to_rows(scores, 2);
        } else {
            let waiting = scores.chunks_exact_mut(2).zip(wait).filter(|(_, wait)| *wait);
            waiting.for_each(|(scores, _)| self.post.apply(scores));
        }
    }

    /// Whether all rows have one score for the first class, which speaks for the second by its sign: what
    /// [`Binary::label`] says then is the same for all.
    fn is_margin(&self, has: &[bool]) -> bool {
        let has_first_alone = has.as_chunks().0.iter().all(|has| *has == [true, false]);
        self.is_one_score && !self.positive && self.base.len() <= 1 && has_first_alone
    }

    /// The label of a row, and how its one score becomes two, if it has but one.
    fn label(&self, scores: &mut [S; 2], has: &[bool; 2]) -> (usize, Option<Second>) {
        let mut has_second = has[1];
        match *self.base {
            [_, second] if has_second => {
                scores[1] = second + scores[0];
                scores[0] = -scores[1];
            }
            [first, _] => {
                scores[0] += first;
                has_second = true;
            }
            [one] => scores[0] += one,
            _ => {}
        }
        // What no leaf adds to is nothing, whatever its base, as in ONNX Runtime.
        scores.iter_mut().zip(has).filter(|(_, has)| !**has).for_each(|(score, _)| *score = S::default());
        let decisive = if has[1] { scores[1] } else { scores[0] };
        let (label, second) = match (self.is_one_score, self.positive) {
            (true, true) => (usize::from(decisive > S::of(0.5)), Second::Rest),
            (true, false) => (usize::from(decisive > S::default()), Second::Opposite),
            (false, _) => {
                let second = if self.base.is_empty() { Second::Opposite } else { Second::No };
                (usize::from(decisive > S::default()), second)
            }
        };
        (label, (!has_second).then_some(second))
    }
}
