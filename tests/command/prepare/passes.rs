//! How often a table is read, and what is left where its preparation ends early.

use automl_pack::{Holdout, Preparation, score::prepare::Keep};

use super::*;

/// Prepares a file, of which so many rows are kept; gives the folder, and how often the file was read.
fn prepare_keeping(file: &str, rows: u64, folder: &Path) -> u32 {
    let keep = Keep { rows, ..Keep::default() };
    let holdout = Some(Holdout { share: 0.1, seed: 1 });
    let preparation = Preparation { keep, holdout, ..Preparation::new("churn") };
    let source = Source::open(file).unwrap();
    let written = preparation.study(&source).unwrap().fit().unwrap().write(folder, false).unwrap();
    written.passes
}

/// A table of many plans: 40 that are common, 5 that are so only when all rows were seen, and one that never is.
fn with_rare_values(rows: usize) -> String {
    let lines = table(rows);
    let mut text = HEADER.to_owned();
    for (row, line) in lines.lines().skip(1).enumerate() {
        let plan = match row {
            row if row % 10_000 == 3 => "rare".to_owned(),
            row if row % 1_000 == 7 => format!("p{}", row / 1_000 % 5),
            row => format!("c{}", row % 40),
        };
        let cells: Vec<&str> = line.split(',').collect();
        text += &format!("{},{},{},{plan},{},{}\n", cells[0], cells[1], cells[2], cells[4], cells[5]);
    }
    text
}

#[test]
fn a_table_that_is_not_kept_is_read_twice_and_gives_the_same() {
    let usual = table(60_000);
    let (head, tail) = usual.split_at(usual.len() - 100_000);
    let with_another_class = head.to_owned() + &tail.replace(",yes\n", ",maybe\n");
    for (text, passes) in [(usual, 2), (with_rare_values(60_000), 2), (with_another_class, 3)] {
        let (scratch, file) = written(&text);
        let folders = ["kept", "read_anew"].map(|name| scratch.path().join(name));
        assert_eq!(prepare_keeping(&file, 100_000, &folders[0]), 1);
        assert_eq!(prepare_keeping(&file, 100, &folders[1]), passes);
        for name in ["schema.json", "plan.json", "statistics.json"].map(|name| format!("__data__/{name}")) {
            let [one, other] =
                folders.each_ref().map(|folder| fs::read_to_string(folder.join(&name)).unwrap());
            assert_eq!(one, other, "{name}");
        }
        for name in ["features.parquet", "features.holdout.parquet"] {
            let [one, other] = folders.each_ref().map(|folder| fs::read(folder.join(name)).unwrap());
            assert!(one == other, "{name}");
        }
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_leaves_nothing_behind() {
    let (scratch, file) = written(&table(150_000));
    let folder = scratch.path().join("out");
    let names = || {
        let names = fs::read_dir(scratch.path()).unwrap().map(|item| item.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
    };
    let arguments = ["prepare", &file, "--target", "churn", "-o", path(&folder)];
    let mut child = command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    while !names().iter().any(|name| name.starts_with(".preparing-")) {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it began to write");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let (code, _, err) = finished(child.wait_with_output().unwrap());
    assert_eq!(code, 130, "{err}");
    assert!(err.ends_with("error: interrupted: nothing was written\n"), "{err}");
    assert_eq!(names(), ["train.csv"]);
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_nothing_behind() {
    let (scratch, file) = written(&table(20_000));
    let folder = scratch.path().join("out");
    // No file may have more than some kilobytes; without the signal, writing more is an error.
    let limited = format!(
        "trap '' XFSZ; ulimit -f 32; exec {} prepare {file} --target churn -o {}",
        env!("CARGO_BIN_EXE_automl-pack"),
        path(&folder)
    );
    let (code, _, err) = finished(Command::new("sh").args(["-c", &limited]).output().unwrap());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("out: what was prepared could not be written: "), "{err}");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
}

#[test]
fn what_is_there_stays_unless_it_may_be_replaced() {
    let (scratch, folder, _) = prepare(&table(50), &["--holdout", "0.5"]);
    let file = path(&scratch.path().join("train.csv")).to_owned();
    fs::write(folder.join("model.onnx"), "mine").unwrap();
    let again = ["prepare", &file, "--target", "churn", "-o", path(&folder)];
    let (code, _, err) = run(&again);
    assert_eq!(code, 2);
    assert!(err.contains("is there already and is not an empty folder\nhint: --force replaces"), "{err}");
    assert_eq!(run(&[&again, ["--force"].as_slice()].concat()).0, 0);
    assert_eq!(fs::read_to_string(folder.join("model.onnx")).unwrap(), "mine");
    assert!(!folder.join("features.holdout.parquet").exists());
    // Nothing half-written stays.
    let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
