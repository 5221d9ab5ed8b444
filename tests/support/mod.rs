//! What the tests share: the packs that carefree-learn wrote, and what it predicted from them.
#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(unreachable_pub, reason = "a module of each test file")]

use std::{fs, path::PathBuf, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use serde_json::Value;

/// The packs of several models, with what was predicted from each.
pub const ENSEMBLES: [&str; 5] = ["bank", "diabetes", "iris", "iris_0_1_13", "titanic"];

pub fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/carefree").join(path)
}

pub fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

pub fn expected(path: &str) -> Value {
    serde_json::from_slice(&fs::read(fixture(path)).unwrap()).unwrap()
}

/// A CSV file without quotes, as columns of text; `NA` is null.
pub fn rows(path: &str) -> RecordBatch {
    batch_of(&fs::read_to_string(fixture(path)).unwrap())
}

pub fn batch_of(csv: &str) -> RecordBatch {
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let lines: Vec<_> = lines.collect();
    let column = |at: usize| -> ArrayRef {
        Arc::new(
            lines.iter().map(|line| Some(line[at]).filter(|cell| *cell != "NA")).collect::<StringArray>(),
        )
    };
    RecordBatch::try_from_iter(header.iter().enumerate().map(|(at, name)| (*name, column(at)))).unwrap()
}

pub fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

pub fn matrix(value: &Value) -> Vec<Vec<f32>> {
    value.as_array().unwrap().iter().map(floats).collect()
}

pub fn labels(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as u32).collect()
}
