//! A model of the ensemble, ready to run.

use std::time::{Duration, Instant};

use automl_pack_carefree as carefree;
use automl_pack_engine::{Facts, Graph};
use automl_pack_plan::{Head, Plan, Target};

use crate::Error;

/// A model of the ensemble, ready to run.
///
/// - its graph takes the features of the plan and gives the columns of the target
#[derive(Debug)]
pub struct Member {
    name: String,
    model: String,
    weight: f64,
    head: Head,
    graph: Graph,
    bytes: usize,
    loading: Duration,
}

impl Member {
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
            graph,
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
        self.graph.facts()
    }

    /// The size of its graph.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How long its graph took to prepare.
    pub fn loading(&self) -> Duration {
        self.loading
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }
}
