//! Runs that are stopped, killed or out of room; progress; options of tables.

use super::*;
use std::{path::PathBuf, time::Duration};

/// A table that takes a while.
fn long(folder: &Path) -> PathBuf {
    let text = fs::read_to_string(rows()).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let path = folder.join("long.csv");
    fs::write(&path, format!("{header}\n{}", body.repeat(1_500))).unwrap();
    path
}

fn wait_for(path: &Path) {
    let waits = std::iter::repeat_with(|| std::thread::sleep(Duration::from_millis(5)));
    assert!(waits.take(12_000).any(|()| path.exists()), "{} does not come", path.display());
}

/// What an undisturbed run writes.
fn undisturbed(folder: &Path, input: &Path, name: &str) -> Vec<u8> {
    fs::create_dir(folder.join("whole")).unwrap();
    let out = folder.join("whole").join(name);
    let (code, _, err) = run(&["predict", &bundle(), path(input), "-o", path(&out)]);
    assert_eq!(code, 0, "{err}");
    fs::read(out).unwrap()
}

#[test]
fn a_run_that_was_killed_goes_on_and_writes_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let input = long(scratch.path());
    let expected = undisturbed(scratch.path(), &input, "o.csv");
    let out = scratch.path().join("o.csv");
    let arguments = ["predict", &bundle(), path(&input), "-o", path(&out), "--checkpoint", "0", "--resume"];
    for _ in 0..3 {
        let mut child = command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        wait_for(&scratch.path().join(".o.csv.job"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!out.exists());
    }
    let (code, _, err) = run(&arguments);
    assert_eq!(code, 0, "{err}");
    assert!(err.starts_with("135,000 rows scored") || err.starts_with("135000 rows scored"), "{err}");
    assert!(fs::read(&out).unwrap() == expected);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_cleanly_and_says_how_to_go_on() {
    let scratch = tempfile::tempdir().unwrap();
    let input = long(scratch.path());
    let out = scratch.path().join("o.jsonl");
    let arguments = ["predict", &bundle(), path(&input), "-o", path(&out), "--checkpoint", "0"];
    let child = command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&scratch.path().join(".o.jsonl.job"));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let (code, _, err) = finished(child.wait_with_output().unwrap());
    assert_eq!(code, 130, "{err}");
    assert!(err.starts_with("error: interrupted: ") && err.contains(" are done and kept\n"), "{err}");
    assert!(err.contains("hint: the same command with --resume goes on from there"), "{err}");
    let (code, _, err) = run(&[arguments.as_slice(), &["--resume"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(fs::read(&out).unwrap() == undisturbed(scratch.path(), &input, "o.jsonl"));
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_what_was_written_is_kept() {
    let scratch = tempfile::tempdir().unwrap();
    let input = long(scratch.path());
    let out = scratch.path().join("o.csv");
    let program = env!("CARGO_BIN_EXE_automl-pack");
    // A file may have so many blocks of 512 bytes.
    let script = format!(
        "trap '' XFSZ; ulimit -f 4096; exec {program} predict {} {} -o {} --checkpoint 0",
        bundle(),
        path(&input),
        path(&out)
    );
    let (code, _, err) = finished(Command::new("sh").args(["-c", &script]).output().unwrap());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("o.csv: File too large") && err.contains("are done and kept"), "{err}");
    assert!(!out.exists());
    let (code, _, err) =
        run(&["predict", &bundle(), path(&input), "-o", path(&out), "--checkpoint", "0", "--resume"]);
    assert_eq!(code, 0, "{err}");
    assert!(fs::read(&out).unwrap() == undisturbed(scratch.path(), &input, "o.csv"));
}

#[test]
fn progress_is_told_to_programs_and_not_into_pipes() {
    let scratch = tempfile::tempdir().unwrap();
    let input = long(scratch.path());
    let (code, _, err) = run(&["predict", &bundle(), path(&input), "-o", "/dev/null", "--progress", "json"]);
    assert_eq!(code, 0, "{err}");
    let told: Vec<serde_json::Value> = err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, progress) = told.split_last().unwrap();
    assert!(progress.iter().all(|told| told["event"] == "progress" && told["done"].as_f64().unwrap() <= 1.0));
    assert_eq!((&summary["event"], &summary["rows"]), (&"summary".into(), &135_000.into()));
    assert_eq!(summary["cells"][0], serde_json::json!({"column": "Age", "flaw": "missing", "cells": 25_500}));
    let (_, _, err) = run(&["predict", &bundle(), path(&input), "-o", "/dev/null"]);
    assert!(err.starts_with("135") && !err.contains('\r'), "{err}");
    assert!(err.lines().all(|line| !line.contains("seconds of work") || line.contains("rows/s")), "{err}");
}

#[test]
fn tables_are_read_and_written_as_options_say() {
    let scratch = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(rows()).unwrap().replace(',', ";");
    let (code, _, err) = run_with_stdin(&["predict", &bundle(), "-"], text.as_bytes());
    assert_eq!(code, 1);
    assert!(
        err.contains("the header is one cell with ';' in it") && err.contains("hint: --delimiter"),
        "{err}"
    );
    let options = ["predict", &bundle(), "-", "--delimiter", ";", "--to", "jsonl"];
    let (code, out, err) = run_with_stdin(&options, text.as_bytes());
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("{\"prediction\":0,\"probability_0\":0.58005"), "{out}");
    let parquet = scratch.path().join("t.parquet");
    let (code, _, err) = run(&["predict", &bundle(), &rows(), "--keep-all", "-o", path(&parquet)]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(run(&["predict", &bundle(), path(&parquet)]).1, run(&["predict", &bundle(), &rows()]).1);
    let packed = scratch.path().join("t.csv.gz");
    assert_eq!(run(&["predict", &bundle(), &rows(), "--keep-all", "-o", path(&packed)]).0, 0);
    fs::write(&packed, &fs::read(&packed).unwrap()[..900]).unwrap();
    let (code, out, err) = run(&["predict", &bundle(), path(&packed)]);
    assert!(code == 1 && out.is_empty() && err.contains("t.csv.gz: the rows could not be read"), "{err}");
    let copy = scratch.path().join("copy.pack.zip");
    fs::copy(bundle(), &copy).unwrap();
    let (code, _, err) = run(&["predict", path(&copy), &rows(), "-o", path(&copy)]);
    assert!(code == 2 && err.contains("is the bundle, and would be written over"), "{err}");
    for (option, value, said) in [
        ("--memory", "much", "expected a number of bytes, such as 512MB"),
        ("--delimiter", "ab", "expected one ASCII character"),
        ("--encoding", "klingon", "expected a name of the Encoding Standard"),
        ("--memory", "1MB", "bytes of memory are too few"),
    ] {
        let (code, _, err) = run(&["predict", &bundle(), &rows(), option, value]);
        assert!(code == 2 && err.contains(said), "{option}: {err}");
    }
    let (code, _, err) = run(&["predict", &bundle(), path(&scratch.path().join("*.xml"))]);
    assert!(code == 2 && err.contains("no tables were found"), "{err}");
}
