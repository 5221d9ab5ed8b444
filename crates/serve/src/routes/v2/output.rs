//! Scores to tensors.

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{Float32Type, Float64Type, Int64Type},
};
use arrow_schema::DataType;
use serde::Serialize;
use serde_json::value::RawValue;

use super::tensor::Datatype;
use crate::refusal::{Code, Refusal};

/// An output as it is answered.
#[derive(Debug, Serialize)]
pub(super) struct Tensor {
    name: String,
    datatype: &'static str,
    shape: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Parameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip)]
    pub binary: Vec<u8>,
}

#[derive(Debug, Serialize)]
struct Parameters {
    binary_data_size: usize,
}

/// The name of the tensor that has all probabilities.
pub(super) const PROBABILITIES: &str = "probabilities";

impl Tensor {
    /// The output of a name: a column of scores, or all probabilities.
    pub(super) fn of(scores: &RecordBatch, name: &str, is_binary: bool) -> Result<Tensor, Refusal> {
        let schema = scores.schema();
        let columns: Vec<&ArrayRef> = match scores.column_by_name(name) {
            Some(column) => vec![column],
            None if name == PROBABILITIES => {
                let named = schema.fields().iter().zip(scores.columns());
                named
                    .filter(|(field, _)| field.name().starts_with("probability_"))
                    .map(|(_, column)| column)
                    .collect()
            }
            None => Vec::new(),
        };
        let Some(first) = columns.first() else {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let refusal =
                Refusal::new(Code::BadRequest, format!("there is no output \"{name}\"")).field(name);
            return Err(refusal.hint(format!("there are {}", names.join(", "))));
        };
        let rows = scores.num_rows();
        let shape = if name == PROBABILITIES { vec![rows, columns.len()] } else { vec![rows] };
        let datatype = Datatype::of_column(first.data_type());
        let mut tensor = Tensor {
            name: name.to_owned(),
            datatype: datatype.word(),
            shape,
            parameters: None,
            data: None,
            binary: Vec::new(),
        };
        match is_binary {
            true => {
                for row in 0..rows {
                    columns.iter().try_for_each(|column| put(column, row, name, &mut tensor.binary))?;
                }
                tensor.parameters = Some(Parameters { binary_data_size: tensor.binary.len() });
            }
            false => tensor.data = Some(listed(&columns, rows)?),
        }
        Ok(tensor)
    }
}

/// Elements as JSON, where what is missing, NaN or infinite is null.
fn listed(columns: &[&ArrayRef], rows: usize) -> Result<Box<RawValue>, Refusal> {
    let places = (0..rows).flat_map(|row| columns.iter().map(move |column| (*column, row)));
    let is = |(column, row): &(&ArrayRef, usize)| column.is_valid(*row);
    let json = match columns.first().map(|column| column.data_type()) {
        Some(DataType::Float32) => serde_json::value::to_raw_value(
            &places
                .map(|at| is(&at).then(|| at.0.as_primitive::<Float32Type>().value(at.1)))
                .collect::<Vec<_>>(),
        ),
        Some(DataType::Float64) => serde_json::value::to_raw_value(
            &places
                .map(|at| is(&at).then(|| at.0.as_primitive::<Float64Type>().value(at.1)))
                .collect::<Vec<_>>(),
        ),
        Some(DataType::Int64) => serde_json::value::to_raw_value(
            &places
                .map(|at| is(&at).then(|| at.0.as_primitive::<Int64Type>().value(at.1)))
                .collect::<Vec<_>>(),
        ),
        Some(DataType::Boolean) => serde_json::value::to_raw_value(
            &places.map(|at| is(&at).then(|| at.0.as_boolean().value(at.1))).collect::<Vec<_>>(),
        ),
        _ => serde_json::value::to_raw_value(
            &places.map(|at| is(&at).then(|| at.0.as_string::<i32>().value(at.1))).collect::<Vec<_>>(),
        ),
    };
    json.map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}

/// An element as bytes: a number that is missing is NaN, a text that is missing is empty. Nothing stands for a missing
/// integer or truth value.
fn put(column: &ArrayRef, row: usize, name: &str, bytes: &mut Vec<u8>) -> Result<(), Refusal> {
    let is_missing = column.is_null(row);
    match column.data_type() {
        DataType::Float32 => {
            let value = if is_missing { f32::NAN } else { column.as_primitive::<Float32Type>().value(row) };
            bytes.extend(value.to_le_bytes());
        }
        DataType::Float64 => {
            let value = if is_missing { f64::NAN } else { column.as_primitive::<Float64Type>().value(row) };
            bytes.extend(value.to_le_bytes());
        }
        DataType::Int64 | DataType::Boolean if is_missing => {
            let message =
                format!("row {}: output \"{name}\" has no value, which binary data cannot say", row + 1);
            let refusal = Refusal::new(Code::BadRows, message).hint("data in JSON has null there");
            return Err(Refusal { row: Some(row), ..refusal });
        }
        DataType::Int64 => bytes.extend(column.as_primitive::<Int64Type>().value(row).to_le_bytes()),
        DataType::Boolean => bytes.push(column.as_boolean().value(row).into()),
        _ => {
            let text = if is_missing { "" } else { column.as_string::<i32>().value(row) };
            bytes.extend((text.len() as u32).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
    }
    Ok(())
}
