//! What a job may be told.

use std::{
    io::{Read, Write},
    path::PathBuf,
    time::Duration,
};

use automl_pack_ensemble::Selection;

use super::{Input, Job, Output, Progress, ROWS, summary::taken};
use crate::{
    Error, Format, Reading, Stop,
    input::{LONGEST_ROW, Size},
};

/// Which columns of the input are copied through, before those of the scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// These.
    Columns(Vec<String>),
    /// All.
    All,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep::Columns(Vec::new())
    }
}

/// The least that a chunk may have.
const LEAST: Size = Size { rows: 256, bytes: 1 << 16, longest: 1 << 16 };
/// The most bytes that a chunk is read from.
const MOST_BYTES: usize = 4 << 20;

impl<'a> Job<'a> {
    /// Reads a file, all tables in a folder and those below it, what a pattern such as `rows-*.csv` fits, or stdin
    /// (`-`). Called again, it adds to what is read.
    #[must_use]
    pub fn input(mut self, path: impl Into<PathBuf>) -> Job<'a> {
        self.inputs.push(Input::Path(path.into()));
        self
    }

    /// Reads what something gives.
    #[must_use]
    pub fn input_reader(mut self, reader: impl Read + Send + 'static) -> Job<'a> {
        self.inputs.push(Input::Reader(Box::new(reader)));
        self
    }

    /// Writes a file, stdout (`-`), or, where the path is a folder or ends as one, a file there for each that is read.
    #[must_use]
    pub fn output(self, path: impl Into<PathBuf>) -> Job<'a> {
        Job { output: Output::Path(path.into()), ..self }
    }

    /// Writes to something.
    #[must_use]
    pub fn output_writer(self, writer: impl Write + Send + 'a) -> Job<'a> {
        Job { output: Output::Writer(Box::new(writer)), ..self }
    }

    /// What is known of the tables that are read.
    #[must_use]
    pub fn reading(self, reading: Reading) -> Job<'a> {
        Job { reading, ..self }
    }

    /// How scores are written. Unless it is said, the name of the output says it; to a folder, they are written as
    /// what they are read from.
    #[must_use]
    pub fn to(self, format: Format) -> Job<'a> {
        Job { to: Some(format), ..self }
    }

    /// Takes columns by position, whatever the header calls them.
    #[must_use]
    pub fn by_position(self, by_position: bool) -> Job<'a> {
        Job { by_position, ..self }
    }

    /// Copies columns of the input through, before those of the scores.
    #[must_use]
    pub fn keep(self, columns: impl IntoIterator<Item = impl Into<String>>) -> Job<'a> {
        Job { keep: Keep::Columns(columns.into_iter().map(Into::into).collect()), ..self }
    }

    /// Copies all columns of the input through.
    #[must_use]
    pub fn keep_all(self) -> Job<'a> {
        Job { keep: Keep::All, ..self }
    }

    /// Adds columns to the scores, or leaves probabilities away: then members that can no longer change a label are
    /// not asked, as [`automl_pack_ensemble::Pattern::labels_only`] says.
    #[must_use]
    pub fn select(self, selection: Selection) -> Job<'a> {
        Job { selection, ..self }
    }

    /// Writes rows that cannot be scored to this file, with their place and the reason, and goes on without them. They
    /// are not in the output.
    #[must_use]
    pub fn rejects(self, path: impl Into<PathBuf>) -> Job<'a> {
        let most_rejects = if self.most_rejects == 0 { u64::MAX } else { self.most_rejects };
        Job { rejects: Some(path.into()), most_rejects, ..self }
    }

    /// Ends when more rows than these cannot be scored. 0, as it is without rejects, ends at the first.
    #[must_use]
    pub fn max_rejects(self, rows: u64) -> Job<'a> {
        Job { most_rejects: rows, ..self }
    }

    /// Scores on so many threads. Default: one for each core.
    #[must_use]
    pub fn threads(self, threads: usize) -> Job<'a> {
        Job { threads: Some(threads.max(1)), ..self }
    }

    /// Takes no more bytes of memory than these, the bundle's among them.
    #[must_use]
    pub fn memory(self, bytes: u64) -> Job<'a> {
        Job { memory: Some(bytes), ..self }
    }

    /// A chunk has at most so many rows.
    #[must_use]
    pub fn chunk_rows(self, rows: usize) -> Job<'a> {
        Job { chunk_rows: rows.max(1), ..self }
    }

    /// Goes on with a run of the same job that ended early: byte for byte what it would have written comes out. Where
    /// there was none, it begins.
    #[must_use]
    pub fn resume(self, resume: bool) -> Job<'a> {
        Job { resume, ..self }
    }

    /// How often what was done is made sure of, so that a run can go on from there after a loss of power.
    #[must_use]
    pub fn checkpoint(self, every: Duration) -> Job<'a> {
        Job { checkpoint: every, ..self }
    }

    /// Is called after each chunk.
    #[must_use]
    pub fn progress(self, see: impl FnMut(&Progress) + 'a) -> Job<'a> {
        Job { progress: Box::new(see), ..self }
    }

    /// Ends the job early once it is set.
    #[must_use]
    pub fn stop(self, stop: Stop) -> Job<'a> {
        Job { stop, ..self }
    }

    /// How many chunks are held at a time: one being scored and one waiting for each thread, and two on their way.
    pub(super) fn in_flight(threads: usize) -> usize {
        2 * threads + 2
    }

    /// How large chunks may be, so that all that are held fit the memory.
    pub(super) fn size(&self, threads: usize) -> Result<Size, Error> {
        let usual = Size { rows: self.chunk_rows, bytes: MOST_BYTES, longest: LONGEST_ROW };
        let Some(bound) = self.memory else { return Ok(usual) };
        let of_row = self.bytes_of_row();
        let of_chunk = |size: Size| TIMES_HELD * size.bytes + size.rows * of_row;
        let held = Job::in_flight(threads) as u64;
        let taken = taken();
        let least = taken + held * of_chunk(LEAST) as u64;
        if bound < least {
            return Err(Error::Memory { bound, taken, least });
        }
        let share = usize::try_from((bound - taken) / held).unwrap_or(usize::MAX);
        let fits = share as f64 / of_chunk(Size { rows: ROWS, bytes: MOST_BYTES, longest: 0 }) as f64;
        let shrunk = |usual: usize, least: usize| {
            // A power of two, so that what another run finds taken makes no other chunks.
            let fitting = (usual as f64 * fits.min(1.0)) as usize;
            if fitting < usual { (1 << fitting.max(1).ilog2()).max(least.min(usual)) } else { usual }
        };
        let bytes = shrunk(usual.bytes, LEAST.bytes);
        let longest = if bytes < usual.bytes { 2 * bytes } else { (share / 4).min(LONGEST_ROW) };
        Ok(Size { rows: shrunk(usual.rows, LEAST.rows), bytes, longest: longest.max(LEAST.longest) })
    }

    /// What a row takes while it is scored, beside its text: what is read of it, and what members give.
    fn bytes_of_row(&self) -> usize {
        let pattern = &self.auto.pattern;
        let columns = pattern.plan().schema().columns().len();
        let inputs: usize =
            (0..pattern.plan().inputs().len()).map(|input| pattern.plan().labels(input).len()).sum();
        let outputs = pattern.target().task.columns().len() * (pattern.members().len() + 2);
        64 + 48 * columns + 16 * inputs + 24 * outputs
    }
}

/// A chunk's bytes are held so often: as they were read, as cells, as what steps make of them, and as they are written.
const TIMES_HELD: usize = 8;
