//! Labels alone are the labels that there are beside probabilities.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;

use automl_pack::{Action, Archive, Auto, Blend, Builder, Error, Job, Policy, Reweighing, Selection};
use support::{ENSEMBLES, batch_of, fixture};

/// The rows of a fixture, and others made of their cells.
fn many_rows(name: &str, count: usize) -> String {
    let text = fs::read_to_string(fixture(&format!("{name}/input.csv"))).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let mut chance = 7_u64;
    let mut below = |bound: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) as usize % bound
    };
    let mut out = format!("{text}\n").trim_end().to_owned() + "\n";
    for _ in 0..count {
        let cells: Vec<&str> = (0..header.split(',').count()).map(|at| rows[below(rows.len())][at]).collect();
        out += &(cells.join(",") + "\n");
    }
    out
}

#[test]
fn they_are_the_same_and_refused_rows_too() {
    for name in ENSEMBLES {
        let pattern = Auto::unpack(fixture(&format!("{name}/auto_pack.zip"))).unwrap().pattern;
        let rows = batch_of(&many_rows(name, 3000));
        for policy in [Policy::default(), Policy::all(Action::Null)] {
            let pattern = pattern.with_policy(policy);
            let (all, labels) =
                (pattern.predict(&rows).unwrap(), pattern.labels_only().predict(&rows).unwrap());
            assert_eq!(&labels.predictions(), &all.predictions(), "{name}");
            assert_eq!(labels.notes(), all.notes(), "{name}");
            assert_eq!(labels.values(), all.values(), "{name}");
            assert_eq!(labels.probabilities(), None, "{name}");
            if all.values().is_none() {
                assert!(labels.members().is_empty());
            }
        }
    }
}

#[test]
fn a_blend_that_is_an_average_is_too() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("averaged.zip");
    let archive = Archive::open(fixture("titanic/auto_pack.zip")).unwrap();
    let conversion = Builder::convert(&archive, Reweighing::Kept).unwrap();
    conversion.builder.blend(Blend::Average).new_golden().write(&bundle).unwrap();
    let pattern = Auto::unpack(&bundle).unwrap().pattern;
    assert_eq!(pattern.blend(), Blend::Average);
    let rows = batch_of(&many_rows("titanic", 3000));
    let (all, labels) = (pattern.predict(&rows).unwrap(), pattern.labels_only().predict(&rows).unwrap());
    assert_eq!(labels.label_places(), all.label_places());
}

#[test]
fn a_job_writes_them_alone() {
    let auto = Auto::unpack(fixture("titanic/auto_pack.zip")).unwrap();
    let text = many_rows("titanic", 500);
    let run = |selection: Selection| {
        let mut out = Vec::new();
        let read = std::io::Cursor::new(text.clone().into_bytes());
        Job::new(&auto)
            .input_reader(read)
            .output_writer(&mut out)
            .select(selection)
            .keep(["Fare"])
            .run()
            .unwrap();
        String::from_utf8(out).unwrap()
    };
    let all = run(Selection::default());
    let alone = run(Selection { labels_only: true, ..Selection::default() });
    let first_two = |line: &str| line.split(',').take(2).collect::<Vec<_>>().join(",");
    assert_eq!(all.lines().map(first_two).collect::<Vec<_>>(), alone.lines().collect::<Vec<_>>());
    assert!(alone.starts_with("Fare,prediction\n"));
}

#[test]
fn a_row_without_a_number_is_refused_with_its_place() {
    let pattern = Auto::unpack(fixture("iris/auto_pack.zip")).unwrap().pattern.labels_only();
    let mut rows = ndarray::Array2::from_elem((300, 4), 1.0_f32);
    // Any member that is asked first gives no number.
    rows.row_mut(270).fill(1e38);
    match pattern.predict(&rows) {
        Err(Error::NotFinite { row, .. }) => assert_eq!(row, 270),
        other => panic!("{other:?}"),
    }
    let lenient = pattern.with_policy(Policy { unreadable: Some(Action::Null), ..Policy::default() });
    let scores = lenient.predict(&rows).unwrap();
    assert_eq!((scores.label(270), scores.label(269).is_some()), (None, true));
}

#[test]
fn rows_that_only_some_members_find_a_number_for_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("linear_first.zip");
    let archive = Archive::open(fixture("iris/auto_pack.zip")).unwrap();
    let mut builder = Builder::convert(&archive, Reweighing::Kept).unwrap().builder;
    for (model, weight) in [("linear", 0.3), ("fcnn", 0.05), ("ndt", 0.05), ("nnb", 0.05), ("tree_dnn", 0.05)]
    {
        builder = builder.reweight(model, weight).unwrap();
    }
    builder.renormalise().unwrap().new_golden().write(&bundle).unwrap();
    let lenient = Policy { unreadable: Some(Action::Null), ..Policy::default() };
    let pattern = Auto::unpack(&bundle).unwrap().pattern.with_policy(lenient);
    let mut rows = ndarray::Array2::from_shape_fn((600, 4), |(row, column)| (row % 7 + column) as f32);
    for (at, row) in rows.rows_mut().into_iter().enumerate() {
        let mut row = row;
        row[at % 4] *= 10_f32.powi((at / 16) as i32) * if at % 2 == 0 { 1.0 } else { -1.0 };
    }
    let (all, labels) = (pattern.predict(&rows).unwrap(), pattern.labels_only().predict(&rows).unwrap());
    let refused = all.notes().refused();
    assert!(!refused.is_empty() && refused.len() < 600, "{}", refused.len());
    assert_eq!(labels.notes().refused(), refused);
    assert_eq!(&labels.predictions(), &all.predictions());
}
