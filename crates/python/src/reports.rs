//! The commands themselves, and their reports as JSON.

use std::{ffi::OsString, path::PathBuf};

use automl_pack::{Stop, command};
use pyo3::prelude::*;
use serde::Serialize;
use serde_json::Value;

use crate::failure::{self, Refused};

/// Runs the command line; gives its exit code.
#[pyfunction]
pub(crate) fn run(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| command::run(arguments).code())
}

#[pyfunction]
pub(crate) fn inspect(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    told(py, py.detach(|| command::inspect(path)))
}

#[pyfunction]
pub(crate) fn verify(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    told(py, py.detach(|| command::verify(path)))
}

#[pyfunction]
pub(crate) fn audit(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    told(py, py.detach(|| command::audit(path)))
}

#[pyfunction]
pub(crate) fn diff(py: Python<'_>, before: PathBuf, after: PathBuf) -> PyResult<String> {
    told(py, py.detach(|| command::diff(before, after)))
}

/// Prepares a table, as the command's arguments say.
#[pyfunction]
pub(crate) fn prepare(py: Python<'_>, arguments: Vec<OsString>) -> PyResult<String> {
    let found = py.detach(|| command::prepare(arguments, Stop::default()));
    found.map(|report| report.to_string()).map_err(|failure| failure::of(py, &failure, Refused::Rows))
}

fn told(py: Python<'_>, report: Result<Value, command::Failure>) -> PyResult<String> {
    report.map(|report| report.to_string()).map_err(|failure| failure::of(py, &failure, Refused::Bundle))
}

/// What entries of a bundle hold, as they hold it.
pub(crate) fn to_json(content: &impl Serialize) -> String {
    serde_json::to_string(content).expect("entries have text for keys and finite numbers")
}
