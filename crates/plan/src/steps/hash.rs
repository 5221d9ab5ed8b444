//! Many categories, texts or words in few columns, without a vocabulary.

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Misfit, Work,
    bag::{Bag, RowNorm},
    fields,
};
use crate::{
    Vocabulary,
    texts::Texts,
    values::{Shape, Sparse, Values, Words},
};

/// Each word adds 1, or takes 1, in the column that a hash of it says: MurmurHash3 of 32 bits from the seed 0,
/// as in scikit-learn's `FeatureHasher`.
///
/// A text or a category is one word as a whole. A missing one adds nothing; nor does a category that the
/// column does not list, because nothing is known of it but that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hash {
    /// How many columns there are.
    pub width: usize,
    /// Whether half of the words take 1, so that those that meet in a column cancel out on average.
    #[serde(default = "fields::yes", skip_serializing_if = "fields::is_yes")]
    pub signed: bool,
    /// What the numbers of a row are divided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub norm: Option<RowNorm>,
}

impl Hash {
    /// The most columns that there may be.
    pub const MOST: usize = 1 << 20;

    /// Where a word goes, and what it adds.
    fn place(&self, word: &str) -> (u32, f64) {
        let hash = murmur(word.as_bytes()) as i32;
        let sign = if self.signed && hash < 0 { -1.0 } else { 1.0 };
        (hash.unsigned_abs() % self.width as u32, sign)
    }

    fn of_codes(&self, vocabulary: &Vocabulary) -> HashCodes {
        let places = (0..vocabulary.len()).map(|code| self.place(&vocabulary.name(code)));
        HashCodes { places: places.collect(), hash: self.clone() }
    }

    fn of_texts(&self, texts: &Texts) -> Sparse {
        self.rows(texts.len(), texts.iter())
    }

    fn of_words(&self, words: &Words) -> Sparse {
        self.rows(words.rows(), (0..words.rows()).map(|row| words.row(row)))
    }

    fn rows<'w>(
        &self,
        rows: usize,
        words: impl Iterator<Item = impl IntoIterator<Item = &'w str>>,
    ) -> Sparse {
        let (mut bag, mut sparse) = (Bag::default(), Sparse::new(self.width, rows));
        for words in words {
            for word in words {
                let (column, number) = self.place(word);
                bag.add(column, number);
            }
            self.end_row(&mut bag, &mut sparse);
        }
        sparse
    }

    fn end_row(&self, bag: &mut Bag, sparse: &mut Sparse) {
        bag.sum();
        if let Some(norm) = self.norm {
            bag.divide(norm);
        }
        bag.end_row(sparse);
    }
}

impl Work for Hash {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let width = fields::within("width", self.width, 1, Hash::MOST)?;
        let apply: Box<dyn Apply> = match reads {
            [Shape::Codes(vocabulary)] => Box::new(self.of_codes(vocabulary)),
            [Shape::Texts | Shape::Words] => Box::new(self.clone()),
            [other] => return Err(Misfit::kind("categories, texts or words", other)),
            _ => return Err(Misfit::field("columns", "has several: expected one column")),
        };
        Ok(Bound { shape: Shape::labelled(fields::numbered(name, width)), apply })
    }
}

impl Apply for Hash {
    fn apply(&self, reads: &[&Values]) -> Values {
        Values::Sparse(match reads[0] {
            Values::Texts(texts) => self.of_texts(texts),
            other => self.of_words(other.words()),
        })
    }
}

#[derive(Debug)]
struct HashCodes {
    hash: Hash,
    /// Where each code goes, and what it adds.
    places: Vec<(u32, f64)>,
}

impl Apply for HashCodes {
    fn apply(&self, reads: &[&Values]) -> Values {
        let codes = reads[0].codes();
        let (mut bag, mut sparse) = (Bag::default(), Sparse::new(self.hash.width, codes.len()));
        for code in codes {
            if let Some((column, number)) = self.places.get(*code as usize) {
                bag.add(*column, *number);
            }
            self.hash.end_row(&mut bag, &mut sparse);
        }
        Values::Sparse(sparse)
    }
}

/// MurmurHash3 of 32 bits, from the seed 0.
fn murmur(bytes: &[u8]) -> u32 {
    let scramble = |block: u32| block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (blocks, rest) = bytes.as_chunks::<4>();
    let mut hash = blocks.iter().fold(0_u32, |hash, block| {
        let hash = hash ^ scramble(u32::from_le_bytes(*block));
        hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    });
    let last = rest.iter().rev().fold(0_u32, |last, byte| last << 8 | u32::from(*byte));
    hash ^= scramble(last);
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::super::trial::{codes, refusal, table};
    use super::*;

    fn hash(width: usize) -> Hash {
        Hash { width, signed: true, norm: None }
    }

    #[test]
    fn a_word_has_the_hash_that_others_give_it() {
        // Of Appleby's reference implementation.
        let known = [("", 0), ("a", 0x3c25_69b2), ("abc", 0xb3dd_93fa), ("abcd", 0x43ed_676a)];
        known.iter().for_each(|(word, hash)| assert_eq!(murmur(word.as_bytes()), *hash, "{word}"));
        assert_eq!(murmur(b"The quick brown fox jumps over the lazy dog"), 0x2e4f_f723);
    }

    #[test]
    fn texts_words_and_categories_of_the_same_text_go_to_the_same_place() {
        let step = hash(7).into();
        let texts = Values::Texts(vec![Some("nurse"), None, Some("été")].into());
        let texts = table(&step, &(Shape::Texts, texts));
        let words = Values::Words([vec!["nurse"], vec![], vec!["été"]].into_iter().collect());
        assert_eq!(table(&step, &(Shape::Words, words)), texts);
        assert_eq!(table(&step, &codes(&["nurse", "été"], &[0, 2, 1])), texts);
        assert_eq!(texts.0[6], "x_6");
        assert_eq!(texts.1[1], [0.0; 7]);
    }

    #[test]
    fn a_category_that_is_not_listed_adds_nothing() {
        assert_eq!(table(&hash(2).into(), &codes(&["a"], &[2])).1, [[0.0, 0.0]]);
    }

    #[test]
    fn no_columns_and_numbers_are_refused() {
        assert_eq!(refusal(hash(0), &Shape::Texts), "width: is 0: expected 1 to 1048576");
        let found = refusal(hash(1), &Shape::Times);
        assert_eq!(found, "column: reads times: expected categories, texts or words");
    }
}
