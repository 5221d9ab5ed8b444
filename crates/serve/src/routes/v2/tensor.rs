//! The types of tensors, and their bytes.

use std::borrow::Cow;

use arrow_schema::DataType;
use automl_pack_plan::Element;

use crate::{
    refusal::{Code, Refusal},
    rows::Json,
};

/// What the numbers of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Datatype {
    Bool,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Int8,
    Int16,
    Int32,
    Int64,
    Half,
    Single,
    Double,
    Bytes,
}

impl Datatype {
    const ALL: [(Datatype, &'static str, usize); 13] = [
        (Datatype::Bool, "BOOL", 1),
        (Datatype::Uint8, "UINT8", 1),
        (Datatype::Uint16, "UINT16", 2),
        (Datatype::Uint32, "UINT32", 4),
        (Datatype::Uint64, "UINT64", 8),
        (Datatype::Int8, "INT8", 1),
        (Datatype::Int16, "INT16", 2),
        (Datatype::Int32, "INT32", 4),
        (Datatype::Int64, "INT64", 8),
        (Datatype::Half, "FP16", 2),
        (Datatype::Single, "FP32", 4),
        (Datatype::Double, "FP64", 8),
        (Datatype::Bytes, "BYTES", 0),
    ];

    pub(super) fn of(word: &str) -> Option<Datatype> {
        Datatype::ALL.iter().find(|(_, known, _)| *known == word).map(|(datatype, ..)| *datatype)
    }

    /// What a column of scores is answered as.
    pub(super) fn of_column(column: &DataType) -> Datatype {
        match column {
            DataType::Float32 => Datatype::Single,
            DataType::Float64 => Datatype::Double,
            DataType::Int64 => Datatype::Int64,
            DataType::Boolean => Datatype::Bool,
            _ => Datatype::Bytes,
        }
    }

    /// What an input of a graph takes.
    pub(super) fn of_element(element: Element) -> Datatype {
        match element {
            Element::Single => Datatype::Single,
            Element::Double => Datatype::Double,
            Element::Integer => Datatype::Int64,
            Element::Short => Datatype::Int32,
            Element::Truth => Datatype::Bool,
            Element::Text => Datatype::Bytes,
        }
    }

    pub(super) fn word(self) -> &'static str {
        Datatype::ALL.iter().find(|(datatype, ..)| *datatype == self).map_or("", |(_, word, _)| word)
    }

    /// The bytes of one element; none where each has its own number.
    pub(super) fn size(self) -> usize {
        Datatype::ALL.iter().find(|(datatype, ..)| *datatype == self).map_or(0, |(.., size)| *size)
    }

    /// Whether an element of JSON can be one of these. A missing one is null.
    pub(super) fn takes(self, cell: &Json<'_>) -> bool {
        match (self, cell) {
            (_, Json::Null) => true,
            (Datatype::Bool, Json::Truth(_)) | (Datatype::Bytes, Json::Text(_)) => true,
            (Datatype::Half | Datatype::Single | Datatype::Double, Json::Number(_) | Json::Integer(_)) => {
                true
            }
            (Datatype::Bool | Datatype::Bytes | Datatype::Half | Datatype::Single | Datatype::Double, _) => {
                false
            }
            // 64 bits without a sign are more than 64 with one, and are kept as a text.
            (Datatype::Uint64, Json::Text(text)) => text.parse::<u64>().is_ok(),
            (_, Json::Integer(number)) => self.range().is_none_or(|range| range.contains(number)),
            _ => false,
        }
    }

    /// The integers that there are, where not all of 64 bits are.
    fn range(self) -> Option<std::ops::RangeInclusive<i64>> {
        Some(match self {
            Datatype::Uint8 => 0..=u8::MAX.into(),
            Datatype::Uint16 => 0..=u16::MAX.into(),
            Datatype::Uint32 => 0..=u32::MAX.into(),
            Datatype::Uint64 => 0..=i64::MAX,
            Datatype::Int8 => i8::MIN.into()..=i8::MAX.into(),
            Datatype::Int16 => i16::MIN.into()..=i16::MAX.into(),
            Datatype::Int32 => i32::MIN.into()..=i32::MAX.into(),
            _ => return None,
        })
    }

    /// The elements of raw bytes, little-endian.
    pub(super) fn read<'b>(self, bytes: &'b [u8], name: &str) -> Result<Vec<Json<'b>>, Refusal> {
        let refuse =
            |what: &str| Refusal::new(Code::BadBody, format!("input \"{name}\": {what}")).field(name);
        if self == Datatype::Bytes {
            return texts(bytes).map_err(refuse);
        }
        if !bytes.len().is_multiple_of(self.size()) {
            return Err(refuse("the data ends within an element"));
        }
        Ok(bytes.chunks_exact(self.size()).map(|element| self.element(element)).collect())
    }

    fn element<'b>(self, bytes: &[u8]) -> Json<'b> {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let number = u64::from_le_bytes(wide);
        match self {
            Datatype::Bool => Json::Truth(number != 0),
            Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32 => Json::Integer(number as i64),
            Datatype::Uint64 => i64::try_from(number)
                .map_or_else(|_| Json::Text(Cow::Owned(number.to_string())), Json::Integer),
            Datatype::Int8 => Json::Integer((number as u8 as i8).into()),
            Datatype::Int16 => Json::Integer((number as u16 as i16).into()),
            Datatype::Int32 => Json::Integer((number as u32 as i32).into()),
            Datatype::Int64 => Json::Integer(number as i64),
            Datatype::Half => Json::Number(half(number as u16)),
            Datatype::Single => Json::Number(f32::from_bits(number as u32).into()),
            Datatype::Double => Json::Number(f64::from_bits(number)),
            Datatype::Bytes => Json::Null,
        }
    }
}

/// Texts, each behind its length.
fn texts(mut bytes: &[u8]) -> Result<Vec<Json<'_>>, &'static str> {
    let mut texts = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or("the data ends within a length")?;
        let length = u32::from_le_bytes(*length) as usize;
        let (text, rest) = rest.split_at_checked(length).ok_or("the data ends within a text")?;
        let text = std::str::from_utf8(text).map_err(|_| "a text is not UTF-8")?;
        texts.push(Json::Text(text.into()));
        bytes = rest;
    }
    Ok(texts)
}

/// A number of half precision: a sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from((bits >> 10) & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn elements_are_read_from_their_bytes() {
        let of = |datatype: Datatype, bytes: &'static [u8]| datatype.read(bytes, "x").unwrap();
        assert_eq!(of(Datatype::Int8, &[255]), [Json::Integer(-1)]);
        assert_eq!(of(Datatype::Int16, &[254, 255]), [Json::Integer(-2)]);
        assert_eq!(of(Datatype::Uint16, &[254, 255]), [Json::Integer(65_534)]);
        assert_eq!(
            of(Datatype::Half, &[0x00, 0x3e, 0x00, 0xc0, 0x01, 0x00]),
            [Json::Number(1.5), Json::Number(-2.0), Json::Number(2.0_f64.powi(-24)),]
        );
        assert_eq!(of(Datatype::Uint64, &[255; 8]), [Json::Text("18446744073709551615".into())]);
        assert_eq!(
            of(Datatype::Bytes, b"\x02\0\0\0ab\0\0\0\0"),
            [Json::Text("ab".into()), Json::Text("".into())]
        );
        assert!(Datatype::Bytes.read(b"\xff\xff\xff\xffab", "x").is_err());
        assert!(Datatype::Bytes.read(b"\x01\0", "x").is_err());
        assert!(Datatype::Bytes.read(b"\x01\0\0\0\xff", "x").is_err());
        assert!(Datatype::Double.read(&[0; 9], "x").is_err());
    }
}
