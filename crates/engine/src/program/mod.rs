//! A graph as a program: its nodes in an order in which each has what it needs, each with what it does.
#![allow(clippy::clone_on_copy, reason = "the same lines serve numbers and texts")]

mod budget;
mod fuse;
mod load;
mod look_up;
pub(crate) mod node;
mod ops;
mod product;
pub(crate) mod read;
pub(crate) mod room;
mod tensor;
mod way;

pub use budget::Limits;
pub(crate) use tensor::map_data;
pub use tensor::{Data, Element, Tensor};
pub use way::Way;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use look_up::Nature;
use node::Kernel;
use ops::{Product, Shaper};
use tensor::Fault;

use crate::Error;

/// A graph that can run, at any batch.
///
/// - every operator of it is supported, and was refused otherwise
/// - what could be computed from constants alone was
pub struct Program {
    inputs: Vec<Input>,
    /// The slot of the first input; the others follow.
    first_input: usize,
    outputs: Vec<Output>,
    /// Constants, by the slot of each value.
    constants: Vec<Option<Tensor>>,
    steps: Vec<Step>,
    /// What depends on the number of rows alone, for numbers that were met.
    of_rows: Mutex<Vec<(usize, Arc<Slots>)>>,
    limits: Limits,
    /// How many values stand in the constants.
    parameters: usize,
    of_row: OfRow,
}

/// What runs so far took for each row, where that was least: in a run of few rows there is more besides.
#[derive(Debug)]
struct OfRow {
    /// How many values were held at once.
    held: AtomicUsize,
    /// How many were worked out, as the limits count.
    spent: AtomicUsize,
}

impl Default for OfRow {
    fn default() -> OfRow {
        OfRow { held: AtomicUsize::new(usize::MAX), spent: AtomicUsize::new(usize::MAX) }
    }
}

/// What a program takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub element: Element,
    /// How many columns it declares, where it does: lengths of axes after the first, multiplied.
    pub width: Option<usize>,
    /// How many axes it declares, where it does.
    pub rank: Option<usize>,
}

/// What a program gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// For a sequence of maps: their keys, in the order of the columns that are given.
    pub keys: Option<Data>,
    slot: usize,
}

/// What stands in each slot.
type Slots = Vec<Option<Tensor>>;

/// A node, with where its inputs are and where its outputs go.
struct Step {
    kernel: Kernel,
    label: String,
    operator: String,
    inputs: Vec<Option<usize>>,
    outputs: Vec<usize>,
    /// Values that nothing needs after this step.
    last_uses: Vec<usize>,
    nature: Nature,
    /// Whether it depends on nothing but how many rows there are.
    is_of_rows: bool,
    /// The product that it is, if it is one with a constant matrix.
    product: Option<Arc<Product>>,
    /// The shape that it gives to values that it leaves where they are, if that is all it does.
    shaper: Option<Shaper>,
}

impl Step {
    /// Gives the values of its first input another shape, where they are, if nothing else needs them.
    fn reshape(&self, inputs: &[Option<&Tensor>]) -> Result<Option<(usize, Vec<usize>)>, Fault> {
        let (Some(shaper), Some(Some(slot))) = (&self.shaper, self.inputs.first()) else { return Ok(None) };
        if !self.last_uses.contains(slot) || self.outputs.len() != 1 {
            return Ok(None);
        }
        let shape = shaper(inputs).map_err(|fault| self.named(fault))?;
        Ok(Some((*slot, shape)))
    }

    fn run(&self, inputs: &[Option<&Tensor>]) -> Result<Vec<Tensor>, Fault> {
        (self.kernel)(inputs).map_err(|fault| self.named(fault))
    }

    /// Says where it was.
    fn named(&self, Fault(what): Fault) -> Fault {
        Fault(format!("node \"{}\" ({}): {what}", self.label, self.operator))
    }
}

impl Program {
    fn find_last_uses(&mut self) {
        self.steps.iter_mut().for_each(|step| step.last_uses.clear());
        let mut needed: Vec<bool> = vec![false; self.constants.len()];
        self.outputs.iter().for_each(|output| needed[output.slot] = true);
        for step in self.steps.iter_mut().rev() {
            for slot in step.inputs.iter().flatten().chain(&step.outputs) {
                if !std::mem::replace(&mut needed[*slot], true) && self.constants[*slot].is_none() {
                    step.last_uses.push(*slot);
                }
            }
        }
    }

    /// Keeps the outputs of those places, in that order, and drops what only others need.
    pub(crate) fn keep_outputs(&mut self, places: &[usize]) {
        self.outputs = places.iter().map(|place| self.outputs[*place].clone()).collect();
        let mut needed: Vec<bool> = vec![false; self.constants.len()];
        self.outputs.iter().for_each(|output| needed[output.slot] = true);
        let mut kept = Vec::with_capacity(self.steps.len());
        for step in std::mem::take(&mut self.steps).into_iter().rev() {
            if step.outputs.iter().any(|slot| needed[*slot]) {
                step.inputs.iter().flatten().for_each(|slot| needed[*slot] = true);
                kept.push(step);
            }
        }
        kept.reverse();
        self.steps = kept;
        self.drop_constants();
        self.find_last_uses();
    }

    /// How many steps there are.
    #[cfg(test)]
    pub(crate) fn step_count(&self) -> usize {
        self.steps.len()
    }

    /// Lets go of constants that no step looks at: packed matrices have their own.
    fn drop_constants(&mut self) {
        let mut needed: Vec<bool> = vec![false; self.constants.len()];
        self.outputs.iter().for_each(|output| needed[output.slot] = true);
        let used = self.steps.iter().flat_map(|step| step.inputs.iter().flatten());
        used.for_each(|slot| needed[*slot] = true);
        let unneeded = self.constants.iter_mut().zip(needed).filter(|(_, needed)| !needed);
        unneeded.for_each(|(constant, _)| *constant = None);
    }

    /// What it takes.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// What it gives.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Runs on inputs in their order; gives the outputs in theirs.
    pub fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Error> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::InputCount { expected: self.inputs.len(), found: inputs.len() });
        }
        for (input, tensor) in self.inputs.iter().zip(&inputs) {
            if tensor.element() != input.element {
                let found = tensor.element().word().to_owned();
                return Err(Error::InputElement {
                    input: input.name.clone(),
                    expected: input.element,
                    found,
                });
            }
        }
        let rows = inputs.iter().filter_map(|input| input.shape().first()).max().copied().unwrap_or(1);
        let budget = self.limits.of_run(rows, self.parameters);
        budget::within(budget, || {
            let outputs = self.run_tensors(inputs);
            self.of_row.held.fetch_min(budget::most_held(self.limits) / rows.max(1), Ordering::Relaxed);
            self.of_row.spent.fetch_min(budget::spent(budget) / rows.max(1), Ordering::Relaxed);
            outputs
        })
        .map_err(|Fault(reason)| Error::Run { reason })
    }

    /// How many rows are best run at a time, of so many that are shared among some threads: no more than leave what lies
    /// between steps in the cache, and where they are few, as many for each thread. Only a program that was run can tell.
    pub fn block(&self, rows: usize, threads: usize) -> usize {
        const HELD: usize = 1 << 18;
        const MOST: usize = 256;
        /// Less is done before another thread has begun with it.
        const WORTH_SHARING: usize = 3 << 17;
        let [held, spent] =
            [&self.of_row.held, &self.of_row.spent].map(|of| of.load(Ordering::Relaxed).max(1));
        let most = (HELD / held).clamp(1, MOST).next_power_of_two();
        let share = rows.div_ceil(threads.max(1)).max(WORTH_SHARING.div_ceil(spent));
        most.min(share)
    }

    fn run_tensors(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Fault> {
        let mut values: Slots = vec![None; self.constants.len()];
        for (slot, tensor) in self.input_slots().zip(inputs) {
            values[slot] = Some(tensor);
        }
        let of_rows = self.values_of_rows(&mut values)?;
        let constant = |slot: usize| {
            of_rows.as_ref().and_then(|known| known[slot].as_ref()).or(self.constants[slot].as_ref())
        };
        for step in self.steps.iter().filter(|step| !step.is_of_rows) {
            let place = |slot: &Option<usize>| slot.and_then(|slot| values[slot].as_ref().or(constant(slot)));
            let given: Vec<Option<&Tensor>> = step.inputs.iter().map(place).collect();
            let reshaped = step.reshape(&given)?.filter(|(slot, _)| values[*slot].is_some());
            let outputs = if reshaped.is_some() { Vec::new() } else { step.run(&given)? };
            if let Some((slot, shape)) = reshaped {
                values[step.outputs[0]] = values[slot].take().map(|value| value.into_shape(shape));
            }
            for (slot, output) in step.outputs.iter().zip(outputs) {
                budget::hold(&output).map_err(|fault| step.named(fault))?;
                values[*slot] = Some(output);
            }
            for value in step.last_uses.iter().filter_map(|slot| values[*slot].take()) {
                budget::let_go(&value);
                room::give_back(value);
            }
        }
        let take = |(at, output): (usize, &Output)| {
            let is_needed = self.outputs[at + 1..].iter().any(|other| other.slot == output.slot);
            let value = if is_needed { values[output.slot].clone() } else { values[output.slot].take() };
            let value = value.or_else(|| constant(output.slot).cloned());
            let value =
                value.ok_or_else(|| Fault(format!("nothing gives the output \"{}\"", output.name)))?;
            budget::hold(&value)?;
            Ok(value)
        };
        self.outputs.iter().enumerate().map(take).collect()
    }

    /// What depends on the number of rows alone: worked out when a number is first met.
    fn values_of_rows(&self, inputs: &mut Slots) -> Result<Option<Arc<Slots>>, Fault> {
        /// Whole blocks, what is left of them, and single rows.
        const MOST: usize = 4;
        if !self.steps.iter().any(|step| step.is_of_rows) {
            return Ok(None);
        }
        let rows = inputs[self.first_input].as_ref().map_or(0, |input| input.as_rows().0);
        let met = || self.of_rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, values)) = met().iter().find(|(met, _)| *met == rows) {
            return Ok(Some(Arc::clone(values)));
        }
        let mut values: Slots = vec![None; self.constants.len()];
        values[self.first_input] = inputs[self.first_input].take();
        self.fill(&mut values, self.steps.iter().filter(|step| step.is_of_rows))?;
        inputs[self.first_input] = values[self.first_input].take();
        self.keep_needed(&mut values);
        let values = Arc::new(values);
        let mut met = met();
        if met.len() == MOST {
            met.remove(0);
        }
        met.push((rows, Arc::clone(&values)));
        Ok(Some(values))
    }

    /// Lets go of what nothing needs but steps that depend on the number of rows alone.
    fn keep_needed(&self, values: &mut Slots) {
        let mut needed: Vec<bool> = vec![false; values.len()];
        self.outputs.iter().for_each(|output| needed[output.slot] = true);
        let others = self.steps.iter().filter(|step| !step.is_of_rows);
        others.flat_map(|step| step.inputs.iter().flatten()).for_each(|slot| needed[*slot] = true);
        let unneeded = values.iter_mut().zip(needed).filter(|(_, needed)| !needed);
        unneeded.for_each(|(value, _)| *value = None);
    }

    /// Runs some of the steps, and keeps all that they give.
    fn fill<'s>(&self, values: &mut Slots, steps: impl Iterator<Item = &'s Step>) -> Result<(), Fault> {
        for step in steps {
            let place = |slot: &Option<usize>| {
                slot.and_then(|slot| values[slot].as_ref().or(self.constants[slot].as_ref()))
            };
            let given: Vec<Option<&Tensor>> = step.inputs.iter().map(place).collect();
            for (slot, output) in step.outputs.iter().zip(step.run(&given)?) {
                budget::hold(&output).map_err(|fault| step.named(fault))?;
                values[*slot] = Some(output);
            }
        }
        Ok(())
    }

    /// Initializers have the first slots, and inputs those after them.
    fn input_slots(&self) -> impl Iterator<Item = usize> {
        let first = self.first_input;
        first..first + self.inputs.len()
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}
