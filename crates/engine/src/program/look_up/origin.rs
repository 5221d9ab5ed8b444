//! Where the values of a graph come from: which column of the rows each depends on, if it is one alone.
//!
//! The steps are gone through with a few rows of labels in place of values: what moves values moves labels.

use super::{
    super::{
        Program, Step, budget,
        ops::{shape_of, zip},
        tensor::{Data, Tensor},
    },
    Nature,
};

/// What a column of a value depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// On no row.
    Constant,
    /// On one column of the rows, in the same row.
    Column {
        /// Its place.
        column: usize,
        /// Whether it is something other than what stands there.
        is_changed: bool,
    },
}

/// Of what depends on several columns, or on another row.
const MIXED: i64 = -1;
const CONSTANT: i64 = 0;

/// What stands in a slot.
enum Value {
    Unknown,
    /// It depends on no row, but may on how many there are.
    Known(Tensor),
    /// A label for each value.
    Labels(Tensor),
}

fn label(row: usize, column: usize, width: usize) -> i64 {
    1 + (row * width + column) as i64
}

/// The same, changed.
fn changed(label: i64) -> i64 {
    if label > 0 { label | 1 << 62 } else { label }
}

fn both(a: i64, b: i64) -> i64 {
    match (changed(a), changed(b)) {
        (a, CONSTANT) => a,
        (CONSTANT, b) => b,
        (a, b) if a == b => a,
        _ => MIXED,
    }
}

/// What is known of each slot.
pub(super) struct Trace {
    /// Its labels, where it has any.
    pub labels: Vec<Option<Tensor>>,
    /// Its value for so many rows, where it depends on nothing else of them.
    pub known: Vec<Option<Tensor>>,
}

/// Goes through the steps with so many rows.
pub(super) fn trace(program: &Program, width: usize, count: usize) -> Trace {
    let mut values: Vec<Value> = program
        .constants
        .iter()
        .map(|constant| constant.as_ref().map_or(Value::Unknown, |value| Value::Known(value.clone())))
        .collect();
    let labels = (0..count).flat_map(|row| (0..width).map(move |column| label(row, column, width)));
    let rows = Tensor::of(vec![count, width], Data::I64(labels.collect()));
    values[program.first_input] = Value::Labels(rows);
    budget::within(program.limits.of_run(count, program.parameters), || {
        for step in &program.steps {
            let made = after(step, &values).unwrap_or_default();
            for (slot, value) in step.outputs.iter().zip(made) {
                values[*slot] = value;
            }
        }
    });
    let (mut labels, mut known) = (Vec::new(), Vec::new());
    for value in values {
        let (label, value) = match value {
            Value::Labels(tensor) => (Some(tensor), None),
            Value::Known(tensor) => (None, Some(tensor)),
            Value::Unknown => (None, None),
        };
        labels.push(label);
        known.push(value);
    }
    Trace { labels, known }
}

/// What a step makes of what is there; none if nothing is known of it.
fn after(step: &Step, values: &[Value]) -> Option<Vec<Value>> {
    let given: Vec<Option<&Value>> = step.inputs.iter().map(|slot| slot.map(|slot| &values[slot])).collect();
    let known = |place: usize| match given.get(place)? {
        Some(Value::Known(tensor)) => Some(tensor),
        _ => None,
    };
    // What does not depend on rows has labels that say so.
    let labels = |place: usize| match given.get(place)? {
        Some(Value::Labels(labels)) => Some(labels.clone()),
        Some(Value::Known(value)) => {
            let labels = Data::I64(vec![CONSTANT; value.len()]);
            Some(Tensor::of(value.shape().to_vec(), labels))
        }
        _ => None,
    };
    let run = |inputs: &[Option<&Tensor>]| (step.kernel)(inputs).ok();
    let has_labels = given.iter().flatten().any(|value| matches!(value, Value::Labels(_)));
    if given.iter().flatten().any(|value| matches!(value, Value::Unknown)) {
        return None;
    }
    if !has_labels {
        let inputs: Vec<Option<&Tensor>> = (0..given.len()).map(known).collect();
        return run(&inputs).map(|made| made.into_iter().map(Value::Known).collect());
    }
    let moved = |places: &[usize]| {
        let moved: Vec<Option<Tensor>> = places.iter().map(|place| labels(*place)).collect();
        let input = |place: usize| match places.iter().position(|moved| *moved == place) {
            Some(at) => moved[at].as_ref().map(Some),
            None if given[place].is_none() => Some(None),
            None => known(place).map(Some),
        };
        let inputs: Vec<Option<&Tensor>> = (0..given.len()).map(input).collect::<Option<_>>()?;
        run(&inputs).map(|made| made.into_iter().map(Value::Labels).collect())
    };
    match step.nature {
        Nature::Moves => moved(&[0]),
        Nature::Joins => moved(&(0..given.len()).collect::<Vec<_>>()),
        Nature::Replaces => moved(&[0, 2]),
        Nature::Gathers { .. } if known(1).is_some() => moved(&[0]),
        Nature::Gathers { of_rows: true } => {
            let (table, places) = (known(0)?, labels(1)?);
            let shape = [places.shape(), table.shape().get(1..)?].concat();
            Some(wrapped(vec![spread(&places, shape)]))
        }
        Nature::Spreads => {
            let (places, count) = (labels(0)?, known(1)?.to_i64s().ok()?);
            let count = usize::try_from(*count.first()?).ok()?;
            Some(wrapped(vec![spread(&places, [places.shape(), &[count]].concat())]))
        }
        Nature::Changes => {
            let mut all = labels(0)?;
            all = Tensor::of(
                all.shape().to_vec(),
                Data::I64(all.to_i64s().ok()?.into_iter().map(changed).collect()),
            );
            for place in 1..given.len() {
                let other = labels(place)?;
                let shape = shape_of(all.shape(), other.shape()).ok()?;
                let (a, b) = (all.i64s().ok()?, other.i64s().ok()?);
                let joined = zip((a, all.shape()), (b, other.shape()), &shape, |a, b| both(*a, *b));
                all = Tensor::of(shape, Data::I64(joined));
            }
            Some(wrapped(vec![all]))
        }
        Nature::Mixes => {
            let zeros: Vec<Option<Tensor>> = given.iter().map(|value| value.map(zeros)).collect();
            let inputs: Vec<Option<&Tensor>> = zeros.iter().map(Option::as_ref).collect();
            run(&inputs).map(|made| wrapped(made.iter().map(mixed).collect()))
        }
        Nature::Measures | Nature::Counts => {
            let labels = labels(0)?;
            run(&[Some(&labels)]).map(|made| made.into_iter().map(Value::Known).collect())
        }
        Nature::Gathers { of_rows: false } | Nature::LooksUp | Nature::Other => None,
    }
}

fn wrapped(labels: Vec<Tensor>) -> Vec<Value> {
    labels.into_iter().map(Value::Labels).collect()
}

/// What can stand in for a value where nothing but its shape matters.
fn zeros(value: &Value) -> Tensor {
    match value {
        Value::Known(tensor) => tensor.clone(),
        Value::Labels(labels) => Tensor::of(labels.shape().to_vec(), Data::F32(vec![0.0; labels.len()])),
        Value::Unknown => Tensor::list(Data::F32(Vec::new())),
    }
}

fn mixed(values: &Tensor) -> Tensor {
    Tensor::of(values.shape().to_vec(), Data::I64(vec![MIXED; values.len()]))
}

/// Each label as often as the last axes of the shape take, changed.
fn spread(labels: &Tensor, shape: Vec<usize>) -> Tensor {
    let times = shape[labels.rank()..].iter().product();
    let each = labels.i64s().unwrap_or_default().iter();
    let spread = each.flat_map(|label| std::iter::repeat_n(changed(*label), times)).collect();
    Tensor::of(shape, Data::I64(spread))
}

/// What the columns of a matrix depend on, if each depends on one column alone, in its own row.
pub(super) fn columns_of(labels: &Tensor, width: usize) -> Option<Vec<Origin>> {
    let &[rows, count] = labels.shape() else { return None };
    let labels = labels.i64s().ok()?;
    let origin = |at: usize| {
        let label = labels[at];
        if label == CONSTANT {
            return Some(Origin::Constant);
        }
        let is_changed = label >> 62 == 1;
        let place = usize::try_from(label & !(1 << 62)).ok()?.checked_sub(1)?;
        (place / width == at / count).then_some(Origin::Column { column: place % width, is_changed })
    };
    (0..count)
        .map(|column| {
            let of_rows = (0..rows).map(|row| origin(row * count + column)).collect::<Option<Vec<_>>>()?;
            of_rows.iter().all(|origin| *origin == of_rows[0]).then_some(of_rows[0])
        })
        .collect()
}
