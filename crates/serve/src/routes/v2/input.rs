//! Tensors to rows.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::tensor::Datatype;
use crate::{
    refusal::{Code, Refusal},
    rows::{Given, Json, array, check_width},
};

/// What a request says before its binary data.
#[derive(Debug, Deserialize)]
pub(super) struct Request<'a> {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub parameters: Map<String, Value>,
    #[serde(borrow)]
    inputs: Vec<Input<'a>>,
    #[serde(default)]
    pub outputs: Vec<Output>,
}

#[derive(Debug, Deserialize)]
struct Input<'a> {
    name: String,
    shape: Vec<usize>,
    datatype: String,
    #[serde(default)]
    parameters: Map<String, Value>,
    #[serde(default, borrow)]
    data: Option<Json<'a>>,
}

/// An output that is asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Output {
    pub name: String,
    #[serde(default)]
    pub parameters: Map<String, Value>,
}

impl<'a> Request<'a> {
    /// Reads the part that is JSON.
    pub(super) fn read(json: &'a [u8]) -> Result<Request<'a>, Refusal> {
        serde_json::from_slice(json)
            .map_err(|error| Refusal::new(Code::BadBody, format!("the request cannot be read: {error}")))
    }

    /// A matrix has the name of the input that it is for, where the model has names of its own for nothing else.
    pub(super) fn check_name(&self, schema: &automl_pack_plan::Schema) -> Result<(), Refusal> {
        match (schema.as_wide(), self.inputs.as_slice()) {
            (Some(wide), [input]) if input.shape.len() == 2 && input.name != wide.input => {
                let message = format!("there is no input \"{}\"", input.name);
                Err(Refusal::new(Code::BadBody, message)
                    .field(&input.name)
                    .hint(format!("there is {}", wide.input)))
            }
            _ => Ok(()),
        }
    }

    /// The tensors as rows; those that are not in the JSON are in the bytes behind it, in their order.
    pub(super) fn rows(self, mut behind: &'a [u8]) -> Result<Given, Refusal> {
        let is_alone = self.inputs.len() == 1;
        let mut columns = Vec::new();
        let mut rows: Option<usize> = None;
        let mut by_position = false;
        if self.inputs.is_empty() {
            return Err(Refusal::new(Code::BadBody, "there are no inputs").field("inputs"));
        }
        check_width(self.inputs.len(), "inputs")?;
        for input in self.inputs {
            let (name, shape) = (input.name.clone(), input.shape.clone());
            let refuse =
                |what: String| Refusal::new(Code::BadBody, format!("input \"{name}\": {what}")).field(&name);
            let cells = input.cells(&mut behind)?;
            let (count, width) = match *shape.as_slice() {
                [rows] => (rows, 1),
                [rows, width] => (rows, width),
                _ => {
                    return Err(refuse(format!(
                        "the shape is {shape:?}: expected [rows] or [rows, columns]"
                    )));
                }
            };
            check_width(width, &name)?;
            if count.checked_mul(width) != Some(cells.len()) {
                return Err(refuse(format!("the shape is {shape:?}, and {} elements came", cells.len())));
            }
            if *rows.get_or_insert(count) != count {
                return Err(refuse(format!(
                    "it has {count} rows, and others have {}",
                    rows.unwrap_or_default()
                )));
            }
            match width {
                1 => columns.push((name, array(&cells))),
                _ if is_alone => {
                    by_position = true;
                    let column = |place| cells.iter().skip(place).step_by(width).cloned().collect::<Vec<_>>();
                    columns.extend((0..width).map(|place| (place.to_string(), array(&column(place)))));
                }
                _ => {
                    return Err(refuse(format!("the shape is {shape:?}: expected one element for each row")));
                }
            }
        }
        if !behind.is_empty() {
            let message = format!("{} bytes follow that no input speaks of", behind.len());
            return Err(Refusal::new(Code::BadBody, message));
        }
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
        let options = RecordBatchOptions::new().with_row_count(rows);
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let rows = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(|error| Refusal::new(Code::BadBody, error.to_string()))?;
        Ok(Given { rows, by_position, by_name: false })
    }

    /// A request of raw bytes alone, for the one input that there is.
    pub(super) fn raw(name: &str, datatype: Datatype, width: usize, bytes: &[u8]) -> Result<Given, Refusal> {
        let elements = datatype.read(bytes, name)?;
        let shape = vec![elements.len() / width.max(1), width.max(1)];
        let (name, word, data) = (name.to_owned(), datatype.word().to_owned(), Some(Json::List(elements)));
        let input = Input { name, shape, datatype: word, parameters: Map::new(), data };
        let request = Request { id: None, parameters: Map::new(), inputs: vec![input], outputs: Vec::new() };
        request.rows(&[])
    }
}

impl<'a> Input<'a> {
    fn cells(self, behind: &mut &'a [u8]) -> Result<Vec<Json<'a>>, Refusal> {
        let name = self.name;
        let refuse =
            |what: String| Refusal::new(Code::BadBody, format!("input \"{name}\": {what}")).field(&name);
        let datatype = Datatype::of(&self.datatype)
            .ok_or_else(|| refuse(format!("the datatype is \"{}\", which is none", self.datatype)))?;
        let size = self.parameters.get("binary_data_size");
        match (self.data, size.and_then(Value::as_u64)) {
            (Some(data), None) => {
                let mut cells = Vec::new();
                flatten(data, &mut cells);
                match cells.iter().position(|cell| !datatype.takes(cell)) {
                    Some(place) => Err(refuse(format!(
                        "data[{place}] is {}: expected {}",
                        cells[place].shown().unwrap_or_default(),
                        datatype.word()
                    ))),
                    None => Ok(cells),
                }
            }
            (None, Some(size)) => {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                let (mine, rest) = behind
                    .split_at_checked(size)
                    .ok_or_else(|| refuse(format!("{size} bytes are to follow, and {} do", behind.len())))?;
                *behind = rest;
                datatype.read(mine, &name)
            }
            (Some(_), Some(_)) => Err(refuse("expected data or binary_data_size, and not both".to_owned())),
            (None, None) => Err(refuse("there is neither data nor binary_data_size".to_owned())),
        }
    }
}

/// Row by row, however deep lists are in lists.
fn flatten<'a>(data: Json<'a>, cells: &mut Vec<Json<'a>>) {
    match data {
        Json::List(items) => items.into_iter().for_each(|item| flatten(item, cells)),
        cell => cells.push(cell),
    }
}
