//! Aggregates of the training data.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch};

use crate::{
    Column, Distribution, Error, Kind, Schema, Statistics,
    fit::{Moments, Quantiles, values_of},
    values::Values,
};

/// Sees the training data, and gives what its numbers are like.
#[derive(Debug)]
pub struct Measuring {
    schema: Schema,
    columns: BTreeMap<String, Measures>,
    target: Option<Measures>,
}

#[derive(Debug, Default)]
struct Measures {
    moments: Moments,
    quantiles: Quantiles,
}

impl Measures {
    fn see(&mut self, numbers: &[f64]) {
        self.moments.see(numbers);
        self.quantiles.see(numbers);
    }

    fn conclude(&self) -> Distribution {
        let is_any = self.moments.count() > 0;
        Distribution {
            mean: is_any.then(|| self.moments.mean()),
            deviation: is_any.then(|| self.moments.deviation()),
            median: self.quantiles.sorted().quantile(0.5),
            min: self.moments.least(),
            max: self.moments.greatest(),
        }
    }
}

impl Measuring {
    /// Will measure the numbers of a schema's columns, and a target that has numbers.
    pub fn new(schema: Schema, of_target: bool) -> Measuring {
        Measuring { schema, columns: BTreeMap::new(), target: of_target.then(Measures::default) }
    }

    /// Sees some rows, and their target.
    pub fn see(&mut self, rows: &RecordBatch, target: &ArrayRef) -> Result<(), Error> {
        let values = values_of(&self.schema, rows)?;
        for ((_, column, kind), values) in self.schema.read().zip(&values) {
            if let (Kind::Number | Kind::Integer, Values::Numbers(numbers)) = (kind, values) {
                let measures = self.columns.entry(column.name.clone()).or_default();
                numbers.columns().iter().for_each(|numbers| measures.see(numbers));
            }
        }
        if let Some(measures) = &mut self.target {
            let schema = Schema::new(vec![Column::new("target", Kind::Number)])?;
            let rows = RecordBatch::try_from_iter([("target", Arc::clone(target))]);
            let rows = rows.expect("one column is a table");
            for values in &values_of(&schema, &rows)? {
                values.numbers().columns().iter().for_each(|numbers| measures.see(numbers));
            }
        }
        Ok(())
    }

    /// What was seen.
    pub fn finish(&self) -> Statistics {
        let columns = self.columns.iter().map(|(name, measures)| (name.clone(), measures.conclude()));
        Statistics { columns: columns.collect(), target: self.target.as_ref().map(Measures::conclude) }
    }
}
