//! Scoring rows, and what is said of it.

use super::*;

#[test]
fn writes_scores_to_stdout_and_talk_to_stderr() {
    let (code, out, err) = run(&["predict", &bundle(), &rows()]);
    assert_eq!(code, 0, "{err}");
    let mut lines = out.lines();
    assert_eq!(lines.next().unwrap(), "prediction,probability_0,probability_1");
    assert_eq!(lines.count(), 90);
    let told: Vec<&str> = err.lines().collect();
    assert_eq!(told[..2], ["90 rows scored, 2 columns ignored", "missing cells: Age 17"]);
    assert!(told.len() == 3 && told[2].starts_with("predictions: 0 "), "{err}");
}

#[test]
fn finds_the_bundle_without_zip_and_reads_stdin() {
    let bundle = bundle();
    let (_, expected, _) = run(&["predict", &bundle, &rows()]);
    let input = fs::read(rows()).unwrap();
    let (code, out, _) = run_with_stdin(&["predict", bundle.strip_suffix(".zip").unwrap(), "-"], &input);
    assert_eq!((code, out), (0, expected));
}

#[test]
fn takes_windows_line_ends_a_mark_at_the_start_and_columns_in_any_order() {
    let (_, expected, _) = run(&["predict", &bundle(), &rows()]);
    let turned: String = fs::read_to_string(rows())
        .unwrap()
        .lines()
        .map(|line| line.split(',').rev().collect::<Vec<_>>().join(",") + "\r\n")
        .collect();
    let (code, out, err) =
        run_with_stdin(&["predict", &bundle(), "-"], format!("\u{feff}{turned}").as_bytes());
    assert_eq!((code, out), (0, expected), "{err}");
}

#[test]
fn writes_a_file_that_appears_when_it_is_whole() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("scores.csv");
    let (code, stdout, _) = run(&["predict", &bundle(), &rows(), "-o", path(&out)]);
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert_eq!(fs::read_to_string(&out).unwrap(), run(&["predict", &bundle(), &rows()]).1);

    // Rows that are refused leave an older file alone, and nothing beside it.
    let broken = format!("{}3,3,x,male,old,0,0,7,,S\n", fs::read_to_string(rows()).unwrap());
    let (code, _, _) = run_with_stdin(&["predict", &bundle(), "-", "-o", path(&out)], broken.as_bytes());
    assert_eq!(code, 1);
    assert_eq!(fs::read_to_string(&out).unwrap().lines().count(), 91);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
}

#[test]
fn adds_members_the_audit_and_kept_columns() {
    let options = ["--members", "--audit", "--keep", "PassengerId,Name"];
    let (code, out, _) = run(&[&["predict", &bundle(), &rows()], options.as_slice()].concat());
    assert_eq!(code, 0);
    let header: Vec<&str> = out.lines().next().unwrap().split(',').collect();
    assert_eq!(header[..4], ["PassengerId", "Name", "prediction", "probability_0"]);
    assert_eq!(header.len(), 2 + 3 + 30 + 5);
    assert!(out.lines().nth(1).unwrap().starts_with("801,Person0801,0,0.58005"));
}

#[test]
fn reads_by_position_only_where_it_is_told_to() {
    let text = fs::read_to_string(rows()).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let renamed = format!("{}\n{body}", header.to_uppercase());
    let (code, _, err) = run_with_stdin(&["predict", &bundle(), "-"], renamed.as_bytes());
    assert_eq!(code, 1);
    assert!(err.contains("\"Pclass\" (did you mean \"PCLASS\"?)"), "{err}");
    assert!(err.contains("hint: columns are matched by name; --by-position"), "{err}");
    let (code, out, _) = run_with_stdin(&["predict", &bundle(), "-", "--by-position"], renamed.as_bytes());
    assert_eq!((code, out), (0, run(&["predict", &bundle(), &rows()]).1));
}

#[test]
fn says_where_a_cell_cannot_be_read_and_goes_on_where_it_is_told_to() {
    let text = fs::read_to_string(rows()).unwrap();
    let broken = format!("{text}3,3,\"a\nb\",male,30,0,0,7,,S\n3,3,x,male,old,0,0,7,,S\n");
    let (code, out, err) = run_with_stdin(&["predict", &bundle(), "-"], broken.as_bytes());
    assert_eq!((code, out.as_str()), (1, ""));
    let expected = "error: stdin: line 94: row 92, column \"Age\": unreadable cell, found \"old\": \
                    expected a number\n";
    assert!(err.starts_with(expected), "{err}");
    let (code, out, err) = run_with_stdin(&["predict", &bundle(), "-", "--policy", "null"], text.as_bytes());
    assert_eq!(code, 0, "{err}");
    assert_eq!(out.lines().filter(|line| *line == ",,").count(), 17);
    assert!(err.starts_with("73 rows scored, 17 rows refused"), "{err}");
    let options = ["predict", &bundle(), "-", "--policy", "null", "--on-missing", "impute"];
    let (_, _, err) = run_with_stdin(&options, broken.as_bytes());
    assert!(err.starts_with("91 rows scored, 1 row refused"), "{err}");
}

#[test]
fn scores_the_same_on_any_number_of_threads() {
    let (_, expected, _) = run(&["predict", &bundle(), &rows(), "--members", "--threads", "1"]);
    let (_, found, _) = run(&["predict", &bundle(), &rows(), "--members", "--threads", "3"]);
    assert_eq!(found, expected);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_named() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&["predict", &bundle(), &rows()]).stdout(full()).output().unwrap();
    let (code, _, err) = finished(output);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: the scores could not be written"), "{err}");
    // Talk that nobody can hear is no failure.
    let output = command(&["predict", &bundle(), &rows()]).stderr(full()).output().unwrap();
    let (code, out, _) = finished(output);
    assert_eq!((code, out.lines().count()), (0, 91));
}

#[test]
fn text_that_would_steer_a_terminal_is_spelled_out() {
    let text = "Pclass,Sex,Age,SibSp,Parch,Fare,Cabin,Emb\u{1b}[31marked\n3,male,30,0,0,7,,S\n";
    let (code, _, err) = run_with_stdin(&["predict", &bundle(), "-"], text.as_bytes());
    assert_eq!(code, 1);
    assert!(err.contains("did you mean \"Emb\\u{1b}[31marked\"") && !err.contains('\u{1b}'), "{err}");
}

#[test]
fn a_pipe_that_closes_early_is_no_failure() {
    let text = fs::read_to_string(rows()).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let many = scratch.path().join("many.csv");
    fs::write(&many, format!("{header}\n{}", body.repeat(300))).unwrap();
    let mut child = command(&["predict", &bundle(), path(&many), "--members"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (code, _, err) = finished(child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (0, ""));
}
