//! What a member computes with: its graph, bound to the inputs of the plan that it takes.

use automl_pack_engine::{self as engine, BareGraph, BareInput, Columns, Facts, Graph};
use automl_pack_plan::{Block, InputType, Plan};
use ndarray::{ArrayView2, Axis};

use crate::{Error, bare};

/// A graph with the blocks that it takes, by their places among the plan's.
///
/// - every block has the type and the width that the graph takes
#[derive(Debug)]
pub(crate) enum Network {
    /// From one block of single precision to a matrix.
    Matrix(Graph, usize),
    /// From one or several blocks of any type to some of its outputs.
    Blocks(bare::Network, Vec<usize>),
}

impl Network {
    /// Prepares the graph of a member of a bundle to give the output of that number.
    pub(crate) fn load(member: &str, bytes: &[u8], output: usize, plan: &Plan) -> Result<Network, Error> {
        let refused = |source| Error::Member { member: member.to_owned(), source };
        let matrix = |input: usize| -> Result<Network, Error> {
            let graph = Graph::load_coded(bytes, output, plan.levels(input)).map_err(refused)?;
            check_width(member, plan.labels(input).len(), graph.width())?;
            Ok(Network::Matrix(graph, input))
        };
        if let [input] = plan.inputs()
            && input.element == InputType::Single
        {
            return matrix(0);
        }
        let graph = BareGraph::load(bytes).map_err(refused)?;
        let inputs: Vec<usize> = graph
            .inputs()
            .iter()
            .map(|input| bind(member, input, graph.inputs().len(), plan))
            .collect::<Result<_, _>>()?;
        match (inputs.as_slice(), graph.inputs()) {
            ([input], [taken]) if taken.element == engine::Element::F32 => matrix(*input),
            _ => Ok(Network::Blocks(bare::Network::of_output(graph, output, bytes.len()), inputs)),
        }
    }

    /// A graph that comes alone: it takes all blocks, in order.
    pub(crate) fn bare(network: bare::Network) -> Network {
        let inputs = (0..network.graph().inputs().len()).collect();
        Network::Blocks(network, inputs)
    }

    /// What stands in the graph.
    pub(crate) fn facts(&self) -> &Facts {
        match self {
            Network::Matrix(graph, _) => graph.facts(),
            Network::Blocks(network, _) => network.graph().facts(),
        }
    }

    /// How many columns the output of a member of a bundle has.
    pub(crate) fn columns(&self) -> usize {
        match self {
            Network::Matrix(graph, _) => graph.columns(),
            Network::Blocks(network, _) => network.columns(),
        }
    }

    /// Whether a row gives the same, to the last bit, alone and among any others.
    pub(crate) fn is_exact(&self) -> bool {
        match self {
            Network::Matrix(graph, _) => graph.is_exact(),
            Network::Blocks(..) => true,
        }
    }

    /// How many rows are best run at a time, of so many that are shared among some threads.
    pub(crate) fn block(&self, rows: usize, threads: usize) -> usize {
        match self {
            Network::Matrix(graph, _) => graph.block(rows, threads),
            Network::Blocks(network, _) => network.graph().block(rows, threads),
        }
    }

    /// Runs some of the rows.
    pub(crate) fn run(
        &self,
        blocks: &[Block],
        first: usize,
        count: usize,
    ) -> Result<Vec<Block>, engine::Error> {
        match self {
            Network::Matrix(graph, input) => match blocks.get(*input) {
                Some(Block::Single(matrix)) => {
                    let rows: ArrayView2<'_, f32> = matrix.slice_axis(Axis(0), (first..first + count).into());
                    graph.run(rows).map(|output| vec![output.into()])
                }
                _ => Err(engine::Error::Width { expected: graph.width(), found: blocks.len() }),
            },
            Network::Blocks(network, inputs) => {
                let taken: Vec<&Block> = inputs.iter().filter_map(|input| blocks.get(*input)).collect();
                network.run(&taken, first, count)
            }
        }
    }
}

fn check_width(member: &str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        return Ok(());
    }
    Err(Error::MemberInput { member: member.to_owned(), expected, found })
}

/// The input of the plan that an input of a graph takes: that of its name, or the only one.
fn bind(member: &str, input: &BareInput, inputs: usize, plan: &Plan) -> Result<usize, Error> {
    let by_name = plan.inputs().iter().position(|given| given.name == input.name);
    let only = (inputs == 1 && plan.inputs().len() == 1).then_some(0);
    let found = by_name.or(only).ok_or_else(|| {
        let known = plan.inputs().iter().map(|given| given.name.as_str()).collect::<Vec<_>>().join(", ");
        Error::MemberBinding { member: member.to_owned(), input: input.name.clone(), known }
    })?;
    let given = &plan.inputs()[found];
    if !takes(input.element, given.element) {
        return Err(Error::MemberInputType {
            member: member.to_owned(),
            input: input.name.clone(),
            expected: input.element.to_string(),
            found: given.element.word(),
        });
    }
    let (width, expected) = (plan.labels(found).len(), input.least());
    let fits = match input.columns {
        Columns::Exactly(columns) => columns == width,
        Columns::AtLeast(least) => width >= least,
    };
    if fits {
        Ok(found)
    } else {
        Err(Error::MemberInput { member: member.to_owned(), expected: width, found: expected })
    }
}

fn takes(graph: engine::Element, plan: InputType) -> bool {
    use engine::Element;
    match plan {
        InputType::Single => graph == Element::F32,
        InputType::Double => graph == Element::F64,
        InputType::Integer => matches!(graph, Element::I64 | Element::I32),
        InputType::Text => graph == Element::Text,
    }
}
