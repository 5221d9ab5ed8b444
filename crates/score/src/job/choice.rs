//! Which columns of a table are read, and which are kept.

use std::{collections::HashMap, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use automl_pack_ensemble::{Auto, Pattern, Selection};
use automl_pack_plan::{self as plan, Column, Schema, Width};

use super::Keep;
use crate::{
    Error, Format,
    input::{Decoder, Form, Found, Pick, Table},
};

/// What is asked of every table.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub pattern: Pattern,
    pub selection: Selection,
    by_position: bool,
    keep: Keep,
}

impl Choice {
    pub(super) fn new(auto: &Auto, by_position: bool, keep: Keep, selection: Selection) -> Choice {
        let pattern = if selection.labels_only { auto.pattern.labels_only() } else { auto.pattern.clone() };
        Choice { pattern, by_position, keep, selection }
    }

    /// What tells the cells of a table, and how many of its columns no model reads.
    pub(super) fn decoder(
        &self,
        table: &Table,
        found: &Found,
        has_header: bool,
        to: Format,
    ) -> Result<(Decoder, usize), Error> {
        let mut names: Vec<String> =
            table.columns().fields().iter().map(|field| field.name().clone()).collect();
        let own = names.len();
        // What a file says itself goes before what its folder is called.
        let partitions: Vec<_> =
            found.partitions.iter().filter(|(name, _)| !names.contains(name)).cloned().collect();
        names.extend(partitions.iter().map(|(name, _)| name.clone()));
        let read = match self.by_position || !has_header {
            // What a folder is called has no place among columns.
            true => self.read_columns(&names[..own], true),
            false if self.is_wide() => self.read_columns(&names[..own], false),
            false => self.read_columns(&names, false),
        }?;
        let ignored = own - read.iter().filter(|pick| pick.place < own).count();
        let form = match (table.format(), to) {
            (Format::JsonLines, Format::JsonLines) => Form::Json,
            _ => Form::Text,
        };
        let kept = self.kept_columns(&names, form)?;
        let is_closed = table.format() == Format::JsonLines && self.keep == Keep::All;
        Ok((table.decoder(read, kept, &partitions).closed(is_closed), ignored))
    }

    /// Whether a graph takes all columns, whatever they are called.
    fn is_wide(&self) -> bool {
        self.pattern.plan().schema().as_wide().is_some()
    }

    /// The columns that the models read, by the names the models know them by; where a graph takes all
    /// columns, whatever they are called, by their own.
    fn read_columns(&self, names: &[String], by_position: bool) -> Result<Vec<Pick>, Error> {
        let plan = self.pattern.plan();
        let schema = plan.schema();
        if let Some(wide) = schema.as_wide() {
            return self.read_all(names, schema, wide.width);
        }
        let matching = match by_position {
            true => schema.match_positions(names.len()),
            false => schema.match_names(names),
        };
        let places = matching.map_err(Error::Columns)?.places;
        let pick = |(column, place): (&Column, Option<usize>)| {
            let (name, decimals) = (column.name.clone(), plan.decimals(column));
            Some(Pick { place: place?, name, form: Form::Text, decimals })
        };
        Ok(schema.columns().iter().zip(places).filter_map(pick).collect())
    }

    /// All columns, by their own names. Where they are too many, those that are only to be kept are left out.
    fn read_all(&self, names: &[String], schema: &Schema, width: Width) -> Result<Vec<Pick>, Error> {
        let pick =
            |place: usize| Pick { place, name: names[place].clone(), form: Form::Text, decimals: None };
        let is_kept = |name: &String| match &self.keep {
            Keep::Columns(columns) => columns.contains(name),
            Keep::All => false,
        };
        let others = (0..names.len()).filter(|place| !is_kept(&names[*place]));
        let others: Vec<Pick> = others.map(pick).collect();
        if !width.takes(names.len()) && width.takes(others.len()) {
            return Ok(others);
        }
        schema.match_names(names).map_err(Error::Columns)?;
        Ok((0..names.len()).map(pick).collect())
    }

    fn kept_columns(&self, names: &[String], form: Form) -> Result<Vec<Pick>, Error> {
        let pick = |place: usize| Pick { place, name: names[place].clone(), form, decimals: None };
        match &self.keep {
            Keep::All => Ok((0..names.len()).map(pick).collect()),
            Keep::Columns(columns) => columns
                .iter()
                .map(|name| {
                    let place = names.iter().position(|column| column == name);
                    place.map(pick).ok_or_else(|| Error::NothingToKeep { column: name.clone() })
                })
                .collect(),
        }
    }

    /// The columns of the output: those that are kept, each once, then the scores'.
    pub(super) fn output(&self, decoder: &Decoder, digest: Option<&str>) -> Result<SchemaRef, Error> {
        let read = decoder.decode_nothing();
        let scores = self.pattern.predict(&read).map_err(scoring)?.to_record_batch(self.selection);
        let mut fields: Vec<Field> = Vec::new();
        for field in decoder.kept() {
            let is_there = |name: &str| fields.iter().any(|field| field.name() == name);
            if scores.schema().index_of(field.name()).is_ok() || is_there(field.name()) {
                return Err(Error::KeptTwice { column: field.name().clone() });
            }
            if !can_be_shown(field.data_type()) {
                let (column, found) = (field.name().clone(), field.data_type().to_string());
                return Err(Error::KeptType {
                    column,
                    expected: "values that are shown as text".into(),
                    found,
                });
            }
            fields.push(field);
        }
        fields.extend(scores.schema().fields().iter().map(|field| field.as_ref().clone()));
        let about = digest.map(|digest| ("automl_pack.bundle".to_owned(), digest.to_owned()));
        Ok(Arc::new(ArrowSchema::new_with_metadata(fields, about.into_iter().collect::<HashMap<_, _>>())))
    }
}

/// The columns are found out about on no rows at all, where no row can be wrong.
fn scoring(error: automl_pack_ensemble::Error) -> Error {
    match error {
        automl_pack_ensemble::Error::Rows(source) => Error::Columns(source),
        other => Error::Scoring(other),
    }
}

/// Whether every format can be given values of a type.
fn can_be_shown(data_type: &DataType) -> bool {
    match data_type {
        // Zones are shown by names that the formatter does not know.
        DataType::Timestamp(..) => true,
        // Values of several types are written by none of the formats, but by Arrow.
        DataType::Union(..) => false,
        _ => {
            let none = arrow_array::new_empty_array(data_type);
            arrow_cast::display::ArrayFormatter::try_new(none.as_ref(), &Default::default()).is_ok()
        }
    }
}

/// Kept columns are what they were in the tables before.
pub(super) fn check_kept(expected: &[Field], decoder: &Decoder) -> Result<(), Error> {
    let kept = decoder.kept();
    if expected.len() != kept.len() {
        return Err(Error::KeptColumns { expected: expected.len(), found: kept.len() });
    }
    for (expected, found) in expected.iter().zip(kept) {
        if expected.data_type() != found.data_type() || expected.name() != found.name() {
            let expected =
                format!("{} \"{}\", as in the tables before", expected.data_type(), expected.name());
            let (column, found) = (found.name().clone(), found.data_type().to_string());
            return Err(Error::KeptType { column, expected, found });
        }
    }
    Ok(())
}

/// An error of a row, which has another number in its table, and perhaps a line.
pub(super) fn of_row(error: automl_pack_ensemble::Error, line: Option<u64>, before: usize) -> Error {
    use automl_pack_ensemble::Error::{MemberRow, NotFinite, Rows};
    match (error, line) {
        (Rows(source), Some(line)) if source.row().is_some() => {
            Error::Row { line, source: source.after_rows(before) }
        }
        (Rows(source), _) => Error::Columns(source.after_rows(before)),
        (error @ (NotFinite { .. } | MemberRow { .. }), Some(line)) => {
            Error::Overflow { line, source: error.after_rows(before) }
        }
        (error, _) => Error::Scoring(error.after_rows(before)),
    }
}

/// What is wrong with a row, for a table of such rows: the column, where it is one, and the reason.
pub(super) fn told(error: &Error) -> (Option<&str>, String) {
    match error {
        Error::Cells { expected, found, .. } => {
            (None, format!("{found} cells, expected {expected}, as in the header"))
        }
        Error::NotText { column, offset, .. } => {
            (Some(column), format!("byte {offset} of the cell is not UTF-8 text"))
        }
        Error::Nul { column, offset, .. } => (Some(column), format!("byte {offset} of the cell is NUL")),
        Error::LongRow { limit, .. } => (None, format!("more than {limit} bytes")),
        Error::Json { what, .. } => (None, format!("not a JSON object: {what}")),
        Error::Row { source, .. } | Error::Columns(source) => told_of_cell(source),
        Error::Overflow { source, .. } | Error::Scoring(source) => (None, source.to_string()),
        other => (None, other.to_string()),
    }
}

fn told_of_cell(error: &plan::Error) -> (Option<&str>, String) {
    let (column, flaw, expected, found, rest) = match error {
        plan::Error::Cell { column, flaw, expected, found, .. } => {
            (column, flaw, expected.as_str(), found, "")
        }
        plan::Error::NoStandIn { column, flaw, expected, found, .. } => {
            (column, flaw, *expected, found, ", for which nothing stands in")
        }
        other => return (None, other.to_string()),
    };
    (Some(column), format!("{flaw} cell, found {found}: expected {expected}{rest}"))
}

/// Rows of one batch beside those of another.
pub(super) fn beside(schema: &SchemaRef, kept: &RecordBatch, scores: RecordBatch) -> RecordBatch {
    let arrays = kept.columns().iter().chain(scores.columns()).cloned().collect();
    RecordBatch::try_new(Arc::clone(schema), arrays).expect("both have a row for each row of the input")
}
