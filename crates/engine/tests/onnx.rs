//! Real models of scikit-learn, LightGBM, XGBoost, CatBoost and PyTorch, held to what ONNX Runtime computed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod recorded;

use std::path::PathBuf;

use automl_pack_engine::{Error, Program};
use recorded::Recorded;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/onnx")
}

const REFUSED: &str = "edge_cls_oob";

fn models() -> Vec<Recorded> {
    let models: Vec<Recorded> =
        Recorded::all(&fixtures()).into_iter().filter(|model| model.name != REFUSED).collect();
    assert!(models.len() >= 53, "{} models", models.len());
    models
}

fn all(first: usize, count: usize) {
    hold(&models(), |model| model.check(first, count));
}

/// Every model passes, or all that do not are told of.
fn hold(models: &[Recorded], check: impl Fn(&Recorded) -> Result<(), String>) {
    let wrong: Vec<String> = models
        .iter()
        .filter_map(|model| check(model).err().map(|what| format!("{}: {what}", model.name)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), models.len(), wrong.join("\n"));
}

#[test]
fn every_model_computes_what_onnx_runtime_computed() {
    all(0, 257);
}

#[test]
fn a_batch_of_one_or_two_too() {
    all(5, 1);
    all(255, 2);
}

#[test]
fn a_batch_of_a_thousand_too() {
    all(0, 1000);
}

#[test]
fn class_ids_out_of_range_are_refused() {
    let error = Program::load(&Recorded::read(&fixtures(), REFUSED).bytes).unwrap_err();
    assert!(matches!(&error, Error::Attribute(refused) if refused.attribute == "class_ids"), "{error}");
}

/// Models beside what ONNX Runtime gave for them, as `tests/fixtures/onnx/README.md` tells how.
#[test]
#[ignore = "needs a folder of models, in the variable ONNX_MODELS"]
fn models_of_ones_own_compute_what_onnx_runtime_computed() {
    let folder = PathBuf::from(std::env::var_os("ONNX_MODELS").unwrap());
    hold(&Recorded::all(&folder), |model| {
        [(0, 257), (5, 1), (255, 2), (0, 1000)].into_iter().try_for_each(|(first, count)| {
            model.check(first, count).map_err(|what| format!("{count} rows: {what}"))
        })
    });
}
