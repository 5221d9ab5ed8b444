//! Cells of columns, as they are found.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use arrow_array::{ArrayRef, LargeStringArray};
use arrow_buffer::{Buffer, OffsetBuffer};
use automl_pack_plan::{Decimals, Numbers};

/// A column that is asked for: of numbers as long as its cells are, or empty, and of texts as they stand else.
pub(super) struct Column {
    /// Its place in the table.
    pub place: usize,
    cells: Cells,
}

enum Cells {
    Texts {
        bytes: Vec<u8>,
        lengths: Vec<usize>,
    },
    Numbers(Numbers),
    /// A cell should have been a number and is none.
    Lost,
}

/// The columns, among those that are asked for, that have a cell which is no number as it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost(pub Vec<usize>);

/// A cell that is short has no more bytes.
const SHORT: usize = 16;

impl Column {
    /// Columns without cells yet, for about so many. Those that are lost are of texts.
    pub(super) fn all(
        places: &[usize],
        decimals: &[Option<Decimals>],
        lost: &[AtomicBool],
        rows: usize,
    ) -> Vec<Column> {
        let columns = places.iter().zip(decimals).zip(lost).map(|((place, decimals), lost)| {
            let cells = match decimals {
                Some(decimals) if !lost.load(Ordering::Relaxed) => {
                    Cells::Numbers(Numbers::new(*decimals, rows))
                }
                _ => Cells::Texts { bytes: Vec::new(), lengths: Vec::with_capacity(rows) },
            };
            Column { place: *place, cells }
        });
        columns.collect()
    }

    /// Takes cells of a text, which must be characters to the last.
    #[inline]
    pub(super) fn take(&mut self, text: &[u8], found: impl Iterator<Item = Range<usize>>) {
        match &mut self.cells {
            Cells::Texts { bytes, lengths } => found.for_each(|cell| {
                lengths.push(cell.len());
                // As many bytes as all short cells have are copied without asking how many these are.
                match text[cell.start..].first_chunk::<SHORT>() {
                    Some(short) if cell.len() <= SHORT => {
                        let before = bytes.len();
                        bytes.extend_from_slice(short);
                        bytes.truncate(before + cell.len());
                    }
                    _ => bytes.extend_from_slice(&text[cell]),
                }
            }),
            Cells::Numbers(numbers) => {
                if numbers.take(text, found).is_none() {
                    self.cells = Cells::Lost;
                }
            }
            // The others are still looked at, so that all that are lost are known at once.
            Cells::Lost => {}
        }
    }

    /// All of them, if none is lost.
    pub(super) fn finish(columns: Vec<Column>) -> Result<Vec<ArrayRef>, Lost> {
        let lost = columns.iter().enumerate().filter(|(_, column)| matches!(column.cells, Cells::Lost));
        let lost: Vec<usize> = lost.map(|(at, _)| at).collect();
        if !lost.is_empty() {
            return Err(Lost(lost));
        }
        Ok(columns.into_iter().filter_map(Column::array).collect())
    }

    fn array(self) -> Option<ArrayRef> {
        Some(match self.cells {
            Cells::Texts { bytes, lengths } => {
                let ends = OffsetBuffer::from_lengths(lengths);
                let texts = LargeStringArray::try_new(ends, Buffer::from_vec(bytes), None);
                Arc::new(texts.expect("every cell is text"))
            }
            Cells::Numbers(numbers) => Arc::new(numbers.finish()),
            Cells::Lost => return None,
        })
    }
}
