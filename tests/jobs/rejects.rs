//! Rows that cannot be scored.

use super::*;
use automl_pack::{Action, Options, Policy};

/// The example's rows with some that are none among them.
fn broken() -> String {
    let text = rows(1);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let age = header.iter().position(|name| *name == "Age").unwrap();
    let mut cells: Vec<String> = lines[3].split(',').map(str::to_owned).collect();
    cells[age] = "\"o\nld\"".into();
    lines.insert(50, cells.join(","));
    lines.insert(10, "1,2,3".into());
    lines.join("\n") + "\n"
}

#[test]
fn rejects_have_file_line_column_and_reason_and_the_others_are_scored() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let path = write(scratch.path(), "rows.csv", broken());
    let rejects = scratch.path().join("rejects.csv");
    let (found, summary) = scores_of(Job::new(&auto).input(&path).rejects(&rejects));
    assert_eq!(found, scores_of_text(&auto, &rows(1)));
    assert_eq!((summary.rows, summary.rejected), (90, 2));
    let columns = rows(1).lines().next().unwrap().split(',').count();
    let expected = format!(
        "file,line,column,reason\n{0},11,,\"3 cells, expected {columns}, as in the header\"\n{0},52,Age,\"unreadable cell, found \"\"o\\nld\"\": expected a number\"\n",
        path.display()
    );
    assert_eq!(fs::read_to_string(&rejects).unwrap(), expected);
    // Kept columns stay beside their rows.
    let kept = scores_of(Job::new(&auto).input(&path).rejects(&rejects).keep(["PassengerId"])).0;
    let whole =
        scores_of(Job::new(&auto).input_reader(std::io::Cursor::new(rows(1))).keep(["PassengerId"])).0;
    assert_eq!(kept, whole);
}

#[test]
fn without_rejects_the_first_ends_the_job_and_some_may_be_too_many() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let error = refusal(broken(), "rows.csv");
    assert!(matches!(within(error), score::Error::Cells { line: 11, found: 3, .. }));
    let path = write(scratch.path(), "rows.csv", broken());
    let rejects = scratch.path().join("rejects.jsonl");
    let job = || Job::new(&auto).input(&path).rejects(&rejects).output(scratch.path().join("out.csv"));
    assert_eq!(job().max_rejects(2).run().unwrap().rejected, 2);
    let text = fs::read_to_string(&rejects).unwrap();
    assert!(
        text.lines().nth(1).unwrap().contains(r#""line":52,"column":"Age","reason":"unreadable"#),
        "{text}"
    );
    let error = job().max_rejects(1).run().unwrap_err();
    let message = error.to_string();
    let score::Error::TooManyRejects { limit: 1, source } = error else { panic!("{message}") };
    assert!(matches!(within(*source), score::Error::Row { line: 52, .. }));
    // Which they are is there to be looked at.
    assert_eq!(fs::read_to_string(&rejects).unwrap(), text);
    let named =
        Job::new(&auto).input(&path).rejects(scratch.path().join("r.parquet")).output_writer(std::io::sink());
    assert!(matches!(named.run().unwrap_err(), score::Error::RejectsFormat { .. }));
    assert_eq!(
        Job::new(&auto).input(&path).max_rejects(2).output_writer(std::io::sink()).run().unwrap().rejected,
        2
    );
}

#[test]
fn a_row_without_a_score_is_no_reject_where_the_policy_says_null() {
    let options = Options { policy: Policy::all(Action::Null), ..Options::default() };
    let auto = Auto::unpack_with(example("titanic.pack.zip"), &options).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let path = write(scratch.path(), "rows.csv", broken());
    let rejects = scratch.path().join("rejects.csv");
    let (found, summary) = scores_of(Job::new(&auto).input(&path).rejects(&rejects));
    assert_eq!((summary.rows, summary.refused, summary.rejected), (91, 18, 1));
    assert_eq!(found.lines().filter(|line| *line == ",,").count(), 18);
    assert_eq!(fs::read_to_string(&rejects).unwrap().lines().count(), 2);
}

/// A graph may fail on a row, whatever the others are: then these are scored without it, few or many.
#[test]
fn rows_on_which_a_graph_fails_are_rejects() {
    let graph = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bare/strict.onnx");
    let auto = Auto::unpack(graph).unwrap();
    let good = "S,red\n";
    let whole = scores_of_text(&auto, &format!("size,colour\n{}", good.repeat(30)));
    for bad in [1, 3, 30] {
        let text = format!("size,colour\n{}{}", good.repeat(15), "XL,green\n".repeat(bad) + &good.repeat(15));
        let scratch = tempfile::tempdir().unwrap();
        let path = write(scratch.path(), "rows.csv", text);
        let rejects = scratch.path().join("rejects.csv");
        let (found, summary) = scores_of(Job::new(&auto).input(&path).rejects(&rejects));
        assert_eq!((found, summary.rejected), (whole.clone(), bad as u64));
        let told = fs::read_to_string(&rejects).unwrap();
        assert!(told.lines().nth(1).unwrap().contains(",17,,"), "{told}");
        assert!(told.lines().last().unwrap().contains(&format!(",{},,", 16 + bad)), "{told}");
    }
}
