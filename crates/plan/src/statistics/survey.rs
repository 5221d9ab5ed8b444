//! Aggregates of rows that come block by block.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch};

use crate::{
    Column, Error, Flaw, Kind, Known, Schema, TargetForm, TaskForm,
    cells::{Cell, Cells},
    fit::{Quantiles, Sorted, Tally},
    reading,
    values::{NO_TIME, Values},
};

use super::{
    Distribution, Held, Measured, Statistics,
    few::{self, count, round},
    gauge::{Lengths, Strangers},
};

/// Makes [`Statistics`] of rows that come block by block, with a memory that does not grow with them.
///
/// - the same rows in the same order give the same statistics, whatever blocks they come in
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Float64Array, RecordBatch};
/// use automl_pack_plan::{Column, Kind, Schema, Survey};
///
/// let schema = Schema::new(vec![Column::new("age", Kind::Number)])?;
/// let mut survey = Survey::new(&schema, None)?;
/// let ages = Float64Array::from_iter((0..1000).map(|age| (age % 8 > 0).then_some(f64::from(age))));
/// survey.see(&RecordBatch::try_from_iter([("age", Arc::new(ages) as _)])?)?;
/// let of = &survey.finish().columns["age"];
/// assert_eq!((of.rows, of.missing, of.mean), (Some(1000), Some(125), Some(500.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Survey {
    schema: Schema,
    columns: Vec<Surveyed>,
    target: Option<Surveyed>,
    rows: u64,
}

/// What is known of one column.
#[derive(Debug, Clone)]
pub(crate) struct Surveyed {
    pub column: Column,
    pub rows: u64,
    /// How many cells had each flaw, in the order of [`Flaw::ALL`].
    flaws: [u64; 4],
    pub held: Held,
}

impl Survey {
    /// Of the columns of a schema that models read, and of the target where the rows have it.
    pub fn new(schema: &Schema, target: Option<&TargetForm>) -> Result<Survey, Error> {
        let columns = schema.read().map(|(_, column, _)| Surveyed::new(column.clone())).collect();
        let target = target.map(target_column).transpose()?.map(Surveyed::new);
        Ok(Survey { schema: schema.clone(), columns, target, rows: 0 })
    }

    /// Sees some rows. Columns are found by name; no flaw of a cell makes it fail.
    pub fn see(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        let schema = rows.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let places = self.schema.match_names(&names)?.places;
        for (surveyed, place) in self.columns.iter_mut().zip(places.into_iter().flatten()) {
            surveyed.see(rows.column(place))?;
        }
        if let Some(target) = &mut self.target
            && let Some(array) = rows.column_by_name(&target.column.name)
        {
            target.see(array)?;
        }
        self.rows += rows.num_rows() as u64;
        Ok(())
    }

    /// Takes a schema of which categories have fewer values: the others are unseen in all rows that it saw.
    pub fn narrow(&mut self, schema: &Schema) {
        for (surveyed, (_, _, now)) in self.columns.iter_mut().zip(schema.read()) {
            let before = surveyed.column.kind.as_ref().and_then(Kind::vocabulary);
            if let (Some(before), Some(now), Held::Codes(tally, _)) =
                (before, now.vocabulary(), &mut surveyed.held)
            {
                let codes = before.codes_beyond(now);
                let cells: u64 = codes.iter().map(|code| tally.count(*code as u32)).sum();
                surveyed.flaws[Flaw::Unseen as usize] += cells;
                tally.forget(&codes);
            }
        }
    }

    /// How many rows were seen.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What may be told of them: see [`Distribution`].
    pub fn finish(&self) -> Statistics {
        let columns = self.columns.iter();
        let columns =
            columns.map(|of| (of.column.name.clone(), of.distribution())).collect::<BTreeMap<_, _>>();
        Statistics { columns, target: self.target().map(Surveyed::distribution) }
    }

    pub(crate) fn columns(&self) -> &[Surveyed] {
        &self.columns
    }

    /// The target, where any rows had it.
    pub(crate) fn target(&self) -> Option<&Surveyed> {
        self.target.as_ref().filter(|target| target.rows > 0)
    }
}

/// A target as a column: classes are the values of a category.
fn target_column(form: &TargetForm) -> Result<Column, Error> {
    let kind = match (form.task, &form.classes) {
        (TaskForm::Regression, _) => Kind::Number,
        (TaskForm::Classification, Some(classes)) => Kind::Category(Arc::new(classes.vocabulary()?)),
        (TaskForm::Classification, None) => {
            let expected = "the classes of a classification";
            return Err(Error::Target { target: form.name.clone(), expected });
        }
    };
    Ok(Column::new(&form.name, kind))
}

impl Surveyed {
    fn new(column: Column) -> Surveyed {
        let held = match &column.kind {
            None | Some(Kind::Number | Kind::Integer | Kind::Boolean(_)) => {
                Held::Numbers(Measured::default())
            }
            Some(Kind::Category(vocabulary)) => {
                Held::Codes(Tally::new(vocabulary.len()), Strangers::default())
            }
            Some(Kind::Time(_)) => Held::Times(Quantiles::default()),
            Some(Kind::Text | Kind::Set(_) | Kind::Bag(_) | Kind::Sequence(_)) => {
                Held::Lengths(Lengths::default())
            }
            Some(Kind::Vector(..) | Kind::Series(_)) => Held::Means(Lengths::default(), Measured::default()),
        };
        Surveyed { column, rows: 0, flaws: [0; 4], held }
    }

    /// How many cells had a flaw.
    pub(crate) fn flawed(&self, flaw: Flaw) -> u64 {
        self.flaws[flaw as usize]
    }

    /// How many cells hold no value: they are missing, or no value of the column's type.
    pub(crate) fn without_value(&self) -> u64 {
        self.flawed(Flaw::Missing) + self.flawed(Flaw::Unreadable)
    }

    fn see(&mut self, array: &ArrayRef) -> Result<(), Error> {
        let Some(kind) = &self.column.kind else { return Ok(()) };
        let cells = Cells::from_array(array, &self.column, kind)?;
        let rows = array.len();
        // Which rows have no value of the column's own.
        let mut without = vec![false; rows];
        let (flaws, held) = (&mut self.flaws, &mut self.held);
        let values = reading::read(&self.column, kind, &cells, rows, &mut |row, flaw| {
            flaws[flaw as usize] += 1;
            without[row] |= flaw != Flaw::OutOfRange;
            if let (Flaw::Unseen, Held::Codes(_, strangers)) = (flaw, &mut *held) {
                strangers.see(match cells.text(row) {
                    Cell::Value(text) => text.trim().to_owned(),
                    _ => cells.shown(row),
                });
            }
        });
        held.see(&values, &without);
        self.rows += rows as u64;
        Ok(())
    }

    fn distribution(&self) -> Distribution {
        let of = |flaw| count(self.flawed(flaw));
        let mut told = Distribution {
            rows: count(self.rows),
            missing: of(Flaw::Missing),
            unseen: of(Flaw::Unseen),
            unreadable: of(Flaw::Unreadable),
            out_of_range: of(Flaw::OutOfRange),
            ..Distribution::default()
        };
        match &self.held {
            Held::Numbers(measured) => self.tell_numbers(&mut told, measured),
            Held::Codes(tally, _) => {
                let vocabulary = self.column.kind.as_ref().and_then(Kind::vocabulary);
                let values = vocabulary.into_iter().flat_map(|of| {
                    tally.known().map(|(code, count)| (of.value(code), count)).collect::<Vec<_>>()
                });
                let (values, other) = few::list(values.collect(), accounted(&told));
                (told.values, told.other) = (Some(values), count(other));
            }
            Held::Times(quantiles) => told.quantiles = few::sketch(&quantiles.sorted(), to_the_day),
            Held::Lengths(lengths) => tell_lengths(&mut told, lengths),
            Held::Means(lengths, means) => {
                if matches!(self.column.kind, Some(Kind::Series(_))) {
                    tell_lengths(&mut told, lengths);
                }
                tell_moments(&mut told, means, &means.sorted());
                told.quantiles = few::sketch(&means.sorted(), round);
            }
        }
        told
    }

    fn tell_numbers(&self, told: &mut Distribution, measured: &Measured) {
        let sorted = measured.sorted();
        tell_moments(told, measured, &sorted);
        if let Some(distinct) = measured.distinct() {
            let rows = accounted(told);
            let counts = distinct.iter().map(|(number, count)| (self.known(*number), *count)).collect();
            let (values, other) = few::list(counts, rows);
            // Numbers of which most are rare are measured rather than named.
            if !values.is_empty() && other * 20 <= rows {
                (told.values, told.other) = (Some(values), count(other));
                return;
            }
        }
        told.quantiles = few::sketch(&sorted, round);
    }

    fn known(&self, number: f64) -> Known {
        match self.column.kind {
            Some(Kind::Boolean(_)) => Known::Truth(number != 0.0),
            _ => Known::of_number(number),
        }
    }
}

/// How many rows have no flaw that is told of, and that leaves them without a value.
fn accounted(told: &Distribution) -> u64 {
    let flawed = [told.missing, told.unseen, told.unreadable].into_iter().flatten().sum::<u64>();
    told.rows.unwrap_or(0).saturating_sub(flawed)
}

fn tell_moments(told: &mut Distribution, measured: &Measured, sorted: &Sorted) {
    let moments = measured.moments();
    if count(moments.count()).is_some() {
        told.mean = Some(round(moments.mean()));
        told.deviation = Some(round(moments.deviation()));
        told.median = few::quantile(sorted, 0.5).map(round);
    }
}

fn tell_lengths(told: &mut Distribution, lengths: &Lengths) {
    told.lengths = few::sketch(&lengths.sorted(), round);
    told.empty = count(lengths.empty());
}

/// Seconds, as the seconds of the day's beginning.
fn to_the_day(seconds: f64) -> f64 {
    const DAY: f64 = 86_400.0;
    (seconds / DAY).floor() * DAY
}

impl Held {
    /// Sees the values of some rows, of which some have none.
    fn see(&mut self, values: &Values, without: &[bool]) {
        let with = || (0..without.len()).filter(|row| !without[*row]);
        match (self, values) {
            (Held::Numbers(measured), Values::Numbers(numbers)) => {
                measured.see(numbers.columns()[0].iter().copied());
            }
            (Held::Codes(tally, _), Values::Codes(codes)) => {
                with().for_each(|row| tally.see(&codes[row..=row]));
            }
            (Held::Times(quantiles), Values::Times(times)) => {
                let times = times.iter().filter(|time| **time != NO_TIME);
                times.for_each(|time| quantiles.see(&[(time / 1_000_000) as f64]));
            }
            (Held::Lengths(lengths), Values::Texts(texts)) => {
                with().for_each(|row| lengths.see(texts.value(row).chars().count()));
            }
            (Held::Lengths(lengths), Values::Words(words)) => {
                with().for_each(|row| lengths.see(words.row(row).count()));
            }
            (Held::Means(_, means), Values::Numbers(numbers)) => {
                let of = |row: usize| mean(numbers.columns().iter().map(|column| column[row]));
                means.see(with().map(of));
            }
            (Held::Means(lengths, means), Values::Series(series)) => {
                with().for_each(|row| lengths.see(series.row(row).len()));
                means.see(with().map(|row| mean(series.row(row).iter().copied())));
            }
            (_, other) => unreachable!("a column of one kind, and found {other:?}"),
        }
    }
}

/// The mean of those that are there; NaN of none.
fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = numbers
        .filter(|number| !number.is_nan())
        .fold((0.0, 0_u32), |(sum, count), number| (sum + number, count + 1));
    sum / f64::from(count)
}
