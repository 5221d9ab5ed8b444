//! A run over all rows of an input.

mod choice;
mod finished;
mod journal;
mod leg;
mod line;
mod options;
mod progress;
mod rejects;
mod summary;
mod terms;
mod threads;
mod way;
mod work;

use std::{
    io::{Read, Write},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use automl_pack_ensemble::{Auto, Selection};

use crate::{Error, Format, Reading, Stop};

use choice::Choice;
use journal::Journal;
use leg::Leg;
use line::Run;
use terms::Terms;

pub use options::Keep;
pub use progress::Progress;
pub use summary::{Balance, Spread, Stages, Summary};

/// Scores every row of tables, and writes the scores, in the order of the rows.
///
/// - what is read is held in chunks: memory does not grow with the rows
/// - reading, scoring and writing go on at the same time, scoring on all threads
/// - a file of scores appears under its name when it is whole
/// - what is written depends on the tables and the options alone, not on time; nor on the number of threads, but for
///   where batches of Arrow, packed blocks and large row groups end if there is a bound of memory, which they share
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_ensemble::Auto;
/// use automl_pack_score::Job;
///
/// let auto = Auto::unpack("examples/titanic.pack.zip")?;
/// let folder = tempfile::tempdir()?;
/// let scores = folder.path().join("scores.parquet");
/// let mut seen = 0;
/// let summary = Job::new(&auto)
///     .input("examples/titanic.csv")
///     .output(&scores)
///     .keep(["PassengerId"])
///     .progress(|progress| seen = progress.rows)
///     .run()?;
/// assert_eq!((summary.rows, seen), (90, 90));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Job<'a> {
    auto: &'a Auto,
    inputs: Vec<Input>,
    output: Output<'a>,
    reading: Reading,
    to: Option<Format>,
    by_position: bool,
    keep: Keep,
    selection: Selection,
    rejects: Option<PathBuf>,
    most_rejects: u64,
    threads: Option<usize>,
    memory: Option<u64>,
    chunk_rows: usize,
    resume: bool,
    checkpoint: Duration,
    progress: Box<dyn FnMut(&Progress) + 'a>,
    stop: Stop,
}

/// Where rows come from.
enum Input {
    Path(PathBuf),
    Reader(Box<dyn Read + Send>),
}

/// Where scores go.
enum Output<'a> {
    Path(PathBuf),
    Writer(Box<dyn Write + Send + 'a>),
}

/// A chunk has no more rows: enough for a thread to be busy with, and no more.
const ROWS: usize = 8_192;

impl<'a> Job<'a> {
    /// A job that matches columns by name and writes the blend's columns. Unless it is told otherwise, it reads stdin,
    /// writes CSV to stdout, and ends at the first row that cannot be scored.
    pub fn new(auto: &'a Auto) -> Job<'a> {
        Job {
            auto,
            inputs: Vec::new(),
            output: Output::Path("-".into()),
            reading: Reading::default(),
            to: None,
            by_position: false,
            keep: Keep::default(),
            selection: Selection::default(),
            rejects: None,
            most_rejects: 0,
            threads: None,
            memory: None,
            chunk_rows: ROWS,
            resume: false,
            checkpoint: Duration::from_secs(5),
            progress: Box::new(|_| {}),
            stop: Stop::default(),
        }
    }

    /// Opens the tables, scores them and writes the scores.
    ///
    /// A job that ends early leaves nothing under the name of its output. Where it was stopped, or the disk was full,
    /// what was written is kept beside, [`Error::Left`] says so, and [`Job::resume`] goes on from there.
    pub fn run(mut self) -> Result<Summary, Error> {
        let began = Instant::now();
        let legs = self.legs()?;
        self.check_places(&legs)?;
        let _lock = leg::lock(&legs)?;
        let threads = self.cores();
        let fits = self.size(threads)?;
        let choice = Choice::new(self.auto, self.by_position, self.keep.clone(), self.selection);
        let journal = Journal::of(&self, &legs)?;
        let state = match self.resume {
            true => journal.as_ref().ok_or_else(no_journal)?.read()?,
            false => journal::State::default(),
        };
        // What goes on has the chunks that it began with.
        let size = state.size.unwrap_or(fits);
        let settled = state.summary.rows;
        let terms = Terms {
            choice: &choice,
            reading: &self.reading,
            threads,
            size,
            most_rejects: self.most_rejects,
            checkpoint: self.checkpoint,
            stop: &self.stop,
            journal: journal.as_ref(),
            digest: self.auto.manifest().map(|manifest| manifest.digest().to_string()),
            began,
        };
        let see = &mut self.progress;
        let run = Run { terms, see, state, settled, is_begun: false, partials: Vec::new() };
        let result = run.all(legs, self.rejects.as_deref());
        finished::conclude(result, journal.as_ref(), self.resume, began)
    }

    fn cores(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    /// What is read into one file each.
    fn legs(&mut self) -> Result<Vec<Leg<'a>>, Error> {
        let inputs = match std::mem::take(&mut self.inputs) {
            none if none.is_empty() => vec![Input::Path("-".into())],
            some => some,
        };
        let output = std::mem::replace(&mut self.output, Output::Path("-".into()));
        // The row group that is being written is held too.
        let group_bytes = self.memory.map_or(u64::MAX, |bytes| bytes / 16);
        leg::plan(inputs, output, &self.reading, self.to, usize::try_from(group_bytes).unwrap_or(usize::MAX))
    }

    /// Nothing is written over what is read, nor two things to one place.
    fn check_places(&self, legs: &[Leg<'_>]) -> Result<(), Error> {
        let whole = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let read = legs.iter().flat_map(Leg::paths).filter(|path| path.is_file());
        let mut taken: Vec<PathBuf> = read.map(whole).collect();
        let written = legs.iter().filter_map(Leg::output).chain(self.rejects.as_deref());
        for path in written.filter(|path| !path.exists() || path.is_file()) {
            let place = whole(path);
            if taken.contains(&place) {
                return Err(Error::SamePlace { path: path.to_owned() });
            }
            taken.push(place);
        }
        Ok(())
    }
}

fn no_journal() -> Error {
    Error::Resume { what: "it takes a bundle with a digest, files to read and a file to write to".into() }
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("keep", &self.keep)
            .field("reading", &self.reading)
            .finish_non_exhaustive()
    }
}
