//! The command as a stranger would use it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

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

mod predict {
    use super::*;

    #[test]
    fn writes_scores_to_stdout_and_talk_to_stderr() {
        let (code, out, err) = run(&["predict", &bundle(), &rows()]);
        assert_eq!(code, 0, "{err}");
        let mut lines = out.lines();
        assert_eq!(lines.next().unwrap(), "prediction,probability_0,probability_1");
        assert_eq!(lines.count(), 90);
        assert_eq!(err, "90 rows scored, 2 columns ignored\nmissing cells: Age 17\n");
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
        assert_eq!(header.len(), 2 + 3 + 30 + 3);
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
        let (code, out, _) =
            run_with_stdin(&["predict", &bundle(), "-", "--by-position"], renamed.as_bytes());
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
        let (code, out, err) =
            run_with_stdin(&["predict", &bundle(), "-", "--policy", "null"], text.as_bytes());
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
}

mod refuses {
    use super::*;

    fn refused(input: &[u8]) -> String {
        let (code, out, err) = run_with_stdin(&["predict", &bundle(), "-"], input);
        assert_eq!((code, out.as_str()), (1, ""), "{err}");
        err
    }

    #[test]
    fn an_empty_file() {
        assert_eq!(refused(b""), "error: stdin: the input is empty: expected a header line and rows\n");
    }

    #[test]
    fn a_header_only() {
        let text = fs::read_to_string(rows()).unwrap();
        let header = text.lines().next().unwrap();
        for input in [header.to_owned(), format!("{header}\n")] {
            let err = refused(input.as_bytes());
            assert!(
                err.starts_with("error: stdin: the input has a header line (10 columns) and no rows"),
                "{err}"
            );
        }
    }

    #[test]
    fn a_million_columns() {
        let err = refused((0..1_000_000).map(|at| format!("c{at},")).collect::<String>().as_bytes());
        assert!(err.contains("the header has 1000001 columns, over the limit of 100000"), "{err}");
    }

    #[test]
    fn text_that_is_not_utf8() {
        let text = fs::read_to_string(rows()).unwrap();
        let header = text.lines().next().unwrap().as_bytes();
        let err = refused(&[header, b"\n801,2,x,ma\xffe,54.3,1,0,33.9832,,S\n"].concat());
        assert!(err.contains("line 2, column \"Sex\": byte 2 of the cell is not UTF-8 text"), "{err}");
        let err = refused(b"a,b\xff\n1,2\n");
        assert!(err.contains("line 1, column \"2\": byte 1 of the cell is not UTF-8 text"), "{err}");
    }

    #[test]
    fn a_row_with_too_few_or_too_many_cells() {
        let text = fs::read_to_string(rows()).unwrap();
        let header = text.lines().next().unwrap();
        for (row, found) in [("801,2,x", 3), ("801,2,x,male,54.3,1,0,33.9832,,S,more", 11)] {
            let err = refused(format!("{header}\n{row}\n").as_bytes());
            assert!(err.contains(&format!("line 2: {found} cells, expected 10, as in the header")), "{err}");
        }
    }

    #[test]
    fn a_row_without_an_end() {
        let text = fs::read_to_string(rows()).unwrap();
        let open = format!("{text}801,2,\"never closed{}", "x".repeat(70 << 20));
        let err = refused(open.as_bytes());
        assert!(err.contains("line 92: the row that begins here has more than 67108864 bytes"), "{err}");
    }

    #[test]
    fn other_separators() {
        let text = fs::read_to_string(rows()).unwrap();
        let err = refused(text.replace(',', "\t").as_bytes());
        assert!(err.contains("the header is one cell with '\\t' in it: expected commas"), "{err}");
    }

    #[test]
    fn a_number_too_large_for_the_models() {
        let err = refused(b"Pclass,Sex,Age,SibSp,Parch,Fare,Cabin,Embarked\n3,male,3e38,0,0,7,,S\n");
        assert!(err.contains("line 2: row 1: member "), "{err}");
        assert!(err.contains("predicts no finite number\nhint: --policy null"), "{err}");
    }

    #[test]
    fn columns_that_cannot_be_kept() {
        for keep in ["Sex,Sex", "Shoe"] {
            let (code, out, err) = run(&["predict", &bundle(), &rows(), "--keep", keep]);
            assert_eq!((code, out.as_str()), (2, ""));
            assert!(err.starts_with("error: --keep: column \"S"), "{err}");
        }
        let named = fs::read_to_string(rows()).unwrap().replace("Name", "prediction");
        let arguments = ["predict", &bundle(), "-", "--keep", "prediction"];
        let (code, out, err) = run_with_stdin(&arguments, named.as_bytes());
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("the output has a column of this name already"), "{err}");
    }

    #[test]
    fn options_of_scores_without_rows_to_score() {
        let (code, _, err) = run(&["unpack", &bundle(), "--members"]);
        assert_eq!((code, err.as_str()), (2, "error: --members shapes scores: it needs --predict INPUT\n"));
    }

    #[test]
    fn what_is_no_bundle() {
        for (content, message) in [
            (b"".as_slice(), "the file is empty: expected a zip file"),
            (b"hello", "not a zip file: it begins with 68 65 6c 6c"),
            (b"PK\x03\x04", "the zip file is cut off or damaged: 4 bytes"),
        ] {
            let scratch = tempfile::tempdir().unwrap();
            let bundle = scratch.path().join("broken.zip");
            fs::write(&bundle, content).unwrap();
            for command in ["inspect", "unpack", "audit"] {
                let (code, out, err) = run(&[command, path(&bundle)]);
                assert_eq!((code, out.as_str()), (1, ""));
                assert!(err.contains(message), "{command}: {err}");
            }
        }
    }

    #[test]
    fn paths_that_are_not_there_and_options_that_make_no_sense() {
        for arguments in [
            vec!["predict", "nowhere.zip", "-"],
            vec!["predict", &bundle(), "nowhere.csv"],
            vec!["predict", &bundle(), env!("CARGO_MANIFEST_DIR")],
            vec!["predict", &bundle(), &rows(), "-o", "/nowhere/out.csv"],
            vec!["predict", &bundle(), &rows(), "--keep", "Shoe"],
            vec!["predict", &bundle(), &rows(), "--policy", "hope"],
            vec!["predict", &bundle(), &rows(), "--threads", "0"],
            vec!["inspect"],
            vec!["nonsense"],
        ] {
            let (code, out, err) = run(&arguments);
            assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
            assert!(err.starts_with("error: "), "{arguments:?}: {err}");
        }
    }
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
    assert_eq!(report["columns"][3]["type"], "text");
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

mod bundles {
    use super::*;

    fn graphs(name: &str) -> String {
        format!("{}/tests/fixtures/graphs/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    /// Packs the two small graphs.
    fn pack(out: &Path, more: &[&str]) -> (i32, String, String) {
        let members =
            ["logistic", "network"].map(|name| format!("{name}={}", graphs(&format!("{name}.onnx"))));
        let (first, second) = (format!("{}@0.75", members[0]), format!("{}@0.25", members[1]));
        let schema = graphs("schema.json");
        let arguments =
            ["pack", "-o", path(out), "--schema", &schema, "--member", &first, "--member", &second];
        run(&[&arguments, more].concat())
    }

    #[test]
    fn graphs_and_a_schema_become_a_bundle() {
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("churn.pack.zip");
        let says = ["--version", "1.2.0", "--description", "Who leaves", "--metadata", "auc=0.81"];
        let golden = graphs("golden.csv");
        let (code, text, err) = pack(&out, &[&says, ["--golden", &golden].as_slice()].concat());
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(text.starts_with("packed churn 1.2.0 as "), "{text}");
        assert!(text.contains("10 golden rows replayed, 3 of 3 expectations given by the maker"), "{text}");

        let (_, text, _) = run(&["inspect", path(&out), "--json"]);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&report["name"], &report["metadata"]["auc"]), (&"churn".into(), &0.81.into()));
        let rows = run_with_stdin(&["predict", path(&out), "-"], b"age,plan,visits\n1.061,basic,2.0\n");
        assert!(rows.1.starts_with("prediction,probability_no,probability_yes\nyes,0.39374"), "{rows:?}");

        // A folder, and back: the same file.
        let (folder, again) = (scratch.path().join("churn"), scratch.path().join("again.zip"));
        assert_eq!(run(&["unpack", path(&out), path(&folder)]).0, 0);
        assert_eq!(run(&["pack", path(&folder), "-o", path(&again)]).0, 0);
        assert_eq!(fs::read(&out).unwrap(), fs::read(&again).unwrap());
    }

    #[test]
    fn what_is_refused_says_where_and_why() {
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("x.zip");
        let schema = graphs("schema.json");
        let network = format!("n={}", graphs("network.onnx"));
        let refused = |arguments: &[&str], code: i32, words: &str| {
            let found = run(&[&["pack", "-o", path(&out)], arguments].concat());
            assert_eq!((found.0, found.1.as_str()), (code, ""), "{arguments:?}: {}", found.2);
            assert!(found.2.contains(words), "{arguments:?}: {}", found.2);
        };
        refused(&[], 2, "required");
        refused(&["--member", &network], 2, "--schema");
        refused(&["--member", "n", "--schema", &schema], 2, "expected NAME=VALUE, found \"n\"");
        refused(&["--member", "n=nowhere.onnx", "--schema", &schema], 2, "nowhere.onnx");
        refused(&["--member", &network, "--schema", "nowhere.json"], 2, "nowhere.json");
        refused(
            &["--member", &format!("n={schema}"), "--schema", &schema],
            1,
            "member n/m_0000: not an ONNX model",
        );
        refused(&["--member", &network, "--schema", &graphs("golden.csv")], 1, "golden.csv is not the JSON");
        refused(&["--member", &format!("{network}@0.5"), "--schema", &schema], 1, "sum to 0.5");
        refused(
            &["--member", &network, "--schema", &schema, "--golden", &schema],
            1,
            "golden rows: golden.json is not the JSON that was expected, at columns[0]",
        );
        refused(&["--member", &network, "--schema", &schema, "--name", "a b"], 2, "--name: expected letters");
        refused(&[scratch.path().to_str().unwrap()], 1, "not a pack");
        refused(&["nowhere"], 2, "nowhere is not there");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }

    #[test]
    fn convert_says_what_was_dropped_and_how_much_smaller_it_is() {
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("titanic.pack.zip");
        let pack = fixture("titanic/auto_pack.zip");
        let (code, text, err) = run(&["convert", path(&pack), path(&out)]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(
            text.contains("dropped 3 files, 131.5 kB: __data__/__core__.pkl, __data__/data_structures"),
            "{text}"
        );
        assert!(text.contains("16,000 training values of 11 columns"), "{text}");
        assert!(text.contains("in place of 327.0 kB: 5.") && text.contains(" % smaller"), "{text}");
        assert_eq!(run(&["predict", path(&out), &rows()]).1, run(&["predict", path(&pack), &rows()]).1);
        let (code, _, err) = run(&["convert", path(&out), path(&scratch.path().join("again.zip"))]);
        assert_eq!(code, 1);
        assert!(err.contains("it is a bundle already"), "{err}");

        let pack = fixture("diabetes/auto_pack.zip");
        let (code, _, err) = run(&["convert", path(&pack), path(&out)]);
        assert_eq!(code, 0);
        assert!(err.starts_with("warning: the weights of this regression are kept as they are"), "{err}");
        let (code, text, err) = run(&["convert", "--weights", "fixed", path(&pack), path(&out)]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(text.contains("the model with the least error weighs most"), "{text}");
    }

    #[test]
    fn members_are_added_removed_and_reweighed_into_a_new_bundle() {
        let scratch = tempfile::tempdir().unwrap();
        let [first, second, third] = ["1.zip", "2.zip", "3.zip"].map(|name| scratch.path().join(name));
        assert_eq!(pack(&first, &[]).0, 0);
        let extra = format!("extra={}@0.25", graphs("network.onnx"));
        let add = ["members", "add", path(&first), &extra, "-o", path(&second)];
        let (code, _, err) = run(&add);
        assert_eq!(code, 1);
        assert!(err.contains("sum to 1.25") && err.contains("--renormalise"), "{err}");
        assert_eq!(run(&[&add, ["--renormalise"].as_slice()].concat()).0, 0);
        let remove = ["members", "remove", path(&second), "logistic", "--renormalise", "-o", path(&third)];
        assert_eq!(run(&remove).0, 0);
        let (_, text, _) = run(&["inspect", path(&third)]);
        assert!(text.contains(" by members remove logistic\n"), "{text}");
        assert!(text.contains("extra/m_0000    0.5000  ████████████"), "{text}");

        let (code, text, _) = run(&["diff", path(&second), path(&third)]);
        assert_eq!(code, 0);
        assert!(text.contains("members\n  - logistic/m_0000 graph sha256:"), "{text}");
        assert!(text.contains("  ~ extra/m_0000 0.2 -> 0.5\n"), "{text}");
        let (code, text, _) = run(&["diff", path(&second), path(&third), "--json", "--exit-code"]);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((code, &report["same"]), (1, &false.into()));
        assert_eq!(run(&["diff", path(&first), path(&first)]).1, "no difference\n");

        let reweight =
            ["members", "reweight", path(&first), "logistic=0.5", "network=0.5", "-o", path(&first)];
        assert_eq!(run(&reweight).0, 0, "in its own place");
        let (code, _, err) = run(&["members", "reweight", path(&first), "nobody=1", "-o", path(&second)]);
        assert_eq!(code, 1);
        assert!(
            err.contains("no member or model is called \"nobody\": there are logistic, network"),
            "{err}"
        );
    }

    #[test]
    fn verify_exits_with_one_on_any_fault() {
        let (code, text, err) = run(&["verify", &bundle()]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(text.lines().all(|line| line.starts_with("ok    ")), "{text}");
        let scratch = tempfile::tempdir().unwrap();
        let broken = scratch.path().join("broken.zip");
        let mut bytes = fs::read(bundle()).unwrap();
        bytes[200_000] ^= 1;
        fs::write(&broken, bytes).unwrap();
        let (code, text, _) = run(&["verify", path(&broken), "--json"]);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((code, &report["holds"]), (1, &false.into()));
        assert!(report["checks"][0]["fault"].as_str().unwrap().contains("m.onnx is damaged"), "{text}");
        assert_eq!(run(&["verify", "nowhere.zip"]).0, 2);
        let (code, text, _) = run(&["verify", path(&fixture("iris/pack.zip"))]);
        assert_eq!(code, 0);
        assert!(text.contains("has no digests and no golden rows"), "{text}");
    }

    #[test]
    fn a_writer_that_is_killed_leaves_the_older_file() {
        let scratch = tempfile::tempdir().unwrap();
        let [out, new] = ["out.zip", "new.zip"].map(|name| scratch.path().join(name));
        let pack = fixture("iris/auto_pack.zip");
        let arguments = |out: &Path| ["convert", path(&pack), path(out), "--name", "iris"].map(str::to_owned);
        assert_eq!(run(&arguments(&new).each_ref().map(String::as_str)).0, 0);
        let new = fs::read(new).unwrap();
        for delay in [0, 5, 10, 20, 40, 60, 80, 100, 120, 150, 200] {
            fs::write(&out, b"older").unwrap();
            let mut child = command(&arguments(&out).each_ref().map(String::as_str)).spawn().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(delay));
            // It may be done already.
            let _ = child.kill();
            child.wait().unwrap();
            let found = fs::read(&out).unwrap();
            assert!(found == b"older" || found == new, "after {delay} ms");
        }
    }
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
