//! What can be scored: rows of an Arrow batch, or of a matrix of numbers.

use arrow_array::RecordBatch;
use ndarray::{Array2, ArrayView2, Axis, Slice};

/// Rows that a plan can read. An Arrow batch is matched by its columns' names, a matrix by position.
pub trait Rows: Sync {
    /// The rows as one of the forms that are understood.
    fn table(&self) -> Table<'_>;
}

/// The forms of rows.
#[derive(Debug, Clone)]
pub enum Table<'a> {
    /// Named columns.
    Batch(RecordBatch),
    /// Columns in the schema's order, whatever their names.
    BatchByPosition(RecordBatch),
    /// Numbers, in the schema's order.
    Single(ArrayView2<'a, f32>),
    /// Numbers, in the schema's order.
    Double(ArrayView2<'a, f64>),
}

/// A batch whose columns are taken by position. Wrapping it is how a caller says that the names
/// do not matter.
///
/// ```
/// use automl_pack_plan::{ByPosition, Rows, Table};
/// # use arrow_array::RecordBatch;
/// # use arrow_schema::Schema;
/// # let batch = RecordBatch::new_empty(Schema::empty().into());
/// assert!(matches!(ByPosition(&batch).table(), Table::BatchByPosition(_)));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ByPosition<'a>(pub &'a RecordBatch);

impl Rows for RecordBatch {
    fn table(&self) -> Table<'_> {
        Table::Batch(self.clone())
    }
}

impl Rows for ByPosition<'_> {
    fn table(&self) -> Table<'_> {
        Table::BatchByPosition(self.0.clone())
    }
}

impl Rows for ArrayView2<'_, f32> {
    fn table(&self) -> Table<'_> {
        Table::Single(self.view())
    }
}

impl Rows for ArrayView2<'_, f64> {
    fn table(&self) -> Table<'_> {
        Table::Double(self.view())
    }
}

impl Rows for Array2<f32> {
    fn table(&self) -> Table<'_> {
        Table::Single(self.view())
    }
}

impl Rows for Array2<f64> {
    fn table(&self) -> Table<'_> {
        Table::Double(self.view())
    }
}

impl Rows for Table<'_> {
    fn table(&self) -> Table<'_> {
        self.slice(0, self.len())
    }
}

impl<'a> Table<'a> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Table::Batch(batch) | Table::BatchByPosition(batch) => batch.num_rows(),
            Table::Single(matrix) => matrix.nrows(),
            Table::Double(matrix) => matrix.nrows(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the rows; nothing is copied.
    #[must_use]
    pub fn slice(&self, first: usize, count: usize) -> Table<'_> {
        let rows = Slice::from(first..first + count);
        match self {
            Table::Batch(batch) => Table::Batch(batch.slice(first, count)),
            Table::BatchByPosition(batch) => Table::BatchByPosition(batch.slice(first, count)),
            Table::Single(matrix) => Table::Single(matrix.slice_axis(Axis(0), rows)),
            Table::Double(matrix) => Table::Double(matrix.slice_axis(Axis(0), rows)),
        }
    }
}
