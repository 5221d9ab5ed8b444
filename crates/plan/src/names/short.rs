//! Few short texts, found without a comparison of bytes and without a jump that depends on them.

use std::ops::Range;

/// A text of up to 15 bytes as one number: its bytes from the lowest up, and its length in the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u128);

impl Key {
    const LONGEST: usize = 15;
    /// That of no text.
    const NONE: Key = Key(u128::MAX);

    /// The key of the text from `begin` to `end` of some bytes; none of one that is too long, or too near to the
    /// end of all, because so many bytes are taken at once.
    #[inline]
    pub(super) fn at(bytes: &[u8], begin: usize, end: usize) -> Option<Key> {
        let window = bytes.get(begin..)?.first_chunk::<16>()?;
        let length = end - begin;
        let mask = MASKS.get(length)?;
        Some(Key(u128::from_le_bytes(*window) & mask | (length as u128) << (8 * Key::LONGEST)))
    }

    fn of(text: &str) -> Option<Key> {
        let padded = [text.as_bytes(), &[0; 16]].concat();
        Key::at(&padded, 0, text.len())
    }

    /// Its slot among two to the power of 64 less the shift.
    #[inline]
    fn slot(self, factor: u64, shift: u32) -> usize {
        let (low, high) = (self.0 as u64, (self.0 >> 64) as u64);
        let mixed = low.wrapping_mul(factor).wrapping_add(high).wrapping_mul(factor);
        (mixed >> shift) as usize
    }
}

/// The bytes of a text of each length.
const MASKS: [u128; 16] = {
    let mut masks = [0; 16];
    let mut length = 1;
    while length < 16 {
        masks[length] = masks[length - 1] << 8 | 0xff;
        length += 1;
    }
    masks
};

/// Texts no two of which have the same slot. Those that are long are not among them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Short {
    /// By place.
    keys: Vec<Key>,
    /// The place of the one text that a slot may have.
    slots: Vec<u16>,
    factor: u64,
    shift: u32,
}

impl Short {
    /// More are not tried: the more there are, the rarer is a factor that keeps them apart.
    const MOST: usize = 256;
    /// The powers of two that are tried as numbers of slots.
    const SIZES: Range<u32> = 4..14;
    /// A slot without a text.
    const NOWHERE: u16 = u16::MAX;
    /// So many factors are tried for each.
    const TRIES: u64 = 16;

    /// Takes texts in the order of their places; none where there are too many to keep them apart.
    pub(super) fn new<'t>(texts: impl ExactSizeIterator<Item = &'t str>) -> Option<Short> {
        if texts.len() > Short::MOST {
            return None;
        }
        let key = |text: &str| Key::of(text).unwrap_or(Key::NONE);
        let keys: Vec<Key> = texts.map(key).collect();
        let sizes = Short::SIZES.filter(|size| 1 << size >= keys.len());
        let mut tries = sizes.flat_map(|size| (1..=Short::TRIES).map(move |number| (64 - size, number)));
        // Odd multiples of the golden ratio: factors as good as any.
        let factor = |number: u64| 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(2 * number + 1);
        tries.find_map(|(shift, number)| Short::apart(&keys, factor(number), shift))
    }

    /// Puts each text into its slot, if no other is there.
    fn apart(keys: &[Key], factor: u64, shift: u32) -> Option<Short> {
        let mut slots = vec![Short::NOWHERE; 1 << (64 - shift)];
        for (key, place) in keys.iter().zip(0..).filter(|(key, _)| **key != Key::NONE) {
            let slot = &mut slots[key.slot(factor, shift)];
            if std::mem::replace(slot, place) != Short::NOWHERE {
                return None;
            }
        }
        Some(Short { keys: keys.to_vec(), slots, factor, shift })
    }

    /// The place of a text.
    #[inline]
    pub(super) fn find(&self, key: Key) -> Option<u32> {
        let place = self.slots[key.slot(self.factor, self.shift)];
        (self.keys.get(usize::from(place)) == Some(&key)).then_some(place.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(short: &Short, text: &str) -> Option<u32> {
        // Among other bytes, which are none of its own.
        let among = format!("before{text}and some behind it");
        Key::at(among.as_bytes(), 6, 6 + text.len()).and_then(|key| short.find(key))
    }

    #[test]
    fn short_texts_have_their_places_and_no_others_have_any() {
        let texts =
            ["", "a", "a\0", "\0a", "été", "fifteen letters", "fifteen_letters", "sixteen letters!", "b"];
        let short = Short::new(texts.into_iter()).unwrap();
        let found = texts.map(|text| find(&short, text));
        assert_eq!(found, [0, 1, 2, 3, 4, 5, 6, 99, 8].map(|place| Some(place).filter(|place| *place != 99)));
        for text in ["\0", "aa", "sixteen letters", "B", "ba"] {
            assert_eq!(find(&short, text), None, "{text}");
        }
    }

    #[test]
    fn some_hundreds_are_kept_apart_and_more_are_not_tried() {
        let texts: Vec<String> = (0..=Short::MOST).map(|number| format!("level {number}")).collect();
        let short = |count: usize| Short::new(texts[..count].iter().map(String::as_str));
        let most = short(Short::MOST).unwrap();
        assert!(texts[..Short::MOST].iter().zip(0..).all(|(text, place)| find(&most, text) == Some(place)));
        assert_eq!(short(Short::MOST + 1), None);
        assert_eq!(short(0).unwrap().find(Key(0)), None);
    }
}
