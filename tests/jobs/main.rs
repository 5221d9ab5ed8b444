//! Jobs: tables in, scores out, in every format, and whatever goes wrong on the way.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod broken;
mod formats;
mod rejects;
mod resume;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use automl_pack::{Auto, Job, Summary, score};
use support::example;

fn auto() -> Auto {
    Auto::unpack(example("titanic.pack.zip")).unwrap()
}

/// The rows of the example, so many times.
fn rows(times: usize) -> String {
    let text = fs::read_to_string(example("titanic.csv")).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    format!("{header}\n{}", body.repeat(times))
}

/// What a job writes as CSV.
fn scores_of(job: Job<'_>) -> (String, Summary) {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("scores.csv");
    let summary = job.output(&out).run().unwrap();
    (fs::read_to_string(out).unwrap(), summary)
}

fn scores_of_text(auto: &Auto, text: &str) -> String {
    scores_of(Job::new(auto).input_reader(std::io::Cursor::new(text.to_owned()))).0
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(&path).unwrap().write_all(bytes.as_ref()).unwrap();
    path
}

/// What a job on such bytes is refused for.
fn refusal(bytes: impl AsRef<[u8]>, name: &str) -> score::Error {
    let scratch = tempfile::tempdir().unwrap();
    let path = write(scratch.path(), name, bytes);
    let out = scratch.path().join("scores.csv");
    let error = Job::new(&auto()).input(&path).output(&out).run().unwrap_err();
    let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [path], "something is left behind");
    error
}

/// The error of an input, without the input.
fn within(error: score::Error) -> score::Error {
    match error {
        score::Error::Input { source, .. } => *source,
        other => other,
    }
}
