//! What flows from the raw columns through the steps to the inputs: values of some rows, under one name.

use std::{borrow::Cow, sync::Arc};

use crate::{Kind, Vocabulary, texts::Texts};

/// Values of some rows, of one [`Shape`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    /// Numbers, column by column. NaN is missing.
    Numbers(Numbers),
    /// Numbers of which most are 0, row by row.
    Sparse(Sparse),
    /// A 1 in each row, or none, and 0 elsewhere.
    Marks(Marks),
    /// Places in the vocabulary of the shape; beyond its end, [`Vocabulary::missing`] and
    /// [`Vocabulary::unseen`].
    Codes(Vec<u32>),
    /// Texts; null is missing.
    Texts(Texts),
    /// Microseconds since 1970 on the clock of the column's zone; [`NO_TIME`] is missing.
    Times(Vec<i64>),
    /// Some words for each row.
    Words(Words),
    /// Some numbers for each row.
    Series(Series),
}

/// A missing time.
pub(crate) const NO_TIME: i64 = i64::MIN;

/// Numbers, column by column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Numbers {
    rows: usize,
    columns: Vec<Vec<f64>>,
}

impl Numbers {
    /// Takes columns of so many rows each.
    pub(crate) fn new(rows: usize, columns: Vec<Vec<f64>>) -> Numbers {
        debug_assert!(columns.iter().all(|column| column.len() == rows));
        Numbers { rows, columns }
    }

    pub(crate) fn one(column: Vec<f64>) -> Numbers {
        Numbers { rows: column.len(), columns: vec![column] }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    pub(crate) fn columns_mut(&mut self) -> &mut [Vec<f64>] {
        &mut self.columns
    }

    /// The same with more columns behind.
    pub(crate) fn with(mut self, columns: Vec<Vec<f64>>) -> Numbers {
        self.columns.extend(columns);
        self
    }
}

/// Numbers of which most are 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sparse {
    /// How many columns there are.
    pub width: usize,
    /// Where the entries of each row end.
    pub ends: Vec<usize>,
    /// The column of each entry, ascending within a row, each once.
    pub places: Vec<u32>,
    /// The number of each entry.
    pub numbers: Vec<f64>,
}

impl Sparse {
    /// Of no rows yet, with room for so many of an entry each.
    pub(crate) fn new(width: usize, rows: usize) -> Sparse {
        let (ends, places) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        Sparse { width, ends, places, numbers: Vec::with_capacity(rows) }
    }

    /// Adds an entry to the row that is being written.
    #[inline]
    pub(crate) fn push(&mut self, place: usize, number: f64) {
        self.places.push(place as u32);
        self.numbers.push(number);
    }

    /// Ends a row.
    #[inline]
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.places.len());
    }

    pub(crate) fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The entries of a row.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> {
        let first = if row == 0 { 0 } else { self.ends[row - 1] };
        let entries = first..self.ends[row];
        let places = self.places[entries.clone()].iter().map(|place| *place as usize);
        places.zip(self.numbers[entries].iter().copied())
    }

    fn dense(&self) -> Numbers {
        let mut columns = vec![vec![0.0; self.rows()]; self.width];
        for (row, _) in self.ends.iter().enumerate() {
            self.row(row).for_each(|(place, number)| columns[place][row] = number);
        }
        Numbers::new(self.rows(), columns)
    }
}

/// Columns of which one is 1 in each row, or none is; the others are 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Marks {
    /// How many columns there are.
    pub width: usize,
    /// The column of each row; where it is `width` or more, there is none.
    pub places: Vec<u32>,
}

impl Marks {
    fn sparse(&self) -> Sparse {
        let mut sparse = Sparse::new(self.width, self.places.len());
        for place in self.places.iter().map(|place| *place as usize) {
            if place < self.width {
                sparse.push(place, 1.0);
            }
            sparse.end_row();
        }
        sparse
    }
}

/// Some words for each row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Words {
    /// Where the words of each row end.
    ends: Vec<usize>,
    /// Where each word ends in the text.
    stops: Vec<usize>,
    /// All words, one after another.
    text: String,
}

impl Words {
    /// Adds a word to the row that is being written.
    pub(crate) fn push(&mut self, word: &str) {
        self.text.push_str(word);
        self.stops.push(self.text.len());
    }

    /// Ends a row.
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.stops.len());
    }

    pub(crate) fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The words of a row.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = &str> {
        let first = if row == 0 { 0 } else { self.ends[row - 1] };
        let mut begin = if first == 0 { 0 } else { self.stops[first - 1] };
        self.stops[first..self.ends[row]].iter().map(move |stop| {
            let word = &self.text[begin..*stop];
            begin = *stop;
            word
        })
    }
}

impl<'w, R: IntoIterator<Item = &'w str>> FromIterator<R> for Words {
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Words {
        let mut words = Words::default();
        for row in rows {
            row.into_iter().for_each(|word| words.push(word));
            words.end_row();
        }
        words
    }
}

/// Some numbers for each row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// Where the numbers of each row end.
    pub ends: Vec<usize>,
    /// All numbers, one after another.
    pub numbers: Vec<f64>,
}

impl Series {
    pub(crate) fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The numbers of a row.
    pub(crate) fn row(&self, row: usize) -> &[f64] {
        let first = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.numbers[first..self.ends[row]]
    }
}

impl Values {
    /// The values; what stays has no rows.
    pub(crate) fn take(&mut self) -> Values {
        std::mem::replace(self, Values::Codes(Vec::new()))
    }

    pub(crate) fn rows(&self) -> usize {
        match self {
            Values::Numbers(numbers) => numbers.rows(),
            Values::Sparse(sparse) => sparse.rows(),
            Values::Marks(marks) => marks.places.len(),
            Values::Codes(codes) => codes.len(),
            Values::Texts(texts) => texts.len(),
            Values::Times(times) => times.len(),
            Values::Words(words) => words.rows(),
            Values::Series(series) => series.rows(),
        }
    }

    /// Numbers, column by column.
    ///
    /// # Panics
    /// Where the shape that a step was bound to is not of numbers.
    pub(crate) fn numbers(&self) -> Cow<'_, Numbers> {
        match self {
            Values::Numbers(numbers) => Cow::Borrowed(numbers),
            Values::Sparse(sparse) => Cow::Owned(sparse.dense()),
            Values::Marks(marks) => Cow::Owned(marks.sparse().dense()),
            other => unreachable!("bound to numbers, and found {other:?}"),
        }
    }

    /// The same to keep.
    pub(crate) fn into_numbers(self) -> Numbers {
        match self {
            Values::Numbers(numbers) => numbers,
            other => other.numbers().into_owned(),
        }
    }

    /// Numbers of which most are 0, if they are held as such.
    pub(crate) fn sparse(&self) -> Option<Cow<'_, Sparse>> {
        match self {
            Values::Sparse(sparse) => Some(Cow::Borrowed(sparse)),
            Values::Marks(marks) => Some(Cow::Owned(marks.sparse())),
            _ => None,
        }
    }

    pub(crate) fn codes(&self) -> &[u32] {
        match self {
            Values::Codes(codes) => codes,
            other => unreachable!("bound to codes, and found {other:?}"),
        }
    }

    /// The same to keep.
    pub(crate) fn into_codes(self) -> Vec<u32> {
        match self {
            Values::Codes(codes) => codes,
            other => other.codes().to_vec(),
        }
    }

    pub(crate) fn texts(&self) -> &Texts {
        match self {
            Values::Texts(texts) => texts,
            other => unreachable!("bound to texts, and found {other:?}"),
        }
    }

    pub(crate) fn times(&self) -> &[i64] {
        match self {
            Values::Times(times) => times,
            other => unreachable!("bound to times, and found {other:?}"),
        }
    }

    pub(crate) fn words(&self) -> &Words {
        match self {
            Values::Words(words) => words,
            other => unreachable!("bound to words, and found {other:?}"),
        }
    }

    pub(crate) fn series(&self) -> &Series {
        match self {
            Values::Series(series) => series,
            other => unreachable!("bound to series, and found {other:?}"),
        }
    }
}

/// What is known of values before there are any: their kind, and what their columns are called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// [`Values::Numbers`], [`Values::Sparse`] or [`Values::Marks`].
    Numbers(Labels),
    /// [`Values::Codes`] of a vocabulary.
    Codes(Arc<Vocabulary>),
    /// [`Values::Texts`].
    Texts,
    /// [`Values::Times`].
    Times,
    /// [`Values::Words`].
    Words,
    /// [`Values::Series`].
    Series,
}

/// The columns of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Labels {
    /// What each is called.
    pub names: Vec<String>,
    /// How many values one column may have, where these are codes 0, 1, … up to one below.
    pub levels: Option<usize>,
}

impl Shape {
    /// Numbers under one name.
    pub(crate) fn number(name: impl Into<String>) -> Shape {
        Shape::labelled(vec![name.into()])
    }

    /// Numbers, with a name for each column.
    pub(crate) fn labelled(names: Vec<String>) -> Shape {
        Shape::Numbers(Labels { names, levels: None })
    }

    /// The word for the kind.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Shape::Numbers(_) => "numbers",
            Shape::Codes(_) => "categories",
            Shape::Texts => "texts",
            Shape::Times => "times",
            Shape::Words => "words",
            Shape::Series => "series of numbers",
        }
    }
}

impl Shape {
    /// What a raw column of that kind is read as.
    pub(crate) fn of(name: &str, kind: &Kind) -> Shape {
        match kind {
            Kind::Number | Kind::Integer | Kind::Boolean(_) => Shape::number(name),
            Kind::Category(vocabulary) => Shape::Codes(Arc::clone(vocabulary)),
            Kind::Time(_) => Shape::Times,
            Kind::Text => Shape::Texts,
            Kind::Set(_) | Kind::Bag(_) | Kind::Sequence(_) => Shape::Words,
            Kind::Vector(width, _) => {
                Shape::labelled((0..*width).map(|place| format!("{name}_{place}")).collect())
            }
            Kind::Series(_) => Shape::Series,
        }
    }
}
