//! Bare ONNX models, opened and scored as bundles are: through the API and through the command.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod recorded;

use std::collections::BTreeMap;

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Float32Type, types::Int64Type};
use arrow_schema::DataType;
use automl_pack::{Auto, Selection};

use recorded::{Columns, Recorded, model, names};

#[test]
fn every_model_gives_what_onnx_runtime_gave() {
    let wrong: Vec<String> = names().iter().filter_map(|name| wrong_with(name).err()).collect();
    assert_eq!(names().len(), 53);
    assert!(wrong.is_empty(), "{} of 53:\n{}", wrong.len(), wrong.join("\n"));
}

fn wrong_with(name: &str) -> Result<(), String> {
    let recorded = Recorded::of(name);
    let scored = || -> Result<RecordBatch, Box<dyn std::error::Error>> {
        let auto = Auto::unpack(model(name))?;
        Ok(auto.pattern.predict(&recorded.batch())?.to_record_batch(Selection::default()))
    };
    let batch = scored().map_err(|error| format!("{name}: {error}: {:?}", error.source()))?;
    compare(&recorded.outputs, &columns_of(&batch)).map_err(|what| format!("{name}: {what}"))
}

/// Scores by the name of their column, as texts.
fn columns_of(batch: &RecordBatch) -> BTreeMap<String, Vec<String>> {
    let schema = batch.schema();
    let cells = |column: &dyn Array| -> Vec<String> {
        let rows = 0..column.len();
        match column.data_type() {
            DataType::Float32 => {
                rows.map(|row| column.as_primitive::<Float32Type>().value(row).to_string()).collect()
            }
            DataType::Int64 => {
                rows.map(|row| column.as_primitive::<Int64Type>().value(row).to_string()).collect()
            }
            _ => rows.map(|row| column.as_string::<i32>().value(row).to_owned()).collect(),
        }
    };
    let named = schema.fields().iter().zip(batch.columns());
    named.map(|(field, column)| (field.name().clone(), cells(column))).collect()
}

/// Holds scores to what was recorded, which says under which names they are to be found.
fn compare(
    recorded: &BTreeMap<String, Columns>,
    scores: &BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    let is_label = |columns: &Columns| !matches!(columns, Columns::Floats(_) | Columns::Maps(_));
    let classifies = recorded.values().any(is_label);
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (output, columns) in recorded {
        match columns {
            Columns::Integers(labels) => {
                expected.insert("prediction".to_owned(), labels[0].iter().map(i64::to_string).collect());
            }
            Columns::Texts(labels) => {
                expected.insert("prediction".to_owned(), labels[0].clone());
            }
            Columns::Maps(maps) => {
                for key in maps[0].keys() {
                    let of_key = maps.iter().map(|map| map[key].to_string()).collect();
                    expected.insert(format!("probability_{key}"), of_key);
                }
            }
            Columns::Floats(columns) => {
                for (place, column) in columns.iter().enumerate() {
                    let name = match (classifies, columns.len()) {
                        (true, 1) => output.clone(),
                        (true, _) => format!("probability_{place}"),
                        (false, 1) => "prediction".to_owned(),
                        (false, _) => format!("{output}_{place}"),
                    };
                    expected.insert(name, column.iter().map(f32::to_string).collect());
                }
            }
        }
    }
    if expected.keys().ne(scores.keys()) {
        return Err(format!("columns {:?}, expected {:?}", scores.keys(), expected.keys()));
    }
    expected.iter().try_for_each(|(name, expected)| same(name, expected, &scores[name]))
}

fn same(name: &str, expected: &[String], found: &[String]) -> Result<(), String> {
    const TOLERANCE: f64 = 1e-5;
    if expected.len() != found.len() {
        return Err(format!("{name}: {} rows, expected {}", found.len(), expected.len()));
    }
    let near = |(a, b): (&String, &String)| {
        a == b
            || name != "label"
                && matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() <= TOLERANCE * a.abs().max(1.0))
    };
    match expected.iter().zip(found).position(|pair| !near(pair)) {
        Some(row) => Err(format!("{name}, row {row}: {}, expected {}", found[row], expected[row])),
        None => Ok(()),
    }
}
