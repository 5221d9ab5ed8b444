//! A model of the ensemble, ready to run.

use std::time::{Duration, Instant};

use automl_pack_carefree as carefree;
use automl_pack_engine::{self as engine, BareGraph, Facts, Graph};
use automl_pack_plan::{Block, Head, Plan, Target};
use ndarray::{ArrayView2, Axis};

use crate::{Error, bare};

/// A model of the ensemble, ready to run.
///
/// - its graph takes the blocks of the plan and gives the columns of the target
#[derive(Debug)]
pub struct Member {
    name: String,
    model: String,
    weight: f64,
    head: Head,
    network: Network,
    bytes: usize,
    loading: Duration,
}

/// What a member computes with.
#[derive(Debug)]
enum Network {
    /// From the matrix that the members of a bundle share to another.
    Matrix(Graph),
    /// From the blocks of a bare graph's own inputs to its outputs.
    Bare(bare::Network),
}

impl Member {
    /// A graph that comes alone: an ensemble of one.
    pub(crate) fn bare(name: &str, network: bare::Network, head: Head, started: Instant) -> Member {
        Member {
            name: name.to_owned(),
            model: name.to_owned(),
            weight: 1.0,
            head,
            bytes: network.bytes(),
            loading: started.elapsed(),
            network: Network::Bare(network),
        }
    }

    pub(crate) fn prepare(
        source: &carefree::Member<'_>,
        plan: &Plan,
        target: &Target,
    ) -> Result<Member, Error> {
        let started = Instant::now();
        let graph = Graph::load(source.graph, source.output);
        let graph = graph.map_err(|error| Error::Member { member: source.name.clone(), source: error })?;
        let member = source.name.clone();
        let (expected, found) = (plan.features().len(), graph.width());
        if expected != found {
            return Err(Error::MemberInput { member, expected, found });
        }
        let (expected, found) = (target.task.width(), graph.columns());
        if expected != found {
            return Err(Error::MemberOutput { member, expected, found });
        }
        Ok(Member {
            name: source.name.clone(),
            model: source.model.clone(),
            weight: source.weight,
            head: source.head,
            bytes: source.graph.len(),
            loading: started.elapsed(),
            network: Network::Matrix(graph),
        })
    }

    /// Its name: `fcnn/m_0000`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model it is a repetition of: `fcnn`.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Its share of the blend.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// What is done to its raw output.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What stands in its graph.
    pub fn facts(&self) -> &Facts {
        match &self.network {
            Network::Matrix(graph) => graph.facts(),
            Network::Bare(network) => network.graph().facts(),
        }
    }

    /// The size of its graph.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How long its graph took to prepare.
    pub fn loading(&self) -> Duration {
        self.loading
    }

    /// What a bare graph takes and gives; none for a member of a bundle.
    pub fn bare_graph(&self) -> Option<&BareGraph> {
        match &self.network {
            Network::Matrix(_) => None,
            Network::Bare(network) => Some(network.graph()),
        }
    }

    /// Runs the graph on some of the rows.
    pub(crate) fn run(&self, blocks: &[Block], first: usize, count: usize) -> Result<Vec<Block>, Error> {
        let outputs = match (&self.network, blocks) {
            (Network::Matrix(graph), [Block::Single(matrix)]) => {
                let rows: ArrayView2<'_, f32> = matrix.slice_axis(Axis(0), (first..first + count).into());
                graph.run(rows).map(|output| vec![output.into()])
            }
            (Network::Matrix(graph), blocks) => {
                Err(engine::Error::Width { expected: graph.width(), found: blocks.len() })
            }
            (Network::Bare(network), blocks) => network.run(blocks, first, count),
        };
        outputs.map_err(|source| self.failed(blocks, first, count, source))
    }

    /// Says on which row a bare graph fails, if it does on one alone.
    fn failed(&self, blocks: &[Block], first: usize, count: usize, source: engine::Error) -> Error {
        let member = self.name.clone();
        let fails = |row: usize| match &self.network {
            Network::Bare(network) => network.run(blocks, row, 1).err().map(|source| (row, source)),
            Network::Matrix(_) => None,
        };
        match (first..first + count).find_map(fails) {
            Some((row, source)) => Error::MemberRow { member, row, source },
            None => Error::Member { member, source },
        }
    }
}
