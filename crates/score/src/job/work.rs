//! A chunk from its rows to encoded scores, on one thread.

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use automl_pack_ensemble::{self as ensemble, Pattern, Scores, Selection};

use super::{
    Summary,
    choice::{beside, of_row},
    summary::timed,
};
use crate::{
    Error,
    input::{Chunk, Decoded, Decoder, Position, Refusal},
    output::{Encoded, Encoder, Writing},
};

/// What is done with each chunk.
#[derive(Clone)]
pub(super) struct Worker {
    pub pattern: Pattern,
    pub selection: Selection,
    pub writing: Writing,
    pub encoder: Encoder,
    /// The columns of the output.
    pub columns: SchemaRef,
}

/// A chunk that was scored.
pub(super) struct Done {
    pub table: usize,
    pub encoded: Encoded,
    pub end: Position,
    pub ends_group: Option<bool>,
    /// How much of its table is done with it, where that is known.
    pub share: Option<f64>,
    /// Rows of the table that were told apart, those that could not be scored among them.
    pub rows: u64,
    /// In the order of the rows; the numbers of these begin with the chunk.
    pub refused: Vec<Refusal>,
    pub summary: Summary,
}

impl Worker {
    pub(super) fn work(
        &self,
        table: usize,
        decoder: &Decoder,
        chunk: Chunk,
        share: Option<f64>,
    ) -> Result<Done, Error> {
        let (end, ends_group) = (chunk.end, chunk.ends_group);
        let mut stages = super::Stages::default();
        let mut decoded = timed(&mut stages.decoding, || decoder.decode(chunk.raw));
        let mut refused = std::mem::take(&mut decoded.refused);
        let scored = timed(&mut stages.scoring, || self.score(&decoded))?;
        let rejected: Vec<usize> = scored.failed.iter().map(|(row, _)| *row).collect();
        let mut summary = Summary::of(&scored.scores, &scored.unscored);
        let encoded = timed(&mut stages.encoding, || {
            let scores = scored.scores.to_record_batch(self.selection);
            let scores = without(&scores, &scored.unscored);
            let rows = beside(&self.columns, &without(&decoded.kept, &rejected), scores);
            self.writing.encode(&self.encoder, rows)
        })?;
        refused.extend(scored.failed.into_iter().map(|(row, error)| {
            let line = decoded.lines.as_ref().map(|lines| lines[row]);
            Refusal { row, line, error: of_row(error, line, 0) }
        }));
        // What stood before a row comes before it.
        refused.sort_by_key(|refusal| refusal.row);
        summary.rows = (decoded.read.num_rows() - rejected.len()) as u64;
        (summary.rejected, summary.stages) = (refused.len() as u64, stages);
        let rows = decoded.read.num_rows() as u64;
        Ok(Done { table, encoded, end, ends_group, share, rows, refused, summary })
    }

    /// The scores of the rows that can be scored. Where a member fails on a row, the others are scored without it.
    fn score(&self, decoded: &Decoded) -> Result<Scored, Error> {
        let mut dropped: Vec<(usize, ensemble::Error)> = Vec::new();
        loop {
            let left = left(decoded.read.num_rows(), &dropped);
            let rows = match dropped.is_empty() {
                true => decoded.read.clone(),
                false => without(&decoded.read, &dropped.iter().map(|(row, _)| *row).collect::<Vec<_>>()),
            };
            match self.pattern.sift(&rows) {
                Ok((scores, failed)) => {
                    let unscored = failed.iter().map(|(row, _)| *row).collect();
                    dropped.extend(
                        failed.into_iter().map(|(row, error)| (left[row], among(error, row, left[row]))),
                    );
                    dropped.sort_by_key(|(row, _)| *row);
                    return Ok(Scored { scores, unscored, failed: dropped });
                }
                Err(error @ ensemble::Error::MemberRow { row, .. }) if dropped.len() < FEW => {
                    dropped.push((left[row], among(error, row, left[row])));
                    dropped.sort_by_key(|(row, _)| *row);
                }
                Err(ensemble::Error::MemberRow { .. }) => dropped = self.fail_alone(&decoded.read),
                Err(error) => return Err(of_row(error, None, 0)),
            }
        }
    }

    /// The rows on which a member fails.
    fn fail_alone(&self, rows: &RecordBatch) -> Vec<(usize, ensemble::Error)> {
        let fails = |row: usize| match self.pattern.sift(&rows.slice(row, 1)) {
            Err(error @ ensemble::Error::MemberRow { .. }) => Some((row, among(error, 0, row))),
            _ => None,
        };
        (0..rows.num_rows()).filter_map(fails).collect()
    }
}

/// Where a member fails on more rows of a chunk, each is tried alone.
const FEW: usize = 4;

struct Scored {
    scores: Scores,
    /// Rows of the scores that have none.
    unscored: Vec<usize>,
    /// Rows of the chunk that cannot be scored, ascending.
    failed: Vec<(usize, ensemble::Error)>,
}

/// The rows that are not dropped.
fn left(rows: usize, dropped: &[(usize, ensemble::Error)]) -> Vec<usize> {
    (0..rows).filter(|row| dropped.binary_search_by_key(row, |(row, _)| *row).is_err()).collect()
}

/// The error of a row that has another number.
fn among(error: ensemble::Error, row: usize, number: usize) -> ensemble::Error {
    error.after_rows(number - row)
}

/// A batch without some of its rows, which ascend.
fn without(batch: &RecordBatch, rows: &[usize]) -> RecordBatch {
    if rows.is_empty() {
        return batch.clone();
    }
    let stays = (0..batch.num_rows()).map(|row| Some(rows.binary_search(&row).is_err()));
    let stays: BooleanArray = stays.collect();
    filter_record_batch(batch, &stays).expect("there is a word for each row")
}

impl std::fmt::Debug for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Done").field("table", &self.table).field("rows", &self.rows).finish_non_exhaustive()
    }
}
