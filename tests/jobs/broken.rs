//! Whatever can be wrong with an input or an output has an error that names it, and leaves nothing half-written.

use super::*;

#[test]
fn text_that_is_cut_off_or_no_text() {
    let text = rows(1);
    assert!(matches!(within(refusal("", "a.csv")), score::Error::Empty));
    assert!(matches!(within(refusal(text.lines().next().unwrap(), "a.csv")), score::Error::NoRows { .. }));
    let open = text.clone() + "3,\"never closed\n1,2\n";
    assert!(matches!(within(refusal(open, "a.csv")), score::Error::OpenQuote { line: 92 }));
    let nul = text.replacen(",male,", ",ma\0le,", 1);
    assert!(matches!(within(refusal(nul, "a.csv")), score::Error::Nul { offset: 2, .. }));
    let mut latin = text.replacen(",male,", ",m?le,", 1).into_bytes();
    let place = latin.iter().position(|byte| *byte == b'?').unwrap();
    latin[place] = 0xe9;
    assert!(matches!(within(refusal(latin, "a.csv")), score::Error::NotText { offset: 1, .. }));
    let more = text.clone() + &text.lines().last().unwrap().replace(',', ",,") + "\n";
    assert!(matches!(within(refusal(more, "a.csv")), score::Error::Cells { line: 92, .. }));
}

#[test]
fn a_text_of_nothing_is_a_table_without_rows_among_others() {
    let (auto, scratch, text) = (auto(), tempfile::tempdir().unwrap(), rows(1));
    let none = write(scratch.path(), "in/a.csv", "");
    write(scratch.path(), "in/b.csv", &text);
    write(scratch.path(), "in/c.csv", "");
    write(scratch.path(), "in/d.csv", &text);
    let (found, summary) = scores_of(Job::new(&auto).input(scratch.path().join("in")));
    assert_eq!((found, summary.rows), (scores_of_text(&auto, &rows(2)), 180));
    let out = scratch.path().join("out.csv");
    let error = Job::new(&auto).input(&none).input(&none).output(&out).run().unwrap_err();
    assert!(matches!(within(error), score::Error::Empty));
}

#[test]
fn a_stop_does_not_wait_for_what_a_pipe_does_not_give() {
    struct Silent(std::sync::mpsc::Receiver<()>);
    impl std::io::Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            let _ = self.0.recv();
            Ok(0)
        }
    }
    let (auto, stop) = (auto(), score::Stop::default());
    let (speak, silent) = std::sync::mpsc::channel();
    let set = stop.clone();
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        set.set();
    });
    let job = Job::new(&auto).input_reader(Silent(silent)).output_writer(Vec::new()).stop(stop);
    assert!(matches!(job.run().unwrap_err(), score::Error::Stopped));
    drop(speak);
}

#[test]
fn line_ends_may_be_mixed_and_a_mark_may_come_first() {
    let (auto, text) = (auto(), rows(1));
    let ends = ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"];
    let mixed = text.lines().enumerate().map(|(number, line)| line.to_owned() + ends[number % ends.len()]);
    let mixed = format!("\u{feff}{}", mixed.collect::<String>());
    assert_eq!(scores_of_text(&auto, &mixed), scores_of_text(&auto, &text));
}

#[test]
fn a_cell_of_100_mb_is_an_error_or_a_reject() {
    let (auto, scratch, text) = (auto(), tempfile::tempdir().unwrap(), rows(1));
    let endless =
        text.clone() + "3,\"" + &"x,\n".repeat(35 << 20) + "\"\n" + text.lines().nth(1).unwrap() + "\n";
    let path = write(scratch.path(), "rows.csv", &endless);
    let rejects = scratch.path().join("rejects.csv");
    let (found, summary) = scores_of(Job::new(&auto).input(&path).rejects(&rejects));
    assert_eq!((found.lines().count(), summary.rejected), (92, 1));
    assert!(fs::read_to_string(&rejects).unwrap().contains(",92,,more than 67108864 bytes\n"));
    assert!(matches!(within(refusal(&endless, "a.csv")), score::Error::LongRow { line: 92, .. }));
}

#[test]
fn lines_that_are_no_json() {
    let row =
        r#"{"Pclass":3,"Sex":"male","Age":22,"SibSp":1,"Parch":0,"Fare":7.25,"Cabin":"","Embarked":"S"}"#;
    for (line, what) in [
        ("{\"Age\":1", "EOF while parsing"),
        ("[1,2]", "expected an object"),
        ("{\"Age\":NaN}", "expected value"),
        ("{\"Age\":1,\"Age\":2}", "\"Age\" is there twice"),
        ("{} {}", "trailing characters"),
    ] {
        let error = within(refusal(format!("{row}\n{line}\n{row}\n"), "a.jsonl"));
        let score::Error::Json { line: 2, what: found } = &error else { panic!("{line}: {error}") };
        assert!(found.contains(what), "{line}: {found}");
    }
}

#[test]
fn files_that_are_cut_in_half() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    for name in ["t.parquet", "t.arrow", "t.arrows", "t.csv.gz", "t.csv.zst", "t.jsonl.gz"] {
        let path = scratch.path().join(name);
        Job::new(&auto).input(example("titanic.csv")).keep_all().output(&path).run().unwrap();
        let bytes = fs::read(&path).unwrap();
        let error = within(refusal(&bytes[..bytes.len() / 2], name));
        let is_told = match name.rsplit_once('.').unwrap().1 {
            "parquet" => matches!(error, score::Error::Parquet { .. }),
            "arrow" | "arrows" => matches!(error, score::Error::Arrow { .. }),
            _ => matches!(error, score::Error::Read { .. }),
        };
        assert!(is_told, "{name}: {error:?}");
    }
}

#[test]
fn damaged_files_are_refused_or_read_and_never_panic() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    for name in ["t.parquet", "t.arrow", "t.arrows", "t.csv.gz", "t.csv.zst"] {
        let path = scratch.path().join(name);
        Job::new(&auto).input(example("titanic.csv")).keep_all().output(&path).run().unwrap();
        let bytes = fs::read(&path).unwrap();
        for step in 0..60 {
            let mut damaged = bytes.clone();
            let place = step * 7919 % damaged.len();
            damaged[place] ^= 1 << (step % 8);
            let reader = std::io::Cursor::new(damaged);
            let _ = Job::new(&auto).input_reader(reader).threads(1).output_writer(std::io::sink()).run();
        }
    }
}

#[test]
fn what_is_read_is_not_written_over() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let path = write(scratch.path(), "rows.csv", rows(1));
    let error = Job::new(&auto).input(&path).output(scratch.path().join("./rows.csv")).run().unwrap_err();
    assert!(matches!(error, score::Error::SamePlace { .. }), "{error}");
    let out = scratch.path().join("out.csv");
    let error = Job::new(&auto).input(&path).output(&out).rejects(&out).run().unwrap_err();
    assert!(matches!(error, score::Error::SamePlace { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), rows(1));
}

#[test]
fn a_place_that_cannot_be_written() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let file = write(scratch.path(), "file", "");
    let error = Job::new(&auto).input(example("titanic.csv")).output(file.join("out.csv")).run().unwrap_err();
    assert!(matches!(error, score::Error::Output { .. }), "{error}");
    let error = Job::new(&auto).input(example("titanic.csv")).output("/dev/full").run().unwrap_err();
    assert!(matches!(error, score::Error::Write { .. }), "{error}");
}

#[test]
fn kept_columns_are_the_same_in_all_tables() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    write(scratch.path(), "a.csv", rows(1));
    let typed = scratch.path().join("b.parquet");
    Job::new(&auto).input(example("titanic.csv")).keep_all().output(&typed).run().unwrap();
    // The table has scores already, of another type than text.
    write(scratch.path(), "a.csv", rows(1).replacen("Name", "prediction", 1));
    let job = Job::new(&auto).input(scratch.path()).keep(["PassengerId"]);
    assert_eq!(scores_of(job).1.rows, 180);
    let job = Job::new(&auto).input(scratch.path()).keep(["prediction"]).output_writer(std::io::sink());
    assert!(matches!(within(job.run().unwrap_err()), score::Error::KeptTwice { .. }));
}

#[test]
fn kept_columns_are_as_many_in_all_tables() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let more = |text: String| text.lines().map(|line| format!("{line},x\n")).collect::<String>();
    write(scratch.path(), "a.csv", more(rows(1)));
    write(scratch.path(), "b.csv", rows(1));
    let job = Job::new(&auto).input(scratch.path()).keep_all().output_writer(std::io::sink());
    let error = within(job.run().unwrap_err());
    assert!(matches!(error, score::Error::KeptColumns { expected: 11, found: 10 }), "{error}");
}

#[test]
fn after_a_long_row_the_others_come_whatever_ends_lines() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    for end in ["\n", "\r\n", "\r"] {
        let mut lines: Vec<String> = rows(1).lines().map(str::to_owned).collect();
        lines.insert(6, "x".repeat(70 << 20));
        let path = write(scratch.path(), "rows.csv", lines.join(end));
        let rejects = scratch.path().join("rejects.csv");
        let (found, summary) = scores_of(Job::new(&auto).input(&path).rejects(&rejects));
        assert_eq!((summary.rows, summary.rejected), (90, 1), "{end:?}");
        assert_eq!(found, scores_of_text(&auto, &rows(1)));
        assert!(fs::read_to_string(&rejects).unwrap().contains(",7,,more than"), "{end:?}");
    }
}

#[test]
fn a_file_that_becomes_shorter_is_not_whole() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let path = write(scratch.path(), "rows.csv", rows(30_000));
    let end = rows(20_000).len() as u64;
    let mut cut = false;
    let see = |_: &score::Progress| {
        if !std::mem::replace(&mut cut, true) {
            fs::File::options().write(true).open(&path).unwrap().set_len(end).unwrap();
        }
    };
    let job = Job::new(&auto).input(&path).progress(see).output_writer(std::io::sink());
    let error = within(job.run().unwrap_err());
    assert!(matches!(error, score::Error::Shrunk { .. }), "{error}");
}
