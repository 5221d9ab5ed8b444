//! Real models, run another way than the widest: a process goes one way, so each has a file of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "what is recorded serves other tests too")]

mod recorded;

use std::path::PathBuf;

use automl_pack_engine::Way;
use recorded::Recorded;

#[test]
fn every_model_computes_what_onnx_runtime_computed() {
    if !Way::all().contains(&Way::Avx2) {
        return;
    }
    assert!(Way::Avx2.choose());
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/onnx");
    let mut models = Recorded::all(&fixtures);
    models.retain(|model| model.name != "edge_cls_oob");
    assert_eq!(models.len(), 53);
    let wrong: Vec<String> = models
        .iter()
        .filter_map(|model| model.check(0, 257).err().map(|what| format!("{}: {what}", model.name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
