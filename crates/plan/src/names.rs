//! Texts that are found again, each with its place.

mod short;

use arrow_array::{Array, GenericStringArray, OffsetSizeTrait};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::texts::Texts;
use short::{Key, Short};

/// Texts, each once, and the place of each. Every cell of a category is looked up in one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Names {
    /// Those that are short, where there are few.
    short: Option<Short>,
    /// All of them.
    places: HashMap<Box<str>, u32, RandomState>,
}

impl Names {
    /// Takes texts in the order of their places; gives the place of the first that is there a second time.
    pub(crate) fn new<'t>(texts: impl ExactSizeIterator<Item = &'t str> + Clone) -> Result<Names, usize> {
        let mut places = HashMap::with_capacity_and_hasher(texts.len(), RandomState::default());
        for (text, place) in texts.clone().zip(0_u32..) {
            if places.insert(text.into(), place).is_some() {
                return Err(place as usize);
            }
        }
        Ok(Names { short: Short::new(texts), places })
    }

    /// The place of a text.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.places.get(text).copied()
    }

    /// The places of texts; those of rows that are null, or none of them, are asked for.
    pub(crate) fn find_all(&self, texts: &Texts, ask: &mut dyn FnMut(usize) -> u32) -> Vec<u32> {
        match (texts, &self.short) {
            (Texts::Narrow(array), Some(short)) => self.find_short(short, array, ask),
            (Texts::Wide(array), Some(short)) => self.find_short(short, array, ask),
            (texts, None) => {
                let place = |(row, text): (usize, Option<&str>)| {
                    text.and_then(|text| self.find(text)).unwrap_or_else(|| ask(row))
                };
                texts.iter().enumerate().map(place).collect()
            }
        }
    }

    fn find_short<O: OffsetSizeTrait>(
        &self,
        short: &Short,
        array: &GenericStringArray<O>,
        ask: &mut dyn FnMut(usize) -> u32,
    ) -> Vec<u32> {
        let (bytes, ends) = (array.values().as_slice(), array.value_offsets());
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let mut places = Vec::with_capacity(array.len());
        for (row, ends) in ends.windows(2).enumerate() {
            let key = Key::at(bytes, ends[0].as_usize(), ends[1].as_usize());
            let is_null = nulls.is_some_and(|nulls| nulls.is_null(row));
            places.push(match key.and_then(|key| short.find(key)) {
                Some(place) if !is_null => place,
                _ => self.find_or_ask(array, row, ask),
            });
        }
        places
    }

    /// Apart, so that what is done for most texts is little.
    #[inline(never)]
    fn find_or_ask<O: OffsetSizeTrait>(
        &self,
        array: &GenericStringArray<O>,
        row: usize,
        ask: &mut dyn FnMut(usize) -> u32,
    ) -> u32 {
        let place = if array.is_null(row) { None } else { self.find(array.value(row)) };
        place.unwrap_or_else(|| ask(row))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;

    use super::*;

    #[test]
    fn texts_have_their_places_however_long_and_however_many() {
        let many: Vec<String> = (0..1000).map(|number| format!("{number} ").repeat(number % 7)).collect();
        let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
        many.retain(|text| !text.is_empty());
        for known in [&many[..50], &many] {
            let names = Names::new(known.iter().copied()).unwrap();
            let rows: Vec<Option<&str>> = [None, Some("no such text"), Some("")]
                .into_iter()
                .chain(known.iter().copied().map(Some))
                .collect();
            let expected: Vec<u32> = [1000, 1001, 1002].into_iter().chain(0..known.len() as u32).collect();
            for texts in [Texts::Narrow(StringArray::from(rows.clone())), Texts::from(rows)] {
                assert_eq!(names.find_all(&texts, &mut |row| 1000 + row as u32), expected);
            }
            assert_eq!(names.find(known[49]), Some(49));
        }
    }

    #[test]
    fn a_text_that_is_there_twice_is_told() {
        assert_eq!(Names::new(["a", "b", "a", "b"].into_iter()).unwrap_err(), 2);
    }
}
