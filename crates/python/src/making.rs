//! Making bundles.

use std::path::PathBuf;

use automl_pack::{
    Blend, Builder, Error, Golden, Limits, Packed, Reweighing,
    bundle::{self},
    plan::{PlanForm, SchemaForm},
};
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    failure::{self},
    reports::to_json,
};

/// What a bundle is made of, as JSON where it is more than a text.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Parts {
    schema: String,
    plan: String,
    /// Names, graphs and weights.
    members: Vec<(String, Vec<u8>, f64)>,
    golden: Option<String>,
    tolerance: Option<f64>,
    blend: String,
    about: About,
}

/// What it says of itself.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct About {
    name: Option<String>,
    version: Option<String>,
    description: Option<String>,
    metadata: String,
}

/// Writes a bundle, which is opened and replayed before it gets its name; gives a report as JSON.
#[pyfunction]
pub(crate) fn pack(py: Python<'_>, out: PathBuf, parts: Parts) -> PyResult<String> {
    let refused = |error: Error| failure::of_bundle(py, &out, &error);
    let builder = parts.builder(py)?;
    let packed = py.detach(|| builder.write(&out)).map_err(refused)?;
    Ok(report(&packed))
}

impl Parts {
    fn builder(self, py: Python<'_>) -> PyResult<Builder> {
        let schema: SchemaForm = read(py, "schema", &self.schema)?;
        let plan: PlanForm = read(py, "plan", &self.plan)?;
        let is_classification = schema.target.classes.is_some();
        let blend: Blend = read(py, "blend", &to_json(&self.blend))?;
        let mut builder =
            self.about.apply(py, automl_pack::Auto::builder().schema(schema).plan(plan).blend(blend))?;
        for (name, graph, weight) in self.members {
            builder = match is_classification {
                true => builder.probabilities_member(name, graph, weight),
                false => builder.weighted_member(name, graph, weight),
            };
        }
        if let Some(golden) = &self.golden {
            let golden = Golden::from_json(golden.as_bytes());
            builder = builder.golden(golden.map_err(|error| failure::usage(py, error.to_string()))?);
        }
        if let Some(tolerance) = self.tolerance {
            builder = builder.tolerance(tolerance);
        }
        Ok(builder)
    }
}

impl About {
    fn apply(&self, py: Python<'_>, mut builder: Builder) -> PyResult<Builder> {
        if let Some(name) = &self.name {
            let words = format!("name: expected letters, digits, '.', '_' and '-', found \"{name}\"");
            name.parse::<bundle::Name>().map_err(|_| failure::usage(py, words))?;
            builder = builder.name(name);
        }
        if let Some(version) = &self.version {
            let words = format!("version: expected MAJOR.MINOR.PATCH, found \"{version}\"");
            version.parse::<bundle::Version>().map_err(|_| failure::usage(py, words))?;
            builder = builder.version(version);
        }
        if let Some(description) = &self.description {
            builder = builder.description(description);
        }
        let metadata: Map<String, Value> = read(py, "metadata", &self.metadata)?;
        Ok(metadata.into_iter().fold(builder, |builder, (key, value)| builder.metadata(key, value)))
    }
}

/// Turns a pack that carefree-learn wrote into a bundle; gives a report as JSON.
#[pyfunction]
pub(crate) fn convert(
    py: Python<'_>,
    old: PathBuf,
    out: PathBuf,
    fix_weights: bool,
    about: About,
) -> PyResult<String> {
    let reweighing = if fix_weights { Reweighing::Fixed } else { Reweighing::Kept };
    let of_old = |error: Error| failure::of_bundle(py, &old, &error);
    let archive = automl_pack::open_archive(&old, &Limits::default()).map_err(of_old)?;
    let conversion = Builder::convert(&archive, reweighing).map_err(of_old)?;
    let builder = about.apply(py, conversion.builder)?;
    let packed = py.detach(|| builder.write(&out)).map_err(|error| failure::of_bundle(py, &out, &error))?;
    let dropped = &conversion.dropped;
    let mut told: Value = serde_json::from_str(&report(&packed)).unwrap_or_default();
    told["dropped"] = dropped.entries.iter().map(|(name, _)| name.clone()).collect();
    told["may_be_inverted"] = dropped.may_be_inverted.into();
    Ok(told.to_string())
}

fn report(packed: &Packed) -> String {
    let manifest = &packed.manifest;
    json!({
        "digest": manifest.digest().to_string(),
        "name": manifest.name.to_string(),
        "version": manifest.version.to_string(),
        "bytes": packed.bytes,
        "golden_rows": packed.golden.len(),
    })
    .to_string()
}

fn read<T: serde::de::DeserializeOwned>(py: Python<'_>, what: &str, text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| failure::usage(py, format!("{what}: {error}")))
}
