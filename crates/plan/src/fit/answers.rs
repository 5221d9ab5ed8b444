//! The target of the training data.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, UInt64Array};
use arrow_select::take::take_record_batch;

use crate::{
    Classes, Column, Error, Kind, Known, TargetForm, TaskForm, Vocabulary,
    cells::{Cell, Cells},
    reading,
    steps::Answers,
};

/// Reads the column that is predicted.
pub(crate) struct Reader {
    name: String,
    /// The classes of a classification.
    classes: Option<Vocabulary>,
}

/// The target of some rows.
pub(crate) enum Answered {
    /// Places of classes, of so many.
    Classes(Vec<u32>, usize),
    Values(Vec<f64>),
}

impl Answered {
    pub(crate) fn answers(&self) -> Answers<'_> {
        match self {
            Answered::Classes(places, count) => Answers::Classes(places, *count),
            Answered::Values(values) => Answers::Values(values),
        }
    }
}

impl Reader {
    pub(crate) fn new(form: &TargetForm) -> Result<Reader, Error> {
        let classes = match (form.task, &form.classes) {
            (TaskForm::Regression, _) => None,
            (TaskForm::Classification, Some(classes)) => Some(classes.vocabulary()?),
            (TaskForm::Classification, None) => {
                return Err(Error::Target {
                    target: form.name.clone(),
                    expected: "the classes of a classification",
                });
            }
        };
        Ok(Reader { name: form.name.clone(), classes })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The rows that have a target, and the target.
    pub(crate) fn read(&self, rows: &RecordBatch) -> Result<(RecordBatch, Answered), Error> {
        let column = self.column(rows)?;
        let (answered, there) = self.answers(column)?;
        if there.len() == rows.num_rows() {
            return Ok((rows.clone(), answered));
        }
        let rows = take_record_batch(rows, &UInt64Array::from(there)).map_err(|_| self.wrong_type(column))?;
        Ok((rows, answered))
    }

    fn column<'r>(&self, rows: &'r RecordBatch) -> Result<&'r ArrayRef, Error> {
        rows.column_by_name(&self.name).ok_or_else(|| Error::NoTarget { target: self.name.clone() })
    }

    /// The target, and the places of the rows that have one.
    fn answers(&self, column: &ArrayRef) -> Result<(Answered, Vec<u64>), Error> {
        Ok(match &self.classes {
            Some(classes) => {
                let (places, there) = self.places(classes, column)?;
                (Answered::Classes(places, classes.len()), there)
            }
            None => {
                let (values, there) = self.values(column)?;
                (Answered::Values(values), there)
            }
        })
    }

    fn places(&self, classes: &Vocabulary, column: &ArrayRef) -> Result<(Vec<u32>, Vec<u64>), Error> {
        let of = Column::new(&self.name, Kind::Category(Arc::new(classes.clone())));
        let kind = of.kind.as_ref().expect("it was just said");
        let cells = Cells::from_array(column, &of, kind)?;
        let (mut places, mut there) = (Vec::new(), Vec::new());
        let codes = reading::read(&of, kind, &cells, column.len(), &mut |_, _| {});
        for (row, code) in codes.codes().iter().enumerate() {
            if *code == classes.missing() {
                continue;
            }
            if *code == classes.unseen() {
                return Err(Error::UnknownClass { target: self.name.clone(), row, found: cells.shown(row) });
            }
            places.push(*code);
            there.push(row as u64);
        }
        Ok((places, there))
    }

    fn values(&self, column: &ArrayRef) -> Result<(Vec<f64>, Vec<u64>), Error> {
        let of = Column::new(&self.name, Kind::Number);
        let cells = Cells::from_array(column, &of, &Kind::Number)?;
        let (mut values, mut there) = (Vec::new(), Vec::new());
        for row in 0..column.len() {
            match cells.number(row, &of) {
                Cell::Value(value) => {
                    values.push(value);
                    there.push(row as u64);
                }
                Cell::Missing => {}
                Cell::Unreadable => {
                    return Err(Error::UnknownClass {
                        target: self.name.clone(),
                        row,
                        found: cells.shown(row),
                    });
                }
            }
        }
        Ok((values, there))
    }

    fn wrong_type(&self, column: &ArrayRef) -> Error {
        let (column, found) = (self.name.clone(), column.data_type().to_string());
        Error::ColumnType { column, expected: "a target", found }
    }
}

impl TargetForm {
    /// The places of the rows that have a target, and what it is there: a class as its value, or a number.
    pub fn answered(&self, rows: &RecordBatch) -> Result<(Vec<u64>, ArrayRef), Error> {
        let reader = Reader::new(self)?;
        let (answered, there) = reader.answers(reader.column(rows)?)?;
        let target = match answered {
            Answered::Classes(places, _) => {
                let classes = self.classes.as_ref().expect("a reader of classes has them");
                classes.decode(places.into_iter().map(Some))
            }
            Answered::Values(values) => Arc::new(Float64Array::from(values)),
        };
        Ok((there, target))
    }
}

impl Classes {
    /// The classes as the values of a category.
    pub(crate) fn vocabulary(&self) -> Result<Vocabulary, Error> {
        let values = match self {
            Classes::Text(values) => values.iter().cloned().map(Known::Text).collect(),
            Classes::Integer(values) => values.iter().copied().map(Known::Integer).collect(),
            Classes::Number(values) => values.iter().copied().map(Known::Number).collect(),
        };
        Vocabulary::new(values).map_err(|what| Error::Classes { what })
    }
}
