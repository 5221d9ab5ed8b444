//! Which exception an error becomes: one table, with the command line's words and hints.

use std::path::Path;

use automl_pack::{Error, command::Failure, score};
use pyo3::{prelude::*, types::PyType};

/// What was refused.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refused {
    Bundle,
    Rows,
}

/// A bundle that was not opened, or not written.
pub(crate) fn of_bundle(py: Python<'_>, path: &Path, error: &Error) -> PyErr {
    of(py, &Failure::bundle(path, error), Refused::Bundle)
}

/// Rows that were not scored.
pub(crate) fn of_rows(py: Python<'_>, error: &Error) -> PyErr {
    of(py, &Failure::scoring(error), Refused::Rows)
}

/// A job that ended early.
pub(crate) fn of_job(py: Python<'_>, error: &score::Error) -> PyErr {
    of(py, &Failure::job(error), Refused::Rows)
}

/// The exception: by what was refused, or that it is not a matter of bundle or rows at all.
pub(crate) fn of(py: Python<'_>, failure: &Failure, refused: Refused) -> PyErr {
    let name = match (failure.exit().code(), refused) {
        (1, Refused::Bundle) => "BundleError",
        (1, Refused::Rows) => "RowsError",
        (130, _) => "Interrupted",
        _ => "UsageError",
    };
    let made = class(py, name).and_then(|class| class.call1((failure.message(), failure.hint())));
    made.map_or_else(|error| error, PyErr::from_value)
}

/// Arguments that cannot be understood.
pub(crate) fn usage(py: Python<'_>, message: impl Into<String>) -> PyErr {
    let made = class(py, "UsageError").and_then(|class| class.call1((message.into(), None::<&str>)));
    made.map_or_else(|error| error, PyErr::from_value)
}

fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    Ok(py.import("automl_pack.errors")?.getattr(name)?.cast_into::<PyType>()?)
}
