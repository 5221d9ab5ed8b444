//! What becomes of cells that are filled in: found in the steps once, so that an audit says what was done.

use std::collections::HashMap;

use crate::{Give, PlanForm, Step, StepForm};

/// What becomes of a cell that is missing, or unseen. Where several things do, the last of these counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// A step has a way of its own for it: a column or a number for such cells, zeros, the prior.
    #[default]
    Encoded,
    /// A step puts something in its place.
    Imputed,
    /// The members get NaN, or an empty text.
    Missing,
}

impl Fate {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Fate::Encoded => "encoded",
            Fate::Imputed => "imputed",
            Fate::Missing => "missing",
        }
    }
}

/// What becomes of a missing and of an unseen cell of each raw column, of which there are so many. `reads` has the slots
/// that each step reads, and `inputs` those that go to the members.
pub(crate) fn of(raw: usize, steps: &[StepForm], reads: &[Vec<usize>], inputs: &[usize]) -> Vec<[Fate; 2]> {
    let mut fates: Vec<[Option<Fate>; 2]> = vec![[None; 2]; raw + steps.len()];
    for slot in inputs {
        fates[*slot] = [Some(Fate::Missing); 2];
    }
    for (place, (form, reads)) in steps.iter().zip(reads).enumerate().rev() {
        // What an unseen category gives, where it gives nothing, is a missing number.
        let Some(onward) = fates[raw + place][0] else { continue };
        let [missing, unseen] = ends(&form.step).map(|end| Some(end.unwrap_or(onward)));
        for slot in reads {
            let [of_missing, of_unseen] = fates[*slot];
            fates[*slot] = [of_missing.max(missing), of_unseen.max(unseen)];
        }
    }
    fates[..raw].iter().map(|fates| fates.map(Option::unwrap_or_default)).collect()
}

impl PlanForm {
    /// Whether missing cells of a column, which is one of these, come to the members as NaN or as empty texts.
    ///
    /// ```
    /// use automl_pack_plan::{Impute, InputForm, InputType, PlanForm, Scale, StepForm};
    ///
    /// let columns = vec!["age".into(), "pay".into()];
    /// let input = InputForm { name: "x".into(), element: InputType::Single, columns: columns.clone() };
    /// let steps = vec![StepForm::on("age", Impute::default())];
    /// let plan = PlanForm { steps, inputs: vec![input], target_scale: Scale::Identity };
    /// assert_eq!(plan.leaves_missing(&columns), [false, true]);
    /// ```
    pub fn leaves_missing(&self, columns: &[String]) -> Vec<bool> {
        let mut slots: HashMap<&str, usize> = columns.iter().map(String::as_str).zip(0..).collect();
        let find = |slots: &HashMap<&str, usize>, names: &[String]| -> Vec<usize> {
            names.iter().filter_map(|name| slots.get(name.as_str()).copied()).collect()
        };
        let mut reads = Vec::with_capacity(self.steps.len());
        for (step, slot) in self.steps.iter().zip(columns.len()..) {
            reads.push(find(&slots, step.reads.names()));
            slots.extend(step.name().map(|name| (name, slot)));
        }
        let inputs: Vec<usize> = self.inputs.iter().flat_map(|input| find(&slots, &input.columns)).collect();
        let fates = of(columns.len(), &self.steps, &reads, &inputs);
        fates.into_iter().map(|[missing, _]| missing == Fate::Missing).collect()
    }
}

/// What a step makes of a missing and of an unseen cell; none where it leaves it missing.
fn ends(step: &Step) -> [Option<Fate>; 2] {
    let encoded = Some(Fate::Encoded);
    match step {
        Step::Impute(_) => [Some(Fate::Imputed); 2],
        Step::Ordinal(step) => [step.missing, step.unseen].map(|number| number.and(encoded)),
        Step::Bins(step) if step.give == Give::OneHot => [encoded; 2],
        Step::OneHot(_)
        | Step::Frequency(_)
        | Step::TargetMean(_)
        | Step::Hash(_)
        | Step::Ids(_)
        | Step::ManyHot(_)
        | Step::NGrams(_)
        | Step::Window(_) => [encoded; 2],
        _ => [None; 2],
    }
}
