//! Bundles that are open.

use std::path::{Path, PathBuf};

use automl_pack::{Archive, Limits, Options, Policy, ensemble::Blend, plan::Task};
use pyo3::{
    prelude::*,
    types::{PyAny, PyBytes},
};

use crate::{
    failure,
    reports::to_json,
    rows::Given,
    scores::{self, Scores},
};

/// A bundle, opened: every byte checked, its golden rows replayed.
#[pyclass(frozen, module = "automl_pack._native")]
pub(crate) struct Auto {
    pub(crate) auto: automl_pack::Auto,
}

#[pymethods]
impl Auto {
    /// Opens a file or a folder.
    #[staticmethod]
    #[pyo3(signature = (path, policy=None, replay=true))]
    fn unpack(py: Python<'_>, path: PathBuf, policy: Option<&str>, replay: bool) -> PyResult<Auto> {
        let options = Options { policy: read_policy(py, policy)?, replay, ..Options::default() };
        let opened = py.detach(|| automl_pack::Auto::unpack_with(&path, &options));
        opened.map(|auto| Auto { auto }).map_err(|error| failure::of_bundle(py, &path, &error))
    }

    /// Opens a zip file that is in memory.
    #[staticmethod]
    #[pyo3(signature = (content, policy=None, replay=true))]
    fn from_bytes(
        py: Python<'_>,
        content: &Bound<'_, PyBytes>,
        policy: Option<&str>,
        replay: bool,
    ) -> PyResult<Auto> {
        let options = Options { policy: read_policy(py, policy)?, replay, ..Options::default() };
        let bytes = content.as_bytes();
        let opened = py.detach(|| {
            let archive = Archive::read_any(std::io::Cursor::new(bytes), &Limits::default())?;
            automl_pack::Auto::from_archive(&archive, &options)
        });
        opened.map(|auto| Auto { auto }).map_err(|error| failure::of_bundle(py, Path::new("bytes"), &error))
    }

    /// The same bundle under another policy.
    fn with_policy(&self, py: Python<'_>, policy: &str) -> PyResult<Auto> {
        let mut auto = self.auto.clone();
        auto.pattern = auto.pattern.with_policy(read_policy(py, Some(policy))?);
        Ok(Auto { auto })
    }

    /// Scores rows: a matrix of floats, a dict of columns, or a table that speaks Arrow.
    #[pyo3(signature = (rows, by_position=false, labels_only=false))]
    fn predict(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, PyAny>,
        by_position: bool,
        labels_only: bool,
    ) -> PyResult<Scores> {
        let given = Given::read(rows, by_position)?;
        let table = given.table();
        let pattern = &self.auto.pattern;
        let scored = py.detach(|| match labels_only {
            true => pattern.labels_only().predict(&table),
            false => pattern.predict(&table),
        });
        scored.map(Scores).map_err(|error| failure::of_rows(py, &error))
    }

    /// What the bundle says of itself, as JSON; nothing of a pack that has no manifest.
    fn manifest(&self) -> Option<String> {
        self.auto.manifest().map(to_json)
    }

    /// Aggregates of the training data, as JSON.
    fn statistics(&self) -> String {
        to_json(self.auto.statistics())
    }

    /// The rows with known predictions, as JSON.
    fn golden(&self) -> Option<String> {
        self.auto.golden().map(to_json)
    }

    fn task(&self) -> &'static str {
        match self.auto.pattern.target().task {
            Task::Classification(_) => "classification",
            Task::Regression(_) => "regression",
            Task::Outputs(_) => "outputs",
        }
    }

    fn target(&self) -> &str {
        &self.auto.pattern.target().name
    }

    fn classes<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        scores::classes(py, &self.auto.pattern.target().task)
    }

    fn blend(&self) -> &'static str {
        match self.auto.pattern.blend() {
            Blend::Vote => "vote",
            Blend::Average => "average",
        }
    }

    /// The columns that scores have.
    fn outputs(&self) -> Vec<String> {
        self.auto.pattern.target().task.columns()
    }

    /// Each column of the training data: its name, what it holds, and whether a model reads it.
    fn columns(&self) -> Vec<(String, &'static str, bool)> {
        let columns = self.auto.pattern.plan().schema().columns().iter();
        let word =
            |column: &automl_pack::plan::Column| column.kind.as_ref().map_or("unread", |kind| kind.word());
        columns.map(|column| (column.name.clone(), word(column), column.kind.is_some())).collect()
    }

    /// Whether one wide input takes all columns, whatever they are called.
    fn is_wide(&self) -> bool {
        self.auto.pattern.plan().schema().as_wide().is_some()
    }

    /// Each member: its name, its model's, and its weight.
    fn members(&self) -> Vec<(String, String, f64)> {
        let members = self.auto.pattern.members().iter();
        members.map(|member| (member.name().to_owned(), member.model().to_owned(), member.weight())).collect()
    }
}

/// A policy as JSON: an action for all flaws, or for each.
fn read_policy(py: Python<'_>, policy: Option<&str>) -> PyResult<Policy> {
    let Some(text) = policy else { return Ok(Policy::default()) };
    let all = serde_json::from_str(text).map(Policy::all);
    all.or_else(|_| serde_json::from_str(text)).map_err(|error| {
        let message = format!(
            "policy: expected impute, null or error, or a dict of missing, unseen, unreadable, out_of_range to one of \
             these: {error}"
        );
        failure::usage(py, message)
    })
}
