//! Hashes of texts: the operator that exporters make of a `FeatureHasher`.

use super::super::super::{
    node::{Kernel, Node, input},
    tensor::{Data, Tensor},
};

pub(super) fn murmur(node: Node<'_>) -> Kernel {
    let (seed, is_positive) = (node.int("seed", 0) as u32, node.int("positive", 1) != 0);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let hash = |bytes: &[u8]| murmur3(bytes, seed);
        let hashes: Vec<u32> = match x.data() {
            Data::Text(values) => values.iter().map(|x| hash(x.as_bytes())).collect(),
            Data::I32(values) => values.iter().map(|x| hash(&x.to_le_bytes())).collect(),
            Data::I64(values) => values.iter().map(|x| hash(&x.to_le_bytes())).collect(),
            Data::F32(values) => values.iter().map(|x| hash(&x.to_le_bytes())).collect(),
            Data::F64(values) => values.iter().map(|x| hash(&x.to_le_bytes())).collect(),
            Data::Bool(_) => return Err(x.unexpected("texts or numbers")),
        };
        let data = match is_positive {
            true => Data::I64(hashes.into_iter().map(i64::from).collect()),
            false => Data::I32(hashes.into_iter().map(|hash| hash as i32).collect()),
        };
        Ok(vec![Tensor::of(x.shape().to_vec(), data)])
    })
}

/// MurmurHash3 of 32 bits.
fn murmur3(bytes: &[u8], seed: u32) -> u32 {
    let mix = |block: u32| block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (blocks, rest) = bytes.as_chunks::<4>();
    let mut hash = seed;
    for block in blocks {
        hash = (hash ^ mix(u32::from_le_bytes(*block))).rotate_left(13);
        hash = hash.wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u32::from(*byte));
    hash ^= mix(last);
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_definition() {
        for (text, seed, expected) in [
            ("", 0, 0),
            ("", 1, 0x514e_28b7),
            ("test", 0, 0xba6b_d213),
            ("Hello, world!", 0x9747_b28c, 0x2488_4cba),
        ] {
            assert_eq!(murmur3(text.as_bytes(), seed), expected, "{text}");
        }
    }
}
