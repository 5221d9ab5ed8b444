//! Running a graph on made-up rows, so that what it takes and gives is settled before the first row.

#![allow(clippy::clone_on_copy, reason = "the same lines serve numbers and texts")]

use std::rc::Rc;

use tract_onnx::pb::GraphProto;

use super::{Columns, Declared, known};
use crate::{Batch, Data, Element, Error, Program, Tensor, plan::guarded_own};

/// What was found by running.
pub(super) struct Settled {
    /// For each input.
    pub columns: Vec<Columns>,
    /// For each output: its type, and how many columns it has.
    pub outputs: Vec<(Element, usize)>,
    pub batch: Batch,
}

const ROWS: usize = 3;
/// Inputs that do not say how many columns they take are tried up to so many.
const MOST_TRIED: usize = 2048;

/// Values that are tried, one kind after another: a graph may know only some.
#[derive(Clone, Copy)]
enum Values {
    /// Those that the graph looks up, and varied numbers.
    Known,
    Zeros,
    Ones,
}

impl Values {
    const ALL: [Values; 3] = [Values::Known, Values::Zeros, Values::Ones];
}

/// A program with the inputs it declares.
struct Trial<'g> {
    program: &'g Program,
    graph: &'g GraphProto,
    inputs: &'g [Declared],
}

pub(super) fn settle(program: &Program, graph: &GraphProto, inputs: &[Declared]) -> Result<Settled, Error> {
    let trial = Trial { program, graph, inputs };
    let columns = trial.columns();
    let widths: Vec<usize> = columns
        .iter()
        .map(|columns| match columns {
            Columns::Exactly(columns) | Columns::AtLeast(columns) => *columns,
        })
        .collect();
    let (outputs, batch) = trial.outputs(&widths)?;
    Ok(Settled { columns, outputs, batch })
}

impl Trial<'_> {
    /// The columns of each input: those it declares, or those with which the graph runs.
    fn columns(&self) -> Vec<Columns> {
        let undeclared = self.inputs.iter().filter(|input| input.columns.is_none()).count();
        let mut widths: Vec<usize> = self.inputs.iter().map(|input| input.columns.unwrap_or(1)).collect();
        let declared = |input: &Declared| Columns::Exactly(input.columns.unwrap_or(1));
        let mut columns: Vec<Columns> = self.inputs.iter().map(declared).collect();
        // Of several, none is wider than one column: which is how pipelines are exported.
        if undeclared == 1
            && let Some(place) = self.inputs.iter().position(|input| input.columns.is_none())
        {
            columns[place] = self.find_width(&mut widths, place);
        }
        columns
    }

    fn find_width(&self, widths: &mut [usize], place: usize) -> Columns {
        let mut runs = |width: usize| {
            widths[place] = width;
            Values::ALL.into_iter().any(|values| self.run(&self.inputs_of(widths, values, 1)).is_ok())
        };
        // One column goes with any number of means and scales: where more columns run, they are meant.
        let Some(width) = (2..=MOST_TRIED).find(|width| runs(*width)) else { return Columns::Exactly(1) };
        match runs(width + 1) {
            true if width == 2 && runs(1) => Columns::AtLeast(1),
            true => Columns::AtLeast(width),
            false => Columns::Exactly(width),
        }
    }

    /// The outputs, at the first batch at which each row gives the same alone and among others.
    fn outputs(&self, widths: &[usize]) -> Result<(Vec<(Element, usize)>, Batch), Error> {
        let refused = match self.outputs_of_some(widths, Batch::Any) {
            Ok(outputs) => return Ok((outputs, Batch::Any)),
            Err(refused) => refused,
        };
        let declared = self.inputs.iter().find_map(|input| input.batch);
        let is_mixed = matches!(refused, Error::RowsDepend { .. } | Error::BareOutputShape { .. });
        // A graph that mixes any number of rows has no answer for one; one that was written for a number of
        // them may only look so at others.
        let batches = declared.into_iter().chain((!is_mixed).then_some(1)).map(Batch::Fixed);
        let mut found = batches.map(|batch| (self.outputs_of_some(widths, batch), batch));
        match found.find(|(outputs, _)| outputs.is_ok()) {
            Some((outputs, batch)) => outputs.map(|outputs| (outputs, batch)),
            None => Err(refused),
        }
    }

    /// The outputs for the first values with which the graph runs at all.
    fn outputs_of_some(&self, widths: &[usize], batch: Batch) -> Result<Vec<(Element, usize)>, Error> {
        let mut tried = Values::ALL.into_iter().map(|values| self.outputs_at(widths, batch, values));
        let failed = |found: &Result<_, Error>| matches!(found, Err(Error::Run { .. }));
        let first = tried.next().unwrap_or(Err(Error::Lacking { what: "outputs" }));
        match failed(&first) {
            true => tried.find(|found| !failed(found)).unwrap_or(first),
            false => first,
        }
    }

    fn outputs_at(
        &self,
        widths: &[usize],
        batch: Batch,
        values: Values,
    ) -> Result<Vec<(Element, usize)>, Error> {
        let inputs = self.inputs_of(widths, values, ROWS);
        let run = |inputs: &[Tensor], rows: usize| match batch {
            Batch::Any => self.run(inputs),
            Batch::Fixed(batch) => run_in_batches(self.program, inputs, rows, batch),
        };
        let together = run(&inputs, ROWS)?;
        for row in 0..ROWS {
            let alone: Vec<Tensor> = inputs.iter().map(|input| rows_of(input, row, 1)).collect();
            let alone = run(&alone, 1)?;
            for ((output, together), alone) in self.program.outputs().iter().zip(&together).zip(&alone) {
                self.check_row(&output.name, together, alone, row)?;
            }
        }
        Ok(together.iter().map(|output| (output.element(), output.len() / ROWS)).collect())
    }

    fn check_row(&self, output: &str, together: &Tensor, alone: &Tensor, row: usize) -> Result<(), Error> {
        let output = || output.to_owned();
        let columns = alone.len();
        if together.shape().first() != Some(&ROWS) || together.len() != ROWS * columns || columns == 0 {
            let found = format!("{} of shape {:?}", together.element(), together.shape());
            return Err(Error::BareOutputShape { output: output(), rows: ROWS, columns: None, found });
        }
        let same = is_same(rows_of(together, row, 1).data(), alone.data());
        same.then_some(()).ok_or_else(|| Error::RowsDepend { output: output() })
    }

    fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Error> {
        guarded_own(|| self.program.run(inputs.to_vec()))
    }

    fn inputs_of(&self, widths: &[usize], values: Values, rows: usize) -> Vec<Tensor> {
        let named: Vec<(&str, usize)> =
            self.inputs.iter().zip(widths).map(|(input, width)| (input.name.as_str(), *width)).collect();
        let known = known::categories(self.graph, &named);
        let input = |(place, (input, width)): (usize, (&Declared, &usize))| {
            let cells = (0..rows).flat_map(|row| (0..*width).map(move |column| (row, column)));
            let known = |(row, column): (usize, usize)| {
                (row, row * width + column, known.get(&(place, column)).map(Rc::as_ref))
            };
            let data = made_up(input.element, values, cells.map(known));
            input.axes.shape(Tensor::of(vec![rows, *width], data))
        };
        self.inputs.iter().zip(widths).enumerate().map(input).collect()
    }
}

/// Values for cells, of each of which its row, its place and the values that the graph knows are told.
fn made_up<'k>(
    element: Element,
    values: Values,
    cells: impl Iterator<Item = (usize, usize, Option<&'k Data>)>,
) -> Data {
    let number = |row: usize, at: usize, known: Option<&Data>| match (values, known) {
        (Values::Known, Some(Data::I64(known))) => known[row % known.len()] as f64,
        (Values::Zeros, _) => 0.0,
        (Values::Ones, _) => 1.0,
        (Values::Known, _) => ((at * 7919 % 23) as f64 - 11.0) / 8.0,
    };
    let integer = |row: usize, _: usize, known: Option<&Data>| match (values, known) {
        (Values::Known, Some(Data::I64(known))) => known[row % known.len()],
        (Values::Known, _) => (row % 2) as i64,
        (Values::Zeros, _) => 0,
        (Values::Ones, _) => 1,
    };
    let text = |row: usize, _: usize, known: Option<&Data>| match (values, known) {
        (Values::Known, Some(Data::Text(known))) => known[row % known.len()].clone(),
        (Values::Known, Some(Data::I64(known))) => known[row % known.len()].to_string(),
        (Values::Known | Values::Zeros, _) => "0".to_owned(),
        (Values::Ones, _) => "1".to_owned(),
    };
    match element {
        Element::F32 => Data::F32(cells.map(|(row, at, known)| number(row, at, known) as f32).collect()),
        Element::F64 => Data::F64(cells.map(|(row, at, known)| number(row, at, known)).collect()),
        Element::I64 => Data::I64(cells.map(|(row, at, known)| integer(row, at, known)).collect()),
        Element::I32 => Data::I32(cells.map(|(row, at, known)| integer(row, at, known) as i32).collect()),
        Element::Bool => Data::Bool(cells.map(|(row, at, known)| integer(row, at, known) == 1).collect()),
        Element::Text => Data::Text(cells.map(|(row, at, known)| text(row, at, known)).collect()),
    }
}

fn is_same(a: &Data, b: &Data) -> bool {
    const TOLERANCE: f64 = 1e-3;
    let near =
        |a: f64, b: f64| a == b || (a - b).abs() <= TOLERANCE * (1.0 + b.abs()) || a.is_nan() && b.is_nan();
    match (a, b) {
        (Data::F32(a), Data::F32(b)) => a.iter().zip(b).all(|(a, b)| near((*a).into(), (*b).into())),
        (Data::F64(a), Data::F64(b)) => a.iter().zip(b).all(|(a, b)| near(*a, *b)),
        (a, b) => a == b,
    }
}

/// Runs a graph that was written for a number of rows; the last batch is filled up with its last row.
pub(super) fn run_in_batches(
    program: &Program,
    inputs: &[Tensor],
    rows: usize,
    batch: usize,
) -> Result<Vec<Tensor>, Error> {
    let mut outputs: Vec<Vec<Tensor>> = Vec::with_capacity(rows.div_ceil(batch));
    for first in (0..rows).step_by(batch) {
        let given: Vec<Tensor> = inputs.iter().map(|input| rows_of(input, first, batch)).collect();
        let count = batch.min(rows - first);
        let found = guarded_own(|| program.run(given))?;
        outputs.push(found.iter().map(|output| shaped_for(output, batch, count)).collect());
    }
    let places = 0..program.outputs().len();
    Ok(places.filter_map(|place| stack(outputs.iter().map(|batch| &batch[place]))).collect())
}

/// The rows of an output for a whole batch that are not filling; of one that has no rows, none of any column.
fn shaped_for(output: &Tensor, batch: usize, count: usize) -> Tensor {
    let columns = output.len() / batch;
    if output.len() != batch * columns {
        return Tensor::of(vec![count, 0], output.element().none());
    }
    rows_of(&Tensor::of(vec![batch, columns], output.data().clone()), 0, count)
}

/// Rows of a tensor; beyond its last, the last again.
fn rows_of(tensor: &Tensor, first: usize, count: usize) -> Tensor {
    let Some((rows, rest)) = tensor.shape().split_first() else { return tensor.clone() };
    let columns: usize = rest.iter().product();
    let at = |place: usize| (first + place / columns).min(rows - 1) * columns + place % columns;
    let data = crate::program::map_data!(tensor.data(), |values| {
        (0..count * columns).map(|place| values[at(place)].clone()).collect()
    });
    Tensor::of([&[count], rest].concat(), data)
}

/// Tensors of the same columns, one below the other.
fn stack<'t>(mut parts: impl Iterator<Item = &'t Tensor>) -> Option<Tensor> {
    let first = parts.next()?.clone();
    let columns = first.shape()[1..].to_vec();
    let mut rows = first.shape()[0];
    let mut data = first.into_data();
    for part in parts {
        rows += part.shape()[0];
        match (&mut data, part.data()) {
            (Data::F32(data), Data::F32(part)) => data.extend_from_slice(part),
            (Data::F64(data), Data::F64(part)) => data.extend_from_slice(part),
            (Data::I64(data), Data::I64(part)) => data.extend_from_slice(part),
            (Data::I32(data), Data::I32(part)) => data.extend_from_slice(part),
            (Data::Bool(data), Data::Bool(part)) => data.extend_from_slice(part),
            (Data::Text(data), Data::Text(part)) => data.extend_from_slice(part),
            _ => return None,
        }
    }
    Tensor::new([&[rows], columns.as_slice()].concat(), data).ok()
}
