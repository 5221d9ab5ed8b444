//! `automl-pack predict`.

mod report;
pub(super) mod words;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use automl_pack::{Action, Auto, Job, Policy, Reading, Selection, score};
use clap::Args;

use super::{
    Bundle,
    failure::{Exit, Failure},
    interrupt,
};

pub use report::of_summary;
use report::{Report, Show};
use words::{As, Do, Encoding, byte, bytes, encoding, seconds};

#[derive(Debug, Args)]
#[command(after_help = "\
Columns are found by name. A bare ONNX model with one input of several columns takes all columns of \
the file in order, whatever they are called; labels and ids are left out where --keep names them.

Formats are told by names and first bytes: .csv, .tsv, .jsonl (all of them also .gz or .zst), .parquet, .arrow, \
.arrows (a stream). Names of folders such as day=2026-11-21 are columns.

A run that was stopped, killed, or found the disk full goes on with --resume, and writes what it would have written.")]
pub(crate) struct Predict {
    #[command(flatten)]
    bundle: Bundle,
    /// Files, folders, or patterns such as 'rows-*.csv'; - is stdin
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    scoring: Scoring,
}

/// How rows are scored, for every command that does.
#[derive(Debug, Args)]
pub(crate) struct Scoring {
    /// Write the scores to this file, which appears when it is whole; or, where it is a folder or ends with /, to a
    /// file there for each input; without it, to stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// How the input is written [default: as its name and first bytes say]
    #[arg(long, value_name = "FORMAT")]
    format: Option<As>,
    /// How the scores are written [default: as the name of the output says, or CSV]
    #[arg(long, value_name = "FORMAT")]
    to: Option<As>,
    /// What separates cells, in the input and the scores [default: a comma; a tab in TSV]
    #[arg(long, value_name = "CHAR", value_parser = byte)]
    delimiter: Option<u8>,
    /// What encloses cells that have a delimiter or a line end [default: "]
    #[arg(long, value_name = "CHAR", value_parser = byte)]
    quote: Option<u8>,
    /// How text is encoded, such as latin1 or utf-16le [default: UTF-8]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<Encoding>,
    /// The first line is a row: columns are taken by position, and called column_1, column_2, …
    #[arg(long)]
    no_header: bool,
    /// Write labels alone: faster, as members that can no longer change a label are not asked
    #[arg(long)]
    labels: bool,
    /// Add the predictions of each member
    #[arg(long, conflicts_with = "labels")]
    members: bool,
    /// Add which cells of each row were missing, unseen, unreadable or out of range, and what was done
    #[arg(long)]
    audit: bool,
    /// Copy these columns of the input through
    #[arg(long, value_name = "COL", value_delimiter = ',')]
    keep: Vec<String>,
    /// Copy all columns of the input through
    #[arg(long, conflicts_with = "keep")]
    keep_all: bool,
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
    /// Write rows that cannot be scored to this file, with file, line, column and reason, and go on without them
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// End when more rows than this cannot be scored [default: 0, and any number with --rejects]
    #[arg(long, value_name = "N")]
    max_rejects: Option<u64>,
    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// The most memory to take, such as 512MB
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory: Option<u64>,
    /// Go on with a run of the same job that ended early
    #[arg(long)]
    resume: bool,
    /// How often to make sure of what is done, so that --resume can go on from there
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    checkpoint: f64,
    /// How far the run is, on stderr
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Show,
}

impl Predict {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        self.inputs.iter().try_for_each(|input| is_there(input))?;
        self.scoring.check_bundle(&self.bundle.path)?;
        let stop = interrupt::watch()?;
        self.scoring.start_threads()?;
        let (_, auto) = self.bundle.open(self.scoring.policy())?;
        self.scoring.run(&auto, &self.inputs, &stop)?;
        Ok(Exit::DONE)
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
            (self.format.is_some(), "--format"),
            (self.to.is_some(), "--to"),
            (self.labels, "--labels"),
            (self.members, "--members"),
            (self.audit, "--audit"),
            (self.keep_all, "--keep-all"),
            (!self.keep.is_empty(), "--keep"),
            (self.by_position, "--by-position"),
            (self.rejects.is_some(), "--rejects"),
            (self.resume, "--resume"),
        ];
        given.into_iter().find(|(given, _)| *given).map(|(_, name)| name)
    }

    /// The bundle is not written over.
    pub(crate) fn check_bundle(&self, bundle: &Path) -> Result<(), Failure> {
        let whole = |path: &Path| std::fs::canonicalize(path).ok();
        let written = self.output.iter().chain(&self.rejects);
        match whole(bundle)
            .and_then(|bundle| written.into_iter().find(|path| whole(path).as_ref() == Some(&bundle)))
        {
            Some(path) => {
                Err(Failure::usage(format!("{} is the bundle, and would be written over", path.display())))
            }
            None => Ok(()),
        }
    }

    /// Opening a bundle uses all threads too.
    pub(crate) fn start_threads(&self) -> Result<(), Failure> {
        let Some(threads) = self.threads else { return Ok(()) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        pool.map_err(|error| Failure::usage(format!("{threads} threads could not be started: {error}")))
    }

    /// Scores the inputs and says on stderr what there is to know.
    pub(crate) fn run(&self, auto: &Auto, inputs: &[PathBuf], stop: &score::Stop) -> Result<(), Failure> {
        let mut report = Report::new(self.progress);
        let job = inputs.iter().fold(self.job(auto), |job, input| job.input(input));
        let result = job.stop(stop.clone()).progress(|progress| report.progress(progress)).run();
        report.end(result.map_err(|error| Failure::job(&error)))
    }

    fn job<'a>(&self, auto: &'a Auto) -> Job<'a> {
        let mut job = Job::new(auto)
            .reading(self.reading())
            .by_position(self.by_position)
            .select(Selection { labels_only: self.labels, members: self.members, audit: self.audit })
            .keep(&self.keep)
            .resume(self.resume)
            .checkpoint(Duration::from_secs_f64(self.checkpoint));
        if self.keep_all {
            job = job.keep_all();
        }
        job = self.output.iter().fold(job, |job, path| job.output(path));
        job = self.to.iter().fold(job, |job, format| job.to((*format).into()));
        job = self.rejects.iter().fold(job, |job, path| job.rejects(path));
        job = self.max_rejects.iter().fold(job, |job, rows| job.max_rejects(*rows));
        job = self.threads.iter().fold(job, |job, threads| job.threads((*threads).into()));
        self.memory.iter().fold(job, |job, bytes| job.memory(*bytes))
    }

    /// What is known of the tables.
    fn reading(&self) -> Reading {
        let usual = Reading::default();
        Reading {
            format: self.format.map(Into::into),
            delimiter: self.delimiter,
            quote: self.quote.unwrap_or(usual.quote),
            header: !self.no_header,
            encoding: self.encoding,
            ..usual
        }
    }
}

/// An input is there, before anything that takes time is done for it. Patterns are looked at later.
pub(crate) fn is_there(input: &Path) -> Result<(), Failure> {
    let is_pattern = input.to_string_lossy().contains(['*', '?', '[']);
    match input.as_os_str() == "-" || is_pattern {
        true => Ok(()),
        false => std::fs::metadata(input).map(drop).map_err(|error: io::Error| Failure::file(input, &error)),
    }
}
