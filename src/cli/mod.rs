//! The command line: one file for each command, and what they share.
//!
//! Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 the bundle or the data was refused,
//! 2 usage or environment.

mod audit;
mod completions;
mod failure;
mod inspect;
mod output;
mod predict;
mod table;
mod unpack;

use std::{path::PathBuf, process::ExitCode};

use automl_pack::{Auto, Limits, Options, Policy};
use clap::{Args, Parser, Subcommand};

use failure::Failure;

/// An AutoML ensemble as one file, opened and scored anywhere.
#[derive(Debug, Parser)]
#[command(name = "automl-pack", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score the rows of a CSV file
    Predict(predict::Predict),
    /// Verify a bundle, report its members, and lay it out in a folder
    Unpack(unpack::Unpack),
    /// Show what a bundle is: task, classes, columns, members, weights
    Inspect(inspect::Inspect),
    /// Show what is wrong with a pack: training data it still carries, inverted weights, pickles
    Audit(audit::Audit),
    /// Print the completions for a shell
    Completions(completions::Completions),
}

/// The bundle a command works on.
#[derive(Debug, Args)]
struct Bundle {
    /// A bundle: a zip file, with or without its .zip, or an unpacked folder
    #[arg(value_name = "BUNDLE")]
    path: PathBuf,
}

impl Bundle {
    fn open(&self, policy: Policy) -> Result<Auto, Failure> {
        let options = Options { policy, limits: Limits::default() };
        Auto::unpack_with(&self.path, &options).map_err(|error| Failure::bundle(&self.path, &error))
    }
}

/// Parses the arguments, runs the command, and reports.
pub(crate) fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Predict(command) => command.run(),
        Command::Unpack(command) => command.run(),
        Command::Inspect(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Completions(command) => command.run(),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
