//! A graph that comes alone, opened as an ensemble of one: its inputs tell the plan, its outputs the task.

mod blocks;
mod outputs;

use std::{path::Path, sync::Arc, time::Instant};

use automl_pack_bundle::{Archive, Container, Limits};
use automl_pack_engine::{self as engine, BareGraph, BareInput, Columns, Tensor};
use automl_pack_plan::{Block, Column, Element, Kind, Plain, Plan, Schema, Width};

use crate::{Auto, Blend, Error, Member, Options, Pattern};

use outputs::Recognised;

/// Opens what lies at a path: a bundle's container or a pack's, or an ONNX model, which is then the only
/// entry. What it is, its bytes tell, and not its name.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_bundle::{Container, Limits};
///
/// let archive = automl_pack_ensemble::open_archive("tests/fixtures/onnx/sk_lr.onnx", &Limits::default())?;
/// assert_eq!(archive.container(), Container::File);
/// let refused = automl_pack_ensemble::open_archive("examples/titanic.csv", &Limits::default());
/// assert!(refused.unwrap_err().to_string().starts_with("not a zip file: it begins with 50 61 73 73"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_archive(path: impl AsRef<Path>, limits: &Limits) -> Result<Archive, Error> {
    let archive = Archive::open_any(path, limits)?;
    match graph_of(&archive) {
        Some((_, graph)) => recognise(graph).map(|()| archive),
        None => Ok(archive),
    }
}

/// The name and the bytes of a file that comes alone.
pub(crate) fn graph_of(archive: &Archive) -> Option<(&str, &[u8])> {
    archive.entries().next().filter(|_| archive.container() == Container::File)
}

/// Only bundles and packs have that.
pub(crate) fn refuse(archive: &Archive, lacks: &'static str) -> Result<(), Error> {
    if graph_of(archive).is_some() { Err(Error::BareGraph { lacks }) } else { Ok(()) }
}

fn recognise(bytes: &[u8]) -> Result<(), Error> {
    BareGraph::recognise(bytes).map_err(|error| {
        let found = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        let reason = match error {
            engine::Error::NotOnnx { reason } => reason,
            other => other.to_string(),
        };
        Error::Unrecognised { found, reason }
    })
}

/// Opens a graph, whose file has that name.
pub(crate) fn open(file: &str, bytes: &[u8], options: &Options) -> Result<Auto, Error> {
    let started = Instant::now();
    recognise(bytes)?;
    let graph = BareGraph::load(bytes).map_err(|source| Error::Bare { source })?;
    let plan = plan_of(graph.inputs())?;
    let Recognised { target, head, places } = outputs::recognise(graph.outputs());
    let blend = Blend::usual(&target.task);
    let is_single = target.task.is_known();
    let network = Network { graph, places, is_single, bytes: bytes.len() };
    let name = file.strip_suffix(".onnx").filter(|name| !name.is_empty()).unwrap_or("graph");
    let member = Member::bare(name, network, head, started);
    let pattern = Pattern::new(Arc::new(plan), Arc::new(target), Arc::new([member]), blend, options.policy);
    Ok(Auto::of_pattern(pattern))
}

/// Where the inputs come from. One input of several columns takes all columns of the data in order, whatever
/// they are called. Otherwise columns have names: that of the input, or, for one of several columns,
/// `input_0`, `input_1` and so on.
fn plan_of(inputs: &[BareInput]) -> Result<Plan, Error> {
    if let [input] = inputs
        && input.columns != Columns::Exactly(1)
    {
        let (width, columns) = match input.columns {
            Columns::Exactly(columns) => (Width::Exactly(columns), Some(columns)),
            Columns::AtLeast(least) => (Width::AtLeast(least), None),
        };
        let element = element_of(input);
        let schema = Schema::wide(&input.name, width, kind_of(element));
        return Ok(Plan::plain(schema, vec![Plain { element, columns }])?);
    }
    let (mut columns, mut plain) = (Vec::new(), Vec::with_capacity(inputs.len()));
    for input in inputs {
        let (element, count) = (element_of(input), input.least());
        let name = |place| if count == 1 { input.name.clone() } else { format!("{}_{place}", input.name) };
        columns.extend((0..count).map(|place| Column::new(name(place), kind_of(element))));
        plain.push(Plain { element, columns: Some(count) });
    }
    Ok(Plan::plain(Schema::new(columns)?, plain)?)
}

fn element_of(input: &BareInput) -> Element {
    match input.element {
        engine::Element::F32 => Element::Single,
        engine::Element::F64 => Element::Double,
        engine::Element::I64 => Element::Integer,
        engine::Element::I32 => Element::Short,
        engine::Element::Bool => Element::Truth,
        engine::Element::Text => Element::Text,
    }
}

fn kind_of(element: Element) -> Kind {
    if element == Element::Text { Kind::Text } else { Kind::Number }
}

/// A graph with which of its outputs are read.
#[derive(Debug)]
pub(crate) struct Network {
    graph: BareGraph,
    /// The outputs that are read, in the order in which the head takes them.
    places: Vec<usize>,
    /// Whether floats are read in single precision, as probabilities and values are.
    is_single: bool,
    bytes: usize,
}

impl Network {
    /// The graph of a member of a bundle, of which one output is read.
    pub(crate) fn of_output(graph: BareGraph, output: usize, bytes: usize) -> Network {
        Network { graph, places: vec![output], is_single: true, bytes }
    }

    /// How many columns the first output that is read has.
    pub(crate) fn columns(&self) -> usize {
        self.places
            .first()
            .and_then(|place| self.graph.outputs().get(*place))
            .map_or(0, |output| output.columns)
    }

    pub(crate) fn graph(&self) -> &BareGraph {
        &self.graph
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Runs some of the rows.
    pub(crate) fn run(
        &self,
        inputs: &[&Block],
        first: usize,
        count: usize,
    ) -> Result<Vec<Block>, engine::Error> {
        let tensor =
            |(input, block): (&BareInput, &&Block)| blocks::tensor(input.element, block, first, count);
        let tensors: Result<Vec<Tensor>, _> = self.graph.inputs().iter().zip(inputs).map(tensor).collect();
        let mut outputs: Vec<Option<Tensor>> = self.graph.run(tensors?)?.into_iter().map(Some).collect();
        let read = self.places.iter().filter_map(|place| outputs.get_mut(*place)?.take());
        read.map(|output| blocks::block(output, self.is_single)).collect()
    }
}
