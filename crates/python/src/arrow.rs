//! Arrow's C data interface: tables of any library that has it, without copies.
//!
//! The interface is raw pointers in capsules of Python's, which is what the `unsafe` here is for; nowhere else in the
//! wheel is any. Each pointer is taken over once, and its capsule is left with something released, as the interface
//! has it.

#![allow(unsafe_code, reason = "Arrow's C data interface is raw pointers in capsules")]

use std::{ffi::CStr, ptr};

use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader, StructArray,
    ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi},
    ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader},
    make_array,
};
use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;
use pyo3::{exceptions::PyValueError, prelude::*, types::PyCapsule};

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// A table: all batches that the object streams, or the one that it is.
pub(crate) fn table(object: &Bound<'_, PyAny>) -> PyResult<RecordBatch> {
    if object.hasattr("__arrow_c_stream__")? {
        let reader = stream(object)?;
        let schema = reader.schema();
        let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().map_err(refused)?;
        return match batches.as_slice() {
            [only] => Ok(only.clone()),
            several => concat_batches(&schema, several).map_err(refused),
        };
    }
    let array = array(object)?;
    let rows = array.as_any().downcast_ref::<StructArray>().cloned();
    rows.map(RecordBatch::from).ok_or_else(|| PyValueError::new_err("rows: expected a table with columns"))
}

fn stream(object: &Bound<'_, PyAny>) -> PyResult<RecordBatchStreamReader> {
    let capsule = object.call_method0("__arrow_c_stream__")?;
    let stream = take::<FFI_ArrowArrayStream>(&capsule, STREAM, FFI_ArrowArrayStream::empty())?;
    RecordBatchStreamReader::try_new(stream).map_err(refused)
}

/// A column, or a batch as an array of structs.
pub(crate) fn array(object: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
        object.call_method0("__arrow_c_array__")?.extract()?;
    let schema = take::<FFI_ArrowSchema>(&schema, SCHEMA, FFI_ArrowSchema::empty())?;
    let array = take::<FFI_ArrowArray>(&array, ARRAY, FFI_ArrowArray::empty())?;
    // SAFETY: both were just taken over from an exporter, which vouches for them as the interface demands.
    let data = unsafe { from_ffi(array, &schema) }.map_err(refused)?;
    Ok(make_array(data))
}

/// Takes over what a capsule holds, and leaves in it something that is released already.
fn take<T>(capsule: &Bound<'_, PyAny>, name: &CStr, released: T) -> PyResult<T> {
    let capsule =
        capsule.cast::<PyCapsule>().map_err(|_| PyValueError::new_err("expected an Arrow capsule"))?;
    let pointer = capsule.pointer_checked(Some(name))?.cast::<T>();
    // SAFETY: a capsule of that name holds a pointer to a value of that type, as the interface has it; its destructor
    // finds what is put there and has nothing to release.
    Ok(unsafe { ptr::replace(pointer.as_ptr(), released) })
}

fn refused(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A batch for any library that reads Arrow.
#[pyclass(frozen, module = "automl_pack._native")]
pub(crate) struct Batch(pub(crate) RecordBatch);

#[pymethods]
impl Batch {
    fn __len__(&self) -> usize {
        self.0.num_rows()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.0.schema().as_ref()).map_err(refused)?;
        PyCapsule::new_with_value(py, schema, SCHEMA)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // A schema may be wished for, and need not be granted.
        drop(requested_schema);
        let rows = StructArray::from(self.0.clone());
        let (array, schema) = to_ffi(&rows.to_data()).map_err(refused)?;
        Ok((PyCapsule::new_with_value(py, schema, SCHEMA)?, PyCapsule::new_with_value(py, array, ARRAY)?))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let batches = RecordBatchIterator::new([Ok(self.0.clone())], self.0.schema());
        let stream = FFI_ArrowArrayStream::new(Box::new(batches));
        PyCapsule::new_with_value(py, stream, STREAM)
    }
}
