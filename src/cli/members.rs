//! `automl-pack members`.

use std::{path::PathBuf, process::ExitCode};

use automl_pack::{Builder, Error};
use clap::{Args, Subcommand};

use super::{
    failure::Failure,
    making::{self, Graph, Making},
    open_archive,
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
    /// A bundle: a zip file, with or without its .zip, or an unpacked folder
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// add: NAME=FILE.onnx[@WEIGHT]; remove: MODEL or MODEL/m_0001; reweight: MODEL=WEIGHT, which each
    /// member of the model then has
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
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self.action {
            Action::Add(change) => change
                .run("members add", |builder, member| Ok(Graph::read("MEMBER", member)?.add_to(builder))),
            Action::Remove(change) => {
                let path = change.bundle.clone();
                let refused = move |error: Error| Failure::bundle(&path, &error);
                change.run("members remove", |builder, member| builder.remove(member).map_err(&refused))
            }
            Action::Reweight(change) => {
                let path = change.bundle.clone();
                let refused = move |error: Error| Failure::bundle(&path, &error);
                change.run("members reweight", |builder, member| {
                    let (model, weight) = making::pair_of("MEMBER", member)?;
                    builder.reweight(model, making::weight(weight)?).map_err(&refused)
                })
            }
        }
    }
}

impl Change {
    fn run(
        self,
        by: &str,
        apply: impl Fn(Builder, &str) -> Result<Builder, Failure>,
    ) -> Result<ExitCode, Failure> {
        let refused = |error: Error| Failure::bundle(&self.bundle, &error);
        let archive = open_archive(&self.bundle)?;
        let by = format!("{by} {}", self.members.join(" "));
        let mut builder = Builder::revise(&archive, &by).map_err(refused)?;
        for member in &self.members {
            builder = apply(builder, member)?;
        }
        if self.renormalise {
            builder = builder.renormalise().map_err(refused)?;
        }
        making::write(self.making.apply(builder)?, &self.output)?;
        Ok(ExitCode::SUCCESS)
    }
}
