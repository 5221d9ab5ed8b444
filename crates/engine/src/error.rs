//! Every way a graph is refused.

use crate::Element;

/// Why a graph was not prepared or not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no ONNX model.
    #[error("not an ONNX model: {reason}")]
    NotOnnx {
        /// What the decoder said.
        reason: String,
    },
    /// A model without nodes or outputs.
    #[error("the model has no {what}")]
    Lacking {
        /// What it lacks.
        what: &'static str,
    },
    /// A tensor whose values lie in another file.
    #[error(
        "tensor \"{tensor}\" keeps its values in another file (\"{location}\"): expected them in the graph"
    )]
    ExternalData {
        /// The tensor.
        tensor: String,
        /// Where it says they are.
        location: String,
    },
    /// A tensor that declares another number of values than it holds.
    #[error("tensor \"{tensor}\" declares the shape {declared} and holds {held} values")]
    TensorSize {
        /// The tensor.
        tensor: String,
        /// Its shape.
        declared: String,
        /// How many values it holds.
        held: usize,
    },
    /// More of something than any model of a table has.
    #[error("the graph has {found} {what}, over the limit of {limit}")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Another number of inputs than one.
    #[error("the graph has {} inputs ({}): expected one", found.len(), found.join(", "))]
    Inputs {
        /// Their names.
        found: Vec<String>,
    },
    /// An input that is no matrix of f32.
    #[error("input \"{input}\" is {found}: expected a matrix of f32")]
    InputType {
        /// Its name.
        input: String,
        /// What it is.
        found: String,
    },
    /// An input that no columns of a table can be.
    #[error("input \"{input}\" is {found}: expected a row for each row of a table")]
    BareInputType {
        /// Its name.
        input: String,
        /// What it is.
        found: String,
    },
    /// An input of other columns or rows than were given.
    #[error("input \"{input}\" was given the shape {found}: expected [{rows}, {expected}]")]
    InputShape {
        /// Its name.
        input: String,
        /// How many rows the first input has.
        rows: usize,
        /// The fewest columns that it takes.
        expected: usize,
        /// What was given.
        found: String,
    },
    /// An output that has no row for each row.
    #[error("output \"{output}\" is {found} for {rows} rows: expected [{rows}, {}]", columns.map_or("columns".to_owned(), |columns| columns.to_string()))]
    BareOutputShape {
        /// Its name.
        output: String,
        /// How many rows went in.
        rows: usize,
        /// How many columns it had when the graph was loaded.
        columns: Option<usize>,
        /// What came out.
        found: String,
    },
    /// An output that mixes rows.
    #[error(
        "output \"{output}\" gives a row something else alone than among others: expected rows that do not depend on each other"
    )]
    RowsDepend {
        /// Its name.
        output: String,
    },
    /// An output that the graph does not have.
    #[error("output {wanted} is asked for: the graph has {} ({})", found.len(), found.join(", "))]
    NoOutput {
        /// Its number, from 0.
        wanted: usize,
        /// The names of those there are.
        found: Vec<String>,
    },
    /// A tensor of values that no model of a table has.
    #[error("tensor \"{tensor}\" has values of the type {number}: expected numbers, truth values or strings")]
    TensorType {
        /// The tensor.
        tensor: String,
        /// The type's number in the format.
        number: i32,
    },
    /// An attribute that makes no sense, or is not supported.
    #[error(transparent)]
    Attribute(Box<Attribute>),
    /// Two nodes give one value.
    #[error("the value \"{value}\" is given by two nodes")]
    TwoMakers {
        /// Its name.
        value: String,
    },
    /// Nodes that need each other.
    #[error("the nodes need each other in a circle")]
    Cycle,
    /// Another number of inputs than the graph takes.
    #[error("{found} inputs were given: the graph takes {expected}")]
    InputCount {
        /// How many it takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// An input of another type than the graph takes.
    #[error("input \"{input}\" was given {found}: the graph takes {expected}")]
    InputElement {
        /// Its name.
        input: String,
        /// What it takes.
        expected: Element,
        /// What was given.
        found: String,
    },
    /// Operators that cannot be run.
    #[error("node \"{node}\" needs the operator {operator}, which is not supported")]
    Operator {
        /// The node.
        node: String,
        /// The operator.
        operator: String,
    },
    /// A node that cannot run on what it is always given.
    #[error("node \"{node}\" ({operator}) cannot run on its constants: {reason}")]
    Constants {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The graph makes no sense to the engine.
    #[error("the graph cannot be prepared for {rows} rows: {reason}")]
    Prepare {
        /// For how many rows at a time.
        rows: usize,
        /// What the engine said.
        reason: String,
    },
    /// The output is no matrix with a row for each row.
    #[error("for {rows} rows the output has the shape {found}: expected [{rows}, columns]")]
    OutputShape {
        /// How many rows went in.
        rows: usize,
        /// The shape that came out.
        found: String,
    },
    /// The rows are of another width than the input.
    #[error("the rows have {found} columns: the graph takes {expected}")]
    Width {
        /// The input's.
        expected: usize,
        /// The rows'.
        found: usize,
    },
    /// The graph failed on these rows.
    #[error("the graph failed: {reason}")]
    Run {
        /// What the engine said.
        reason: String,
    },
}

/// An attribute that makes no sense, or is not supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("node \"{node}\" ({operator}): {attribute}: {what}")]
pub struct Attribute {
    /// The node.
    pub node: String,
    /// Its operator.
    pub operator: String,
    /// The attribute.
    pub attribute: String,
    /// What is wrong, and what was expected.
    pub what: String,
}
