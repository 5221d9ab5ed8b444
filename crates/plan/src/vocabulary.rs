//! Values that a category may have, and finding them.

use std::{borrow::Cow, fmt};

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::names::Names;

/// A value of a category, as JSON has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a text, a number, true or false")]
pub enum Known {
    /// A text.
    Text(String),
    /// An integer that a number of double precision holds.
    Integer(i64),
    /// Another number.
    Number(f64),
    /// A truth value.
    Truth(bool),
}

impl Known {
    /// A number, as an integer where it is one.
    pub fn of_number(number: f64) -> Known {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match number.fract() == 0.0 && number.abs() <= EXACT {
            true => Known::Integer(number as i64),
            false => Known::Number(number),
        }
    }

    /// It as a number, unless it is a text.
    pub fn number(&self) -> Option<f64> {
        match self {
            Known::Text(_) => None,
            Known::Integer(integer) => Some(*integer as f64),
            Known::Number(number) => Some(*number),
            Known::Truth(truth) => Some(f64::from(u8::from(*truth))),
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Known::Text(text) => f.write_str(text),
            Known::Integer(integer) => write!(f, "{integer}"),
            Known::Number(number) => write!(f, "{number}"),
            Known::Truth(truth) => write!(f, "{truth}"),
        }
    }
}

/// The values of a category, each with the code that is its place.
///
/// - all of them are texts, or all numbers, or all truth values; none is there twice
///
/// ```
/// use automl_pack_plan::{Known, Vocabulary};
///
/// let jobs = Vocabulary::new(vec![Known::Text("admin".into()), Known::Text("nurse".into())])?;
/// assert_eq!(jobs.of_text("nurse"), Some(1));
/// assert_eq!((jobs.missing(), jobs.unseen()), (2, 3));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    values: Values,
    /// How many there are.
    len: usize,
}

/// The code of each value.
type Places<K> = hashbrown::HashMap<K, u32, RandomState>;

#[derive(Debug, Clone, PartialEq)]
enum Values {
    Texts(Vec<String>, Names),
    Numbers(Vec<Known>, Places<u64>),
    Truths(Vec<bool>),
    /// The integers from 0 up.
    Levels,
}

impl Vocabulary {
    /// The most values that there may be: codes go into graphs in single precision.
    pub const MOST: usize = 1 << 24;

    /// Takes the values in order.
    pub fn new(values: Vec<Known>) -> Result<Vocabulary, String> {
        let len = values.len();
        if len > Vocabulary::MOST {
            return Err(format!("it has {len} values: at most {} are taken", Vocabulary::MOST));
        }
        let of_kind = |kind: fn(&Known) -> bool| values.iter().all(kind);
        let values = if of_kind(|value| matches!(value, Known::Text(_))) {
            let texts: Vec<String> = values.iter().map(Known::to_string).collect();
            let names =
                Names::new(texts.iter().map(String::as_str)).map_err(|place| twice(&values[place]))?;
            Values::Texts(texts, names)
        } else if of_kind(|value| matches!(value, Known::Truth(_))) {
            places(values.iter().map(Known::to_string), &values)?;
            Values::Truths(values.iter().map(|value| *value == Known::Truth(true)).collect())
        } else if of_kind(|value| matches!(value, Known::Integer(_) | Known::Number(_))) {
            let codes = places(values.iter().filter_map(Known::number).map(key), &values)?;
            Values::Numbers(values, codes)
        } else {
            return Err("its values are of several kinds: expected texts, numbers or truths alone".to_owned());
        };
        Ok(Vocabulary { values, len })
    }

    /// The integers from 0 below `count`.
    pub fn levels(count: usize) -> Result<Vocabulary, String> {
        match count {
            1..=Vocabulary::MOST => Ok(Vocabulary { values: Values::Levels, len: count }),
            _ => Err(format!("it has {count} levels: expected 1 to {}", Vocabulary::MOST)),
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The code of a missing cell.
    pub fn missing(&self) -> u32 {
        self.len as u32
    }

    /// The code of a value that is none of them.
    pub fn unseen(&self) -> u32 {
        self.len as u32 + 1
    }

    /// The code of a text.
    #[inline]
    pub fn of_text(&self, text: &str) -> Option<u32> {
        match &self.values {
            Values::Texts(_, names) => names.find(text),
            _ => None,
        }
    }

    /// Its texts with their codes, if they are texts.
    pub(crate) fn names(&self) -> Option<&Names> {
        match &self.values {
            Values::Texts(_, names) => Some(names),
            _ => None,
        }
    }

    /// The code of a number. Truth values are 0 and 1.
    #[inline]
    pub fn of_number(&self, number: f64) -> Option<u32> {
        match &self.values {
            Values::Texts(..) => None,
            Values::Numbers(_, codes) => codes.get(&key(number)).copied(),
            Values::Truths(values) => {
                let place = values.iter().position(|truth| f64::from(u8::from(*truth)) == number);
                place.map(|place| place as u32)
            }
            Values::Levels => {
                let is_level = number.fract() == 0.0 && (0.0..self.len as f64).contains(&number);
                is_level.then_some(number as u32)
            }
        }
    }

    /// The code of a value, of whatever kind.
    pub fn of(&self, value: &Known) -> Option<u32> {
        match (value, value.number()) {
            (Known::Text(text), _) => self.of_text(text),
            (_, Some(number)) => self.of_number(number),
            _ => None,
        }
    }

    /// Whether its values are texts.
    pub fn is_text(&self) -> bool {
        matches!(self.values, Values::Texts(..))
    }

    /// Whether its values are truth values.
    pub fn is_truth(&self) -> bool {
        matches!(self.values, Values::Truths(_))
    }

    /// Whether its values are the integers from 0 up.
    pub fn is_levels(&self) -> bool {
        matches!(self.values, Values::Levels)
    }

    /// The value of a code.
    ///
    /// # Panics
    /// If there is no such code.
    pub fn value(&self, code: usize) -> Known {
        match &self.values {
            Values::Texts(texts, _) => Known::Text(texts[code].clone()),
            Values::Numbers(numbers, _) => numbers[code].clone(),
            Values::Truths(truths) => Known::Truth(truths[code]),
            Values::Levels => Known::Integer(code as i64),
        }
    }

    /// The value of a code as text.
    ///
    /// # Panics
    /// If there is no such code.
    pub fn name(&self, code: usize) -> Cow<'_, str> {
        match &self.values {
            Values::Texts(texts, _) => texts[code].as_str().into(),
            _ => self.value(code).to_string().into(),
        }
    }

    /// The codes of values that another has not.
    pub(crate) fn codes_beyond(&self, other: &Vocabulary) -> Vec<usize> {
        (0..self.len).filter(|code| other.of(&self.value(*code)).is_none()).collect()
    }

    /// All values, in the order of their codes.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Known> {
        (0..self.len).map(|code| self.value(code))
    }
}

/// The bits of a number, one and the same for both zeros.
fn key(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

fn twice(value: &Known) -> String {
    format!("the value {:?} is there twice", value.to_string())
}

fn places<K: std::hash::Hash + Eq>(
    keys: impl Iterator<Item = K>,
    values: &[Known],
) -> Result<Places<K>, String> {
    let mut places = Places::with_capacity_and_hasher(values.len(), RandomState::default());
    for (key, place) in keys.zip(0_u32..) {
        if places.insert(key, place).is_some() {
            return Err(twice(&values[place as usize]));
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_what_they_are() {
        let ages = Vocabulary::new(vec![Known::Number(0.5), Known::Integer(0), Known::Integer(7)]).unwrap();
        assert_eq!([0.5, -0.0, 7.0].map(|number| ages.of_number(number)), [Some(0), Some(1), Some(2)]);
        assert_eq!(ages.of_number(8.0), None);
        assert_eq!(ages.of(&Known::Number(7.0)), Some(2));
        let levels = Vocabulary::levels(3).unwrap();
        assert_eq!(
            [0.0, 2.0, 3.0, 1.5].map(|number| levels.of_number(number)),
            [Some(0), Some(2), None, None]
        );
        let truths = Vocabulary::new(vec![Known::Truth(true), Known::Truth(false)]).unwrap();
        assert_eq!(truths.of_number(0.0), Some(1));
    }

    #[test]
    fn values_are_of_one_kind_and_there_once() {
        let refused = Vocabulary::new(vec![Known::Text("a".into()), Known::Integer(1)]).unwrap_err();
        assert!(refused.starts_with("its values are of several kinds"), "{refused}");
        let refused = Vocabulary::new(vec![Known::Integer(1), Known::Number(1.0)]).unwrap_err();
        assert_eq!(refused, "the value \"1\" is there twice");
    }
}
