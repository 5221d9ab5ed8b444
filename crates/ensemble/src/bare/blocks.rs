//! Blocks of the plan as tensors of the engine, and back: neither crate sees the other.

use automl_pack_engine::{Data, Element, Error, Tensor};
use automl_pack_plan::Block;
use ndarray::{Array2, Axis};

/// Some rows of a block, of the type that an input takes.
pub(super) fn tensor(element: Element, block: &Block, first: usize, count: usize) -> Result<Tensor, Error> {
    let data = match block {
        Block::Single(matrix) => Data::F32(rows_of(matrix, first, count)),
        Block::Double(matrix) => Data::F64(rows_of(matrix, first, count)),
        Block::Integer(matrix) if element == Element::I32 => {
            // The plan has seen to it that they fit.
            Data::I32(rows_of(matrix, first, count).into_iter().map(|integer| integer as i32).collect())
        }
        Block::Integer(matrix) => Data::I64(rows_of(matrix, first, count)),
        Block::Truth(matrix) => Data::Bool(rows_of(matrix, first, count)),
        Block::Text(matrix) => Data::Text(rows_of(matrix, first, count)),
    };
    Tensor::new(vec![count, block.columns()], data)
}

fn rows_of<T: Clone>(matrix: &Array2<T>, first: usize, count: usize) -> Vec<T> {
    let rows = matrix.slice_axis(Axis(0), (first..first + count).into());
    rows.as_slice().map_or_else(|| rows.iter().cloned().collect(), <[T]>::to_vec)
}

/// A tensor as a block; floats in single precision where that is asked for.
pub(super) fn block(tensor: Tensor, is_single: bool) -> Result<Block, Error> {
    let shape = (tensor.shape()[0], tensor.shape()[1]);
    Ok(match tensor.into_data() {
        Data::F32(values) => Block::Single(matrix(shape, values)?),
        Data::F64(values) if is_single => {
            Block::Single(matrix(shape, values.into_iter().map(|value| value as f32).collect())?)
        }
        Data::F64(values) => Block::Double(matrix(shape, values)?),
        Data::I64(values) => Block::Integer(matrix(shape, values)?),
        Data::I32(values) => Block::Integer(matrix(shape, values.into_iter().map(i64::from).collect())?),
        Data::Bool(values) => Block::Truth(matrix(shape, values)?),
        Data::Text(values) => Block::Text(matrix(shape, values)?),
    })
}

fn matrix<T>(shape: (usize, usize), values: Vec<T>) -> Result<Array2<T>, Error> {
    let found = format!("{} values", values.len());
    Array2::from_shape_vec(shape, values).map_err(|_| Error::OutputShape { rows: shape.0, found })
}
