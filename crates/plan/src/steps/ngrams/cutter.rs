//! Runs of words or letters, as scikit-learn cuts them.

use serde::{Deserialize, Serialize};

use crate::{fit::Terms, steps::text, values::Values};

/// Of what n-grams are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GramUnit {
    /// Words, with a space between them.
    #[default]
    Words,
    /// Characters, of which several white ones in a row are one space.
    Characters,
    /// Characters of a word with a space before and after it; a word that is too short is one as a whole.
    CharactersInWords,
}

/// What becomes of n-grams.
pub(super) trait Sees {
    /// Sees an n-gram of a row.
    fn see(&mut self, gram: &str);

    /// The row is over.
    fn end_row(&mut self);
}

impl Sees for Terms {
    fn see(&mut self, gram: &str) {
        self.see(gram);
    }

    fn end_row(&mut self) {
        self.end_row();
    }
}

/// Cuts n-grams, one row after another, without a text for each: they are parts of one that is written anew.
#[derive(Debug)]
pub(super) struct Cutter {
    /// How many units are in the shortest, and in the longest.
    lengths: (usize, usize),
    unit: GramUnit,
    written: String,
    /// Where each unit begins and ends.
    units: Vec<(usize, usize)>,
}

impl Cutter {
    pub(super) fn new(least: usize, most: usize, unit: GramUnit) -> Cutter {
        Cutter { lengths: (least, most), unit, written: String::new(), units: Vec::new() }
    }

    /// Has all n-grams of texts, or of words, seen.
    pub(super) fn cut(&mut self, values: &Values, sees: &mut impl Sees) {
        match values {
            Values::Texts(texts) => texts.iter().for_each(|text| {
                self.text(text.unwrap_or(""), sees);
                sees.end_row();
            }),
            other => (0..other.rows()).for_each(|row| {
                self.words(other.words().row(row), sees);
                sees.end_row();
            }),
        }
    }

    fn text(&mut self, text: &str, sees: &mut impl Sees) {
        match self.unit {
            GramUnit::Words => self.words(text::words(text), sees),
            GramUnit::Characters => {
                self.begin();
                self.write_collapsed(text);
                self.each(sees);
            }
            GramUnit::CharactersInWords => {
                for word in text::between_spaces(text) {
                    self.begin();
                    self.write_between_spaces(word);
                    self.each_or_whole(sees);
                }
            }
        }
    }

    fn words<'w>(&mut self, words: impl Iterator<Item = &'w str>, sees: &mut impl Sees) {
        self.begin();
        for word in words {
            if !self.units.is_empty() {
                self.written.push(' ');
            }
            self.write(word);
        }
        self.each(sees);
    }

    fn begin(&mut self) {
        self.written.clear();
        self.units.clear();
    }

    fn write(&mut self, unit: &str) {
        let begin = self.written.len();
        self.written.push_str(unit);
        self.units.push((begin, self.written.len()));
    }

    fn write_letter(&mut self, letter: char) {
        self.write(letter.encode_utf8(&mut [0; 4]));
    }

    fn write_collapsed(&mut self, text: &str) {
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let mut is_run = false;
            if text::is_space(letter) {
                while letters.next_if(|next| text::is_space(*next)).is_some() {
                    is_run = true;
                }
            }
            self.write_letter(if is_run { ' ' } else { letter });
        }
    }

    fn write_between_spaces(&mut self, word: &str) {
        self.write_letter(' ');
        word.chars().for_each(|letter| self.write_letter(letter));
        self.write_letter(' ');
    }

    /// All runs of units; first the shortest.
    fn each(&self, sees: &mut impl Sees) {
        let (least, most) = self.lengths;
        for length in least..=most.min(self.units.len()) {
            for run in self.units.windows(length) {
                sees.see(&self.written[run[0].0..run[length - 1].1]);
            }
        }
    }

    /// The same; where there are fewer than in the shortest, all of them are one.
    fn each_or_whole(&self, sees: &mut impl Sees) {
        if self.units.len() < self.lengths.0 { sees.see(&self.written) } else { self.each(sees) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Sees for Vec<String> {
        fn see(&mut self, gram: &str) {
            self.push(gram.to_owned());
        }

        fn end_row(&mut self) {}
    }

    fn cut(least: usize, most: usize, unit: GramUnit, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Cutter::new(least, most, unit).cut(&Values::Texts(vec![text].into()), &mut found);
        found
    }

    #[test]
    fn words_are_joined_by_a_space() {
        let found = cut(1, 2, GramUnit::Words, "to be, or a not");
        assert_eq!(found, ["to", "be", "or", "not", "to be", "be or", "or not"]);
        assert_eq!(cut(2, 3, GramUnit::Words, "be"), [""; 0]);
    }

    #[test]
    fn several_white_characters_are_one() {
        assert_eq!(cut(2, 2, GramUnit::Characters, "é \n\tb\nc"), ["é ", " b", "b\n", "\nc"]);
    }

    #[test]
    fn characters_in_words_do_not_cross_spaces() {
        let found = cut(3, 4, GramUnit::CharactersInWords, "ab  été");
        assert_eq!(found, [" ab", "ab ", " ab ", " ét", "été", "té ", " été", "été "]);
        assert_eq!(cut(4, 5, GramUnit::CharactersInWords, "a bc"), [" a ", " bc "]);
    }
}
