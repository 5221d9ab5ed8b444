//! Features and target, in a Parquet file.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Float32Type, Float64Type},
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use automl_pack_plan::{Block, Classes, DistinctNames, InputType, Plan, Target, Task};
use ndarray::Array2;
use parquet::{
    arrow::ArrowWriter, basic::Compression, errors::ParquetError, file::properties::WriterProperties,
};

use crate::Error;

/// A row group has so many rows: what a reader holds at a time.
const ROWS: usize = 1 << 16;

/// A file of features and target.
pub(super) struct Features {
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    rows: u64,
    /// How many rows have NaN, by feature.
    gaps: Vec<u64>,
}

/// The columns of the file: those of the inputs by their labels, and the target. A label that is taken has the name of
/// its input before it, or a number behind it.
pub(super) fn columns(plan: &Plan, target: &Target) -> SchemaRef {
    let mut names = DistinctNames::default();
    names.take(&target.name);
    let mut fields = Vec::new();
    for (place, input) in plan.inputs().iter().enumerate() {
        for label in plan.labels(place) {
            // Two inputs may have the same columns, scaled for one and not for the other.
            let of_input = format!("{}.{label}", input.name);
            let name = names.take(if names.is_taken(label) { &of_input } else { label });
            fields.push(Field::new(name, arrow_type(input.element), false));
        }
    }
    let of_target = match &target.task {
        Task::Classification(Classes::Text(_)) => DataType::Utf8,
        Task::Classification(Classes::Integer(_)) => DataType::Int64,
        _ => DataType::Float64,
    };
    fields.push(Field::new(&target.name, of_target, false));
    Schema::new(fields).into()
}

fn arrow_type(element: InputType) -> DataType {
    match element {
        InputType::Single => DataType::Float32,
        InputType::Double => DataType::Float64,
        InputType::Integer => DataType::Int64,
        InputType::Text => DataType::Utf8,
    }
}

fn failed(error: ParquetError) -> Error {
    Error::Store { source: std::io::Error::other(error) }
}

impl Features {
    pub(super) fn create(path: &Path, schema: &SchemaRef) -> Result<Features, Error> {
        let file = File::create_new(path).map_err(|source| Error::Store { source })?;
        // The same rows give the same bytes.
        let properties = WriterProperties::builder()
            .set_created_by("automl-pack".to_owned())
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROWS))
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties)).map_err(failed)?;
        let gaps = vec![0; schema.fields().len()];
        Ok(Features { writer, schema: Arc::clone(schema), rows: 0, gaps })
    }

    /// The file's columns of some rows.
    pub(super) fn rows(&self, blocks: &[Block], target: &ArrayRef) -> RecordBatch {
        let mut arrays: Vec<ArrayRef> = blocks.iter().flat_map(arrays).collect();
        arrays.push(Arc::clone(target));
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), arrays);
        rows.expect("the blocks are those of the plan's inputs")
    }

    /// Writes some rows, of which those that the policy refused are left out already.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        self.rows += rows.num_rows() as u64;
        self.gaps.iter_mut().zip(rows.columns()).for_each(|(gaps, column)| *gaps += nans(column));
        self.writer.write(rows).map_err(failed)
    }

    /// The features that have NaN, and in how many rows.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (&str, u64)> {
        let names = self.schema.fields().iter().map(|field| field.name().as_str());
        names.zip(self.gaps.iter().copied()).filter(|(_, rows)| *rows > 0)
    }

    pub(super) fn finish(self) -> Result<u64, Error> {
        let rows = self.rows;
        let file = self.writer.into_inner().map_err(failed)?;
        file.sync_all().map_err(|source| Error::Store { source })?;
        Ok(rows)
    }
}

/// How many numbers of a column are none.
fn nans(column: &ArrayRef) -> u64 {
    let single =
        column.as_primitive_opt::<Float32Type>().map(|of| of.values().iter().filter(|x| x.is_nan()).count());
    let double =
        column.as_primitive_opt::<Float64Type>().map(|of| of.values().iter().filter(|x| x.is_nan()).count());
    single.or(double).unwrap_or(0) as u64
}

/// The columns of a block.
fn arrays(block: &Block) -> Vec<ArrayRef> {
    match block {
        Block::Single(matrix) => each(matrix, |column| Arc::new(Float32Array::from(column))),
        Block::Double(matrix) => each(matrix, |column| Arc::new(Float64Array::from(column))),
        Block::Integer(matrix) => each(matrix, |column| Arc::new(Int64Array::from(column))),
        Block::Truth(matrix) => each(matrix, |column| Arc::new(BooleanArray::from(column))),
        Block::Text(matrix) => each(matrix, |column| Arc::new(StringArray::from(column))),
    }
}

fn each<T: Clone>(matrix: &Array2<T>, array: impl Fn(Vec<T>) -> ArrayRef) -> Vec<ArrayRef> {
    matrix.columns().into_iter().map(|column| array(column.to_vec())).collect()
}
