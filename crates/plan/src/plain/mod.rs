//! Columns that go into a graph as they stand, each cell as the type that the graph takes.
//!
//! Nothing is known of the training data, so that nothing stands in for a missing cell but what the type
//! itself has for it: NaN, or the empty text. An integer and a truth value have none, and a row without one
//! cannot be scored.

mod value;

use ndarray::Array2;

use crate::{
    Block, Element, Error, Flaw, Note, Plan, Policy, Table,
    cells::{Cell, Cells},
    findings::Findings,
};

use value::Value;

/// The next columns of the schema, which are one input of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plain {
    /// What their cells are read as.
    pub element: Element,
    /// How many there are; none for all columns of the data, however many.
    pub columns: Option<usize>,
}

impl Element {
    /// What errors say a cell must be.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Element::Single | Element::Double => "a number",
            Element::Integer => "an integer of 64 bits",
            Element::Short => "an integer of 32 bits",
            Element::Truth => "true or false",
            Element::Text => "text",
        }
    }

    /// Whether something stands in for a cell with the flaw.
    pub(crate) fn has_stand_in(self, flaw: Flaw) -> bool {
        match self {
            Element::Single | Element::Double => true,
            Element::Text => flaw == Flaw::Missing,
            Element::Integer | Element::Short | Element::Truth => false,
        }
    }
}

/// Columns of some rows that become one block.
pub(crate) struct PlainColumns<'p, 't> {
    pub plan: &'p Plan,
    pub table: &'p Table<'t>,
    /// The first of them, in the schema.
    pub first: usize,
    /// Where each is in the data.
    pub places: &'p [Option<usize>],
    pub element: Element,
}

impl PlainColumns<'_, '_> {
    pub(crate) fn read(&self, policy: &Policy, findings: &mut Findings) -> Result<Block, Error> {
        Ok(match self.element {
            Element::Single => Block::Single(self.read_as(policy, findings)?),
            Element::Double => Block::Double(self.read_as(policy, findings)?),
            Element::Integer => Block::Integer(self.read_as(policy, findings)?),
            Element::Short => Block::Integer(self.read_as::<i32>(policy, findings)?.mapv(i64::from)),
            Element::Truth => Block::Truth(self.read_as(policy, findings)?),
            Element::Text => Block::Text(self.read_as(policy, findings)?),
        })
    }

    fn read_as<T: Value>(&self, policy: &Policy, findings: &mut Findings) -> Result<Array2<T>, Error> {
        let mut block = Array2::from_elem((self.table.len(), self.places.len()), T::default());
        for (at, place) in self.places.iter().enumerate() {
            let column = self.first + at;
            let place = place.unwrap_or(column);
            let cells = self.cells(column, place)?;
            read_column(&cells, &mut block, at, |row, flaw| {
                let has_stand_in = self.element.has_stand_in(flaw);
                let note =
                    Note { row, column, flaw, action: policy.said(flaw).unwrap_or(Policy::usual(flaw)) };
                findings.add(note, has_stand_in, |wants_one| {
                    let name = self.plan.column_name(self.table, column, place);
                    let (expected, found) = (self.element.expected(), cells.shown(row));
                    match wants_one {
                        true => Error::NoStandIn { row, column: name, flaw, expected, found },
                        false => {
                            Error::Cell { row, column: name, flaw, expected: expected.to_owned(), found }
                        }
                    }
                });
            });
        }
        Ok(block)
    }

    fn cells(&self, column: usize, place: usize) -> Result<Cells<'_>, Error> {
        let name = || self.plan.column_name(self.table, column, place);
        match self.table {
            Table::Batch(batch) | Table::BatchByPosition(batch) => {
                Cells::as_they_stand(batch.column(place), &name(), self.element.expected())
            }
            _ if self.element == Element::Text => Err(Error::TextInMatrix { column: name() }),
            Table::Single(matrix) => Ok(Cells::Single(matrix.column(place))),
            Table::Double(matrix) => Ok(Cells::Double(matrix.column(place))),
        }
    }
}

/// Reads a column into one of a block. What has a flaw gets what stands in for it; where nothing does, the
/// row has no score, and gets a value of another row, which the graph can surely take.
fn read_column<T: Value>(
    cells: &Cells<'_>,
    block: &mut Array2<T>,
    column: usize,
    mut noticed: impl FnMut(usize, Flaw),
) {
    let (mut without, mut known) = (Vec::new(), None);
    for (row, value) in block.column_mut(column).iter_mut().enumerate() {
        let flaw = match T::read(cells, row) {
            Cell::Value(read) => {
                known.get_or_insert(row);
                *value = read;
                continue;
            }
            Cell::Missing => Flaw::Missing,
            Cell::Unreadable => Flaw::Unreadable,
        };
        match T::blank() {
            Some(blank) => *value = blank,
            None => without.push(row),
        }
        noticed(row, flaw);
    }
    for row in without {
        block[(row, column)] = known.map_or_else(T::default, |known| block[(known, column)].clone());
    }
}
