//! From raw columns to the matrix that models eat.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::{
    Block, Category, Column, Error, Flaw, Kind, Level, Note, Notes, Number, Plain, Policy, Rows, Scale,
    Schema, Table, Text,
    cells::{Cells, some_of},
    findings::Findings,
    plain::PlainColumns,
    schema::Matching,
    steps::Read,
};

/// How raw columns become what graphs eat: one matrix of features, or blocks of columns as they stand.
///
/// - each feature reads a column that the schema has, as the kind that the schema says
/// - no column is read by two features, and every column with a kind is read by one
/// - blocks take the columns of the schema in order, each column once
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    schema: Schema,
    features: Vec<Feature>,
    precision: Precision,
    /// Blocks of columns as they stand, where there is no matrix of features.
    plain: Vec<Plain>,
}

/// One column of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// The place in the schema of the column it reads.
    pub column: usize,
    /// How the column is read.
    pub reading: Reading,
    /// What is done to the value then.
    pub scale: Scale,
}

/// How a column is read.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// As numbers.
    Number(Number),
    /// As codes of texts.
    Text(Text),
    /// As codes of numbers.
    Category(Category),
    /// As levels that models take as they are.
    Level(Level),
}

/// The precision in which scales are applied. The result is single in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// All in single precision.
    Single,
    /// All in double precision, rounded at the end.
    Double,
}

/// Rows as models eat them.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The blocks, each with a row for each row: one of a column for each feature, or one for each input of
    /// a bare graph.
    pub blocks: Vec<Block>,
    /// What was noticed about their cells.
    pub notes: Notes,
    /// How many columns of the data no model reads.
    pub ignored: usize,
}

impl Prepared {
    /// The matrix of features, where there is no other block.
    pub fn matrix(&self) -> Option<&Array2<f32>> {
        match self.blocks.as_slice() {
            [Block::Single(matrix)] => Some(matrix),
            _ => None,
        }
    }
}

impl Plan {
    /// Takes a schema and the features in the order in which the models take them.
    pub fn new(schema: Schema, features: Vec<Feature>, precision: Precision) -> Result<Plan, Error> {
        let mut read = vec![false; schema.columns().len()];
        for (number, feature) in features.iter().enumerate() {
            let refuse = |what: String| Err(Error::Feature { feature: number, what });
            let Some(column) = schema.columns().get(feature.column) else {
                return refuse(format!("reads column {}: the schema has {}", feature.column, read.len()));
            };
            if column.kind != Some(feature.reading.kind()) {
                let found = column.kind.map_or("not read", Kind::word);
                let expected = feature.reading.kind().word();
                return refuse(format!("reads \"{}\" as {expected}: the schema says {found}", column.name));
            }
            if std::mem::replace(&mut read[feature.column], true) {
                return refuse(format!("reads \"{}\", as another does", column.name));
            }
        }
        if let Some((place, column, _)) = schema.read().find(|(place, ..)| !read[*place]) {
            let what = format!("that reads \"{}\" (column {place}) is missing", column.name);
            return Err(Error::Feature { feature: features.len(), what });
        }
        Ok(Plan { schema, features, precision, plain: Vec::new() })
    }

    /// Takes the columns of a schema as they stand, in blocks: what the inputs of a bare graph take.
    ///
    /// ```
    /// use automl_pack_plan::{Block, Column, Element, Kind, Plain, Plan, Policy, Schema};
    /// use ndarray::array;
    ///
    /// let schema = Schema::new(vec![Column::new("age", Kind::Number), Column::new("id", Kind::Number)])?;
    /// let one = |element| Plain { element, columns: Some(1) };
    /// let plan = Plan::plain(schema, vec![one(Element::Single), one(Element::Integer)])?;
    /// let prepared = plan.prepare(&array![[31.5, 7.0]], &Policy::default())?;
    /// assert_eq!(prepared.blocks[1], Block::Integer(array![[7]]));
    /// # Ok::<(), automl_pack_plan::Error>(())
    /// ```
    pub fn plain(schema: Schema, plain: Vec<Plain>) -> Result<Plan, Error> {
        let taken = plain.iter().try_fold(0, |sum: usize, block| sum.checked_add(block.columns?));
        let columns = schema.columns().len();
        let fits = match taken {
            Some(taken) => taken == columns,
            None => plain.len() == 1 && columns == 0,
        };
        if plain.is_empty() || !fits {
            let what = format!("takes other columns than the {columns} of the schema");
            return Err(Error::Feature { feature: 0, what });
        }
        Ok(Plan { schema, features: Vec::new(), precision: Precision::Single, plain })
    }

    /// The raw columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Blocks of columns that are taken as they stand; none where there is a matrix of features.
    pub fn blocks(&self) -> &[Plain] {
        &self.plain
    }

    /// The columns of the matrix, in order; none where columns are taken as they stand.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The precision in which scales are applied.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Reads, fills in and scales some rows.
    pub fn prepare(&self, rows: &(impl Rows + ?Sized), policy: &Policy) -> Result<Prepared, Error> {
        let table = rows.table();
        let matching = self.find_columns(&table)?;
        if !self.plain.is_empty() {
            return self.prepare_plain(&table, &matching, policy);
        }
        let mut features = Array2::zeros((table.len(), self.features.len()));
        let mut findings = Findings::default();
        for (number, feature) in self.features.iter().enumerate() {
            let column = &self.schema.columns()[feature.column];
            let place = matching.places[feature.column].unwrap_or(feature.column);
            let cells = cells(&table, place, column, feature.reading.kind())?;
            for (row, value) in features.column_mut(number).iter_mut().enumerate() {
                let (read, flaw) = feature.reading.read(&cells, row);
                *value = match self.precision {
                    Precision::Single => feature.scale.apply_single(read),
                    Precision::Double => feature.scale.apply_double(read),
                };
                if let Some(flaw) = flaw {
                    findings.add(Note { row, column: feature.column, flaw }, policy, || {
                        self.refuse(row, feature, flaw, &cells)
                    });
                }
            }
        }
        let notes = findings.conclude()?;
        Ok(Prepared { blocks: vec![features.into()], notes, ignored: matching.ignored })
    }

    fn prepare_plain(
        &self,
        table: &Table<'_>,
        matching: &Matching,
        policy: &Policy,
    ) -> Result<Prepared, Error> {
        let (mut first, mut findings) = (0, Findings::default());
        let mut blocks = Vec::with_capacity(self.plain.len());
        for Plain { element, columns } in &self.plain {
            let places = &matching.places[first..][..columns.unwrap_or(matching.places.len())];
            let columns = PlainColumns { plan: self, table, first, places, element: *element };
            blocks.push(columns.read(policy, &mut findings)?);
            first += places.len();
        }
        let notes = findings.conclude()?;
        let notes = match self.schema.as_wide() {
            Some(_) => {
                notes.of_columns(|| (0..first).map(|column| self.column_name(table, column)).collect())
            }
            None => notes,
        };
        Ok(Prepared { blocks, notes, ignored: matching.ignored })
    }

    /// What a column is called: by the schema, unless the data names its columns itself.
    pub(crate) fn column_name(&self, table: &Table<'_>, column: usize) -> String {
        match (self.schema.as_wide(), table) {
            (Some(_), Table::Batch(batch) | Table::BatchByPosition(batch)) => {
                batch.schema().field(column).name().clone()
            }
            (Some(wide), _) => format!("{}_{column}", wide.input),
            (None, _) => self.schema.columns()[column].name.clone(),
        }
    }

    /// Finds the columns that the models read; the rows themselves are not looked at.
    pub fn find_columns(&self, table: &Table<'_>) -> Result<Matching, Error> {
        match table {
            Table::Batch(batch) => {
                let schema = batch.schema();
                let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
                self.schema.match_names(&names)
            }
            Table::BatchByPosition(batch) => self.schema.match_positions(batch.num_columns()),
            Table::Single(matrix) => self.schema.match_positions(matrix.ncols()),
            Table::Double(matrix) => self.schema.match_positions(matrix.ncols()),
        }
    }

    fn refuse(&self, row: usize, feature: &Feature, flaw: Flaw, cells: &Cells<'_>) -> Error {
        Error::Cell {
            row,
            column: self.schema.columns()[feature.column].name.clone(),
            flaw,
            expected: feature.reading.expected(),
            found: cells.shown(row),
        }
    }
}

impl Reading {
    /// The kind of column that can be read so.
    pub fn kind(&self) -> Kind {
        match self {
            Reading::Number(_) => Kind::Number,
            Reading::Text(_) => Kind::Text,
            Reading::Category(_) | Reading::Level(_) => Kind::Category,
        }
    }

    fn read(&self, cells: &Cells<'_>, row: usize) -> Read {
        match self {
            Reading::Number(number) => number.read(cells, row),
            Reading::Text(text) => text.read(cells, row),
            Reading::Category(category) => category.read(cells, row),
            Reading::Level(level) => level.read(cells, row),
        }
    }

    fn expected(&self) -> String {
        match self {
            Reading::Number(_) => "a number".to_owned(),
            Reading::Text(text) => format!("one of {}", some_of(text.values().into_iter())),
            Reading::Category(category) => format!("one of {}", some_of(category.values().into_iter())),
            Reading::Level(level) => format!("an integer from 0 to {}", level.count.saturating_sub(1)),
        }
    }
}

fn cells<'a>(table: &'a Table<'_>, place: usize, column: &Column, kind: Kind) -> Result<Cells<'a>, Error> {
    let in_matrix = || match kind {
        Kind::Text => Err(Error::TextInMatrix { column: column.name.clone() }),
        Kind::Number | Kind::Category => Ok(()),
    };
    match table {
        Table::Batch(batch) | Table::BatchByPosition(batch) => {
            Cells::from_array(batch.column(place), column, kind)
        }
        Table::Single(matrix) => in_matrix().map(|()| Cells::Single(matrix.column(place))),
        Table::Double(matrix) => in_matrix().map(|()| Cells::Double(matrix.column(place))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(column: usize) -> Feature {
        Feature { column, reading: Reading::Number(Number { fill: 0.0 }), scale: Scale::Identity }
    }

    #[test]
    fn a_plan_that_does_not_fit_its_schema_is_refused() {
        let schema =
            || Schema::new(vec![Column::new("a", Kind::Number), Column::new("b", Kind::Text)]).unwrap();
        for (features, feature, words) in [
            (vec![number(2)], 0, "reads column 2: the schema has 2"),
            (vec![number(0), number(1)], 1, "reads \"b\" as number: the schema says text"),
            (vec![number(0), number(0)], 1, "reads \"a\", as another does"),
            (vec![number(0)], 1, "that reads \"b\" (column 1) is missing"),
        ] {
            let refused = Plan::new(schema(), features, Precision::Single).unwrap_err();
            assert_eq!(refused, Error::Feature { feature, what: words.to_owned() });
        }
        let twice = Schema::new(vec![Column::new("a", Kind::Number), Column::unread("a")]).unwrap_err();
        assert_eq!(twice, Error::RepeatedInSchema { column: "a".to_owned() });
    }
}
