//! Columns of one type, side by side: what goes into a graph, and what comes out of it.

use ndarray::{Array2, Axis, Slice, concatenate};

/// The type of the values in a [`Block`], and in which width a graph takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Numbers of single precision.
    Single,
    /// Numbers of double precision.
    Double,
    /// Integers of 64 bits.
    Integer,
    /// Integers of 32 bits; a block holds them in 64.
    Short,
    /// Truth values.
    Truth,
    /// Texts.
    Text,
}

/// Columns of one type, side by side, with a row for each row of the data.
///
/// ```
/// use automl_pack_plan::Block;
/// use ndarray::array;
///
/// let block = Block::from(array![[1.0_f32, 2.0], [3.0, 4.0]]);
/// assert_eq!((block.rows(), block.columns()), (2, 2));
/// assert_eq!(Block::stack(vec![block.clone(), block]).unwrap().rows(), 4);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Numbers of single precision: the matrix that the members of a bundle eat is one such block.
    Single(Array2<f32>),
    /// Numbers of double precision.
    Double(Array2<f64>),
    /// Integers.
    Integer(Array2<i64>),
    /// Truth values.
    Truth(Array2<bool>),
    /// Texts.
    Text(Array2<String>),
}

impl Block {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.shape().0
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.shape().1
    }

    fn shape(&self) -> (usize, usize) {
        match self {
            Block::Single(matrix) => matrix.dim(),
            Block::Double(matrix) => matrix.dim(),
            Block::Integer(matrix) => matrix.dim(),
            Block::Truth(matrix) => matrix.dim(),
            Block::Text(matrix) => matrix.dim(),
        }
    }

    /// The matrix, where it is one of single precision.
    pub fn single(&self) -> Option<&Array2<f32>> {
        match self {
            Block::Single(matrix) => Some(matrix),
            _ => None,
        }
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// If there are not as many.
    #[must_use]
    pub fn slice(&self, first: usize, count: usize) -> Block {
        let rows = Slice::from(first..first + count);
        match self {
            Block::Single(matrix) => Block::Single(matrix.slice_axis(Axis(0), rows).to_owned()),
            Block::Double(matrix) => Block::Double(matrix.slice_axis(Axis(0), rows).to_owned()),
            Block::Integer(matrix) => Block::Integer(matrix.slice_axis(Axis(0), rows).to_owned()),
            Block::Truth(matrix) => Block::Truth(matrix.slice_axis(Axis(0), rows).to_owned()),
            Block::Text(matrix) => Block::Text(matrix.slice_axis(Axis(0), rows).to_owned()),
        }
    }

    /// The rows at those places, in that order.
    ///
    /// # Panics
    /// If there is none at one of them.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Block {
        match self {
            Block::Single(matrix) => Block::Single(matrix.select(Axis(0), rows)),
            Block::Double(matrix) => Block::Double(matrix.select(Axis(0), rows)),
            Block::Integer(matrix) => Block::Integer(matrix.select(Axis(0), rows)),
            Block::Truth(matrix) => Block::Truth(matrix.select(Axis(0), rows)),
            Block::Text(matrix) => Block::Text(matrix.select(Axis(0), rows)),
        }
    }

    /// Blocks of the same columns, one below the other. None where there are none, or where they are not
    /// of the same columns.
    pub fn stack(blocks: Vec<Block>) -> Option<Block> {
        macro_rules! stack {
            ($variant:ident) => {{
                let mut views = Vec::with_capacity(blocks.len());
                for block in &blocks {
                    let Block::$variant(matrix) = block else { return None };
                    views.push(matrix.view());
                }
                concatenate(Axis(0), &views).ok().map(Block::$variant)
            }};
        }
        if blocks.len() <= 1 {
            return blocks.into_iter().next();
        }
        match blocks[0] {
            Block::Single(_) => stack!(Single),
            Block::Double(_) => stack!(Double),
            Block::Integer(_) => stack!(Integer),
            Block::Truth(_) => stack!(Truth),
            Block::Text(_) => stack!(Text),
        }
    }
}

impl From<Array2<f32>> for Block {
    fn from(matrix: Array2<f32>) -> Block {
        Block::Single(matrix)
    }
}
