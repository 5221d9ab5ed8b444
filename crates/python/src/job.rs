//! Batch jobs.

use std::{path::PathBuf, time::Duration};

use automl_pack::{Job, Reading, Selection, Stop, command, score};
use pyo3::{prelude::*, types::PyDict};

use crate::{auto::Auto, failure};

/// What a job is told, as `Job` has it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Told {
    inputs: Vec<PathBuf>,
    output: Option<PathBuf>,
    format: Option<String>,
    to: Option<String>,
    delimiter: Option<char>,
    encoding: Option<String>,
    no_header: bool,
    by_position: bool,
    keep: Vec<String>,
    keep_all: bool,
    labels_only: bool,
    members: bool,
    audit: bool,
    rejects: Option<PathBuf>,
    max_rejects: Option<u64>,
    threads: Option<usize>,
    memory: Option<u64>,
    resume: bool,
    checkpoint: Option<f64>,
}

/// Runs a job; gives its summary as JSON. `see` is called with what there is to say of its progress; Ctrl-C ends it.
#[pyfunction]
pub(crate) fn run_job(py: Python<'_>, auto: &Auto, told: Told, see: Option<Py<PyAny>>) -> PyResult<String> {
    let stop = Stop::default();
    let mut raised = None;
    let reading = told.reading(py)?;
    let to = told.to.as_deref().map(|to| format(py, to)).transpose()?;
    let ran = py.detach(|| {
        let watched = stop.clone();
        let raised = &mut raised;
        let job = told.job(&auto.auto, reading, to).stop(stop).progress(move |progress| {
            let called = Python::attach(|py| {
                py.check_signals()?;
                see.as_ref().map_or(Ok(()), |see| see.call1(py, (shown(py, progress)?,)).map(drop))
            });
            if let Err(error) = called {
                raised.get_or_insert(error);
                watched.set();
            }
        });
        job.run()
    });
    match (raised, ran) {
        (Some(error), _) => Err(error),
        (None, Ok(summary)) => Ok(command::of_summary(&summary).to_string()),
        (None, Err(error)) => Err(failure::of_job(py, &error)),
    }
}

impl Told {
    fn reading(&self, py: Python<'_>) -> PyResult<Reading> {
        let format = self.format.as_deref().map(|name| format(py, name)).transpose()?;
        let mut reading = Reading { format, header: !self.no_header, ..Reading::default() };
        if let Some(delimiter) = self.delimiter {
            let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii);
            let found = format!("delimiter: expected one character of ASCII, found {delimiter:?}");
            reading.delimiter = Some(byte.ok_or_else(|| failure::usage(py, found))?);
        }
        if let Some(name) = &self.encoding {
            let encoding = encoding_rs::Encoding::for_label(name.as_bytes());
            let words = format!("encoding: \"{name}\" is not known");
            reading.encoding = Some(encoding.ok_or_else(|| failure::usage(py, words))?);
        }
        Ok(reading)
    }

    fn job<'a>(&self, auto: &'a automl_pack::Auto, reading: Reading, to: Option<score::Format>) -> Job<'a> {
        let mut job = Job::new(auto).reading(reading).by_position(self.by_position).resume(self.resume);
        job = self.inputs.iter().fold(job, |job, input| job.input(input));
        let selection = Selection { labels_only: self.labels_only, members: self.members, audit: self.audit };
        job = job.select(selection).keep(&self.keep);
        if self.keep_all {
            job = job.keep_all();
        }
        if let Some(output) = &self.output {
            job = job.output(output);
        }
        if let Some(to) = to {
            job = job.to(to);
        }
        if let Some(rejects) = &self.rejects {
            job = job.rejects(rejects);
        }
        if let Some(rows) = self.max_rejects {
            job = job.max_rejects(rows);
        }
        if let Some(threads) = self.threads {
            job = job.threads(threads);
        }
        if let Some(bytes) = self.memory {
            job = job.memory(bytes);
        }
        if let Some(seconds) = self.checkpoint.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            job = job.checkpoint(seconds);
        }
        job
    }
}

fn format(py: Python<'_>, name: &str) -> PyResult<score::Format> {
    name.parse().map_err(|_| failure::usage(py, format!("format: \"{name}\" is not known")))
}

fn shown<'py>(py: Python<'py>, progress: &score::Progress) -> PyResult<Bound<'py, PyDict>> {
    let shown = PyDict::new(py);
    shown.set_item("rows", progress.rows)?;
    shown.set_item("rejected", progress.rejected)?;
    shown.set_item("refused", progress.refused)?;
    shown.set_item("done", progress.done)?;
    shown.set_item("elapsed", progress.elapsed.as_secs_f64())?;
    shown.set_item("rows_per_second", progress.rows_per_second)?;
    shown.set_item("remaining", progress.remaining().map(|remaining| remaining.as_secs_f64()))?;
    Ok(shown)
}
