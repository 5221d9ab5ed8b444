//! Every format in and out says the same.

use std::{fs, io::Read, path::Path};

use automl_pack::{Auto, Job, Reading, Source, score::Format};

use super::*;

/// A table of the example in a format, as the job itself writes one: with all columns kept.
fn table(auto: &Auto, folder: &Path, name: &str) -> PathBuf {
    let out = folder.join(name);
    Job::new(auto).input(example("titanic.csv")).keep_all().output(&out).run().unwrap();
    out
}

#[test]
fn what_is_kept_in_one_format_is_scored_the_same_from_it() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let (expected, _) = scores_of(Job::new(&auto).input(example("titanic.csv")));
    for name in [
        "t.csv",
        "t.tsv",
        "t.jsonl",
        "t.parquet",
        "t.arrow",
        "t.arrows",
        "t.csv.gz",
        "t.csv.zst",
        "t.jsonl.gz",
        "t.tsv.zst",
    ] {
        let path = table(&auto, scratch.path(), name);
        let (found, summary) = scores_of(Job::new(&auto).input(&path));
        assert_eq!(found, expected, "{name}");
        assert_eq!((summary.rows, summary.refused, summary.rejected), (90, 0, 0), "{name}");
    }
}

#[test]
fn formats_are_told_by_their_bytes_where_there_is_no_name() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let (expected, _) = scores_of(Job::new(&auto).input(example("titanic.csv")));
    for name in ["t.csv", "t.jsonl", "t.parquet", "t.arrow", "t.arrows", "t.csv.gz", "t.jsonl.zst"] {
        let bytes = fs::read(table(&auto, scratch.path(), name)).unwrap();
        let (found, _) = scores_of(Job::new(&auto).input_reader(std::io::Cursor::new(bytes)));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn scores_have_types_and_the_digest_of_the_bundle() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let path = table(&auto, scratch.path(), "t.parquet");
    let source = Source::open(&path).unwrap();
    let types: Vec<String> = ["Name", "prediction", "probability_1"]
        .map(|name| source.columns().field_with_name(name).unwrap().data_type().to_string())
        .into();
    assert_eq!(types, ["LargeUtf8", "Int64", "Float32"]);
    let digest = auto.manifest().unwrap().digest().to_string();
    for name in ["t.parquet", "t.arrow", "t.arrows"] {
        let bytes = fs::read(table(&auto, scratch.path(), name)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("automl_pack.bundle") && text.contains(&digest), "{name}");
    }
}

#[test]
fn json_that_is_kept_is_written_as_it_stood() {
    let auto = auto();
    let text = r#"{"Pclass": 3, "Sex":"male","Age":null,"SibSp":1,"Parch":0,"Fare":7.250,"Cabin":"","Embarked":"S","more":[1,{"a":"b\n"}]}"#;
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out.jsonl");
    let job = Job::new(&auto).input_reader(std::io::Cursor::new(format!("{text}\n\n{text}")));
    job.keep(["Fare", "more", "Age", "Sex"]).output(&out).run().unwrap();
    let found = fs::read_to_string(&out).unwrap();
    let first = found.lines().next().unwrap();
    assert!(
        first.starts_with(r#"{"Fare":7.250,"more":[1,{"a":"b\n"}],"Age":null,"Sex":"male","prediction":"#),
        "{first}"
    );
    assert_eq!(found.lines().count(), 2);
}

#[test]
fn other_delimiters_quotes_and_encodings() {
    let (auto, text) = (auto(), rows(1));
    let expected = scores_of_text(&auto, &text);
    let scored = |bytes: Vec<u8>, reading| {
        scores_of(Job::new(&auto).input_reader(std::io::Cursor::new(bytes)).reading(reading).to(Format::Csv))
            .0
    };
    let plain = Reading::default();
    let semicolons = Reading { delimiter: Some(b';'), ..plain.clone() };
    assert_eq!(scored(text.replace(',', ";").into_bytes(), semicolons).replace(';', ","), expected);
    let latin: Vec<u8> =
        text.replace("Person", "P\u{e9}rson").chars().map(|char| char as u32 as u8).collect();
    let encoding = score::Encoding::for_label(b"latin1");
    assert_eq!(scored(latin, Reading { encoding, ..plain.clone() }), expected);
    let wide: Vec<u8> =
        "\u{feff}".chars().chain(text.chars()).flat_map(|char| (char as u16).to_le_bytes()).collect();
    assert_eq!(scored(wide, plain.clone()), expected);
    // In the order of the training data, no names are needed.
    let names =
        ["PassengerId", "Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Fare", "Cabin", "Embarked"];
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let places: Vec<usize> =
        names.iter().filter_map(|name| header.iter().position(|found| found == name)).collect();
    let body = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        places.iter().map(|place| cells[*place]).collect::<Vec<_>>().join(",") + "\n"
    });
    assert_eq!(scored(body.collect::<String>().into_bytes(), Reading { header: false, ..plain }), expected);
}

#[test]
fn folders_patterns_and_several_inputs_are_one_table_after_another() {
    let (auto, scratch, text) = (auto(), tempfile::tempdir().unwrap(), rows(1));
    let expected = scores_of_text(&auto, &text);
    let body = expected.split_once('\n').unwrap().1;
    let thrice = format!("{expected}{}", body.repeat(2));
    write(scratch.path(), "in/a.csv", &text);
    write(scratch.path(), "in/deep/b.csv", &text);
    write(scratch.path(), "in/deep/_SUCCESS", "");
    table(&auto, &scratch.path().join("in"), "c.parquet");
    let folder = scratch.path().join("in");
    assert_eq!(scores_of(Job::new(&auto).input(&folder)).0, thrice);
    let some = Job::new(&auto).input(folder.join("*.csv")).input(folder.join("deep"));
    assert_eq!(scores_of(some).0, format!("{expected}{body}"));
}

#[test]
fn a_folder_of_scores_has_a_file_for_each_table() {
    let (auto, scratch, text) = (auto(), tempfile::tempdir().unwrap(), rows(1));
    let expected = scores_of_text(&auto, &text);
    write(scratch.path(), "in/day=1/a.csv", &text);
    write(scratch.path(), "in/day=2/b.csv.gz", "");
    fs::remove_file(scratch.path().join("in/day=2/b.csv.gz")).unwrap();
    table(&auto, &scratch.path().join("in/day=2"), "b.csv.gz");
    let out = scratch.path().join("out");
    let job = Job::new(&auto).input(scratch.path().join("in")).output(format!("{}/", out.display()));
    job.run().unwrap();
    assert_eq!(fs::read_to_string(out.join("day=1/a.csv")).unwrap(), expected);
    let mut unpacked = String::new();
    let packed = fs::File::open(out.join("day=2/b.csv.gz")).unwrap();
    flate2::read::MultiGzDecoder::new(packed).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, expected);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2, "the journal is gone");
    let job = Job::new(&auto).input(scratch.path().join("in")).output(&out).to(Format::Parquet);
    job.run().unwrap();
    assert!(out.join("day=2/b.parquet").exists());
}

#[test]
fn names_of_folders_are_columns() {
    let (auto, scratch, text) = (auto(), tempfile::tempdir().unwrap(), rows(1));
    // All rows of class 3, which is told by the folder alone.
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = header.iter().position(|name| *name == "Pclass").unwrap();
    let with = |class: &str| {
        let lines = text.lines().enumerate().map(|(number, line)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if number > 0 {
                cells[place] = class;
            }
            cells.join(",") + "\n"
        });
        lines.collect::<String>()
    };
    let without = text.lines().map(|line| {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells.remove(place);
        cells.join(",") + "\n"
    });
    let path = write(scratch.path(), "Pclass=3/day=a%20b/t.csv", without.collect::<String>());
    let (found, _) = scores_of(Job::new(&auto).input(&path).keep(["day"]));
    let expected = scores_of_text(&auto, &with("3"));
    let expected = expected.lines().enumerate().map(|(number, line)| match number {
        0 => format!("day,{line}\n"),
        _ => format!("a b,{line}\n"),
    });
    assert_eq!(found, expected.collect::<String>());
}

#[test]
fn row_groups_stay_what_they_were() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    // Chunks are smaller than groups, and a group of the output is one of the input.
    let first = scratch.path().join("a.parquet");
    Job::new(&auto).input_reader(std::io::Cursor::new(rows(100))).keep_all().output(&first).run().unwrap();
    let grouped = scratch.path().join("grouped.parquet");
    regroup(&first, &grouped, 2_500);
    let out = scratch.path().join("out.parquet");
    Job::new(&auto).input(&grouped).chunk_rows(700).output(&out).run().unwrap();
    assert_eq!(groups(&out), [2_500, 2_500, 2_500, 1_500]);
}

fn groups(path: &Path) -> Vec<i64> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect()
}

fn regroup(from: &Path, to: &Path, rows: usize) {
    use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(from).unwrap()).unwrap();
    let schema = reader.schema().clone();
    // The scores are among the columns, and are left out of what is read again.
    let wanted: Vec<usize> = (0..schema.fields().len() - 3).collect();
    let schema = std::sync::Arc::new(schema.project(&wanted).unwrap());
    let mut writer = ArrowWriter::try_new(fs::File::create(to).unwrap(), schema, None).unwrap();
    for batch in reader.with_batch_size(rows).build().unwrap() {
        writer.write(&batch.unwrap().project(&wanted).unwrap()).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn nothing_depends_on_threads_chunks_or_memory() {
    let auto = auto();
    let text = rows(30);
    let job = || {
        Job::new(&auto).input_reader(std::io::Cursor::new(text.clone())).select(automl_pack::Selection {
            members: true,
            audit: true,
            ..Default::default()
        })
    };
    let (expected, _) = scores_of(job().threads(1));
    assert_eq!(scores_of(job().threads(3)).0, expected);
    assert_eq!(scores_of(job().threads(2).chunk_rows(256)).0, expected);
    assert_eq!(scores_of(job().threads(2).memory(2 << 30)).0, expected);
    let error = job().memory(1 << 20).output_writer(std::io::sink()).run().unwrap_err();
    assert!(matches!(error, score::Error::Memory { bound: 1_048_576, .. }), "{error}");
}

#[test]
fn folders_have_no_place_where_columns_are_taken_by_position() {
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let path = write(scratch.path(), "run=5/t.csv", rows(1).replace("Pclass", "renamed"));
    let (found, summary) = scores_of(Job::new(&auto).input(&path).by_position(true));
    assert_eq!((found, summary.ignored), (scores_of_text(&auto, &rows(1)), 2));
}

/// Each file has a dictionary of its own, and an Arrow file has one in all.
#[test]
fn columns_of_dictionaries_are_kept_as_their_values() {
    use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, types::Int8Type};
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let plain = table(&auto, scratch.path(), "plain.parquet");
    fs::create_dir(scratch.path().join("in")).unwrap();
    for (number, words) in [["a", "b"], ["c", "d"]].into_iter().enumerate() {
        let rows = Source::open(&plain).unwrap().blocks(None).unwrap().next().unwrap().unwrap().rows;
        let batch = |row: usize| {
            let kept = (0..10).map(|column| {
                (rows.schema().field(column).name().clone(), rows.column(column).slice(row, 1))
            });
            let word: DictionaryArray<Int8Type> = [words[row]].into_iter().collect();
            RecordBatch::try_from_iter(
                kept.chain([("word".to_owned(), std::sync::Arc::new(word) as ArrayRef)]),
            )
            .unwrap()
        };
        let file = fs::File::create(scratch.path().join(format!("in/{number}.arrows"))).unwrap();
        let mut writer = arrow_ipc::writer::StreamWriter::try_new(file, &batch(0).schema()).unwrap();
        (0..2).for_each(|row| writer.write(&batch(row)).unwrap());
        writer.finish().unwrap();
    }
    for out in ["o.arrow", "o.arrows", "o.parquet", "o.csv"] {
        let out = scratch.path().join(out);
        Job::new(&auto).input(scratch.path().join("in")).keep(["word"]).output(&out).run().unwrap();
        let words = Job::new(&auto).input(scratch.path().join("in")).keep(["word"]);
        assert!(
            scores_of(words)
                .0
                .lines()
                .skip(1)
                .zip(["a", "b", "c", "d"])
                .all(|(line, word)| line.starts_with(word))
        );
        assert_eq!(Source::open(&out).unwrap().columns().field(0).name(), "word");
    }
}

#[test]
fn values_of_any_type_are_kept_as_text() {
    use arrow_array::{ArrayRef, Date32Array, NullArray, RecordBatch, TimestampMicrosecondArray};
    let (auto, scratch) = (auto(), tempfile::tempdir().unwrap());
    let rows =
        Source::open(example("titanic.csv")).unwrap().blocks(None).unwrap().next().unwrap().unwrap().rows;
    let kept =
        (0..10).map(|column| (rows.schema().field(column).name().clone(), rows.column(column).slice(0, 2)));
    let times = TimestampMicrosecondArray::from(vec![0, 1_700_000_000_000_000]);
    let more: [(&str, ArrayRef); 4] = [
        ("utc", std::sync::Arc::new(times.clone().with_timezone("UTC"))),
        ("rome", std::sync::Arc::new(times.with_timezone("Europe/Rome"))),
        ("day", std::sync::Arc::new(Date32Array::from(vec![1, i32::MAX]))),
        ("none", std::sync::Arc::new(NullArray::new(2))),
    ];
    let more = more.into_iter().map(|(name, array)| (name.to_owned(), array));
    let batch = RecordBatch::try_from_iter(kept.chain(more)).unwrap();
    let path = scratch.path().join("t.arrows");
    let file = fs::File::create(&path).unwrap();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(file, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let out = |name: &str| {
        let out = scratch.path().join(name);
        let job = Job::new(&auto).input(&path).keep(["utc", "rome", "day", "none"]);
        job.output(&out).run().unwrap();
        fs::read(out).unwrap()
    };
    let text = String::from_utf8(out("o.jsonl")).unwrap();
    let expected = r#"{"utc":"2023-11-14T22:13:20Z","rome":"2023-11-14T22:13:20Z","day":null,"none":null,"#;
    assert!(text.lines().nth(1).unwrap().starts_with(expected), "{text}");
    let text = String::from_utf8(out("o.csv")).unwrap();
    assert!(text.contains("\n1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,1970-01-02,,"), "{text}");
    assert!(text.contains("\n2023-11-14T22:13:20Z,2023-11-14T22:13:20Z,,,"), "{text}");
    assert!(["o.parquet", "o.arrow"].map(out).iter().all(|bytes| !bytes.is_empty()));
}

#[test]
fn a_mark_comes_before_the_first_cell_too() {
    let auto = auto();
    let body = rows(1).split_once('\n').unwrap().1.to_owned();
    let of = |text: String| {
        let reading = Reading { header: false, ..Reading::default() };
        scores_of(
            Job::new(&auto).input_reader(std::io::Cursor::new(text)).reading(reading).keep(["column_1"]),
        )
        .0
    };
    assert_eq!(of(format!("\u{feff}{body}")), of(body));
}
