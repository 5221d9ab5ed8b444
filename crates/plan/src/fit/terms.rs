//! How often each word is there, and in how many rows.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Counts words, or n-grams, of rows that come block by block.
///
/// It keeps [`Terms::MOST`] of them. Forgetting the rare ones would make what is left depend on the order of
/// the rows, so where there are more, it gives up.
#[derive(Debug)]
pub(crate) struct Terms {
    seen: HashMap<Box<str>, Counts, FixedState>,
    rows: u64,
    /// How many different ones there may be.
    room: usize,
    /// Nothing is added to what is there.
    is_closed: bool,
    has_given_up: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    total: u64,
    rows: u64,
    /// The last row that has it, from 1.
    last: u64,
}

/// A word, how often it is there, and in how many rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    /// The word.
    pub word: String,
    /// How often it is there.
    pub total: u64,
    /// How many rows have it.
    pub rows: u64,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms { seen: HashMap::default(), rows: 0, room: Terms::MOST, is_closed: false, has_given_up: false }
    }
}

impl Terms {
    /// So many different words are kept; with those of text, they take some 400 MB.
    pub(crate) const MOST: usize = 1 << 22;

    /// Counts these alone.
    pub(crate) fn only(words: &[String]) -> Terms {
        let seen = words.iter().map(|word| (word.as_str().into(), Counts::default()));
        Terms { seen: seen.collect(), is_closed: true, ..Terms::default() }
    }

    /// Sees a word of a row.
    pub(crate) fn see(&mut self, word: &str) {
        if let Some(counts) = self.seen.get_mut(word) {
            counts.see(self.rows + 1);
        } else if !self.is_closed {
            self.add(word);
        }
    }

    /// The row is over.
    pub(crate) fn end_row(&mut self) {
        self.rows += 1;
    }

    fn add(&mut self, word: &str) {
        if self.seen.len() == self.room {
            (self.is_closed, self.has_given_up) = (true, true);
            self.seen = HashMap::default();
            return;
        }
        self.seen.insert(word.into(), Counts { total: 1, rows: 1, last: self.rows + 1 });
    }

    /// How many rows there were.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// In how many rows a word is.
    pub(crate) fn rows_of(&self, word: &str) -> u64 {
        self.seen.get(word).map_or(0, |counts| counts.rows)
    }

    /// Those that are to be kept, the most frequent first, and no more than so many. Equals are in the order of
    /// their text.
    pub(crate) fn most_frequent(
        &self,
        frequency: fn(&Term) -> u64,
        keep: impl Fn(&Term) -> bool,
        most: Option<usize>,
    ) -> Result<Vec<Term>, String> {
        if self.has_given_up {
            return Err(format!("there are more than {} different ones: hashes need no list", self.room));
        }
        let mut terms: Vec<Term> = self.terms().filter(keep).collect();
        terms.sort_unstable_by(|a, b| frequency(b).cmp(&frequency(a)).then_with(|| a.word.cmp(&b.word)));
        terms.truncate(most.unwrap_or(usize::MAX));
        Ok(terms)
    }

    fn terms(&self) -> impl Iterator<Item = Term> {
        self.seen.iter().map(|(word, counts)| Term {
            word: word.to_string(),
            total: counts.total,
            rows: counts.rows,
        })
    }
}

impl Counts {
    fn see(&mut self, row: u64) {
        self.total += 1;
        self.rows += u64::from(self.last != row);
        self.last = row;
    }
}

/// The words alone, in the order of their text.
pub(crate) fn by_text(terms: Vec<Term>) -> Vec<String> {
    let mut words: Vec<String> = terms.into_iter().map(|term| term.word).collect();
    words.sort_unstable();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(mut terms: Terms, rows: &[&str]) -> Terms {
        for row in rows {
            row.split(' ').for_each(|word| terms.see(word));
            terms.end_row();
        }
        terms
    }

    fn most_frequent(terms: &Terms, most: usize) -> Vec<(String, u64, u64)> {
        let terms = terms.most_frequent(|term| term.total, |_| true, Some(most)).unwrap();
        terms.into_iter().map(|term| (term.word, term.total, term.rows)).collect()
    }

    #[test]
    fn words_are_counted_in_all_and_by_row_whatever_the_order() {
        let terms = counted(Terms::default(), &["b a b", "c b", "a d"]);
        let expected = [("b", 3, 2), ("a", 2, 2), ("c", 1, 1)];
        let expected = expected.map(|(word, total, rows)| (word.to_owned(), total, rows));
        assert_eq!(most_frequent(&terms, 3), expected);
        let other = counted(Terms::default(), &["d a", "b c", "b b a"]);
        assert_eq!(most_frequent(&other, 3), expected);
    }

    #[test]
    fn only_the_words_that_are_asked_for_are_counted() {
        let terms = counted(Terms::only(&["b".to_owned(), "z".to_owned()]), &["b a b", "a"]);
        assert_eq!((terms.rows(), terms.rows_of("b"), terms.rows_of("a"), terms.rows_of("z")), (2, 1, 0, 0));
        assert_eq!(most_frequent(&terms, 9).len(), 2);
    }

    #[test]
    fn too_many_words_are_told_and_not_kept() {
        let mut terms = counted(Terms { room: 2, ..Terms::default() }, &["a b a"]);
        assert_eq!(most_frequent(&terms, 9).len(), 2);
        terms.see("c");
        assert_eq!(terms.seen.len(), 0);
        let refused = terms.most_frequent(|term| term.total, |_| true, None).unwrap_err();
        assert_eq!(refused, "there are more than 2 different ones: hashes need no list");
    }
}
