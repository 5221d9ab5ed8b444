//! A model of the ensemble, ready to run.

use std::time::{Duration, Instant};

use automl_pack_carefree as carefree;
use automl_pack_engine::{self as engine, BareGraph, Facts};
use automl_pack_plan::{Block, Head, Plan, Target};

use crate::{Error, bare, network::Network};

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
    /// Whether it came alone, without a bundle.
    is_bare: bool,
    bytes: usize,
    loading: Duration,
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
            network: Network::bare(network),
            is_bare: true,
        }
    }

    pub(crate) fn prepare(
        source: &carefree::Member<'_>,
        plan: &Plan,
        target: &Target,
    ) -> Result<Member, Error> {
        let started = Instant::now();
        let network = Network::load(&source.name, source.graph, source.output, plan)?;
        let (expected, found) = (target.task.width(), network.columns());
        if expected != found {
            return Err(Error::MemberOutput { member: source.name.clone(), expected, found });
        }
        Ok(Member {
            name: source.name.clone(),
            model: source.model.clone(),
            weight: source.weight,
            head: source.head,
            bytes: source.graph.len(),
            loading: started.elapsed(),
            network,
            is_bare: false,
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
        self.network.facts()
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
            Network::Blocks(network, _) if self.is_bare => Some(network.graph()),
            _ => None,
        }
    }

    /// Whether a row gives the same, to the last bit, alone and among any others.
    pub(crate) fn is_exact(&self) -> bool {
        self.network.is_exact()
    }

    /// How many rows its graph is best run on at a time, of so many that are shared among some threads.
    pub(crate) fn block(&self, rows: usize, threads: usize) -> usize {
        self.network.block(rows, threads)
    }

    /// Runs the graph on some of the rows.
    pub(crate) fn run(&self, blocks: &[Block], first: usize, count: usize) -> Result<Vec<Block>, Error> {
        let outputs = self.network.run(blocks, first, count);
        outputs.map_err(|source| self.failed(blocks, first, count, source))
    }

    /// Says on which row a graph of several inputs fails, if it does on one alone.
    fn failed(&self, blocks: &[Block], first: usize, count: usize, source: engine::Error) -> Error {
        let member = self.name.clone();
        let fails = |row: usize| match &self.network {
            Network::Blocks(..) => self.network.run(blocks, row, 1).err().map(|source| (row, source)),
            Network::Matrix(..) => None,
        };
        match (first..first + count).find_map(fails) {
            Some((row, source)) => Error::MemberRow { member, row, source },
            None => Error::Member { member, source },
        }
    }
}
