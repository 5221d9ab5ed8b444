//! Rows a second of each step, from the raw column to the input, on one thread.
//!
//!     cargo bench -p automl-pack-plan [WORD …]
#![allow(clippy::unwrap_used, reason = "a measurement ends where something is wrong")]

use std::{sync::Arc, time::Instant};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use automl_pack_plan::{Plan, PlanForm, Policy, SchemaForm, Step};
use serde_json::{Value, json};

const ROWS: usize = 100_000;
const BLOCK: usize = 256;

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let rows = table();
    for word in
        Step::WORDS.iter().filter(|word| wanted.is_empty() || wanted.iter().any(|wanted| wanted == *word))
    {
        let plan = plan(word, &rows);
        println!("{word:12} {:>12.0} rows/s", rows_a_second(&plan, &rows));
    }
}

/// A column of each kind, with a missing cell in twenty.
fn table() -> RecordBatch {
    let chance = |row: usize, salt: u64| {
        let mut bits = (row as u64 ^ salt << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits ^= bits >> 29;
        bits.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40
    };
    let is_there = |row: usize, salt: u64| chance(row, salt + 100) % 20 != 0;
    let numbers: Float64Array =
        (0..ROWS).map(|row| is_there(row, 1).then(|| chance(row, 1) as f64 / 1e3)).collect();
    const JOBS: [&str; 8] = ["admin", "nurse", "clerk", "teacher", "driver", "cook", "pilot", "smith"];
    let pick = |row, salt| JOBS[chance(row, salt) as usize % JOBS.len()];
    let jobs: StringArray = (0..ROWS).map(|row| is_there(row, 2).then(|| pick(row, 2))).collect();
    let times: TimestampMicrosecondArray =
        (0..ROWS).map(|row| is_there(row, 3).then(|| chance(row, 3) as i64 * 60_000_000)).collect();
    let text = |row| (0..6).map(|word| pick(row, word + 4)).collect::<Vec<_>>().join(" ");
    let texts: StringArray = (0..ROWS).map(|row| Some(text(row))).collect();
    let series: StringArray =
        (0..ROWS).map(|row| Some(format!("{} {} 7", chance(row, 5), chance(row, 6)))).collect();
    RecordBatch::try_from_iter([
        ("number", Arc::new(numbers) as ArrayRef),
        ("job", Arc::new(jobs)),
        ("time", Arc::new(times)),
        ("text", Arc::new(texts.clone())),
        ("words", Arc::new(texts)),
        ("series", Arc::new(series)),
        ("y", Arc::new((0..ROWS).map(|row| Some(chance(row, 9) as f64)).collect::<Float64Array>())),
    ])
    .unwrap()
}

/// The column that a step reads, and what it needs to be told.
fn reads(word: &str) -> (&'static str, Value) {
    match word {
        "one_hot" | "ordinal" | "frequency" | "target" => ("job", json!({})),
        "boolean" => ("job", json!({"yes": ["admin"], "no": ["nurse"]})),
        "date_parts" => ("time", json!({})),
        "normalise" | "split" | "ngrams" => ("text", json!({})),
        "hash" => ("text", json!({"width": 64})),
        "ids" | "many_hot" => ("words", json!({})),
        "window" => ("series", json!({})),
        "clip" => ("number", json!({"quantiles": [0.01, 0.99]})),
        "pca" => ("number", json!({"components": 1})),
        "drop" => ("number", json!({"names": ["number=missing"]})),
        _ => ("number", json!({})),
    }
}

fn plan(word: &str, rows: &RecordBatch) -> Plan {
    let (column, options) = reads(word);
    let kind = match column {
        "job" => json!({"name": "job", "type": "category",
                        "values": ["admin", "nurse", "clerk", "teacher", "driver", "cook", "pilot", "smith"]}),
        "words" => json!({"name": "words", "type": "sequence"}),
        kind => json!({"name": kind, "type": kind}),
    };
    let mut steps = Vec::new();
    match word {
        "pca" => steps.push(json!({"step": "impute", "column": column})),
        "drop" => steps.push(json!({"step": "impute", "column": column, "indicator": true})),
        _ => {}
    }
    let mut step = json!({"step": word, "column": column});
    step.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    steps.push(step);
    match word {
        "normalise" => steps.push(json!({"step": "hash", "column": column, "width": 8})),
        "split" => steps.push(json!({"step": "many_hot", "column": column})),
        _ => {}
    }
    let schema: SchemaForm =
        serde_json::from_value(json!({"columns": [kind], "target": {"name": "y", "task": "regression"}}))
            .unwrap();
    let form: PlanForm = serde_json::from_value(
        json!({"steps": steps, "inputs": [{"name": "x", "type": "f32", "columns": [column]}]}),
    )
    .unwrap();
    let mut fitting = Plan::fit(schema.schema().unwrap(), form, Some(&schema.target)).unwrap();
    fitting.see(rows).unwrap();
    fitting.finish().unwrap()
}

/// The median of some passes.
fn rows_a_second(plan: &Plan, rows: &RecordBatch) -> f64 {
    let pass = || {
        let started = Instant::now();
        for first in (0..ROWS).step_by(BLOCK) {
            plan.prepare(&rows.slice(first, BLOCK.min(ROWS - first)), &Policy::default()).unwrap();
        }
        started.elapsed().as_secs_f64()
    };
    let mut passes: Vec<f64> = (0..5).map(|_| pass()).collect();
    passes.sort_by(f64::total_cmp);
    ROWS as f64 / passes[2]
}
