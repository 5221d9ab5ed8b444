//! The raw columns, and finding them in data.

use std::{collections::HashMap, fmt};

use crate::{Column, Error, Kind, MissingColumn, Table};

/// The raw columns, in the order of the training data. No name is there twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    columns: Vec<Column>,
    /// Where the data names its columns itself: what they all are, and how many.
    wide: Option<Wide>,
}

/// All columns of the data, in order, whatever they are called: a graph's one wide input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wide {
    /// The name of the input.
    pub input: String,
    /// How many columns it takes.
    pub width: Width,
}

/// How many columns something takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// So many.
    Exactly(usize),
    /// Any number from this up.
    AtLeast(usize),
}

impl Width {
    /// Whether it takes so many columns.
    pub fn takes(self, columns: usize) -> bool {
        match self {
            Width::Exactly(width) => columns == width,
            Width::AtLeast(least) => columns >= least,
        }
    }
}

impl Wide {
    /// Where each column is, where all of them are called `input_0`, `input_1`, … in whatever order.
    pub fn own_places(&self, names: &[impl AsRef<str>]) -> Option<Vec<Option<usize>>> {
        let mut places = vec![None; names.len()];
        for (at, name) in names.iter().enumerate() {
            let number = name.as_ref().strip_prefix(&self.input)?.strip_prefix('_')?;
            // A number is written in one way.
            let number: usize = number.parse().ok().filter(|parsed: &usize| parsed.to_string() == number)?;
            let place = places.get_mut(number)?;
            if place.replace(at).is_some() {
                return None;
            }
        }
        Some(places)
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Width::Exactly(width) => write!(f, "{width}"),
            Width::AtLeast(least) => write!(f, "{least} or more"),
        }
    }
}

/// Where a schema's columns are in some data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// For each column of the schema, its place in the data. Columns that no model reads have none.
    pub places: Vec<Option<usize>>,
    /// How many columns of the data no model reads.
    pub ignored: usize,
}

impl Schema {
    /// Takes the columns in order.
    pub fn new(columns: Vec<Column>) -> Result<Schema, Error> {
        let mut seen = HashMap::with_capacity(columns.len());
        for column in &columns {
            if seen.insert(column.name.as_str(), ()).is_some() {
                return Err(Error::RepeatedInSchema { column: column.name.clone() });
            }
            column.check()?;
        }
        Ok(Schema { columns, wide: None })
    }

    /// Takes all columns of the data in order, whatever they are called; where they are called `input_0`, `input_1`, …,
    /// each is taken for what it is called. Where their number is known, these are the columns of the schema; where it
    /// is not, it has none.
    ///
    /// ```
    /// use automl_pack_plan::{Kind, Schema, Width};
    ///
    /// let schema = Schema::wide("x", Width::Exactly(2), Kind::Number);
    /// assert_eq!(schema.match_names(&["b", "a"])?.places, [Some(0), Some(1)]);
    /// assert_eq!(schema.match_names(&["x_1", "x_0"])?.places, [Some(1), Some(0)]);
    /// let refused = schema.match_names(&["b", "a", "label"]).unwrap_err();
    /// assert_eq!(refused.to_string(), "input \"x\" takes all columns in order: expected 2, found 3");
    /// # Ok::<(), automl_pack_plan::Error>(())
    /// ```
    pub fn wide(input: &str, width: Width, kind: Kind) -> Schema {
        let count = if let Width::Exactly(width) = width { width } else { 0 };
        let columns = (0..count).map(|place| Column::new(format!("{input}_{place}"), kind.clone())).collect();
        Schema { columns, wide: Some(Wide { input: input.to_owned(), width }) }
    }

    /// What all columns of the data are, where the data names them.
    pub fn as_wide(&self) -> Option<&Wide> {
        self.wide.as_ref()
    }

    /// All columns, in the order of the training data.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns that models read, with their places in the schema.
    pub fn read(&self) -> impl Iterator<Item = (usize, &Column, &Kind)> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(|(place, column)| column.kind.as_ref().map(|kind| (place, column, kind)))
    }

    /// Finds the columns by name, in any order. Others are ignored and counted.
    ///
    /// ```
    /// use automl_pack_plan::{Column, Kind, Schema};
    ///
    /// let schema = Schema::new(vec![Column::new("age", Kind::Number), Column::new("sex", Kind::Text)])?;
    /// let matching = schema.match_names(&["sex", "id", "age"])?;
    /// assert_eq!(matching.places, [Some(2), Some(0)]);
    /// assert_eq!(matching.ignored, 1);
    ///
    /// let refused = schema.match_names(&["Age", "sex"]).unwrap_err();
    /// assert!(refused.to_string().ends_with(r#"missing: "age" (did you mean "Age"?)"#));
    /// # Ok::<(), automl_pack_plan::Error>(())
    /// ```
    pub fn match_names(&self, names: &[impl AsRef<str>]) -> Result<Matching, Error> {
        if let Some(wide) = &self.wide {
            let matching = self.match_positions(names.len())?;
            return Ok(wide.own_places(names).map_or(matching, |places| Matching { places, ignored: 0 }));
        }
        let is_same = |(column, name): (&Column, &_)| column.name == AsRef::<str>::as_ref(name);
        if names.len() == self.columns.len() && self.columns.iter().zip(names).all(is_same) {
            return self.match_positions(names.len());
        }
        let mut found: HashMap<&str, (usize, usize)> = HashMap::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            found.entry(name.as_ref()).and_modify(|(_, times)| *times += 1).or_insert((place, 1));
        }
        let (mut places, mut missing) = (vec![None; self.columns.len()], Vec::new());
        for (column, name) in self.read().map(|(place, column, _)| (place, &column.name)) {
            match found.get(name.as_str()) {
                Some((place, 1)) => places[column] = Some(*place),
                Some((_, times)) => {
                    return Err(Error::RepeatedColumn { column: name.clone(), times: *times });
                }
                None => missing.push(name.clone()),
            }
        }
        if !missing.is_empty() {
            return Err(self.missing(missing, names));
        }
        let ignored = names.len() - places.iter().flatten().count();
        Ok(Matching { places, ignored })
    }

    /// Finds the columns in a table, by name or by position.
    pub(crate) fn match_table(&self, table: &Table<'_>) -> Result<Matching, Error> {
        match table {
            Table::Batch(batch) => {
                let schema = batch.schema();
                let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
                self.match_names(&names)
            }
            Table::BatchByPosition(batch) => self.match_positions(batch.num_columns()),
            Table::Single(matrix) => self.match_positions(matrix.ncols()),
            Table::Double(matrix) => self.match_positions(matrix.ncols()),
        }
    }

    /// Takes the columns as they stand in the schema, whatever the data calls them.
    pub fn match_positions(&self, width: usize) -> Result<Matching, Error> {
        if let Some(Wide { input, width: expected }) = &self.wide {
            if !expected.takes(width) {
                let (input, expected) = (input.clone(), *expected);
                return Err(Error::WideInput { input, expected, found: width });
            }
            return Ok(Matching { places: (0..width).map(Some).collect(), ignored: 0 });
        }
        if width != self.columns.len() {
            let names = self.columns.iter().take(20).map(|column| column.name.as_str()).collect::<Vec<_>>();
            let more = if self.columns.len() > 20 { ", …" } else { "" };
            let names = names.join(", ") + more;
            return Err(Error::Width { expected: self.columns.len(), found: width, names });
        }
        let places: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| column.kind.as_ref().map(|_| place))
            .collect();
        let ignored = width - places.iter().flatten().count();
        Ok(Matching { places, ignored })
    }

    /// The place of the column of that name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    fn missing(&self, missing: Vec<String>, names: &[impl AsRef<str>]) -> Error {
        // Columns of the schema that the data has cannot be what was meant by another name, and a
        // million columns are not searched for likenesses.
        let others: Vec<&str> = names
            .iter()
            .map(AsRef::as_ref)
            .filter(|name| !self.columns.iter().any(|column| column.name == *name))
            .take(1000)
            .collect();
        let close = |name: &str| closest(name, others.iter().copied()).map(str::to_owned);
        let missing = missing.into_iter().map(|name| MissingColumn { close: close(&name), name }).collect();
        Error::MissingColumns { missing, needed: self.read().count() }
    }
}

/// The one that may be meant by a name.
pub(crate) fn closest<'a>(name: &str, others: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.trim().to_lowercase().replace([' ', '-', '.'], "_");
    let wanted = plain(name);
    let likeness = |other: &str| strsim::jaro_winkler(&wanted, &plain(other));
    let best = others.map(|other| (likeness(other), other)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.84).then_some(best.1)
}
