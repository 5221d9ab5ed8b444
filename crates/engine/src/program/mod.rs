//! A graph as a program: its nodes in an order in which each has what it needs, each with what it does.
#![allow(clippy::clone_on_copy, reason = "the same lines serve numbers and texts")]

mod budget;
mod fuse;
mod load;
pub(crate) mod node;
mod ops;
mod product;
pub(crate) mod read;
mod room;
mod tensor;
mod way;

pub use budget::Limits;
pub(crate) use tensor::map_data;
pub use tensor::{Data, Element, Tensor};
pub use way::Way;

use node::Kernel;
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
    limits: Limits,
    /// How many values stand in the constants.
    parameters: usize,
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

/// A node, with where its inputs are and where its outputs go.
struct Step {
    kernel: Kernel,
    label: String,
    operator: String,
    inputs: Vec<Option<usize>>,
    outputs: Vec<usize>,
    /// Values that nothing needs after this step.
    last_uses: Vec<usize>,
}

impl Program {
    fn find_last_uses(&mut self) {
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
        for mut step in std::mem::take(&mut self.steps).into_iter().rev() {
            if step.outputs.iter().any(|slot| needed[*slot]) {
                step.inputs.iter().flatten().for_each(|slot| needed[*slot] = true);
                step.last_uses.clear();
                kept.push(step);
            }
        }
        kept.reverse();
        self.steps = kept;
        self.find_last_uses();
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
        budget::within(budget, || self.run_tensors(inputs)).map_err(|Fault(reason)| Error::Run { reason })
    }

    fn run_tensors(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Fault> {
        let mut values: Vec<Option<Tensor>> = vec![None; self.constants.len()];
        for (slot, tensor) in self.input_slots().zip(inputs) {
            values[slot] = Some(tensor);
        }
        for step in &self.steps {
            let place = |slot: &Option<usize>| {
                slot.and_then(|slot| values[slot].as_ref().or(self.constants[slot].as_ref()))
            };
            let given: Vec<Option<&Tensor>> = step.inputs.iter().map(place).collect();
            let outputs = (step.kernel)(&given).map_err(|Fault(what)| {
                Fault(format!("node \"{}\" ({}): {what}", step.label, step.operator))
            })?;
            let at_step = |Fault(what)| Fault(format!("node \"{}\" ({}): {what}", step.label, step.operator));
            for (slot, output) in step.outputs.iter().zip(outputs) {
                budget::hold(&output).map_err(at_step)?;
                values[*slot] = Some(output);
            }
            for value in step.last_uses.iter().filter_map(|slot| values[*slot].take()) {
                budget::let_go(&value);
                room::give_back(value);
            }
        }
        let take = |output: &Output| {
            let value = values[output.slot].as_ref().or(self.constants[output.slot].as_ref());
            let value =
                value.ok_or_else(|| Fault(format!("nothing gives the output \"{}\"", output.name)))?;
            budget::hold(value)?;
            Ok(value.clone())
        };
        self.outputs.iter().map(take).collect()
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
