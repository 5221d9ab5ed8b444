//! The steps that can be fitted in one pass.

use crate::{
    Error, Schema, Step, StepForm,
    fit::folds::Others,
    program::{Frame, Placed, at_step},
    steps::{Answers, Fit},
    values::{Shape, Values},
};

/// Steps that are fitted together: they read what is known, or numbers whose missing ones are filled in by a
/// step of the same level.
pub(crate) struct Level {
    /// The steps that are fitted already, in order, with the places of their results among the values.
    known: Vec<Placed>,
    fits: Vec<Filling>,
    /// Whether steps are left for a later level.
    needs_more: bool,
}

/// A step in the fitting.
struct Filling {
    /// Its place among the steps.
    place: usize,
    reads: Vec<usize>,
    fit: Box<dyn Fit>,
    /// The same without a part of the rows each, where it learns the target.
    others: Option<Others>,
    /// The place of the step of this level that fills in what it reads.
    after: Option<usize>,
}

/// Where a value comes from, by its slot in the frame.
#[derive(Clone, Copy)]
enum Origin {
    /// It is computed: its place among the values.
    Known(usize),
    /// A step of this level fills in missing numbers of the value at that place.
    Filled { by: usize, from: usize },
    /// It depends on a step that is not fitted.
    Unknown,
}

impl Level {
    /// Finds the steps that can be fitted now.
    pub(crate) fn begin(schema: &Schema, steps: &[StepForm]) -> Result<Level, Error> {
        let mut frame = Frame::of(schema);
        let raw = schema.read().count();
        let mut origins: Vec<Origin> = (0..raw).map(Origin::Known).collect();
        let mut level = Level { known: Vec::new(), fits: Vec::new(), needs_more: false };
        for (place, form) in steps.iter().enumerate() {
            let slots = frame.reads(place, form)?;
            let of_slots: Vec<Origin> = slots.iter().map(|slot| origins[*slot]).collect();
            if of_slots.iter().any(|origin| matches!(origin, Origin::Unknown)) {
                level.needs_more = true;
                origins.push(Origin::Unknown);
                frame.reserve(place, form, Shape::Texts)?;
                continue;
            }
            let fit = form.step.work().fit(&frame.shapes(&slots)).map_err(|misfit| at_step(place, misfit))?;
            let filled = of_slots.iter().find_map(|origin| match origin {
                Origin::Filled { by, from } => Some((*by, *from)),
                _ => None,
            });
            let known = |origin: &Origin| match origin {
                Origin::Known(at) => *at,
                Origin::Filled { from, .. } => *from,
                Origin::Unknown => unreachable!("no step of a level reads what is unknown"),
            };
            let reads: Vec<usize> = of_slots.iter().map(known).collect();
            match (fit, filled) {
                (None, None) => {
                    let mut placed = frame.bind(place, form)?;
                    origins.push(Origin::Known(raw + level.known.len()));
                    placed.reads = reads;
                    level.known.push(placed);
                    continue;
                }
                (Some(fit), None) => {
                    let again = || form.step.work().fit(&frame.shapes(&slots));
                    let others = fit.learns_target().then(|| Others::new(again)).transpose();
                    let others = others.map_err(|misfit| at_step(place, misfit))?;
                    let fills = is_filling(&form.step) && !level.reads_codes(&frame, &slots);
                    origins.push(match (fills, reads.as_slice()) {
                        (true, [from]) => Origin::Filled { by: place, from: *from },
                        _ => Origin::Unknown,
                    });
                    level.fits.push(Filling { place, reads, fit, others, after: None });
                }
                (Some(fit), Some((by, _))) if reads.len() == 1 && fit.takes_late() => {
                    origins.push(Origin::Unknown);
                    level.fits.push(Filling { place, reads, fit, others: None, after: Some(by) });
                }
                _ => {
                    level.needs_more = true;
                    origins.push(Origin::Unknown);
                }
            }
            // What is filled in later has the shape that it has now; no other shape is asked for before a step
            // is bound.
            let shape = frame.shapes(&slots).first().map_or(Shape::Texts, |shape| (*shape).clone());
            frame.reserve(place, form, shape)?;
        }
        Ok(level)
    }

    fn reads_codes(&self, frame: &Frame, slots: &[usize]) -> bool {
        frame.shapes(slots).iter().any(|shape| matches!(shape, Shape::Codes(_)))
    }

    /// Whether steps are left for a later level.
    pub(crate) fn needs_more(&self) -> bool {
        self.needs_more
    }

    /// Sees the raw columns of some rows of these numbers.
    pub(crate) fn see(&mut self, mut values: Vec<Values>, answers: &Answers<'_>, numbers: &[u64]) {
        for step in &self.known {
            values.push(step.apply(&values));
        }
        for filling in &mut self.fits {
            let reads: Vec<&Values> = filling.reads.iter().map(|at| &values[*at]).collect();
            filling.fit.see(&reads, answers);
            if let Some(others) = &mut filling.others {
                others.see(reads[0].codes(), answers, numbers);
            }
        }
    }

    /// These codes of a raw column are unseen, after all.
    pub(crate) fn forget(&mut self, column: usize, codes: &[usize]) {
        for filling in self.fits.iter_mut().filter(|filling| filling.reads == [column]) {
            filling.fit.forget(codes);
            if let Some(others) = &mut filling.others {
                others.forget(codes);
            }
        }
    }

    /// Fills the holes of its steps, and gives those of the parts with their places; says whether none are left.
    pub(crate) fn conclude(
        &mut self,
        steps: &mut [StepForm],
        parts: &mut Vec<(usize, Vec<Step>)>,
    ) -> Result<bool, Error> {
        for filling in std::mem::take(&mut self.fits) {
            let late = filling.after.map(|by| stand_ins(&steps[by].step));
            let refuse = |misfit| at_step(filling.place, misfit);
            steps[filling.place].step = filling.fit.conclude(late.as_deref()).map_err(refuse)?;
            if let Some(others) = filling.others {
                parts.push((filling.place, others.conclude().map_err(refuse)?));
            }
        }
        Ok(!self.needs_more)
    }
}

/// Whether a step leaves numbers as they are, but for those that are missing.
fn is_filling(step: &Step) -> bool {
    matches!(step, Step::Impute(impute) if !impute.indicator)
}

fn stand_ins(step: &Step) -> Vec<f64> {
    match step {
        Step::Impute(impute) => impute.number.as_ref().map_or(Vec::new(), |each| each.0.clone()),
        _ => Vec::new(),
    }
}
