//! Tables that are added up, row by row.

use super::super::{
    budget,
    ops::bounded,
    product::{Finish, Panels, Sums},
    room,
    tensor::{Data, Fault, Tensor},
};

/// What stands in for a product with columns that codes become, and others.
#[derive(Debug)]
pub(super) struct Tables {
    tables: Vec<Table>,
    sums: Sums,
}

/// The rows of one column's codes.
#[derive(Debug, Clone, Copy)]
struct Table {
    column: usize,
    first: usize,
    levels: usize,
}

/// Tables that are being worked out.
#[derive(Debug)]
pub(super) struct Draft {
    base: Vec<f32>,
    tables: Vec<Table>,
    /// The rows of all tables.
    rows: Vec<f32>,
    /// The ends of the tables that are added up before they are added to others.
    blocks: Vec<usize>,
}

impl Draft {
    /// Tables whose sums begin with a number for each column.
    pub(super) fn new(base: Vec<f32>) -> Draft {
        Draft { base, tables: Vec::new(), rows: Vec::new(), blocks: Vec::new() }
    }

    /// Adds the table of a column's codes: a row of sums for each.
    pub(super) fn push(&mut self, column: usize, sums: Vec<f32>) {
        let columns = self.base.len().max(1);
        self.tables.push(Table { column, first: self.rows.len() / columns, levels: sums.len() / columns });
        self.rows.extend(sums);
    }

    /// The tables since the last block are added up by themselves.
    pub(super) fn end_block(&mut self) {
        self.blocks.push(self.tables.len());
    }

    /// The tables, with the columns that are no codes and what they are multiplied with.
    pub(super) fn finish(self, plain: Vec<usize>, panels: &Panels, finish: &Finish) -> Tables {
        let sums = Sums::new(&self.base, &self.rows, self.blocks, (plain, panels), finish);
        Tables { tables: self.tables, sums }
    }
}

impl Tables {
    /// The sums of some rows.
    pub(super) fn run(&self, x: &Tensor) -> Result<Tensor, Fault> {
        let &[count, width] = x.shape() else { return Err(x.unexpected("a matrix")) };
        let (values, columns) = (x.f32s()?, self.sums.columns());
        let codes = self.codes_of(values, width)?;
        let mut out = room::filled(bounded(&[count, columns])?);
        budget::spend(out.len().saturating_mul(self.sums.terms()) / 16)?;
        self.sums.run(&codes, values, &mut out);
        Ok(Tensor::of(vec![count, columns], Data::F32(out)))
    }

    /// The rows of the tables that the codes of some rows stand for.
    fn codes_of(&self, values: &[f32], width: usize) -> Result<Vec<u32>, Fault> {
        let mut codes = Vec::with_capacity(values.len() / width.max(1) * self.tables.len());
        for row in values.chunks_exact(width.max(1)) {
            for table in &self.tables {
                let x = row[table.column];
                let code = x as usize;
                if code >= table.levels || code as f32 != x {
                    let Table { column, levels, .. } = table;
                    return Err(format!("column {column}: expected a code below {levels}, found {x}").into());
                }
                codes.push((table.first + code) as u32);
            }
        }
        Ok(codes)
    }
}
