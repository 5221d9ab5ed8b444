//! Models with the inputs that were given to them and the outputs that ONNX Runtime gave back.

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read},
    path::{Path, PathBuf},
};

use automl_pack_engine::{Data, Output, Program, Tensor, Way};
use serde_json::Value;

/// A model, and what was recorded of it.
pub(crate) struct Recorded {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    arrays: BTreeMap<String, Tensor>,
    /// Inputs of strings, and outputs of strings or maps.
    described: Value,
}

impl Recorded {
    /// All of a folder, by name.
    pub(crate) fn all(folder: &Path) -> Vec<Recorded> {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let mut models: Vec<PathBuf> =
            files.filter(|file| file.extension().is_some_and(|end| end == "onnx")).collect();
        models.sort();
        models
            .iter()
            .map(|file| Recorded::read(folder, file.file_stem().unwrap().to_str().unwrap()))
            .collect()
    }

    pub(crate) fn read(folder: &Path, name: &str) -> Recorded {
        let file = |end: &str| fs::read(folder.join(format!("{name}.{end}")));
        let described = file("json").map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
        Recorded {
            name: name.to_owned(),
            bytes: file("onnx").unwrap(),
            arrays: file("npz").map_or(BTreeMap::new(), arrays),
            described,
        }
    }

    /// What is wrong with the outputs for a batch.
    pub(crate) fn check(&self, first: usize, count: usize) -> Result<(), String> {
        let program = Program::load(&self.bytes).map_err(|error| error.to_string())?;
        let found = program.run(self.inputs(&program, first, count)).map_err(|error| error.to_string())?;
        for (output, found) in program.outputs().iter().zip(found) {
            same(&found, &rows(&self.expected(output), first, count, self.rows()))
                .map_err(|what| format!("{}: {what}", output.name))?;
        }
        Ok(())
    }

    /// The inputs of a batch, in the program's order.
    pub(crate) fn inputs(&self, program: &Program, first: usize, count: usize) -> Vec<Tensor> {
        let whole = |name: &str| match self.arrays.get(&format!("in_{name}")) {
            Some(array) => array.clone(),
            None => tensor_of(&self.described["inputs"][name]),
        };
        program.inputs().iter().map(|input| rows(&whole(&input.name), first, count, self.rows())).collect()
    }

    /// How many rows were given.
    fn rows(&self) -> usize {
        let array = self.arrays.iter().find(|(name, _)| name.starts_with("in_"));
        let described = || self.described["inputs"].as_object().unwrap().values().next().unwrap();
        array.map_or_else(|| tensor_of(described()).shape()[0], |(_, array)| array.shape()[0])
    }

    fn expected(&self, output: &Output) -> Tensor {
        if let Some(array) = self.arrays.get(&format!("out_{}", output.name)) {
            return array.clone();
        }
        let described = &self.described["outputs"][&output.name];
        match &output.keys {
            Some(keys) => of_maps(described, keys),
            None => tensor_of(described),
        }
    }
}

/// The arrays of a `.npz` file: little-endian numbers, row by row.
fn arrays(file: Vec<u8>) -> BTreeMap<String, Tensor> {
    let mut arrays = BTreeMap::new();
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
        let kind = text.split("'descr': '").nth(1).unwrap().split('\'').next().unwrap();
        arrays.insert(key, Tensor::new(shape, numbers(kind, &bytes[10 + header..])).unwrap());
    }
    arrays
}

fn numbers(kind: &str, raw: &[u8]) -> Data {
    macro_rules! of {
        ($variant:ident, $type:ty) => {
            Data::$variant(raw.as_chunks().0.iter().map(|bytes| <$type>::from_le_bytes(*bytes)).collect())
        };
    }
    match kind {
        "<f4" => of!(F32, f32),
        "<f8" => of!(F64, f64),
        "<i8" => of!(I64, i64),
        "<i4" => of!(I32, i32),
        "|b1" => Data::Bool(raw.iter().map(|byte| *byte != 0).collect()),
        other => panic!("arrays of {other}"),
    }
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
fn rows(tensor: &Tensor, first: usize, count: usize, total: usize) -> Tensor {
    // An output may have its rows along another axis than the first.
    let Some(axis) = tensor.shape().iter().position(|length| *length == total) else { return tensor.clone() };
    let width: usize = tensor.shape()[axis + 1..].iter().product();
    let outer: usize = tensor.shape()[..axis].iter().product();
    let at = |place: usize| {
        let (row, inner) = (place / width % count, place % width);
        (place / width / count * total + (first + row) % total) * width + inner
    };
    let places = 0..outer * count * width;
    let data = match tensor.data() {
        Data::F32(values) => Data::F32(places.map(|place| values[at(place)]).collect()),
        Data::F64(values) => Data::F64(places.map(|place| values[at(place)]).collect()),
        Data::I64(values) => Data::I64(places.map(|place| values[at(place)]).collect()),
        Data::I32(values) => Data::I32(places.map(|place| values[at(place)]).collect()),
        Data::Bool(values) => Data::Bool(places.map(|place| values[at(place)]).collect()),
        Data::Text(values) => Data::Text(places.map(|place| values[at(place)].clone()).collect()),
    };
    let mut shape = tensor.shape().to_vec();
    shape[axis] = count;
    Tensor::new(shape, data).unwrap()
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
        (Data::F64(found), Data::F64(expected)) => {
            let near = |(a, b): (&f64, &f64)| {
                (a - b).abs() <= f64::from(TOLERANCE) * b.abs().max(1.0) || a == b || a.is_nan() && b.is_nan()
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

/// Holds every model to what was recorded, run that way, if the processor has it.
pub(crate) fn hold_on(way: Way) {
    if !Way::all().contains(&way) {
        return;
    }
    assert!(way.choose());
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/onnx");
    let mut models = Recorded::all(&fixtures);
    models.retain(|model| model.name != "edge_cls_oob");
    assert_eq!(models.len(), 53);
    let check = |model: &Recorded| model.check(0, 257).err().map(|what| format!("{}: {what}", model.name));
    let wrong: Vec<String> = models.iter().filter_map(check).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
