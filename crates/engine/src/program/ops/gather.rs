//! Operators that take values from places, and put them there.

use super::{
    super::{
        node::{Kernel, Node, axis_of, input},
        room,
        tensor::{Data, Fault, Tensor, map_data},
    },
    shape::{bounded, bounded_like, gather_by, steps, walk},
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    let axis = node.int("axis", 0);
    Ok(Some(match node.proto.op_type.as_str() {
        "Compress" => compress(node),
        "Gather" => gather(axis),
        "GatherElements" => gather_elements(axis),
        "GatherND" => gather_nd(node)?,
        "ScatterElements" | "Scatter" => scatter_elements(node, axis)?,
        "ScatterND" => scatter_nd(node)?,
        _ => return Ok(None),
    }))
}

fn only(tensor: Tensor) -> Result<Vec<Tensor>, Fault> {
    Ok(vec![tensor])
}

/// A place that may be counted from the end.
pub(super) fn place_of(at: i64, length: usize) -> Result<usize, Fault> {
    let counted = if at < 0 { at + length as i64 } else { at };
    let place = usize::try_from(counted).ok().filter(|place| *place < length);
    place.ok_or_else(|| format!("place {at} is none of {length}").into())
}

fn gather(axis: i64) -> Kernel {
    Box::new(move |inputs| {
        let (x, places) = (input(inputs, 0)?, input(inputs, 1)?);
        only(gathered(x, places, axis_of(axis, x.rank())?)?)
    })
}

/// What stands at places along an axis.
pub(super) fn gathered(x: &Tensor, places: &Tensor, axis: usize) -> Result<Tensor, Fault> {
    let length = x.shape()[axis];
    if let (Data::F32(values), [_], Data::I64(places_of)) = (x.data(), x.shape(), places.data()) {
        bounded(places.shape())?;
        let found = values_at(values, places_of)?;
        return Ok(Tensor::of(places.shape().to_vec(), Data::F32(found)));
    }
    let at: Vec<usize> =
        places.to_i64s()?.into_iter().map(|at| place_of(at, length)).collect::<Result<_, _>>()?;
    let outer: usize = x.shape()[..axis].iter().product();
    let inner: usize = x.shape()[axis + 1..].iter().product();
    let shape = [&x.shape()[..axis], places.shape(), &x.shape()[axis + 1..]].concat();
    let total = bounded_like(x, &shape)?;
    if let (Data::F32(values), 1) = (x.data(), inner) {
        let mut found = room::filled(total);
        of_rows(values.chunks_exact(length.max(1)).take(outer), &at, &mut found);
        return Ok(Tensor::of(shape, Data::F32(found)));
    }
    let data = map_data!(x.data(), |values| {
        let mut found = Vec::with_capacity(total);
        for row in 0..outer {
            for place in &at {
                let begin = (row * length + place) * inner;
                found.extend_from_slice(&values[begin..begin + inner]);
            }
        }
        found
    });
    Ok(Tensor::of(shape, data))
}

/// What stands at the same places of each row.
fn of_rows<'r>(rows: impl Iterator<Item = &'r [f32]>, at: &[usize], found: &mut [f32]) {
    let rows = rows.zip(found.chunks_exact_mut(at.len().max(1)));
    let are_neighbours = at.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    match (are_neighbours, at.len()) {
        (true, 2) => of_neighbours::<2>(rows, at[0]),
        (true, 4) => of_neighbours::<4>(rows, at[0]),
        (true, 8) => of_neighbours::<8>(rows, at[0]),
        (true, 16) => of_neighbours::<16>(rows, at[0]),
        (true, 32) => of_neighbours::<32>(rows, at[0]),
        (true, 33..) => rows.for_each(|(row, found)| found.copy_from_slice(&row[at[0]..][..at.len()])),
        _ => rows.for_each(|(row, found)| {
            found.iter_mut().zip(at).for_each(|(found, place)| *found = row[*place]);
        }),
    }
}

/// What stands at so many places after another: calling what copies any number takes longer.
fn of_neighbours<'r, 'f, const COUNT: usize>(
    rows: impl Iterator<Item = (&'r [f32], &'f mut [f32])>,
    first: usize,
) {
    for (row, found) in rows {
        found.copy_from_slice(&row[first..first + COUNT]);
    }
}

/// What stands at places of a list.
fn values_at(values: &[f32], places: &[i64]) -> Result<Vec<f32>, Fault> {
    let mut found = room::filled(places.len());
    let is_inside = |all: bool, at: &i64| all & ((*at as u64) < values.len() as u64);
    if places.iter().fold(true, is_inside) {
        for (found, at) in found.iter_mut().zip(places) {
            *found = values[*at as usize];
        }
        return Ok(found);
    }
    for (found, at) in found.iter_mut().zip(places) {
        *found = values[place_of(*at, values.len())?];
    }
    Ok(found)
}

fn gather_elements(axis: i64) -> Kernel {
    Box::new(move |inputs| {
        let (x, places) = (input(inputs, 0)?, input(inputs, 1)?);
        let found = element_places(x, places, axis)?;
        only(gather_by(x, places.shape(), found.into_iter())?)
    })
}

/// Where in a tensor the elements are that places along an axis point to.
fn element_places(x: &Tensor, places: &Tensor, axis: i64) -> Result<Vec<usize>, Fault> {
    let axis = axis_of(axis, x.rank())?;
    let fits = places.rank() == x.rank()
        && (0..x.rank()).all(|at| at == axis || places.shape()[at] <= x.shape()[at]);
    if !fits {
        return Err(format!("places of shape {:?} do not fit {:?}", places.shape(), x.shape()).into());
    }
    let mut own = steps(x.shape());
    let step = std::mem::take(&mut own[axis]);
    let at = places.to_i64s()?.into_iter().map(|at| place_of(at, x.shape()[axis]));
    let at = at.collect::<Result<Vec<_>, _>>()?;
    Ok(walk(places.shape(), &own).zip(at).map(|(base, at)| base + at * step).collect())
}

/// Where rows of places point to, and how many values are there.
fn targets(x: &Tensor, places: &Tensor) -> Result<(Vec<usize>, usize), Fault> {
    let depth = *places.shape().last().ok_or("places without a depth")?;
    if depth > x.rank() || depth == 0 {
        return Err(format!("places of depth {depth} in {:?}", x.shape()).into());
    }
    let own = steps(x.shape());
    let at = places.to_i64s()?;
    let of = |place: &[i64]| {
        let parts =
            place.iter().enumerate().map(|(axis, at)| Ok(place_of(*at, x.shape()[axis])? * own[axis]));
        parts.sum::<Result<usize, Fault>>()
    };
    let found = at.chunks_exact(depth).map(of).collect::<Result<_, _>>()?;
    Ok((found, x.shape()[depth..].iter().product()))
}

fn gather_nd(node: Node<'_>) -> Result<Kernel, Error> {
    if node.int("batch_dims", 0) != 0 {
        return Err(node.refuse("batch_dims", "expected 0"));
    }
    Ok(Box::new(|inputs| {
        let (x, places) = (input(inputs, 0)?, input(inputs, 1)?);
        let (found, width) = targets(x, places)?;
        bounded_like(x, &[found.len(), width])?;
        let depth = places.shape()[places.rank() - 1];
        let shape = [&places.shape()[..places.rank() - 1], &x.shape()[depth..]].concat();
        let all: Vec<usize> = found.into_iter().flat_map(|begin| begin..begin + width).collect();
        only(gather_by(x, &shape, all.into_iter())?)
    }))
}

/// What becomes of a value that one is scattered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merge {
    Replace,
    Add,
    Multiply,
    Largest,
    Least,
}

impl Merge {
    fn of(node: Node<'_>) -> Result<Merge, Error> {
        Ok(match node.text("reduction", "none").as_str() {
            "none" => Merge::Replace,
            "add" => Merge::Add,
            "mul" => Merge::Multiply,
            "max" => Merge::Largest,
            "min" => Merge::Least,
            other => return Err(node.refuse("reduction", format!("{other} is not known"))),
        })
    }
}

/// Puts each update to its place, or merges it with what is there.
fn scattered(x: &Tensor, updates: &Tensor, places: &[usize], merge: Merge) -> Result<Tensor, Fault> {
    macro_rules! updates {
        ($variant:ident) => {
            match updates.data() {
                Data::$variant(updates) => places.iter().zip(updates),
                _ => return Err(updates.unexpected(x.element().word())),
            }
        };
    }
    macro_rules! numbers {
        ($variant:ident, $values:expr, $add:expr, $multiply:expr) => {{
            let mut values = $values.clone();
            for (place, update) in updates!($variant) {
                let (old, new) = (values[*place], *update);
                values[*place] = match merge {
                    Merge::Replace => new,
                    Merge::Add => $add(old, new),
                    Merge::Multiply => $multiply(old, new),
                    Merge::Largest => old.max(new),
                    Merge::Least => old.min(new),
                };
            }
            Data::$variant(values)
        }};
    }
    macro_rules! others {
        ($variant:ident, $values:expr) => {{
            if merge != Merge::Replace {
                return Err(x.unexpected("numbers"));
            }
            let mut values = $values.clone();
            updates!($variant).for_each(|(place, update)| values[*place] = update.clone());
            Data::$variant(values)
        }};
    }
    let data = match x.data() {
        Data::F32(values) => numbers!(F32, values, |a, b| a + b, |a, b| a * b),
        Data::F64(values) => numbers!(F64, values, |a, b| a + b, |a, b| a * b),
        Data::I64(values) => numbers!(I64, values, i64::wrapping_add, i64::wrapping_mul),
        Data::I32(values) => numbers!(I32, values, i32::wrapping_add, i32::wrapping_mul),
        Data::Bool(values) => others!(Bool, values),
        Data::Text(values) => others!(Text, values),
    };
    Ok(Tensor::of(x.shape().to_vec(), data))
}

fn scatter_nd(node: Node<'_>) -> Result<Kernel, Error> {
    let merge = Merge::of(node)?;
    Ok(Box::new(move |inputs| {
        let (x, places, updates) = (input(inputs, 0)?, input(inputs, 1)?, input(inputs, 2)?);
        let (found, width) = targets(x, places)?;
        if Some(updates.len()) != found.len().checked_mul(width) {
            return Err(format!("{} updates for {} places of {width}", updates.len(), found.len()).into());
        }
        let all: Vec<usize> = found.into_iter().flat_map(|begin| begin..begin + width).collect();
        only(scattered(x, updates, &all, merge)?)
    }))
}

fn scatter_elements(node: Node<'_>, axis: i64) -> Result<Kernel, Error> {
    let merge = Merge::of(node)?;
    Ok(Box::new(move |inputs| {
        let (x, places, updates) = (input(inputs, 0)?, input(inputs, 1)?, input(inputs, 2)?);
        if places.shape() != updates.shape() {
            return Err(format!("{:?} updates for {:?} places", updates.shape(), places.shape()).into());
        }
        let at = element_places(x, places, axis)?;
        only(scattered(x, updates, &at, merge)?)
    }))
}

/// The parts along an axis, or the values, where a list says so.
fn compress(node: Node<'_>) -> Kernel {
    let axis = node.has("axis").then(|| node.int("axis", 0));
    Box::new(move |inputs| {
        let (x, kept) = (input(inputs, 0)?, input(inputs, 1)?.bools()?);
        let flat = Tensor::list(x.data().clone());
        let (x, axis) = match axis {
            Some(axis) => (x, axis_of(axis, x.rank())?),
            None => (&flat, 0),
        };
        let places = kept.iter().take(x.shape()[axis]).enumerate().filter(|(_, kept)| **kept);
        let places: Vec<i64> = places.map(|(place, _)| place as i64).collect();
        only(gathered(x, &Tensor::list(Data::I64(places)), axis)?)
    })
}
