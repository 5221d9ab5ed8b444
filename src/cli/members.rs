//! `automl-pack members`.

use std::{collections::BTreeSet, path::PathBuf};

use automl_pack::{Builder, Error, Policy};
use clap::{Args, Subcommand};

use super::{
    Bundle,
    failure::{Exit, Failure},
    making::{self, Graph, Making},
};

#[derive(Debug, Args)]
pub(crate) struct Members {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add graphs as members
    Add(Change),
    /// Remove models, or single members of them
    Remove(Change),
    /// Give models other weights
    Reweight(Change),
}

#[derive(Debug, Args)]
struct Change {
    #[command(flatten)]
    bundle: Bundle,
    /// add: NAME=FILE.onnx[@WEIGHT]; remove: MODEL or MODEL/m_0001; reweight: MODEL=WEIGHT. All members of
    /// a model have the same weight
    #[arg(value_name = "MEMBER", required = true)]
    members: Vec<String>,
    /// Write the new bundle to this file, which appears when it is whole and was opened
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Divide the weights by what they sum to
    #[arg(long)]
    renormalise: bool,
    #[command(flatten)]
    making: Making,
}

impl Members {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        match self.action {
            Action::Add(change) => change.run("members add", |mut builder, members| {
                for member in members {
                    builder = Graph::read("MEMBER", member)?.add_to(builder);
                }
                Ok(Ok(builder))
            }),
            Action::Remove(change) => {
                change.run("members remove", |builder, members| Ok(builder.remove(members)))
            }
            Action::Reweight(change) => change.run("members reweight", reweight),
        }
    }
}

fn reweight(mut builder: Builder, members: &[String]) -> Result<Result<Builder, Error>, Failure> {
    let mut named = BTreeSet::new();
    for member in members {
        let (model, weight) = making::pair_of("MEMBER", member)?;
        if !named.insert(model) {
            return Err(Failure::usage(format!("\"{model}\" is given two weights")));
        }
        builder = match builder.reweight(model, making::weight(weight)?) {
            Ok(builder) => builder,
            Err(error) => return Ok(Err(error)),
        };
    }
    Ok(Ok(builder))
}

impl Change {
    /// Opens the bundle, as anyone would, and writes what it becomes.
    fn run(
        self,
        by: &str,
        apply: impl FnOnce(Builder, &[String]) -> Result<Result<Builder, Error>, Failure>,
    ) -> Result<Exit, Failure> {
        let refused = |error: Error| Failure::bundle(&self.bundle.path, &error);
        let (archive, _) = self.bundle.open(Policy::default())?;
        let by = format!("{by} {}", self.members.join(" "));
        let builder = Builder::revise(&archive, &by).map_err(refused)?;
        let mut builder = apply(builder, &self.members)?.map_err(refused)?;
        if self.renormalise {
            builder = builder.renormalise().map_err(refused)?;
        }
        self.making.write(builder, &self.output)?;
        Ok(Exit::DONE)
    }
}
