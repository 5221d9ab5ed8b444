//! `automl-pack predict`.

use std::{fs, io, path::PathBuf, process::ExitCode};

use automl_pack::{Action, Auto, Flaw, Job, Policy, Selection, Summary};
use clap::{Args, ValueEnum};

use super::{
    Bundle,
    failure::Failure,
    output::{self, Output},
    table::count,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Columns are found by name. A bare ONNX model with one input of several columns takes all columns of \
the file in order, whatever they are called; labels and ids are left out where --keep names them.")]
pub(crate) struct Predict {
    #[command(flatten)]
    bundle: Bundle,
    /// A CSV file with a header line; - is stdin
    input: PathBuf,
    #[command(flatten)]
    scoring: Scoring,
}

/// How rows are scored, for every command that does.
#[derive(Debug, Args)]
pub(crate) struct Scoring {
    /// Write the scores to this file, which appears when it is whole; without it, to stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Add the predictions of each member
    #[arg(long)]
    members: bool,
    /// Add which cells of each row were missing, unseen, unreadable or out of range, and what was done
    #[arg(long)]
    audit: bool,
    /// Copy these columns of the input through
    #[arg(long, value_name = "COL", value_delimiter = ',')]
    keep: Vec<String>,
    /// Take the columns in the order of the training data, or of a bare model's inputs, whatever the header
    /// calls them
    #[arg(long)]
    by_position: bool,
    /// What to do with missing, unseen, unreadable and out-of-range cells alike
    #[arg(long, value_name = "ACTION")]
    policy: Option<Do>,
    /// What to do with missing cells [default: impute]
    #[arg(long, value_name = "ACTION")]
    on_missing: Option<Do>,
    /// What to do with values that the training data did not have [default: impute]
    #[arg(long, value_name = "ACTION")]
    on_unseen: Option<Do>,
    /// What to do with cells that are no value of their column's type [default: error]
    #[arg(long, value_name = "ACTION")]
    on_unreadable: Option<Do>,
    /// What to do with numbers beyond the range of their column [default: impute, the end of the range]
    #[arg(long, value_name = "ACTION")]
    on_out_of_range: Option<Do>,
    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// What is done with a cell.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Do {
    /// Fill it in as in training
    Impute,
    /// Give the row no score
    Null,
    /// Refuse the input
    Error,
}

impl Predict {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        self.scoring.start_threads()?;
        let rows = Rows::open(self.input)?;
        let (_, auto) = self.bundle.open(self.scoring.policy())?;
        self.scoring.run(&auto, rows)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Scoring {
    /// What is done with cells, as the options say.
    pub(crate) fn policy(&self) -> Policy {
        let action = |of: Option<Do>| of.or(self.policy).map(Action::from);
        Policy {
            missing: action(self.on_missing),
            unseen: action(self.on_unseen),
            unreadable: action(self.on_unreadable),
            out_of_range: action(self.on_out_of_range),
        }
    }

    /// An option that shapes scores, if one was given.
    pub(crate) fn shapes_scores(&self) -> Option<&'static str> {
        let given = [
            (self.output.is_some(), "--output"),
            (self.members, "--members"),
            (self.audit, "--audit"),
            (!self.keep.is_empty(), "--keep"),
            (self.by_position, "--by-position"),
        ];
        given.into_iter().find(|(given, _)| *given).map(|(_, name)| name)
    }

    pub(crate) fn start_threads(&self) -> Result<(), Failure> {
        let Some(threads) = self.threads else { return Ok(()) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        pool.map_err(|error| Failure::usage(format!("{threads} threads could not be started: {error}")))
    }

    /// Scores the input and says on stderr what there is to know.
    pub(crate) fn run(&self, auto: &Auto, rows: Rows) -> Result<(), Failure> {
        let mut output = Output::open(self.output.as_deref())?;
        let selection = Selection { members: self.members, audit: self.audit };
        let job = Job::new(&auto.pattern)
            .by_position(self.by_position)
            .keep(self.keep.iter().cloned())
            .select(selection);
        let summary = job.run(rows.reader, &mut output);
        let summary = summary.map_err(|error| Failure::rows(&rows.path, &error))?;
        output.finish()?;
        report(&summary);
        Ok(())
    }
}

impl From<Do> for Action {
    fn from(action: Do) -> Action {
        match action {
            Do::Impute => Action::Impute,
            Do::Null => Action::Null,
            Do::Error => Action::Error,
        }
    }
}

/// An input that was found, before anything that takes time is done for it.
pub(crate) struct Rows {
    path: PathBuf,
    reader: Box<dyn io::Read>,
}

impl Rows {
    pub(crate) fn open(path: PathBuf) -> Result<Rows, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Rows { path, reader: Box::new(io::stdin().lock()) });
        }
        let failed = |error| Failure::file(&path, &error);
        let file = fs::File::open(&path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        Ok(Rows { path, reader: Box::new(file) })
    }
}

fn report(summary: &Summary) {
    let mut parts = vec![format!("{} scored", count(summary.rows - summary.refused, "row"))];
    if summary.refused > 0 {
        parts.push(format!("{} refused", count(summary.refused, "row")));
    }
    if summary.ignored > 0 {
        parts.push(format!("{} ignored", count(summary.ignored, "column")));
    }
    output::say(&format!("{}\n", parts.join(", ")));
    for flaw in Flaw::ALL {
        let of_flaw = summary.flaws.iter().filter(|((_, found), _)| *found == flaw);
        let columns: Vec<String> = of_flaw.map(|((column, _), cells)| format!("{column} {cells}")).collect();
        if !columns.is_empty() {
            output::say(&format!("{flaw} cells: {}\n", output::plain(&columns.join(", "))));
        }
    }
}
