//! From raw columns to what models eat.

use std::sync::Arc;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::{
    Action, Block, Column, Decimals, Error, Flaw, InputForm, Kind, Note, Notes, Plain, Policy, Rows, Schema,
    StepForm, Table, cells::Cells, fates::Fate, findings::Findings, plain::PlainColumns, program::Program,
    reading, schema::Matching, values::Values,
};

/// How raw columns become what graphs eat: through steps, or in blocks of columns as they stand.
///
/// - everything that a step or an input reads is there, is of a kind that it can read, and is fitted
/// - every column of the schema with a kind is read
/// - a row becomes the same alone and among others
#[derive(Debug, Clone)]
pub struct Plan {
    schema: Schema,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    Steps {
        steps: Vec<StepForm>,
        inputs: Vec<InputForm>,
        program: Arc<Program>,
    },
    /// Blocks of columns as they stand.
    Plain(Vec<Plain>),
}

impl PartialEq for Plan {
    fn eq(&self, other: &Plan) -> bool {
        self.schema == other.schema
            && self.steps() == other.steps()
            && self.inputs() == other.inputs()
            && self.blocks() == other.blocks()
    }
}

/// The precision in which something is computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    Single,
    /// Double precision.
    #[default]
    Double,
}

impl Precision {
    pub(crate) fn is_double(&self) -> bool {
        *self == Precision::Double
    }
}

/// Rows as models eat them.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The blocks, each with a row for each row: one for each input of the plan, or of a bare graph.
    pub blocks: Vec<Block>,
    /// What was noticed about their cells.
    pub notes: Notes,
    /// How many columns of the data no model reads.
    pub ignored: usize,
}

impl Prepared {
    /// The matrix of single precision, where there is no other block.
    pub fn matrix(&self) -> Option<&Array2<f32>> {
        match self.blocks.as_slice() {
            [Block::Single(matrix)] => Some(matrix),
            _ => None,
        }
    }
}

impl Plan {
    /// Takes a schema, the steps in order, and the inputs that the members eat.
    pub fn new(schema: Schema, steps: Vec<StepForm>, inputs: Vec<InputForm>) -> Result<Plan, Error> {
        let program = Arc::new(Program::bind(&schema, &steps, &inputs)?);
        Ok(Plan { schema, way: Way::Steps { steps, inputs, program } })
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
            let what = format!("take other columns than the {columns} of the schema");
            return Err(Error::Plan { path: "inputs".to_owned(), what });
        }
        Ok(Plan { schema, way: Way::Plain(plain) })
    }

    /// The raw columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How texts of a column are told apart that may be read as numbers before the plan sees them; none where cells
    /// go in as they stand, to the last digit.
    pub fn decimals(&self, column: &Column) -> Option<Decimals> {
        match self.way {
            Way::Plain(_) => None,
            Way::Steps { .. } => column.decimals(),
        }
    }

    /// Blocks of columns that are taken as they stand; none where there are steps and inputs.
    pub fn blocks(&self) -> &[Plain] {
        match &self.way {
            Way::Plain(plain) => plain,
            Way::Steps { .. } => &[],
        }
    }

    /// The steps, in order; none where columns are taken as they stand.
    pub fn steps(&self) -> &[StepForm] {
        match &self.way {
            Way::Steps { steps, .. } => steps,
            Way::Plain(_) => &[],
        }
    }

    /// The inputs that steps end in; none where columns are taken as they stand.
    pub fn inputs(&self) -> &[InputForm] {
        match &self.way {
            Way::Steps { inputs, .. } => inputs,
            Way::Plain(_) => &[],
        }
    }

    /// What the columns of an input are called.
    ///
    /// # Panics
    /// If there is no such input.
    pub fn labels(&self, input: usize) -> &[String] {
        match &self.way {
            Way::Steps { program, .. } => program.inputs()[input].labels(),
            Way::Plain(_) => &[],
        }
    }

    /// How many values each column of an input may have, where these are codes 0, 1, … up to one below.
    ///
    /// # Panics
    /// If there is no such input.
    pub fn levels(&self, input: usize) -> &[Option<usize>] {
        match &self.way {
            Way::Steps { program, .. } => program.inputs()[input].levels(),
            Way::Plain(_) => &[],
        }
    }

    /// Reads some rows, and takes them through the steps.
    pub fn prepare(&self, rows: &(impl Rows + ?Sized), policy: &Policy) -> Result<Prepared, Error> {
        let table = rows.table();
        let mut findings = Findings::default();
        let (blocks, matching) = self.read(&table, policy, &mut findings)?;
        let notes = self.named(findings.conclude()?, &table, &matching);
        Ok(Prepared { blocks, notes, ignored: matching.ignored })
    }

    /// As [`Plan::prepare`], where a row that fails does not fail the others: it gets no score, and is given with
    /// what is wrong with it, by row.
    pub fn sift(
        &self,
        rows: &(impl Rows + ?Sized),
        policy: &Policy,
    ) -> Result<(Prepared, Vec<(usize, Error)>), Error> {
        let table = rows.table();
        let mut findings = Findings::of_each();
        let (blocks, matching) = self.read(&table, policy, &mut findings)?;
        let (notes, failed) = findings.conclude_each();
        let notes = self.named(notes, &table, &matching);
        Ok((Prepared { blocks, notes, ignored: matching.ignored }, failed))
    }

    fn read(
        &self,
        table: &Table<'_>,
        policy: &Policy,
        findings: &mut Findings,
    ) -> Result<(Vec<Block>, Matching), Error> {
        let matching = self.schema.match_table(table)?;
        let blocks = match &self.way {
            Way::Steps { program, .. } => {
                let values = read_columns(&self.schema, table, &matching, policy, findings)?;
                program.strangers().note(&self.schema, &values, policy, findings);
                program.run(values, table.len(), policy, findings)
            }
            Way::Plain(plain) => self.prepare_plain(plain, table, &matching, policy, findings)?,
        };
        Ok((blocks, matching))
    }

    /// The notes, with the columns' names where the data and not the schema names them.
    fn named(&self, notes: Notes, table: &Table<'_>, matching: &Matching) -> Notes {
        if self.schema.as_wide().is_none() {
            return notes;
        }
        let places = matching.places.iter().enumerate();
        let name = |(column, place): (usize, &Option<usize>)| {
            self.column_name(table, column, place.unwrap_or(column))
        };
        notes.of_columns(|| places.map(name).collect())
    }

    fn prepare_plain(
        &self,
        plain: &[Plain],
        table: &Table<'_>,
        matching: &Matching,
        policy: &Policy,
        findings: &mut Findings,
    ) -> Result<Vec<Block>, Error> {
        let mut first = 0;
        let mut blocks = Vec::with_capacity(plain.len());
        for Plain { element, columns } in plain {
            let places = &matching.places[first..][..columns.unwrap_or(matching.places.len())];
            let columns = PlainColumns { plan: self, table, first, places, element: *element };
            blocks.push(columns.read(policy, findings)?);
            first += places.len();
        }
        Ok(blocks)
    }

    /// What a column is called that is at some place of the data: by the schema, unless the data names its columns
    /// itself.
    pub(crate) fn column_name(&self, table: &Table<'_>, column: usize, place: usize) -> String {
        match (self.schema.as_wide(), table) {
            (Some(_), Table::Batch(batch) | Table::BatchByPosition(batch)) => {
                batch.schema().field(place).name().clone()
            }
            (Some(wide), _) => format!("{}_{column}", wide.input),
            (None, _) => self.schema.columns()[column].name.clone(),
        }
    }

    /// What was done about a cell, as an audit says it: `refused`, `clipped`; `imputed` where a step put something
    /// in its place, `encoded` where a step has a way of its own for such cells, and `missing` where the members get
    /// NaN or an empty text.
    pub fn done(&self, note: &Note) -> &'static str {
        match (note.action, note.flaw) {
            (Action::Null | Action::Error, _) => "refused",
            (Action::Impute, Flaw::OutOfRange) => "clipped",
            (Action::Impute, flaw) => self.fate(note.column, flaw).word(),
        }
    }

    fn fate(&self, column: usize, flaw: Flaw) -> Fate {
        let Way::Steps { program, .. } = &self.way else { return Fate::Missing };
        let [missing, unseen] = program.fates(column);
        // What cannot be read is no value of a category either.
        let is_category = matches!(self.schema.columns()[column].kind, Some(Kind::Category(_)));
        if is_category && flaw != Flaw::Missing { unseen } else { missing }
    }

    /// Finds the columns that the models read; the rows themselves are not looked at.
    pub fn find_columns(&self, table: &Table<'_>) -> Result<Matching, Error> {
        self.schema.match_table(table)
    }
}

/// The values of the columns that are read.
pub(crate) fn read_columns(
    schema: &Schema,
    table: &Table<'_>,
    matching: &Matching,
    policy: &Policy,
    findings: &mut Findings,
) -> Result<Vec<Values>, Error> {
    schema
        .read()
        .map(|(place, column, kind)| {
            let cells = cells(table, matching.places[place].unwrap_or(place), column, kind)?;
            Ok(reading::read(column, kind, &cells, table.len(), &mut |row, flaw| {
                let action = column.action(flaw, policy);
                findings.add(Note { row, column: place, flaw, action }, true, |_| Error::Cell {
                    row,
                    column: column.name.clone(),
                    flaw,
                    expected: reading::expected(column, kind),
                    found: cells.shown(row),
                });
            }))
        })
        .collect()
}

fn cells<'a>(table: &'a Table<'_>, place: usize, column: &Column, kind: &Kind) -> Result<Cells<'a>, Error> {
    let is_number = match kind {
        Kind::Number | Kind::Integer | Kind::Boolean(_) => true,
        Kind::Category(vocabulary) => !vocabulary.is_text(),
        _ => false,
    };
    let in_matrix = || match is_number {
        true => Ok(()),
        false => Err(Error::TextInMatrix { column: column.name.clone() }),
    };
    match table {
        Table::Batch(batch) | Table::BatchByPosition(batch) => {
            Cells::from_array(batch.column(place), column, kind)
        }
        Table::Single(matrix) => in_matrix().map(|()| Cells::Single(matrix.column(place))),
        Table::Double(matrix) => in_matrix().map(|()| Cells::Double(matrix.column(place))),
    }
}
