//! Tables that are added up, row by row.

use super::super::{
    budget,
    ops::bounded,
    product::{Finish, Panels},
    room,
    tensor::{Data, Fault, Tensor},
    way::widely,
};

/// What stands in for a product with columns that codes become, and others.
#[derive(Debug)]
pub(super) struct Tables {
    columns: usize,
    /// What all sums begin with, part by part.
    base: Vec<Wide>,
    tables: Vec<Table>,
    /// The ends of the tables that are added up before they are added to others.
    blocks: Vec<usize>,
    /// How many rows all tables have.
    rows: usize,
    /// The rows, until they are laid out.
    sums: Vec<f32>,
    /// The rows of all tables, part by part: those of a part stay in the cache together.
    parts: Vec<Wide>,
    /// The columns that are no codes, and what they are multiplied with.
    plain: Vec<usize>,
    panels: Panels,
    finish: Finish,
}

/// The rows of one column's codes.
#[derive(Debug, Clone, Copy)]
struct Table {
    column: usize,
    first: usize,
    levels: usize,
}

/// A part of a row: four registers of AVX-512.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Wide([f32; WIDE]);

const WIDE: usize = 64;

impl Wide {
    pub(super) fn round_up(columns: usize) -> usize {
        columns.next_multiple_of(WIDE)
    }

    fn of(row: &[f32], part: usize) -> Wide {
        Wide(std::array::from_fn(|lane| row.get(part * WIDE + lane).copied().unwrap_or(0.0)))
    }
}

#[inline(always)]
fn add(to: &mut [f32; WIDE], row: &[f32; WIDE]) {
    to.iter_mut().zip(row).for_each(|(to, x)| *to += x);
}

impl Tables {
    pub(super) fn new(base: &[f32], finish: Finish) -> Tables {
        let columns = base.len();
        Tables {
            columns,
            base: (0..columns.div_ceil(WIDE)).map(|part| Wide::of(base, part)).collect(),
            tables: Vec::new(),
            blocks: Vec::new(),
            rows: 0,
            sums: Vec::new(),
            parts: Vec::new(),
            plain: Vec::new(),
            panels: Panels::pack(0, columns, |_, _| 0.0),
            finish,
        }
    }

    /// Adds the table of a column's codes: a row of sums for each.
    pub(super) fn push(&mut self, column: usize, sums: Vec<f32>) {
        let levels = sums.len() / self.columns.max(1);
        self.tables.push(Table { column, first: self.rows, levels });
        self.rows += levels;
        self.sums.extend(sums);
    }

    /// The tables since the last block are added up by themselves.
    pub(super) fn end_block(&mut self) {
        self.blocks.push(self.tables.len());
    }

    /// Lays the rows of all tables out.
    pub(super) fn lay_out(&mut self) {
        let sums = std::mem::take(&mut self.sums);
        for part in 0..self.base.len() {
            self.parts.extend(sums.chunks_exact(self.columns).map(|row| Wide::of(row, part)));
        }
    }

    pub(super) fn set_plain(&mut self, columns: Vec<usize>, panels: Panels) {
        (self.plain, self.panels) = (columns, panels);
    }

    /// The sums of some rows.
    pub(super) fn run(&self, x: &Tensor) -> Result<Tensor, Fault> {
        let &[count, width] = x.shape() else { return Err(x.unexpected("a matrix")) };
        let values = x.f32s()?;
        let codes = self.codes_of(values, width)?;
        let mut out = room::filled(bounded(&[count, self.columns])?);
        budget::spend(out.len().saturating_mul(self.tables.len() + self.plain.len()) / 16)?;
        let tables = self.tables.len();
        for (part, base) in self.base.iter().enumerate() {
            let rows = &self.parts[part * self.rows..][..self.rows];
            let lanes = WIDE.min(self.columns - part * WIDE);
            widely(|| {
                for (row, out) in out.chunks_exact_mut(self.columns).enumerate() {
                    let codes = &codes[row * tables..][..tables];
                    let (mut total, mut first) = (base.0, 0);
                    for end in &self.blocks {
                        let mut sum = [0.0; WIDE];
                        codes[first..*end].iter().for_each(|code| add(&mut sum, &rows[*code as usize].0));
                        add(&mut total, &sum);
                        first = *end;
                    }
                    out[part * WIDE..][..lanes].copy_from_slice(&total[..lanes]);
                }
            });
        }
        let mut plain = room::empty(count * self.plain.len());
        for row in values.chunks_exact(width.max(1)) {
            plain.extend(self.plain.iter().map(|column| row[*column]));
        }
        self.panels.add_to(&plain, &mut out, &self.finish);
        Ok(Tensor::of(vec![count, self.columns], Data::F32(out)))
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
