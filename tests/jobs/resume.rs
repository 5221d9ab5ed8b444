//! A run that ended early goes on, and writes what it would have written.

use std::time::Duration;

use automl_pack::{Stop, score::Format};

use super::*;

/// A folder with a table of so many chunks, and what is written of it.
fn job<'a>(auto: &'a Auto, folder: &Path, input: &str, out: &str) -> Job<'a> {
    Job::new(auto)
        .input(folder.join(input))
        .output(folder.join(out))
        .rejects(folder.join("rejects.csv"))
        .keep(["PassengerId"])
        .chunk_rows(500)
        .checkpoint(Duration::ZERO)
}

fn stopped(job: Job<'_>, rows: u64) -> score::Error {
    let stop = Stop::default();
    let set = stop.clone();
    let see = move |progress: &score::Progress| {
        if progress.rows >= rows {
            set.set();
        }
    };
    job.stop(stop).progress(see).run().unwrap_err()
}

#[test]
fn what_was_stopped_goes_on_in_every_format() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    let text = rows(60).replacen("\n", "\n1,2\n", 30);
    write(folder, "in/a.csv", &text);
    write(folder, "in/b.csv", rows(20));
    for out in ["o.csv", "o.jsonl", "o.csv.gz", "o.jsonl.zst", "o.arrow", "o.arrows"] {
        let whole = job(&auto, folder, "in", out).run().unwrap();
        let (expected, rejected) =
            (fs::read(folder.join(out)).unwrap(), fs::read(folder.join("rejects.csv")).unwrap());
        fs::remove_file(folder.join(out)).unwrap();
        for rows in [1, 2_600, 6_500] {
            let error = stopped(job(&auto, folder, "in", out), rows);
            assert!(
                matches!(&error, score::Error::Left { rows: done, .. } if *done >= rows.min(400)),
                "{out}: {error:?}"
            );
            assert!(!folder.join(out).exists(), "{out}: half a file has its name");
            let summary = job(&auto, folder, "in", out).resume(true).run().unwrap();
            assert!(fs::read(folder.join(out)).unwrap() == expected, "{out} differs after a stop at {rows}");
            assert_eq!(fs::read(folder.join("rejects.csv")).unwrap(), rejected, "{out}");
            assert_eq!((summary.rows, summary.rejected), (whole.rows, whole.rejected));
            assert_eq!((&summary.flaws, &summary.predictions), (&whole.flaws, &whole.predictions));
            fs::remove_file(folder.join(out)).unwrap();
        }
        let left: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}

#[test]
fn parquet_goes_on_from_its_row_groups() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    fs::create_dir(folder.join("in")).unwrap();
    for part in 0..4 {
        let path = folder.join(format!("in/{part}.parquet"));
        let text = std::io::Cursor::new(rows(20 + part));
        Job::new(&auto).input_reader(text).keep_all().output(&path).run().unwrap();
    }
    job(&auto, folder, "in", "o.parquet").run().unwrap();
    let expected = fs::read(folder.join("o.parquet")).unwrap();
    fs::remove_file(folder.join("o.parquet")).unwrap();
    // Before a row group is whole, there is nothing to go on with.
    let error = stopped(job(&auto, folder, "in", "o.parquet"), 1);
    assert!(matches!(error, score::Error::Stopped), "{error:?}");
    for rows in [2_000, 4_000] {
        stopped(job(&auto, folder, "in", "o.parquet"), rows);
        assert!(!folder.join("o.parquet").exists());
        job(&auto, folder, "in", "o.parquet").resume(true).run().unwrap();
        assert!(fs::read(folder.join("o.parquet")).unwrap() == expected, "after a stop at {rows}");
        fs::remove_file(folder.join("o.parquet")).unwrap();
    }
}

#[test]
fn a_folder_of_scores_goes_on_with_its_files() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    for part in 0..3 {
        write(folder, &format!("in/{part}.csv"), rows(20 + part));
    }
    let all =
        || (0..3).map(|part| fs::read(folder.join(format!("out/{part}.csv"))).unwrap()).collect::<Vec<_>>();
    fs::create_dir(folder.join("out")).unwrap();
    job(&auto, folder, "in", "out").run().unwrap();
    let expected = all();
    fs::remove_dir_all(folder.join("out")).unwrap();
    fs::create_dir(folder.join("out")).unwrap();
    stopped(job(&auto, folder, "in", "out"), 3_000);
    assert!(folder.join("out/0.csv").exists() && !folder.join("out/2.csv").exists());
    job(&auto, folder, "in", "out").resume(true).run().unwrap();
    assert_eq!(all(), expected);
}

#[test]
fn another_job_is_not_gone_on_with() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    write(folder, "a.csv", rows(60));
    let begin = || stopped(job(&auto, folder, "a.csv", "o.csv"), 1);
    let refused = |job: Job<'_>, what: &str| {
        let error = job.resume(true).run().unwrap_err();
        assert!(matches!(error, score::Error::Resume { .. }) && error.to_string().contains(what), "{error}");
    };
    begin();
    refused(job(&auto, folder, "a.csv", "o.csv").keep(["Name"]), "what the job was told");
    refused(job(&auto, folder, "a.csv", "o.csv").to(Format::Tsv), "output 1");
    write(folder, "a.csv", rows(61));
    refused(job(&auto, folder, "a.csv", "o.csv"), "a.csv is not what it was");
    fs::write(folder.join(".o.csv.partial"), "").unwrap();
    write(folder, "a.csv", rows(60));
    begin();
    fs::write(folder.join(".o.csv.partial"), "").unwrap();
    refused(job(&auto, folder, "a.csv", "o.csv"), "has 0 bytes");
    // Without it, the job begins anew.
    job(&auto, folder, "a.csv", "o.csv").run().unwrap();
    assert!(!folder.join(".o.csv.job").exists());
    let unread = Job::new(&auto).input_reader(std::io::Cursor::new(rows(1))).output(folder.join("p.csv"));
    refused(unread, "files to read");
}

#[test]
fn a_file_is_written_by_one_job_at_a_time() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    write(folder, "a.csv", rows(60));
    let mut other = None;
    let see = |_: &score::Progress| {
        let refused =
            || Job::new(&auto).input(folder.join("a.csv")).output(folder.join("o.csv")).run().unwrap_err();
        other.get_or_insert_with(refused);
    };
    job(&auto, folder, "a.csv", "o.csv").progress(see).run().unwrap();
    assert!(matches!(other, Some(score::Error::Busy { .. })), "{other:?}");
}

/// A run may be killed after its file is whole and before it has its name.
#[test]
fn a_file_that_lacked_only_its_name_gets_it() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    write(folder, "a.csv", rows(60).replacen("\n", "\n1,2\n", 30));
    let mut journal = String::new();
    let see = |_: &score::Progress| {
        if journal.is_empty() {
            journal = fs::read_to_string(folder.join(".o.csv.job")).unwrap_or_default();
        }
    };
    job(&auto, folder, "a.csv", "o.csv").progress(see).run().unwrap();
    let names = ["o.csv", "rejects.csv"];
    let expected = names.map(|name| fs::read(folder.join(name)).unwrap());
    let mut journal: serde_json::Value = serde_json::from_str(&journal).unwrap();
    journal["state"]["legs"] = 1.into();
    journal["state"]["last"] = expected[0].len().into();
    journal["state"]["rejects"] = expected[1].len().into();
    for named in 0..=2 {
        fs::write(folder.join(".o.csv.job"), journal.to_string()).unwrap();
        for name in &names[named..] {
            fs::rename(folder.join(name), folder.join(format!(".{name}.partial"))).unwrap();
        }
        job(&auto, folder, "a.csv", "o.csv").resume(true).run().unwrap();
        assert_eq!(names.map(|name| fs::read(folder.join(name)).unwrap()), expected);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 3);
    }
}

#[test]
fn tables_in_another_order_are_another_job() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    let (a, b) = (write(folder, "a.csv", rows(40)), write(folder, "b.csv", rows(40)));
    let of = |inputs: [&PathBuf; 2]| {
        let job = inputs.into_iter().fold(Job::new(&auto), |job, path| job.input(path));
        job.output(folder.join("o.csv")).chunk_rows(500).checkpoint(Duration::ZERO)
    };
    stopped(of([&a, &b]), 600);
    let error = of([&b, &a]).resume(true).run().unwrap_err();
    assert!(error.to_string().contains("stands where"), "{error}");
    let error = Job::new(&auto)
        .input(&a)
        .output(folder.join("o.csv"))
        .chunk_rows(500)
        .resume(true)
        .run()
        .unwrap_err();
    assert!(matches!(error, score::Error::Resume { .. }), "{error}");
    assert_eq!(of([&a, &b]).resume(true).run().unwrap().rows, 7_200);
}

/// How large chunks are depends on what the process holds when a run begins: one that goes on has those of the run
/// that it goes on with.
#[test]
fn a_bound_of_memory_does_not_stand_in_the_way() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    write(folder, "a.csv", rows(200));
    let job = |name: &str| Job::new(&auto).input(folder.join("a.csv")).output(folder.join(name)).threads(2);
    let bounded = || job("o.jsonl.gz").memory(400 << 20).chunk_rows(700).checkpoint(Duration::ZERO);
    stopped(bounded(), 1);
    let journal = folder.join(".o.jsonl.gz.job");
    let written: serde_json::Value = serde_json::from_slice(&fs::read(&journal).unwrap()).unwrap();
    let rows_of_chunk = written["state"]["size"]["rows"].as_u64().unwrap() as usize;
    bounded().resume(true).run().unwrap();
    job("p.jsonl.gz").chunk_rows(rows_of_chunk).run().unwrap();
    assert!(fs::read(folder.join("o.jsonl.gz")).unwrap() == fs::read(folder.join("p.jsonl.gz")).unwrap());
}

/// What lies in the folder under the name of a part is not taken for the part.
#[test]
fn what_another_job_left_gets_no_name() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    (0..2).for_each(|part| drop(write(folder, &format!("in/{part}.csv"), rows(20))));
    fs::create_dir(folder.join("out")).unwrap();
    stopped(job(&auto, folder, "in", "out"), 2_600);
    let whole = fs::read(folder.join("out/0.csv")).unwrap();
    write(folder, "out/.0.csv.partial", "half");
    job(&auto, folder, "in", "out").resume(true).run().unwrap();
    assert_eq!(fs::read(folder.join("out/0.csv")).unwrap(), whole);
}

#[test]
fn a_folder_is_written_by_one_job_at_a_time() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let folder = scratch.path();
    (0..2).for_each(|part| drop(write(folder, &format!("in/{part}.csv"), rows(20))));
    let out = format!("{}/", folder.join("out").display());
    let other = || Job::new(&auto).input(folder.join("in")).output(&out);
    let mut found = None;
    let see = |_: &score::Progress| {
        found.get_or_insert_with(|| other().run().unwrap_err());
    };
    other().progress(see).run().unwrap();
    let Some(score::Error::Output { .. } | score::Error::Busy { .. }) = found else { panic!("{found:?}") };
    assert_eq!(fs::read_dir(folder.join("out")).unwrap().count(), 2, "the lock is gone");
}
