//! Scores for Python: arrays of numpy's, or a batch that speaks Arrow.

use arrow_array::{
    Array, ArrayRef,
    cast::AsArray,
    types::{Float32Type, Float64Type, Int64Type},
};
use automl_pack::{
    Outcome, Selection,
    plan::{Classes, Flaw, Task},
};
use numpy::{PyArray1, PyArray2, ToPyArray};
use pyo3::{IntoPyObjectExt, prelude::*, types::PyList};

use crate::arrow::Batch;

/// What a pattern predicted for some rows.
#[pyclass(frozen, module = "automl_pack._native")]
pub(crate) struct Scores(pub(crate) automl_pack::Scores);

/// Places of labels and probabilities, or values.
type Parts<'py> =
    (Option<Bound<'py, PyArray1<u32>>>, Option<Bound<'py, PyArray2<f32>>>, Option<Bound<'py, PyArray1<f32>>>);

#[pymethods]
impl Scores {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// Of the blend, or of one member: places of labels and probabilities, or values.
    #[pyo3(signature = (member=None))]
    fn parts<'py>(&self, py: Python<'py>, member: Option<usize>) -> PyResult<Parts<'py>> {
        let outcome = match member {
            None => self.0.outcome(),
            Some(place) => match self.0.members().get(place) {
                Some(member) => &member.outcome,
                None => return Err(pyo3::exceptions::PyIndexError::new_err(place)),
            },
        };
        Ok(match outcome {
            Outcome::Classes { labels, probabilities } => {
                (Some(PyArray1::from_slice(py, labels)), Some(probabilities.to_pyarray(py)), None)
            }
            Outcome::Values(values) => (None, None, Some(PyArray1::from_slice(py, values))),
            Outcome::Outputs(_) => (None, None, None),
        })
    }

    /// The members' names.
    fn members(&self) -> Vec<String> {
        self.0.members().iter().map(|member| member.name.clone()).collect()
    }

    /// The rows without a score.
    fn refused(&self) -> Vec<usize> {
        self.0.notes().refused().to_vec()
    }

    /// How many cells of each column had each flaw.
    fn flaws(&self) -> Vec<(String, &'static str, usize)> {
        let flaws = self.0.flaws().into_iter();
        flaws.map(|((column, flaw), cells)| (column.to_owned(), Flaw::word(flaw), cells)).collect()
    }

    /// The columns of the audit, by name: texts, one for each row.
    fn audit(&self) -> Vec<(String, Vec<String>)> {
        let batch = self.0.to_record_batch(Selection { audit: true, ..Selection::default() });
        let fields = batch.schema();
        let audited = fields
            .fields()
            .iter()
            .zip(batch.columns())
            .filter(|(field, _)| field.name().starts_with("audit_"));
        audited
            .filter_map(|(field, cells)| {
                let cells = cells.as_string_opt::<i32>()?;
                let texts = cells.iter().map(|text| text.unwrap_or_default().to_owned()).collect();
                Some((field.name().clone(), texts))
            })
            .collect()
    }

    /// The columns of a bare graph's outputs, each with its name: numbers, or texts.
    fn outputs<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        let batch = self.0.to_record_batch(Selection::default());
        let fields = batch.schema();
        let columns = fields.fields().iter().zip(batch.columns());
        columns.map(|(field, cells)| Ok((field.name().clone(), listed(py, cells)?))).collect()
    }

    /// All of it as Arrow.
    #[pyo3(signature = (members=false, audit=false))]
    fn batch(&self, members: bool, audit: bool) -> Batch {
        Batch(self.0.to_record_batch(Selection { members, audit, ..Selection::default() }))
    }
}

/// The cells of a column: an array of its type, or of objects where it has texts.
fn listed<'py>(py: Python<'py>, cells: &ArrayRef) -> PyResult<Bound<'py, PyAny>> {
    if let Some(texts) = cells.as_string_opt::<i32>() {
        return PyList::new(py, texts.iter())?.into_bound_py_any(py);
    }
    if let Some(numbers) = cells.as_primitive_opt::<Int64Type>().filter(|numbers| numbers.null_count() == 0) {
        return PyArray1::from_slice(py, numbers.values()).into_bound_py_any(py);
    }
    if let Some(numbers) = cells.as_primitive_opt::<Float32Type>() {
        let numbers = numbers.iter().map(|number| number.unwrap_or(f32::NAN));
        return PyArray1::from_iter(py, numbers).into_bound_py_any(py);
    }
    if let Some(numbers) = cells.as_primitive_opt::<Float64Type>() {
        let numbers = numbers.iter().map(|number| number.unwrap_or(f64::NAN));
        return PyArray1::from_iter(py, numbers).into_bound_py_any(py);
    }
    if let Some(truths) = cells.as_boolean_opt() {
        return PyList::new(py, truths.iter())?.into_bound_py_any(py);
    }
    let of = cells.data_type();
    Err(pyo3::exceptions::PyTypeError::new_err(format!("a column of {of}: to_arrow() gives it")))
}

/// The classes as a list of Python's; none for a regression.
pub(crate) fn classes<'py>(py: Python<'py>, task: &Task) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Task::Classification(classes) = task else { return Ok(None) };
    let list = match classes {
        Classes::Text(values) => PyList::new(py, values)?,
        Classes::Integer(values) => PyList::new(py, values)?,
        Classes::Number(values) => PyList::new(py, values)?,
    };
    list.into_bound_py_any(py).map(Some)
}
