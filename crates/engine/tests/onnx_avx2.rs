//! Real models, run another way than the widest: a process goes one way, so each has a file of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "what is recorded serves other tests too")]

mod recorded;

#[test]
fn every_model_computes_what_onnx_runtime_computed() {
    recorded::hold_on(automl_pack_engine::Way::Avx2);
}
