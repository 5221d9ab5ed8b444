//! A run over all rows of an input.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    sync::Arc,
};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field};
use automl_pack_ensemble::{self as ensemble, Pattern, Scores, Selection};
use automl_pack_plan::{Column, Flaw, Schema, Width};

use crate::{
    Error,
    reader::{Batch, Pick, Reader},
    writer::Writer,
};

/// Scores every row of a CSV input and writes the scores as CSV, in the order of the rows.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    pattern: &'a Pattern,
    by_position: bool,
    keep: Vec<String>,
    selection: Selection,
}

/// What a job did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows that were read.
    pub rows: usize,
    /// Rows that the policy refused: they have no score.
    pub refused: usize,
    /// Columns of the input that no model reads.
    pub ignored: usize,
    /// How many cells of each column had each flaw.
    pub flaws: BTreeMap<(String, Flaw), usize>,
}

/// As many rows as keep all cores busy, and no more: memory does not grow with the input.
const ROWS_AT_A_TIME: usize = 16_384;

impl<'a> Job<'a> {
    /// A job that matches columns by name and writes the blend's columns.
    pub fn new(pattern: &'a Pattern) -> Job<'a> {
        Job { pattern, by_position: false, keep: Vec::new(), selection: Selection::default() }
    }

    /// Takes columns by position, whatever the header calls them.
    #[must_use]
    pub fn by_position(self, by_position: bool) -> Job<'a> {
        Job { by_position, ..self }
    }

    /// Copies columns of the input through, before those of the scores.
    #[must_use]
    pub fn keep(self, columns: impl IntoIterator<Item = String>) -> Job<'a> {
        Job { keep: columns.into_iter().collect(), ..self }
    }

    /// Adds columns to the scores.
    #[must_use]
    pub fn select(self, selection: Selection) -> Job<'a> {
        Job { selection, ..self }
    }

    /// Reads, scores and writes until the input ends.
    pub fn run(&self, input: impl Read, output: impl Write) -> Result<Summary, Error> {
        let mut reader = Reader::open(input)?;
        let mut picks = self.read_columns(reader.header())?;
        let read = picks.len();
        picks.extend(self.kept_columns(reader.header())?);
        self.check_kept(&picks[..read])?;

        let mut writer = Writer::new(output);
        let mut summary = Summary { ignored: reader.header().len() - read, ..Summary::default() };
        while let Some(batch) = reader.next(&picks, ROWS_AT_A_TIME)? {
            let scores = self.score(&batch, read, summary.rows)?;
            writer.write(&self.columns(&batch, read, &scores))?;
            summary.add(&scores);
        }
        writer.finish()?;
        Ok(summary)
    }

    fn score(&self, batch: &Batch, read: usize, first: usize) -> Result<Scores, Error> {
        let columns: Vec<usize> = (0..read).collect();
        let rows = batch.rows.project(&columns).expect("the first columns are those that are read");
        self.pattern.predict(&rows).map_err(|error| match error {
            ensemble::Error::Rows(source) => match source.row() {
                Some(row) => Error::Row { line: batch.lines[row], source: source.after_rows(first) },
                None => Error::Columns(source),
            },
            ensemble::Error::NotFinite { row, .. } | ensemble::Error::MemberRow { row, .. } => {
                Error::Overflow { line: batch.lines[row], source: error.after_rows(first) }
            }
            other => Error::Scoring(other),
        })
    }

    /// The columns that the models read, by the names the models know them by; where a graph takes all
    /// columns, whatever they are called, by their own.
    fn read_columns(&self, header: &[String]) -> Result<Vec<Pick>, Error> {
        let schema = self.pattern.plan().schema();
        if let Some(wide) = schema.as_wide() {
            return self.read_all(header, schema, wide.width);
        }
        let matching = match self.by_position {
            true => schema.match_positions(header.len()),
            false => schema.match_names(header),
        };
        let places = matching.map_err(Error::Columns)?.places;
        let pick = |(column, place): (&Column, Option<usize>)| {
            Some(Pick { place: place?, name: column.name.clone() })
        };
        Ok(schema.columns().iter().zip(places).filter_map(pick).collect())
    }

    /// All columns, by their own names. Where they are too many, those that are only to be kept are left out.
    fn read_all(&self, header: &[String], schema: &Schema, width: Width) -> Result<Vec<Pick>, Error> {
        let pick = |place: usize| Pick { place, name: header[place].clone() };
        let others = (0..header.len()).filter(|place| !self.keep.contains(&header[*place]));
        let others: Vec<Pick> = others.map(pick).collect();
        if !width.takes(header.len()) && width.takes(others.len()) {
            return Ok(others);
        }
        schema.match_names(header).map_err(Error::Columns)?;
        Ok((0..header.len()).map(pick).collect())
    }

    fn kept_columns(&self, header: &[String]) -> Result<Vec<Pick>, Error> {
        let pick = |name: &String| {
            let place = header.iter().position(|column| column == name);
            let place = place.ok_or_else(|| Error::NothingToKeep { column: name.clone() })?;
            Ok(Pick { place, name: name.clone() })
        };
        self.keep.iter().map(pick).collect()
    }

    /// No column is kept twice, or under the name of a column of the scores.
    fn check_kept(&self, picks: &[Pick]) -> Result<(), Error> {
        let fields = picks.iter().map(|pick| Field::new(&pick.name, DataType::LargeUtf8, true));
        let none = RecordBatch::new_empty(Arc::new(arrow_schema::Schema::new(fields.collect::<Vec<_>>())));
        let scores = self.pattern.predict(&none).map_err(Error::Scoring)?.to_record_batch(self.selection);
        let schema = scores.schema();
        for (place, column) in self.keep.iter().enumerate() {
            if schema.index_of(column).is_ok() || self.keep[..place].contains(column) {
                return Err(Error::KeptTwice { column: column.clone() });
            }
        }
        Ok(())
    }

    /// The kept columns, then the scores'.
    fn columns(&self, batch: &Batch, read: usize, scores: &Scores) -> RecordBatch {
        let scores = scores.to_record_batch(self.selection);
        if self.keep.is_empty() {
            return scores;
        }
        let schema = scores.schema();
        let kept = (read..batch.rows.num_columns()).collect::<Vec<_>>();
        let kept = batch.rows.project(&kept).expect("the last columns are those that are kept");
        let fields: Vec<_> = kept.schema().fields().iter().chain(schema.fields()).cloned().collect();
        let arrays = kept.columns().iter().chain(scores.columns()).cloned().collect();
        RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), arrays)
            .expect("both have a row for each row of the input")
    }
}

impl Summary {
    fn add(&mut self, scores: &Scores) {
        self.rows += scores.len();
        self.refused += scores.notes().refused().len();
        for ((column, flaw), count) in scores.flaws() {
            *self.flaws.entry((column.to_owned(), flaw)).or_insert(0) += count;
        }
    }
}
