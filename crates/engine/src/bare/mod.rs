//! A graph that comes alone, with inputs and outputs of any number and type.

mod known;
mod labels;
#[cfg(test)]
mod tests;
mod trial;

use prost::Message;
use tract_onnx::pb::{ModelProto, ValueInfoProto, tensor_shape_proto::dimension, type_proto};

use crate::{Batch, Data, Element, Error, Facts, Program, Tensor, facts, plan::guarded_own};

pub use labels::Labels;

/// A graph from columns of tables to columns of tables, ready to run from any thread.
///
/// - all its values were in its bytes
/// - it was run on made-up rows: loading is where an operator that cannot run is refused, and where the
///   columns of its inputs and outputs are settled that it does not declare
/// - a row's output does not depend on the rows beside it, but for the last digit
///
/// ```no_run
/// use automl_pack_engine::{BareGraph, Data, Tensor};
///
/// let graph = BareGraph::load(&std::fs::read("model.onnx")?)?;
/// let row = Tensor::new(vec![1, 2], Data::F32(vec![0.1, 0.2]))?;
/// let outputs = graph.run(vec![row])?;
/// assert_eq!(outputs.len(), graph.outputs().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BareGraph {
    program: Program,
    facts: Facts,
    inputs: Vec<BareInput>,
    outputs: Vec<BareOutput>,
}

/// What a bare graph takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BareInput {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub element: Element,
    /// How many columns it takes.
    pub columns: Columns,
    /// The lengths of its axes after the first, where there are others than one.
    axes: Axes,
}

/// How many columns an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// So many.
    Exactly(usize),
    /// Any number from this up.
    AtLeast(usize),
}

/// How the columns of a row lie.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Axes {
    /// A row is one value.
    None,
    /// A row is a list.
    One,
    /// A row is a block of these lengths.
    Several(Vec<usize>),
}

/// What a bare graph gives.
#[derive(Debug, Clone, PartialEq)]
pub struct BareOutput {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub element: Element,
    /// How many columns it has.
    pub columns: usize,
    /// For a sequence of maps: their keys, one for each column.
    pub keys: Option<Data>,
    /// For the labels of a classifier: which there are.
    pub labels: Option<Labels>,
}

/// Reads a model and looks it over.
fn read(bytes: &[u8]) -> Result<ModelProto, Error> {
    let not_onnx = |reason: String| Error::NotOnnx { reason };
    if bytes.is_empty() {
        return Err(not_onnx("it is empty".to_owned()));
    }
    let model = ModelProto::decode(bytes).map_err(|error| not_onnx(error.to_string()))?;
    if model.graph.is_none() {
        return Err(not_onnx("it has no graph".to_owned()));
    }
    // A file that is cut off behind its graph would read as one of the first version.
    if model.opset_import.is_empty() {
        return Err(not_onnx("it does not say which version of the operators it needs".to_owned()));
    }
    Ok(model)
}

impl BareGraph {
    /// Reads a graph, and runs it on made-up rows.
    pub fn load(bytes: &[u8]) -> Result<BareGraph, Error> {
        let model = read(bytes)?;
        let parameters = facts::check(&model)?;
        let graph = model.graph.as_ref().ok_or(Error::Lacking { what: "graph" })?;
        let program = guarded_own(|| Program::of_model(&model))?;
        if program.inputs().is_empty() {
            return Err(Error::Lacking { what: "inputs" });
        }
        if program.outputs().is_empty() {
            return Err(Error::Lacking { what: "outputs" });
        }
        let mut inputs = Vec::with_capacity(program.inputs().len());
        for input in program.inputs() {
            let proto = graph.input.iter().find(|proto| proto.name == input.name);
            inputs.push(Declared::of(input.element, &input.name, proto)?);
        }
        let columns = inputs.iter().map(|input| input.columns.unwrap_or(1));
        let found = columns.fold(0, usize::saturating_add);
        if found > facts::MOST_COLUMNS {
            return Err(Error::TooLarge { what: "columns of input", found, limit: facts::MOST_COLUMNS });
        }
        let settled = trial::settle(&program, graph, &inputs)?;
        let found = settled.outputs.iter().map(|(_, columns)| *columns).fold(0, usize::saturating_add);
        if found > facts::MOST_COLUMNS {
            return Err(Error::TooLarge { what: "columns of output", found, limit: facts::MOST_COLUMNS });
        }
        if found == 0 {
            return Err(Error::Lacking { what: "columns of output" });
        }
        let names: Vec<&str> = program.inputs().iter().map(|input| input.name.as_str()).collect();
        let facts = facts::of_bare(&model, graph, parameters, &names, settled.batch);
        let inputs = inputs.into_iter().zip(settled.columns);
        let inputs = inputs.map(|(input, columns)| input.settled(columns)).collect();
        let outputs = settled.outputs.into_iter().zip(program.outputs());
        let outputs = outputs.map(|((element, columns), output)| BareOutput {
            name: output.name.clone(),
            element,
            columns,
            keys: output.keys.clone(),
            labels: labels::find(graph, &output.name, element).filter(|_| columns == 1),
        });
        Ok(BareGraph { outputs: outputs.collect(), program, facts, inputs })
    }

    /// How many rows are best run at a time, of so many that are shared among some threads.
    pub fn block(&self, rows: usize, threads: usize) -> usize {
        let block = self.program.block(rows, threads);
        match self.facts.batch {
            Batch::Any => block,
            Batch::Fixed(batch) => block.next_multiple_of(batch),
        }
    }

    /// Whether the bytes are those of an ONNX model, or why not.
    pub fn recognise(bytes: &[u8]) -> Result<(), Error> {
        read(bytes).map(|_| ())
    }

    /// What stands in the graph.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What it takes, in order.
    pub fn inputs(&self) -> &[BareInput] {
        &self.inputs
    }

    /// What it gives, in order.
    pub fn outputs(&self) -> &[BareOutput] {
        &self.outputs
    }

    /// Runs on a matrix for each input, with a row for each row; gives one for each output.
    pub fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Error> {
        let rows = self.check_inputs(&inputs)?;
        if rows == 0 {
            return Ok(self.outputs.iter().map(BareOutput::empty).collect());
        }
        let program = &self.program;
        let inputs = self.inputs.iter().zip(inputs).map(|(input, matrix)| input.axes.shape(matrix));
        let inputs = inputs.collect::<Vec<_>>();
        let outputs = match self.facts.batch {
            Batch::Any => guarded_own(|| program.run(inputs))?,
            Batch::Fixed(batch) => trial::run_in_batches(program, &inputs, rows, batch)?,
        };
        self.outputs.iter().zip(outputs).map(|(output, found)| output.check(found, rows)).collect()
    }

    /// How many rows the inputs have, which are as many and of as many columns as the graph takes.
    fn check_inputs(&self, inputs: &[Tensor]) -> Result<usize, Error> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::InputCount { expected: self.inputs.len(), found: inputs.len() });
        }
        let rows = inputs[0].shape().first().copied().unwrap_or_default();
        for (input, tensor) in self.inputs.iter().zip(inputs) {
            let takes = |columns: usize| match input.columns {
                Columns::Exactly(width) => columns == width,
                Columns::AtLeast(least) => columns >= least,
            };
            match *tensor.shape() {
                [count, columns] if count == rows && takes(columns) => {}
                _ => {
                    let (expected, found) = (input.least(), format!("{:?}", tensor.shape()));
                    return Err(Error::InputShape { input: input.name.clone(), rows, expected, found });
                }
            }
        }
        Ok(rows)
    }
}

/// The most cells that a number of rows may have which a graph was written for.
const MOST_CELLS: usize = 1 << 24;

/// An input as the graph declares it.
struct Declared {
    name: String,
    element: Element,
    /// The columns, where it says how many.
    columns: Option<usize>,
    /// The rows, where it was written for a number of them.
    batch: Option<usize>,
    axes: Axes,
}

impl Declared {
    fn of(element: Element, name: &str, proto: Option<&ValueInfoProto>) -> Result<Declared, Error> {
        let name = name.to_owned();
        let Some(lengths) = proto.and_then(lengths) else {
            return Ok(Declared { name, element, columns: None, batch: None, axes: Axes::One });
        };
        let Some((batch, lengths)) = lengths.split_first() else {
            return Err(Error::BareInputType { input: name, found: "one value for all rows".to_owned() });
        };
        let (columns, axes) = match lengths {
            [] => (Some(1), Axes::None),
            [columns] => (*columns, Axes::One),
            several => {
                let known: Option<Vec<usize>> = several.iter().copied().collect();
                let product =
                    |lengths: &Vec<usize>| lengths.iter().try_fold(1_usize, |all, one| all.checked_mul(*one));
                let columns = known.as_ref().and_then(product);
                let unknown = || Error::BareInputType {
                    input: name.clone(),
                    found: format!("a tensor of rank {} of unknown lengths", several.len() + 1),
                };
                (Some(columns.ok_or_else(unknown)?), Axes::Several(known.unwrap_or_default()))
            }
        };
        // What cannot be filled up in memory was not meant.
        let batch = batch.filter(|batch| *batch <= MOST_CELLS / columns.unwrap_or(1).max(1));
        Ok(Declared { name, element, columns, batch, axes })
    }

    fn settled(self, columns: Columns) -> BareInput {
        BareInput { name: self.name, element: self.element, columns, axes: self.axes }
    }
}

/// The lengths of an input's axes, each where it is said; none where nothing is said of its axes.
fn lengths(input: &ValueInfoProto) -> Option<Vec<Option<usize>>> {
    let type_proto::Value::TensorType(tensor) = input.r#type.as_ref()?.value.as_ref()?;
    let lengths = tensor.shape.as_ref()?.dim.iter().map(|dim| match &dim.value {
        Some(dimension::Value::DimValue(length)) => {
            usize::try_from(*length).ok().filter(|length| *length > 0)
        }
        _ => None,
    });
    Some(lengths.collect())
}

impl Axes {
    /// A matrix in the shape that the graph takes.
    fn shape(&self, matrix: Tensor) -> Tensor {
        let shape = match self {
            Axes::None => vec![matrix.shape()[0]],
            Axes::One => return matrix,
            Axes::Several(lengths) => [&matrix.shape()[..1], lengths].concat(),
        };
        Tensor::of(shape, matrix.into_data())
    }
}

impl BareInput {
    /// The fewest columns it takes.
    pub fn least(&self) -> usize {
        match self.columns {
            Columns::Exactly(columns) | Columns::AtLeast(columns) => columns,
        }
    }
}

impl BareOutput {
    /// Whether its values are measured.
    pub fn is_float(&self) -> bool {
        matches!(self.element, Element::F32 | Element::F64)
    }

    fn empty(&self) -> Tensor {
        Tensor::of(vec![0, self.columns], self.element.none())
    }

    /// What came, as a matrix of the columns that came at loading.
    fn check(&self, found: Tensor, rows: usize) -> Result<Tensor, Error> {
        if found.len() == rows * self.columns && found.element() == self.element {
            return Ok(Tensor::of(vec![rows, self.columns], found.into_data()));
        }
        let (columns, found) = (self.columns, format!("{} of shape {:?}", found.element(), found.shape()));
        let output = self.name.clone();
        Err(Error::BareOutputShape { output, rows, columns: Some(columns), found })
    }
}

impl std::fmt::Debug for BareGraph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BareGraph")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
