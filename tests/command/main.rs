//! The command as a stranger would use it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bundles;
mod drift;
mod jobs;
mod predict;
mod prepare;
mod refuses;
#[cfg(all(unix, feature = "serve"))]
mod serve;
#[path = "../support/mod.rs"]
mod support;
mod walk;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use support::{example, fixture};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_automl-pack"));
    command.args(arguments).env_remove("NO_COLOR");
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    finished(command(arguments).output().unwrap())
}

fn run_with_stdin(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let pipe = || Stdio::piped();
    let mut child = command(arguments).stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn().unwrap();
    // A command that refuses its arguments does not wait for its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    finished(child.wait_with_output().unwrap())
}

fn finished(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn bundle() -> String {
    path(&example("titanic.pack.zip")).to_owned()
}

fn rows() -> String {
    path(&example("titanic.csv")).to_owned()
}

mod unpack {
    use super::*;

    #[test]
    fn verifies_reports_and_lays_out() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("titanic");
        let (code, out, err) = run(&["unpack", &bundle(), path(&dir)]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.starts_with("verified 46 files, 309.3 kB\ntitanic 1.0.0, sha256:"), "{out}");
        assert!(out.contains("\n12 golden rows within 0.00001\n"), "{out}");
        assert!(out.contains("tree_dnn/m_0001"), "{out}");
        let (_, expected, _) = run(&["predict", &bundle(), &rows()]);
        assert_eq!(run(&["predict", path(&dir), &rows()]).1, expected);

        let (code, _, err) = run(&["unpack", &bundle(), path(&dir)]);
        assert_eq!(code, 2);
        assert!(err.contains("is there already and is not an empty folder"), "{err}");
    }

    #[test]
    fn scores_in_the_same_go() {
        let (code, out, err) = run(&["unpack", &bundle(), "--predict", &rows()]);
        assert_eq!(code, 0);
        assert_eq!(out, run(&["predict", &bundle(), &rows()]).1);
        assert!(err.starts_with("verified 46 files"), "{err}");
    }
}

#[test]
fn inspect_shows_what_the_bundle_is() {
    let (code, out, err) = run(&["inspect", &bundle()]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("titanic 1.0.0: Who survived"), "{out}");
    assert!(out.contains("\nclassification of Survived, classes 0, 1\n10 members in 5 models"), "{out}");
    assert!(
        out.contains("12 golden rows given by the maker, expected values given by the maker for blend"),
        "{out}"
    );
    assert!(!out.contains('\x1b'), "colours in a pipe");

    let (_, out, _) = run(&["inspect", &bundle(), "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["format"], &report["format_version"]), (&"automl-pack".into(), &"1.0".into()));
    assert_eq!(report["golden"]["rows_from"], "maker");
    assert_eq!(report["task"], "classification");
    assert_eq!(report["classes"], serde_json::json!([0, 1]));
    assert_eq!(report["columns"][3]["type"], "category");
    assert_eq!(report["columns"][0]["type"], serde_json::Value::Null);
    assert_eq!(report["members"].as_array().unwrap().len(), 10);
    assert_eq!(report["weights"]["nnb"], 0.11052085670495918);

    let (_, out, _) = run(&["inspect", path(&fixture("diabetes/pack.zip"))]);
    assert!(out.starts_with("regression of label\n1 member in 1 model"), "{out}");
}

#[test]
fn audit_exits_with_one_when_something_is_serious() {
    let pack = path(&fixture("titanic/auto_pack.zip")).to_owned();
    let (code, out, err) = run(&["audit", &pack]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.contains("serious  excluded-values: 800 training values"), "{out}");
    let (code, out, _) = run(&["audit", &pack, "--json"]);
    assert_eq!(code, 1);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["serious"], true);
    assert_eq!(report["training_values"][2]["column"], "Name");
    assert_eq!(report["training_values"][2]["values"], 800);

    let (code, out, _) = run(&["audit", &bundle()]);
    assert_eq!(code, 0, "{out}");
    assert!(!out.contains("serious") && !out.contains("pickles"), "{out}");
}

#[test]
fn completions_are_there_for_the_shells() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (code, out, _) = run(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(out.contains("automl-pack") && out.contains("by-position"), "{shell}");
    }
}

#[test]
fn every_command_explains_itself() {
    for name in [
        "predict",
        "unpack",
        "inspect",
        "verify",
        "pack",
        "convert",
        "members",
        "diff",
        "audit",
        "completions",
    ] {
        let (code, out, _) = run(&[name, "--help"]);
        assert_eq!(code, 0);
        assert!(out.contains("Usage: automl-pack"), "{name}: {out}");
    }
    let (code, out, _) = run(&["--version"]);
    assert_eq!((code, out), (0, format!("automl-pack {}\n", env!("CARGO_PKG_VERSION"))));
}
