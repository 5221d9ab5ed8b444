//! numpy's arrays.

use super::Value;

/// An array of a pickle. Its values are decoded only when they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Array<'p, 'a> {
    pub(crate) shape: &'p [usize],
    pub(crate) code: &'a str,
    pub(crate) little_endian: bool,
    pub(crate) data: Value<'p, 'a>,
}

impl Array<'_, '_> {
    /// How many values it has.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its values, if they are numbers.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        if let Some(items) = self.data.items() {
            return items.map(Value::as_number).collect();
        }
        let bytes = self.data.as_bytes()?;
        let decode: fn(&[u8]) -> Option<f64> = match self.code {
            "i1" => |bytes| Some(i8::from_le_bytes(bytes.try_into().ok()?).into()),
            "u1" | "b1" => |bytes| Some(u8::from_le_bytes(bytes.try_into().ok()?).into()),
            "i2" => |bytes| Some(i16::from_le_bytes(bytes.try_into().ok()?).into()),
            "u2" => |bytes| Some(u16::from_le_bytes(bytes.try_into().ok()?).into()),
            "i4" => |bytes| Some(i32::from_le_bytes(bytes.try_into().ok()?).into()),
            "u4" => |bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?).into()),
            "i8" => |bytes| Some(i64::from_le_bytes(bytes.try_into().ok()?) as f64),
            "u8" => |bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?) as f64),
            "f4" => |bytes| Some(f32::from_le_bytes(bytes.try_into().ok()?).into()),
            "f8" => |bytes| Some(f64::from_le_bytes(bytes.try_into().ok()?)),
            _ => return None,
        };
        let width: usize = self.code[1..].parse().ok()?;
        if bytes.len() != self.len().checked_mul(width)? {
            return None;
        }
        let swapped = |bytes: &[u8]| decode(&bytes.iter().rev().copied().collect::<Vec<u8>>());
        bytes
            .chunks_exact(width)
            .map(|bytes| if self.little_endian { decode(bytes) } else { swapped(bytes) })
            .collect()
    }
}
