//! The models of `tests/fixtures/onnx`, with rows and what ONNX Runtime computed for them.

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read},
    path::PathBuf,
    sync::Arc,
};

use arrow_array::{ArrayRef, Float32Array, Int64Array, RecordBatch, StringArray};
use serde_json::Value;

pub(crate) fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx")
}

pub(crate) fn model(name: &str) -> PathBuf {
    fixtures().join(format!("{name}.onnx"))
}

/// Every model but the one that must be refused.
pub(crate) fn names() -> Vec<String> {
    let index: Value = serde_json::from_slice(&fs::read(fixtures().join("index.json")).unwrap()).unwrap();
    let names = index.as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap().to_owned());
    names.filter(|name| name != "edge_cls_oob").collect()
}

/// Columns of one type, side by side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Columns {
    Floats(Vec<Vec<f32>>),
    Integers(Vec<Vec<i64>>),
    Texts(Vec<Vec<String>>),
    /// A map for each row, by the texts of the keys.
    Maps(Vec<BTreeMap<String, f32>>),
}

/// A model's rows and outputs, each by name.
pub(crate) struct Recorded {
    pub(crate) inputs: BTreeMap<String, Columns>,
    pub(crate) outputs: BTreeMap<String, Columns>,
}

impl Recorded {
    pub(crate) fn of(name: &str) -> Recorded {
        let mut recorded = Recorded { inputs: BTreeMap::new(), outputs: BTreeMap::new() };
        for (key, columns) in arrays(name) {
            match key.split_once('_') {
                Some(("in", input)) => recorded.inputs.insert(input.to_owned(), columns),
                Some(("out", output)) => recorded.outputs.insert(output.to_owned(), columns),
                _ => panic!("{name}: {key}"),
            };
        }
        let Ok(text) = fs::read(fixtures().join(format!("{name}.json"))) else { return recorded };
        let described: Value = serde_json::from_slice(&text).unwrap();
        for (input, value) in described["inputs"].as_object().unwrap() {
            recorded.inputs.insert(input.clone(), texts(value));
        }
        for (output, value) in described["outputs"].as_object().unwrap() {
            recorded.outputs.insert(output.clone(), maps(value));
        }
        recorded
    }

    /// The rows as a batch: an input of one column under its name, the columns of others numbered.
    pub(crate) fn batch(&self) -> RecordBatch {
        let columns = self.inputs.iter().flat_map(|(name, columns)| columns.arrays(name));
        RecordBatch::try_from_iter(columns).unwrap()
    }

    /// The rows as a CSV file. What is no number is a blank.
    pub(crate) fn csv(&self) -> String {
        let columns: Vec<(String, Vec<String>)> =
            self.inputs.iter().flat_map(|(name, columns)| columns.texts(name)).collect();
        let line = |cells: Vec<&str>| cells.join(",") + "\n";
        let mut csv = line(columns.iter().map(|(name, _)| name.as_str()).collect());
        for row in 0..columns[0].1.len() {
            csv += &line(columns.iter().map(|(_, cells)| cells[row].as_str()).collect());
        }
        csv
    }
}

impl Columns {
    fn width(&self) -> usize {
        match self {
            Columns::Floats(columns) => columns.len(),
            Columns::Integers(columns) => columns.len(),
            Columns::Texts(columns) => columns.len(),
            Columns::Maps(maps) => maps[0].len(),
        }
    }

    fn names(&self, name: &str) -> Vec<String> {
        match self.width() {
            1 => vec![name.to_owned()],
            width => (0..width).map(|place| format!("{name}_{place}")).collect(),
        }
    }

    fn arrays(&self, name: &str) -> Vec<(String, ArrayRef)> {
        let arrays: Vec<ArrayRef> = match self {
            Columns::Floats(columns) => columns.iter().map(|of| floats(of)).collect(),
            Columns::Integers(columns) => {
                columns.iter().map(|of| Arc::new(Int64Array::from(of.clone())) as ArrayRef).collect()
            }
            Columns::Texts(columns) => {
                columns.iter().map(|of| Arc::new(StringArray::from(of.clone())) as ArrayRef).collect()
            }
            Columns::Maps(_) => panic!("{name}: no input is a map"),
        };
        self.names(name).into_iter().zip(arrays).collect()
    }

    fn texts(&self, name: &str) -> Vec<(String, Vec<String>)> {
        let number = |x: &f32| if x.is_nan() { String::new() } else { x.to_string() };
        let cells: Vec<Vec<String>> = match self {
            Columns::Floats(columns) => columns.iter().map(|of| of.iter().map(number).collect()).collect(),
            Columns::Integers(columns) => {
                columns.iter().map(|of| of.iter().map(i64::to_string).collect()).collect()
            }
            Columns::Texts(columns) => columns.clone(),
            Columns::Maps(_) => panic!("{name}: no input is a map"),
        };
        self.names(name).into_iter().zip(cells).collect()
    }
}

fn floats(values: &[f32]) -> ArrayRef {
    Arc::new(Float32Array::from(values.to_vec()))
}

/// The arrays of a `.npz` file: little-endian f32 and i64, row by row.
fn arrays(name: &str) -> Vec<(String, Columns)> {
    let Ok(file) = fs::read(fixtures().join(format!("{name}.npz"))) else { return Vec::new() };
    let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut arrays = Vec::new();
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).unwrap();
        let key = entry.name().unwrap().strip_suffix(".npy").unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        arrays.push((key, array(&bytes)));
    }
    arrays
}

fn array(bytes: &[u8]) -> Columns {
    let header = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    let text = std::str::from_utf8(&bytes[10..10 + header]).unwrap();
    assert!(text.contains("'fortran_order': False"), "{text}");
    let shape = text.split("'shape': (").nth(1).unwrap().split(')').next().unwrap();
    let shape: Vec<usize> = shape.split(',').filter_map(|length| length.trim().parse().ok()).collect();
    let width = shape.get(1).copied().unwrap_or(1);
    let raw = &bytes[10 + header..];
    if text.contains("'<f4'") {
        let values = raw.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        return Columns::Floats(columns(values.collect(), width));
    }
    assert!(text.contains("'<i8'"), "{text}");
    let values = raw.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
    Columns::Integers(columns(values.collect(), width))
}

fn columns<T: Clone>(values: Vec<T>, width: usize) -> Vec<Vec<T>> {
    (0..width).map(|column| values.iter().skip(column).step_by(width).cloned().collect()).collect()
}

fn texts(value: &Value) -> Columns {
    let text = |value: &Value| match value {
        Value::Array(cells) => cells[0].as_str().unwrap().to_owned(),
        other => other.as_str().unwrap().to_owned(),
    };
    Columns::Texts(vec![value["data"].as_array().unwrap().iter().map(text).collect()])
}

fn maps(value: &Value) -> Columns {
    if value["dtype"].as_str().is_some_and(|dtype| dtype != "seqmap") {
        return texts(value);
    }
    let of_row = |map: &Value| {
        let pairs = map.as_object().unwrap().iter();
        pairs.map(|(key, value)| (key.clone(), value.as_f64().unwrap() as f32)).collect()
    };
    Columns::Maps(value["data"].as_array().unwrap().iter().map(of_row).collect())
}
