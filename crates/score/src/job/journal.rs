//! What is known of a job that is not done, so that it can be gone on with: beside the output, `.NAME.job`.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};

use super::{Job, Summary, leg::Leg};
use crate::{
    Error,
    input::{Position, Size},
    output::{folder_of_file, partial_of, sync_folder},
};

/// Where a job writes down how far it is.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// What the job is: what was written by another is not gone on with.
    job: Vec<(String, String)>,
}

/// How far a job is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// Legs that are done.
    pub legs: usize,
    /// The table that is read, of the leg's.
    pub table: usize,
    /// Where it is at.
    pub position: Option<Position>,
    /// How many rows of it were read.
    pub rows_of_table: u64,
    /// How many bytes of the output are there, and what is to be known of them.
    pub output: Option<(u64, String)>,
    /// How many bytes the file of the last leg that is done has.
    pub last: u64,
    /// How many bytes of the rejects are there.
    pub rejects: u64,
    /// How large chunks are.
    pub size: Option<Size>,
    pub summary: Summary,
}

#[derive(Serialize, Deserialize)]
struct Written {
    job: Vec<(String, String)>,
    state: State,
}

impl Journal {
    /// Where the job would write it; None where it could not be gone on with.
    pub(super) fn of(job: &Job<'_>, legs: &[Leg<'_>]) -> Result<Option<Journal>, Error> {
        let Some(digest) = job.auto.manifest().map(|manifest| manifest.digest().to_string()) else {
            return Ok(None);
        };
        let Some(output) = legs.first().and_then(Leg::output) else { return Ok(None) };
        let is_read_once =
            |leg: &Leg<'_>| leg.paths().count() < leg.tables.len() || leg.paths().any(|path| !path.is_file());
        if legs.iter().any(is_read_once) {
            return Ok(None);
        }
        let mut about = vec![
            ("the bundle".to_owned(), digest),
            ("the program's version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("what the job was told".to_owned(), format!("{:?}", job.told())),
        ];
        for (number, leg) in legs.iter().enumerate() {
            let output = leg.output().map(|path| path.display().to_string()).unwrap_or_default();
            about.push((format!("output {}", number + 1), format!("{output} {:?}", leg.writing)));
            for path in leg.paths() {
                about.push((path.display().to_string(), seal(path)?));
            }
        }
        let path = match legs {
            [_] => partial_of(output, ".job"),
            // A place in the folder: above it, nothing may be written.
            _ => folder_of(legs).join(".scores.job"),
        };
        Ok(Some(Journal { path, job: about }))
    }

    /// How far an earlier run was. Where there was none, at the beginning.
    pub(super) fn read(&self) -> Result<State, Error> {
        let refuse = |what: String| Error::Resume { what };
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(State::default()),
            Err(error) => return Err(refuse(format!("{}: {error}", self.path.display()))),
        };
        let written: Written = serde_json::from_slice(&text)
            .map_err(|error| refuse(format!("{} is damaged: {error}", self.path.display())))?;
        for ((name, value), (before, was)) in self.job.iter().zip(&written.job) {
            match name == before {
                true if value == was => {}
                true => return Err(refuse(format!("{name} is not what it was"))),
                false => return Err(refuse(format!("{name} stands where {before} was"))),
            }
        }
        match self.job.len() == written.job.len() {
            true => Ok(written.state),
            false => Err(refuse("it reads more or fewer tables than it did".to_owned())),
        }
    }

    /// Writes down how far the job is; a stop at any moment leaves this or what was written before.
    pub(super) fn write(&self, state: &State) -> Result<(), Error> {
        let failed = |source| Error::Write { source };
        let written = Written { job: self.job.clone(), state: state.clone() };
        let text = serde_json::to_vec(&written).expect("a state has text for keys and finite numbers");
        let fresh = self.path.with_extension("job.new");
        fs::create_dir_all(folder_of_file(&self.path)).map_err(failed)?;
        let mut file = fs::File::create(&fresh).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&fresh, &self.path).and_then(|()| sync_folder(&self.path)).map_err(failed)
    }

    /// Whether there is something to go on with.
    pub(super) fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Forgets the job.
    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The folder that all legs write into.
pub(super) fn folder_of(legs: &[Leg<'_>]) -> PathBuf {
    let mut outputs = legs.iter().filter_map(Leg::output);
    let first = outputs.next().and_then(Path::parent).unwrap_or(Path::new(".")).to_owned();
    outputs.fold(first, |mut folder, path| {
        while !path.starts_with(&folder) && folder.pop() {}
        folder
    })
}

/// What tells that a file is the same: its size, and when it was written.
fn seal(path: &Path) -> Result<String, Error> {
    let read = |source| Error::Read { source }.of(path);
    let metadata = fs::metadata(path).map_err(read)?;
    let modified = metadata.modified().map_err(read)?;
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} bytes of {}.{:09}", metadata.len(), since.as_secs(), since.subsec_nanos()))
}

impl Job<'_> {
    /// All that shapes what is written, beside what is read and where it goes.
    fn told(&self) -> impl std::fmt::Debug {
        let policy = format!("{:?}", self.auto.pattern.policy());
        let keep = self.keep.clone();
        (
            self.reading.clone(),
            self.by_position,
            keep,
            self.selection,
            self.rejects.clone(),
            (self.memory, self.chunk_rows),
            policy,
        )
    }
}
