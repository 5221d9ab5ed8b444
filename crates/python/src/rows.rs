//! Rows from Python: a matrix, named columns, or anything that streams Arrow.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, Float64Array, Int64Array, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray,
    builder::StringBuilder,
    types::{
        Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
        UInt32Type, UInt64Type,
    },
};
use arrow_schema::{Field, Schema};
use automl_pack::plan::Table;
use numpy::{
    Element, PyArray1, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray2, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyString},
};

use crate::arrow;

/// Rows, held for as long as they are scored.
pub(crate) enum Given<'py> {
    Single(PyReadonlyArray2<'py, f32>),
    Double(PyReadonlyArray2<'py, f64>),
    Batch { batch: RecordBatch, by_position: bool },
}

impl<'py> Given<'py> {
    /// A matrix of floats, a dict of columns, or a table that speaks Arrow.
    pub(crate) fn read(rows: &Bound<'py, PyAny>, by_position: bool) -> PyResult<Given<'py>> {
        if let Ok(matrix) = rows.extract::<PyReadonlyArray2<'py, f64>>() {
            return Ok(Given::Double(matrix));
        }
        if let Ok(matrix) = rows.extract::<PyReadonlyArray2<'py, f32>>() {
            return Ok(Given::Single(matrix));
        }
        let batch = match rows.cast::<PyDict>() {
            Ok(columns) => batch(columns)?,
            Err(_) => arrow::table(rows)?,
        };
        Ok(Given::Batch { batch, by_position })
    }

    /// What a pattern takes.
    pub(crate) fn table(&self) -> Table<'_> {
        match self {
            Given::Single(matrix) => Table::Single(matrix.as_array()),
            Given::Double(matrix) => Table::Double(matrix.as_array()),
            Given::Batch { batch, by_position: false } => Table::Batch(batch.clone()),
            Given::Batch { batch, by_position: true } => Table::BatchByPosition(batch.clone()),
        }
    }
}

fn batch(columns: &Bound<'_, PyDict>) -> PyResult<RecordBatch> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for (name, cells) in columns {
        let array = column(&cells)?;
        fields.push(Field::new(name.extract::<String>()?, array.data_type().clone(), true));
        arrays.push(array);
    }
    let rows = arrays.first().map_or(0, |array| array.len());
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .map_err(|error| PyValueError::new_err(format!("rows: {error}")))
}

/// A column: an array of numpy's, one that speaks Arrow, or a list of cells.
fn column(cells: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    if let Ok(array) = cells.cast::<PyUntypedArray>() {
        let typed = if array.dtype().kind() == b'O' { None } else { typed(array) };
        return match typed {
            Some(array) => Ok(array),
            None => objects(cells),
        };
    }
    match cells.hasattr("__arrow_c_array__")? {
        true => arrow::array(cells),
        false => objects(cells),
    }
}

/// An array of numbers or truth values, in its own type.
fn typed(array: &Bound<'_, PyUntypedArray>) -> Option<ArrayRef> {
    primitive::<Float64Type>(array)
        .or_else(|| primitive::<Int64Type>(array))
        .or_else(|| primitive::<Float32Type>(array))
        .or_else(|| primitive::<Int32Type>(array))
        .or_else(|| truths(array))
        .or_else(|| primitive::<Int16Type>(array))
        .or_else(|| primitive::<Int8Type>(array))
        .or_else(|| primitive::<UInt8Type>(array))
        .or_else(|| primitive::<UInt16Type>(array))
        .or_else(|| primitive::<UInt32Type>(array))
        .or_else(|| primitive::<UInt64Type>(array))
}

fn primitive<T>(array: &Bound<'_, PyUntypedArray>) -> Option<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: Element + Copy,
{
    let array = array.cast::<PyArray1<T::Native>>().ok()?.readonly();
    let cells: PrimitiveArray<T> = match array.as_slice() {
        Ok(cells) => PrimitiveArray::from_iter_values(cells.iter().copied()),
        Err(_) => PrimitiveArray::from_iter_values(array.as_array().iter().copied()),
    };
    Some(Arc::new(cells))
}

fn truths(array: &Bound<'_, PyUntypedArray>) -> Option<ArrayRef> {
    let array = array.cast::<PyArray1<bool>>().ok()?.readonly();
    let cells: Vec<bool> = array.as_array().iter().copied().collect();
    Some(Arc::new(BooleanArray::from(cells)))
}

/// What a Python object says as a cell.
enum Cell {
    Missing,
    Truth(bool),
    Integer(i64),
    Number(f64),
    Text(String),
}

/// Cells of any type: as the narrowest column that holds them all, texts at last.
fn objects(cells: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    if let Some(texts) = texts(cells)? {
        return Ok(Arc::new(texts));
    }
    let cells: Vec<Cell> =
        cells.try_iter()?.map(|cell| cell.and_then(|cell| read(&cell))).collect::<PyResult<_>>()?;
    if cells.iter().all(|cell| matches!(cell, Cell::Missing)) {
        return Ok(Arc::new(StringArray::new_null(cells.len())));
    }
    let all = |is: fn(&Cell) -> bool| cells.iter().all(|cell| matches!(cell, Cell::Missing) || is(cell));
    if all(|cell| matches!(cell, Cell::Truth(_))) {
        let truths = cells.iter().map(|cell| if let Cell::Truth(truth) = cell { Some(*truth) } else { None });
        return Ok(Arc::new(truths.collect::<BooleanArray>()));
    }
    if all(|cell| matches!(cell, Cell::Integer(_))) {
        let numbers =
            cells.iter().map(|cell| if let Cell::Integer(number) = cell { Some(*number) } else { None });
        return Ok(Arc::new(numbers.collect::<Int64Array>()));
    }
    if all(|cell| matches!(cell, Cell::Integer(_) | Cell::Number(_))) {
        let numbers = cells.iter().map(|cell| match cell {
            Cell::Integer(number) => Some(*number as f64),
            Cell::Number(number) => Some(*number),
            _ => None,
        });
        return Ok(Arc::new(numbers.collect::<Float64Array>()));
    }
    let texts = cells.into_iter().map(|cell| match cell {
        Cell::Missing => None,
        Cell::Truth(truth) => Some(if truth { "True" } else { "False" }.to_owned()),
        Cell::Integer(number) => Some(number.to_string()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Text(text) => Some(text),
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
}

/// The usual column of objects: texts, some of them missing.
fn texts(cells: &Bound<'_, PyAny>) -> PyResult<Option<StringArray>> {
    let mut texts = StringBuilder::new();
    let mut is_any = false;
    for cell in cells.try_iter()? {
        let cell = cell?;
        match cell.cast::<PyString>() {
            Ok(text) => {
                texts.append_value(text.to_str()?);
                is_any = true;
            }
            Err(_) if is_missing(&cell) => texts.append_null(),
            Err(_) => return Ok(None),
        }
    }
    Ok(is_any.then(|| texts.finish()))
}

fn read(cell: &Bound<'_, PyAny>) -> PyResult<Cell> {
    if is_missing(cell) {
        return Ok(Cell::Missing);
    }
    if let Ok(text) = cell.cast::<PyString>() {
        return Ok(Cell::Text(text.to_str()?.to_owned()));
    }
    if let Ok(truth) = cell.cast::<PyBool>() {
        return Ok(Cell::Truth(truth.is_true()));
    }
    if cell.is_instance_of::<PyInt>() {
        // An integer that has more than 64 bits is a number like others.
        return Ok(cell.extract().map_or_else(|_| Cell::Text(cell.to_string()), Cell::Integer));
    }
    if let Ok(number) = cell.cast::<PyFloat>() {
        return Ok(Cell::Number(number.value()));
    }
    // Scalars of numpy's are none of Python's own types; some of its numbers stay what they are as items.
    if let Ok(kind) = cell.getattr("dtype").and_then(|of| of.getattr("kind")?.extract::<String>()) {
        match kind.as_str() {
            "f" => return cell.extract().map(Cell::Number),
            "i" | "u" if let Ok(number) = cell.extract() => return Ok(Cell::Integer(number)),
            "b" => return cell.is_truthy().map(Cell::Truth),
            _ => {}
        }
    }
    Ok(Cell::Text(cell.str()?.to_str()?.to_owned()))
}

/// What libraries take for a missing cell: None, NaN, pandas' NA and NaT.
fn is_missing(cell: &Bound<'_, PyAny>) -> bool {
    if cell.is_none() {
        return true;
    }
    if let Ok(number) = cell.cast::<PyFloat>() {
        return number.value().is_nan();
    }
    let name = cell.get_type().name();
    name.is_ok_and(|name| name.to_str().is_ok_and(|name| matches!(name, "NAType" | "NaTType")))
}
