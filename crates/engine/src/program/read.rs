//! Tensors as they stand in a file.

use tract_onnx::pb::{TensorProto, tensor_proto::DataType};

use super::tensor::{Data, Tensor};
use crate::{Error, facts};

/// A tensor of the file as a value. What it declares was held to what it holds.
pub(crate) fn tensor_of(tensor: &TensorProto) -> Result<Tensor, Error> {
    facts::check_tensor(tensor)?;
    let wrong = |held: usize| Error::TensorSize {
        tensor: tensor.name.clone(),
        declared: format!("{:?}", tensor.dims),
        held,
    };
    let raw = tensor.raw_data.as_slice();
    macro_rules! numbers {
        ($variant:ident, $list:ident, $type:ty, $from:ty) => {{
            const WIDTH: usize = std::mem::size_of::<$from>();
            Data::$variant(match raw {
                [] => tensor.$list.iter().map(|x| *x as $type).collect(),
                raw => raw
                    .as_chunks::<WIDTH>()
                    .0
                    .iter()
                    .map(|bytes| <$from>::from_le_bytes(*bytes) as $type)
                    .collect(),
            })
        }};
    }
    let data = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float) => numbers!(F32, float_data, f32, f32),
        Ok(DataType::Double) => numbers!(F64, double_data, f64, f64),
        Ok(DataType::Int64) => numbers!(I64, int64_data, i64, i64),
        Ok(DataType::Uint64) => numbers!(I64, uint64_data, i64, u64),
        Ok(DataType::Uint32) => numbers!(I64, uint64_data, i64, u32),
        Ok(DataType::Int32) => numbers!(I32, int32_data, i32, i32),
        Ok(DataType::Int16) => numbers!(I32, int32_data, i32, i16),
        Ok(DataType::Uint16) => numbers!(I32, int32_data, i32, u16),
        Ok(DataType::Int8) => numbers!(I32, int32_data, i32, i8),
        Ok(DataType::Uint8) => numbers!(I32, int32_data, i32, u8),
        Ok(DataType::Bool) => Data::Bool(match raw {
            [] => tensor.int32_data.iter().map(|x| *x != 0).collect(),
            raw => raw.iter().map(|x| *x != 0).collect(),
        }),
        Ok(DataType::String) => {
            let texts = tensor.string_data.iter();
            Data::Text(texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect())
        }
        _ => return Err(Error::TensorType { tensor: tensor.name.clone(), number: tensor.data_type }),
    };
    let shape: Option<Vec<usize>> = tensor.dims.iter().map(|length| usize::try_from(*length).ok()).collect();
    let held = data.len();
    Tensor::new(shape.ok_or_else(|| wrong(held))?, data).map_err(|_| wrong(held))
}
