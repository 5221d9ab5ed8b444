//! What the fields of steps have in common: their defaults, and what they are refused for.

use hashbrown::HashSet;

use super::Misfit;
use crate::Vocabulary;

/// Whether a field says what it says where it is left out.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The default of what is done unless a plan says otherwise.
pub(super) fn yes() -> bool {
    true
}

/// Whether it is that default.
pub(super) fn is_yes(value: &bool) -> bool {
    *value
}

/// A number that is one.
pub(super) fn finite(field: &'static str, number: f64) -> Result<f64, Misfit> {
    if number.is_finite() {
        return Ok(number);
    }
    Err(Misfit::field(field, format!("is {number}: expected a number")))
}

/// A number from `least` to `most`.
pub(super) fn within(field: &'static str, number: usize, least: usize, most: usize) -> Result<usize, Misfit> {
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(Misfit::field(field, format!("is {number}: expected {least} to {most}")))
}

/// As many as there are of something else.
pub(super) fn one_for_each(
    field: &'static str,
    found: usize,
    expected: usize,
    of: &str,
) -> Result<(), Misfit> {
    if found == expected {
        return Ok(());
    }
    Err(Misfit::field(field, format!("has {found}: expected one for each of {expected} {of}")))
}

/// Words of which each has a place: there are some, not too many, and none is there twice.
pub(super) fn distinct<'w>(field: &'static str, words: &'w [String]) -> Result<&'w [String], Misfit> {
    if words.is_empty() {
        return Err(Misfit::field(field, "is empty"));
    }
    if words.len() > Vocabulary::MOST {
        let most = Vocabulary::MOST;
        return Err(Misfit::field(field, format!("has {}: at most {most} are taken", words.len())));
    }
    let mut before = HashSet::with_capacity_and_hasher(words.len(), foldhash::fast::FixedState::default());
    match words.iter().find(|word| !before.insert(word.as_str())) {
        Some(word) => Err(Misfit::field(field, format!("has {word:?} twice"))),
        None => Ok(words),
    }
}

/// Names for columns that have numbers: `x_0`, `x_1`, …
pub(super) fn numbered(name: &str, columns: usize) -> Vec<String> {
    (0..columns).map(|column| format!("{name}_{column}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_words_has_each_once() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert!(distinct("values", &words(&["a", "b"])).is_ok());
        assert_eq!(distinct("values", &words(&["a", "b", "a"])).unwrap_err().what, "has \"a\" twice");
        assert_eq!(distinct("values", &[]).unwrap_err().what, "is empty");
    }
}
