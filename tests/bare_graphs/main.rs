//! Bare ONNX models, opened and scored as bundles are: through the API and through the command.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod faithful;
mod inputs;
mod outputs;
mod recorded;
mod refused;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A graph that `tests/fixtures/make_bare.py` made.
fn made(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/bare/{name}.onnx"))
}

/// The command's exit code, and what it said on stdout and stderr.
fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_automl-pack"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses the graph does not wait for its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Scores CSV rows.
fn predict(graph: &Path, csv: &str, options: &[&str]) -> (i32, String, String) {
    run(&[&["predict", graph.to_str().unwrap(), "-"], options].concat(), csv)
}

/// Scores CSV rows, which must work; what is said of them comes along.
fn scored(graph: &Path, csv: &str, options: &[&str]) -> (String, String) {
    let (code, out, err) = predict(graph, csv, options);
    assert_eq!(code, 0, "{err}");
    (out, err)
}

/// What is said when rows are refused.
fn refused(graph: &Path, csv: &str, options: &[&str]) -> String {
    let (code, out, err) = predict(graph, csv, options);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    err
}
