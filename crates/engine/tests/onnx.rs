//! Real models of scikit-learn, LightGBM, XGBoost, CatBoost and PyTorch, held to what ONNX Runtime computed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read},
    path::PathBuf,
};

use automl_pack_engine::{Data, Error, Program, Tensor};
use serde_json::Value;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/onnx")
}

fn model(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(format!("{name}.onnx"))).unwrap()
}

/// The arrays of a `.npz` file: little-endian f32 and i64, row by row.
fn arrays(name: &str) -> BTreeMap<String, Tensor> {
    let mut arrays = BTreeMap::new();
    let Ok(file) = fs::read(fixtures().join(format!("{name}.npz"))) else { return arrays };
    let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).unwrap();
        let key = entry.name().unwrap().strip_suffix(".npy").unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let header = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
        let text = std::str::from_utf8(&bytes[10..10 + header]).unwrap();
        assert!(text.contains("'fortran_order': False"), "{text}");
        let shape = text.split("'shape': (").nth(1).unwrap().split(')').next().unwrap();
        let shape = shape.split(',').filter_map(|length| length.trim().parse().ok()).collect();
        let raw = &bytes[10 + header..];
        let data = if text.contains("'<f4'") {
            Data::F32(raw.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        } else {
            assert!(text.contains("'<i8'"), "{key}: {text}");
            Data::I64(raw.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect())
        };
        arrays.insert(key, Tensor::new(shape, data).unwrap());
    }
    arrays
}

/// What stands in a `.json` file: inputs of strings, and outputs that are maps.
fn described(name: &str, part: &str) -> BTreeMap<String, Value> {
    let Ok(text) = fs::read(fixtures().join(format!("{name}.json"))) else { return BTreeMap::new() };
    let value: Value = serde_json::from_slice(&text).unwrap();
    value[part].as_object().map(|map| map.clone().into_iter().collect()).unwrap_or_default()
}

fn tensor_of(value: &Value) -> Tensor {
    let shape =
        value["shape"].as_array().unwrap().iter().map(|length| length.as_u64().unwrap() as usize).collect();
    let mut flat = Vec::new();
    flatten(&value["data"], &mut flat);
    let kind = value["dtype"].as_str().unwrap();
    let data = if kind.contains("float") {
        Data::F32(flat.iter().map(|x| x.as_f64().map_or(f32::NAN, |x| x as f32)).collect())
    } else if kind.contains("int") {
        Data::I64(flat.iter().map(|x| x.as_i64().unwrap()).collect())
    } else {
        Data::Text(flat.iter().map(|x| x.as_str().unwrap().to_owned()).collect())
    };
    Tensor::new(shape, data).unwrap()
}

fn flatten(value: &Value, flat: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, flat)),
        other => flat.push(other.clone()),
    }
}

/// The rows that begin there, with what comes after the last being the first again.
fn rows(tensor: &Tensor, first: usize, count: usize) -> Tensor {
    let total = tensor.shape()[0];
    let width: usize = tensor.shape()[1..].iter().product();
    let at = move |place: usize| (first + place / width.max(1)) % total * width + place % width.max(1);
    let places = 0..count * width;
    let data = match tensor.data() {
        Data::F32(values) => Data::F32(places.map(|place| values[at(place)]).collect()),
        Data::I64(values) => Data::I64(places.map(|place| values[at(place)]).collect()),
        Data::Text(values) => Data::Text(places.map(|place| values[at(place)].clone()).collect()),
        other => panic!("{other:?}"),
    };
    let shape = [&[count], &tensor.shape()[1..]].concat();
    Tensor::new(shape, data).unwrap()
}

fn names() -> Vec<String> {
    let index: Value = serde_json::from_slice(&fs::read(fixtures().join("index.json")).unwrap()).unwrap();
    let names = index.as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap().to_owned());
    names.filter(|name| name != "edge_cls_oob").collect()
}

/// What is wrong with the outputs for a batch.
fn compare(name: &str, first: usize, count: usize) -> Result<(), String> {
    let program = Program::load(&model(name)).map_err(|error| error.to_string())?;
    let (arrays, texts, maps) = (arrays(name), described(name, "inputs"), described(name, "outputs"));
    let inputs = program.inputs().iter().map(|input| {
        let key = format!("in_{}", input.name);
        let whole = arrays.get(&key).cloned().unwrap_or_else(|| tensor_of(&texts[&input.name]));
        rows(&whole, first, count)
    });
    let found = program.run(inputs.collect()).map_err(|error| error.to_string())?;
    for (output, found) in program.outputs().iter().zip(found) {
        let key = format!("out_{}", output.name);
        let expected = match (arrays.get(&key), &output.keys) {
            (Some(array), _) => rows(array, first, count),
            (None, Some(keys)) => rows(&of_maps(&maps[&output.name], keys), first, count),
            (None, None) => rows(&tensor_of(&maps[&output.name]), first, count),
        };
        same(&found, &expected).map_err(|what| format!("{}: {what}", output.name))?;
    }
    Ok(())
}

fn of_maps(value: &Value, keys: &Data) -> Tensor {
    let maps = value.get("data").unwrap_or(value).as_array().unwrap();
    let keys: Vec<String> = match keys {
        Data::I64(keys) => keys.iter().map(i64::to_string).collect(),
        Data::Text(keys) => keys.clone(),
        other => panic!("{other:?}"),
    };
    let values =
        maps.iter().flat_map(|map| keys.iter().map(|key| map[key].as_f64().unwrap() as f32)).collect();
    Tensor::new(vec![maps.len(), keys.len()], Data::F32(values)).unwrap()
}

fn same(found: &Tensor, expected: &Tensor) -> Result<(), String> {
    const TOLERANCE: f32 = 1e-5;
    if found.shape() != expected.shape() {
        return Err(format!("shape {:?}, expected {:?}", found.shape(), expected.shape()));
    }
    match (found.data(), expected.data()) {
        (Data::F32(found), Data::F32(expected)) => {
            let near = |(a, b): (&f32, &f32)| {
                (a - b).abs() <= TOLERANCE * b.abs().max(1.0) || a == b || a.is_nan() && b.is_nan()
            };
            match found.iter().zip(expected).position(|pair| !near(pair)) {
                Some(at) => Err(format!("value {at} is {}, expected {}", found[at], expected[at])),
                None => Ok(()),
            }
        }
        (found, expected) if found == expected => Ok(()),
        (Data::I64(found), Data::I64(expected)) => {
            let at = found.iter().zip(expected).position(|(a, b)| a != b).unwrap();
            Err(format!("label {at} is {}, expected {}", found[at], expected[at]))
        }
        (found, expected) => Err(format!("{found:?}, expected {expected:?}").chars().take(300).collect()),
    }
}

fn all(first: usize, count: usize) {
    let wrong: Vec<String> = names()
        .iter()
        .filter_map(|name| compare(name, first, count).err().map(|what| format!("{name}: {what}")))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), names().len(), wrong.join("\n"));
}

#[test]
fn every_model_computes_what_onnx_runtime_computed() {
    all(0, 257);
}

#[test]
fn a_batch_of_one_or_two_too() {
    all(5, 1);
    all(255, 2);
}

#[test]
fn a_batch_of_a_thousand_too() {
    all(0, 1000);
}

#[test]
fn class_ids_out_of_range_are_refused() {
    let error = Program::load(&model("edge_cls_oob")).unwrap_err();
    assert!(matches!(&error, Error::Attribute(refused) if refused.attribute == "class_ids"), "{error}");
}
