//! Values that flow between the nodes of a graph.

use std::fmt;

use super::room;
use crate::Error;

/// A block of values of one type.
///
/// - it holds as many values as its shape says
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

/// The values of a tensor, row by row.
#[derive(Debug, PartialEq)]
pub enum Data {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// 64-bit integers.
    I64(Vec<i64>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// Truth values.
    Bool(Vec<bool>),
    /// Texts.
    Text(Vec<String>),
}

/// Single numbers are copied to where there is room, as steps make them.
impl Clone for Data {
    fn clone(&self) -> Data {
        match self {
            Data::F32(values) => Data::F32(room::copy(values)),
            Data::F64(values) => Data::F64(values.clone()),
            Data::I64(values) => Data::I64(values.clone()),
            Data::I32(values) => Data::I32(values.clone()),
            Data::Bool(values) => Data::Bool(values.clone()),
            Data::Text(values) => Data::Text(values.clone()),
        }
    }
}

/// The type of a tensor's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
    /// 64-bit integers.
    I64,
    /// 32-bit integers.
    I32,
    /// Truth values.
    Bool,
    /// Texts.
    Text,
}

impl Element {
    /// No value of the type.
    pub(crate) fn none(self) -> Data {
        match self {
            Element::F32 => Data::F32(Vec::new()),
            Element::F64 => Data::F64(Vec::new()),
            Element::I64 => Data::I64(Vec::new()),
            Element::I32 => Data::I32(Vec::new()),
            Element::Bool => Data::Bool(Vec::new()),
            Element::Text => Data::Text(Vec::new()),
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Element::F32 => "f32",
            Element::F64 => "f64",
            Element::I64 => "i64",
            Element::I32 => "i32",
            Element::Bool => "bool",
            Element::Text => "string",
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Data {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(values) => values.len(),
            Data::F64(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::I32(values) => values.len(),
            Data::Bool(values) => values.len(),
            Data::Text(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Tensor {
    /// Takes values and their shape.
    pub fn new(shape: Vec<usize>, data: Data) -> Result<Tensor, Error> {
        // Beside a length of nothing, others could be too long to be multiplied with anything.
        const LONGEST: usize = 1 << 40;
        let most = shape.iter().try_fold(1_usize, |count, length| count.checked_mul((*length).max(1)));
        let most = most.filter(|most| *most <= LONGEST);
        let count = if shape.contains(&0) { most.map(|_| 0) } else { most };
        if count == Some(data.len()) {
            return Ok(Tensor { shape, data });
        }
        Err(Error::TensorSize {
            tensor: "a value".to_owned(),
            declared: format!("{shape:?}"),
            held: data.len(),
        })
    }

    /// Values whose number is known to fit.
    pub(crate) fn of(shape: Vec<usize>, data: Data) -> Tensor {
        debug_assert_eq!(shape.iter().product::<usize>(), data.len());
        Tensor { shape, data }
    }

    pub(crate) fn scalar(data: Data) -> Tensor {
        Tensor::of(Vec::new(), data)
    }

    pub(crate) fn list(data: Data) -> Tensor {
        Tensor::of(vec![data.len()], data)
    }

    /// How long it is along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values, row by row.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The values, row by row.
    pub fn into_data(self) -> Data {
        self.data
    }

    /// The type of the values.
    pub fn element(&self) -> Element {
        match self.data {
            Data::F32(_) => Element::F32,
            Data::F64(_) => Element::F64,
            Data::I64(_) => Element::I64,
            Data::I32(_) => Element::I32,
            Data::Bool(_) => Element::Bool,
            Data::Text(_) => Element::Text,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    pub(crate) fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The same values in another shape of the same size, without a copy.
    pub(crate) fn into_shape(self, shape: Vec<usize>) -> Tensor {
        Tensor::of(shape, self.data)
    }

    /// The same values in another shape of the same size.
    pub(crate) fn reshaped(&self, shape: Vec<usize>) -> Tensor {
        match &self.data {
            Data::F32(values) => Tensor::of(shape, Data::F32(room::copy(values))),
            data => Tensor::of(shape, data.clone()),
        }
    }

    /// Rows and columns, where a list is one row, and further axes are columns.
    pub(crate) fn as_rows(&self) -> (usize, usize) {
        match self.shape.as_slice() {
            [] => (1, 1),
            [columns] => (1, *columns),
            [rows, rest @ ..] => (*rows, rest.iter().product()),
        }
    }

    pub(crate) fn f32s(&self) -> Result<&[f32], Fault> {
        match &self.data {
            Data::F32(values) => Ok(values),
            _ => Err(self.unexpected("f32")),
        }
    }

    pub(crate) fn f64s(&self) -> Result<&[f64], Fault> {
        match &self.data {
            Data::F64(values) => Ok(values),
            _ => Err(self.unexpected("f64")),
        }
    }

    pub(crate) fn i64s(&self) -> Result<&[i64], Fault> {
        match &self.data {
            Data::I64(values) => Ok(values),
            _ => Err(self.unexpected("i64")),
        }
    }

    pub(crate) fn bools(&self) -> Result<&[bool], Fault> {
        match &self.data {
            Data::Bool(values) => Ok(values),
            _ => Err(self.unexpected("bool")),
        }
    }

    pub(crate) fn texts(&self) -> Result<&[String], Fault> {
        match &self.data {
            Data::Text(values) => Ok(values),
            _ => Err(self.unexpected("string")),
        }
    }

    /// The values as single precision, whatever numbers they are.
    pub(crate) fn to_f32s(&self) -> Result<std::borrow::Cow<'_, [f32]>, Fault> {
        Ok(match &self.data {
            Data::F32(values) => values.as_slice().into(),
            Data::F64(values) => values.iter().map(|value| *value as f32).collect(),
            Data::I64(values) => values.iter().map(|value| *value as f32).collect(),
            Data::I32(values) => values.iter().map(|value| *value as f32).collect(),
            Data::Bool(values) => values.iter().map(|value| f32::from(u8::from(*value))).collect(),
            Data::Text(_) => return Err(self.unexpected("numbers")),
        })
    }

    /// Integers of either width.
    pub(crate) fn to_i64s(&self) -> Result<Vec<i64>, Fault> {
        match &self.data {
            Data::I64(values) => Ok(values.clone()),
            Data::I32(values) => Ok(values.iter().map(|value| i64::from(*value)).collect()),
            _ => Err(self.unexpected("integers")),
        }
    }

    pub(crate) fn unexpected(&self, expected: &str) -> Fault {
        Fault(format!("expected {expected}, found {} of shape {:?}", self.element(), self.shape))
    }
}

/// Why a node failed on its inputs; who calls knows which node it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault(pub String);

impl From<&str> for Fault {
    fn from(text: &str) -> Fault {
        Fault(text.to_owned())
    }
}

impl From<String> for Fault {
    fn from(text: String) -> Fault {
        Fault(text)
    }
}

/// Applies a function to the values, whatever their type is; the type stays.
macro_rules! map_data {
    ($data:expr, |$values:ident| $body:expr) => {
        match $data {
            Data::F32($values) => Data::F32($body),
            Data::F64($values) => Data::F64($body),
            Data::I64($values) => Data::I64($body),
            Data::I32($values) => Data::I32($body),
            Data::Bool($values) => Data::Bool($body),
            Data::Text($values) => Data::Text($body),
        }
    };
}
pub(crate) use map_data;
