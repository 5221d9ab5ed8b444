//! The command line: one file for each command, and what they share.
//!
//! Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 the bundle or the data was refused,
//! 2 usage or environment, 130 interrupted.

mod audit;
mod completions;
mod convert;
mod diff;
mod drift;
mod failure;
mod graph;
mod inspect;
mod interrupt;
mod making;
mod members;
mod output;
mod pack;
mod predict;
mod prepare;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "serve")]
mod settings;
mod table;
mod unpack;
mod verify;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use automl_pack::{Archive, Auto, Limits, Options, Policy};
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use audit::audit;
pub use diff::diff;
pub use failure::{Exit, Failure};
pub use inspect::inspect;
pub use predict::of_summary;
pub use prepare::prepare;
pub use verify::verify;

/// An AutoML ensemble as one file, opened and scored anywhere.
#[derive(Debug, Parser)]
#[command(name = "automl-pack", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score the rows of tables with a bundle, or with a bare ONNX model
    Predict(predict::Predict),
    /// Serve bundles over HTTP: our own protocol, the Open Inference Protocol, MLflow's and KServe's, and a page
    #[cfg(feature = "serve")]
    Serve(serve::Serve),
    /// Make features to train on from a table: schema, fitted plan, statistics, features
    Prepare(prepare::Prepare),
    /// Verify a bundle, report its members, and lay it out in a folder
    Unpack(unpack::Unpack),
    /// Show what a bundle is: task, classes, columns, members, weights; or what an ONNX model takes and gives
    Inspect(inspect::Inspect),
    /// Check everything that can be proven of a bundle: digests, graphs, golden rows
    Verify(verify::Verify),
    /// Write a bundle: from a folder in its layout, or from graphs and a schema
    Pack(pack::Pack),
    /// Turn a pack that carefree-learn wrote into a bundle: the same predictions, no training row
    Convert(convert::Convert),
    /// Add, remove or reweigh members: writes a new bundle
    Members(members::Members),
    /// Show what changed from one bundle to another
    Diff(diff::Diff),
    /// Show how new data differs from the data that the models were trained on
    Drift(drift::Drift),
    /// Show what is wrong with a pack: training data it still carries, inverted weights, pickles
    Audit(audit::Audit),
    /// Print the completions for a shell
    Completions(completions::Completions),
}

/// The bundle a command works on.
#[derive(Debug, Args)]
struct Bundle {
    /// A bundle: a zip file, with or without its .zip, or an unpacked folder; or a bare ONNX model
    #[arg(value_name = "BUNDLE")]
    path: PathBuf,
    /// Do not replay the golden rows on opening
    #[arg(long)]
    no_replay: bool,
}

impl Bundle {
    /// The container and what is in it.
    fn open(&self, policy: Policy) -> Result<(Archive, Auto), Failure> {
        let options = Options { policy, replay: !self.no_replay, ..Options::default() };
        open(&self.path, &options)
    }
}

fn open(path: &Path, options: &Options) -> Result<(Archive, Auto), Failure> {
    let archive = open_archive(path)?;
    let auto = Auto::from_archive(&archive, options).map_err(|error| Failure::bundle(path, &error))?;
    Ok((archive, auto))
}

fn open_archive(path: &Path) -> Result<Archive, Failure> {
    automl_pack::open_archive(path, &Limits::default()).map_err(|error| Failure::bundle(path, &error))
}

/// Runs a command as its arguments say, of which the first is its own name; says on stdout and stderr what there is to
/// say.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let said = Cli::command().try_get_matches_from(arguments);
    match said.and_then(|said| Ok((Cli::from_arg_matches(&said)?, said))) {
        Ok((Cli { command }, said)) => command.run(&said).unwrap_or_else(Failure::report),
        Err(said) => {
            // Where nobody can hear it, nothing is lost.
            let _ = said.print();
            if said.use_stderr() { Exit::USAGE } else { Exit::DONE }
        }
    }
}

/// Keeps quiet about panics that become errors: a graph that the engine panics on is refused, and so is a table that
/// its reader panics on, with an error that says so. Others are reported as they were.
pub fn quieten_guarded_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !crate::engine::is_guarded() && !crate::score::is_guarded() {
            report(panic);
        }
    }));
}

impl Command {
    /// Some are told what was said in which way.
    #[cfg_attr(not(feature = "serve"), expect(unused_variables, reason = "of these there are none then"))]
    fn run(self, said: &ArgMatches) -> Result<Exit, Failure> {
        match self {
            Command::Predict(command) => command.run(),
            #[cfg(feature = "serve")]
            Command::Serve(command) => match said.subcommand() {
                Some((_, said)) => command.run(said),
                None => unreachable!("it is a subcommand"),
            },
            Command::Prepare(command) => command.run(),
            Command::Unpack(command) => command.run(),
            Command::Inspect(command) => command.run(),
            Command::Verify(command) => command.run(),
            Command::Pack(command) => command.run(),
            Command::Convert(command) => command.run(),
            Command::Members(command) => command.run(),
            Command::Diff(command) => command.run(),
            Command::Drift(command) => command.run(),
            Command::Audit(command) => command.run(),
            Command::Completions(command) => command.run(),
        }
    }
}
