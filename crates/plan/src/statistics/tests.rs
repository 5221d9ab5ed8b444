//! What is told of rows, and what is not.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use super::*;
use crate::{Classes, Column, Kind, Lists, Schema, TargetForm, TaskForm, Vocabulary};

/// Numbers that look random and are the same on every machine.
fn chance(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 11) as f64 / (1_u64 << 53) as f64
}

fn schema() -> Schema {
    let values = (0..40).map(|value| Known::Text(format!("job-{value:02}"))).collect();
    let job = Kind::Category(Arc::new(Vocabulary::new(values).unwrap()));
    let columns = vec![
        Column::new("income", Kind::Number),
        Column { range: Some((0.0, 100.0)), ..Column::new("age", Kind::Integer) },
        Column::new("member", Kind::Boolean(None)),
        Column::new("job", job),
        Column::new("since", Kind::Time(Box::default())),
        Column::new("remark", Kind::Text),
        Column::new("tags", Kind::Set(Lists::default())),
        Column::new("place", Kind::Vector(2, Lists::default())),
        Column::new("pulse", Kind::Series(Lists::default())),
    ];
    Schema::new(columns).unwrap()
}

fn target() -> TargetForm {
    let classes = Classes::Text(vec!["no".into(), "yes".into()]);
    TargetForm { name: "left".into(), task: TaskForm::Classification, classes: Some(classes) }
}

/// Rows in which almost every number, word and time is there once.
fn rows(count: usize) -> RecordBatch {
    let mut seed = 7;
    let mut text = |of: &mut dyn FnMut(&mut u64, usize) -> String| -> ArrayRef {
        Arc::new((0..count).map(|row| Some(of(&mut seed, row))).collect::<StringArray>())
    };
    let columns = [
        (
            "income",
            text(&mut |seed, row| {
                if row % 9 == 0 { String::new() } else { format!("{:.2}", 1e5 * chance(seed).powi(2)) }
            }),
        ),
        (
            "age",
            text(&mut |seed, row| {
                if row % 500 == 3 { "200".into() } else { format!("{}", 18 + (60.0 * chance(seed)) as u32) }
            }),
        ),
        ("member", text(&mut |seed, _| if chance(seed) < 0.7 { "yes".into() } else { "no".into() })),
        (
            "job",
            text(&mut |seed, row| {
                if row % 700 == 0 {
                    format!("stranger-{row}")
                } else {
                    format!("job-{:02}", (40.0 * chance(seed).powi(6)) as u32)
                }
            }),
        ),
        (
            "since",
            text(&mut |seed, _| {
                format!(
                    "20{:02}-{:02}-{:02}T{:02}:13:37",
                    10 + (9.0 * chance(seed)) as u32,
                    1 + (12.0 * chance(seed)) as u32,
                    1 + (28.0 * chance(seed)) as u32,
                    (24.0 * chance(seed)) as u32
                )
            }),
        ),
        (
            "remark",
            text(&mut |seed, row| format!("remark-{row} {}", "x".repeat((50.0 * chance(seed)) as usize))),
        ),
        (
            "tags",
            text(&mut |seed, row| {
                (0..(5.0 * chance(seed)) as usize)
                    .map(|tag| format!("tag-{row}-{tag}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            }),
        ),
        ("place", text(&mut |seed, _| format!("{} {}", 100.0 + chance(seed), 200.0 + chance(seed)))),
        (
            "pulse",
            text(&mut |seed, row| {
                (0..=row % 30).map(|_| format!("{}", 60.0 + chance(seed))).collect::<Vec<_>>().join(" ")
            }),
        ),
        ("left", text(&mut |seed, _| if chance(seed) < 0.2 { "yes".into() } else { "no".into() })),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn survey(rows: &RecordBatch, block: usize) -> Statistics {
    let mut survey = Survey::new(&schema(), Some(&target())).unwrap();
    let mut first = 0;
    while first < rows.num_rows() {
        let count = block.min(rows.num_rows() - first);
        survey.see(&rows.slice(first, count)).unwrap();
        first += count;
    }
    survey.finish()
}

#[test]
fn what_is_told_depends_on_no_blocks_and_reads_back() {
    let rows = rows(3000);
    let whole = survey(&rows, 3000);
    assert_eq!(whole, survey(&rows, 7));
    let text = serde_json::to_string_pretty(&whole).unwrap();
    assert_eq!(serde_json::from_str::<Statistics>(&text).unwrap(), whole);
}

#[test]
fn every_kind_of_column_is_told_of_in_its_way() {
    let of = survey(&rows(3000), 3000);
    let column = |name: &str| &of.columns[name];
    assert_eq!((column("income").rows, column("income").missing), (Some(3000), Some(334)));
    let income = column("income").quantiles.as_ref().unwrap();
    assert_eq!(income.points().len(), 41);
    // A square of an even chance: its quarters are at 1/16, 1/4 and 9/16.
    for (share, expected) in [(0.25, 6250.0), (0.5, 25_000.0), (0.75, 56_250.0)] {
        assert!((income.share_up_to(expected) - share).abs() < 0.03, "{share}");
    }
    // Ages are few, and listed; those beyond the range stand at its end. They are too few to be told of, and so
    // the rarest age joins them.
    let age = column("age");
    assert_eq!(age.values.as_ref().map(Vec::len), Some(59));
    assert!(age.other.is_some_and(|other| other >= FEW));
    assert_eq!((age.out_of_range, age.quantiles.is_none()), (None, true));
    let member = column("member").values.as_ref().unwrap();
    assert_eq!(member[0].value, Known::Truth(true));
    assert_eq!(member.iter().map(|of| of.rows).sum::<u64>(), 3000);
    // Strangers are too few to be told of; they are among the others.
    let job = column("job");
    let listed: u64 = job.values.as_ref().unwrap().iter().map(|of| of.rows).sum();
    assert_eq!((job.unseen, job.other), (None, Some(3000 - listed)));
    let days = column("since").quantiles.as_ref().unwrap();
    assert!(days.points().iter().all(|point| point.at % 86_400.0 == 0.0));
    // Lengths are whole: quantiles that are the same stand once.
    assert!(column("remark").lengths.as_ref().is_some_and(|of| (30..=41).contains(&of.points().len())));
    assert_eq!(column("tags").lengths.as_ref().map(Sketch::ends), Some((1.0, 4.0)));
    let place = column("place");
    assert!(place.mean.is_some_and(|mean| (mean - 150.5).abs() < 0.05) && place.lengths.is_none());
    assert_eq!(column("pulse").lengths.as_ref().map(Sketch::ends), Some((1.0, 30.0)));
    let target = of.target.as_ref().and_then(|of| of.values.as_ref()).unwrap();
    assert_eq!(target[0].value, Known::Text("no".into()));
}

/// Every value of the table that fewer than ten rows have, looked for in the file.
#[test]
fn no_value_of_few_rows_is_in_the_file() {
    for count in [9, 10, 35, 45, 300, 3000] {
        let rows = rows(count);
        let of = survey(&rows, count);
        let text = serde_json::to_string(&of).unwrap();
        let parts: Vec<&str> = text.split(['[', ']', ',', ':', '{', '}', '"']).collect();
        let mut searched = 0;
        for column in rows.columns() {
            let cells = column.as_any().downcast_ref::<StringArray>().unwrap();
            let mut often = BTreeMap::<&str, u64>::new();
            for word in cells.iter().flatten().flat_map(|cell| [cell].into_iter().chain(cell.split(' '))) {
                *often.entry(word).or_insert(0) += 1;
            }
            // Small whole numbers stand there as counts.
            let rare = often.into_iter().filter(|(word, rows)| *rows < FEW && word.len() > 4);
            for (word, _) in rare {
                let number = word.parse::<f64>().ok();
                let is_there =
                    parts.iter().any(|part| *part == word || number.is_some() && part.parse().ok() == number);
                assert!(!is_there, "{word} of {count} rows is in the file");
                searched += 1;
            }
        }
        assert!(searched > 2 * count, "{searched}");
    }
}

/// Each number of the file, by what it says it stands for.
#[test]
fn every_number_stands_for_ten_rows() {
    for count in [9, 10, 35, 45, 300, 3000] {
        let of = survey(&rows(count), count);
        let target = String::from("the target");
        let columns = of.columns.iter().chain(of.target.iter().map(|of| (&target, of)));
        for (name, of) in columns {
            let counts = Flaw::ALL
                .into_iter()
                .filter_map(|flaw| of.flawed(flaw))
                .chain(of.other)
                .chain(of.empty)
                .chain(of.rows);
            let listed = of.values.iter().flatten().map(|of| of.rows);
            assert!(counts.chain(listed).all(|rows| rows >= FEW), "{name} of {count}");
            let rows = of.rows.unwrap_or(0) as f64;
            for sketch in [&of.quantiles, &of.lengths].into_iter().flatten() {
                let shares = [0.0].into_iter().chain(sketch.points().iter().map(|point| point.share));
                let shares: Vec<f64> = shares.collect();
                let steps = shares.windows(2).map(|pair| (pair[1] - pair[0]) * rows);
                assert!(
                    steps.into_iter().all(|step| step == 0.0 || step > 9.9),
                    "{name} of {count}: {shares:?}"
                );
            }
            if count < 10 {
                assert_eq!((of.rows, of.mean, of.median), (None, None, None), "{name}");
            }
        }
    }
}

#[test]
fn numbers_that_are_few_and_rare_are_measured_and_not_named() {
    let schema = Schema::new(vec![Column::new("x", Kind::Number)]).unwrap();
    let of = |numbers: Vec<f64>| {
        let mut survey = Survey::new(&schema, None).unwrap();
        let column: ArrayRef = Arc::new(Float64Array::from(numbers));
        survey.see(&RecordBatch::try_from_iter([("x", column)]).unwrap()).unwrap();
        survey.finish().columns.remove("x").unwrap()
    };
    let each_once = of((0..60).map(f64::from).collect());
    assert_eq!(each_once.values, None);
    assert_eq!(each_once.quantiles.as_ref().map(Sketch::ends), Some((4.5, 54.5)));
    assert_eq!((each_once.min, each_once.max), (None, None));
    let levels = of((0..60).map(|i| f64::from(i % 3)).collect());
    assert_eq!(levels.values.map(|of| of.len()), Some(3));
    let older: Statistics = serde_json::from_str(r#"{"columns": {"x": {"mean": 1.5, "min": 0}}}"#).unwrap();
    assert_eq!((older.columns["x"].min, older.columns["x"].is_spread_known()), (Some(0.0), false));
}
