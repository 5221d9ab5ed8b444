//! A number for each column.

use serde::{Deserialize, Serialize};

use super::Misfit;

/// A number for each column of what a step reads; in JSON, one number where there is one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(from = "OneOrMore", into = "OneOrMore")]
pub struct Each(pub Vec<f64>);

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a number, or a list of numbers")]
enum OneOrMore {
    One(f64),
    More(Vec<f64>),
}

impl From<OneOrMore> for Each {
    fn from(form: OneOrMore) -> Each {
        match form {
            OneOrMore::One(number) => Each(vec![number]),
            OneOrMore::More(numbers) => Each(numbers),
        }
    }
}

impl From<Each> for OneOrMore {
    fn from(Each(numbers): Each) -> OneOrMore {
        match numbers.as_slice() {
            [one] => OneOrMore::One(*one),
            _ => OneOrMore::More(numbers),
        }
    }
}

impl From<f64> for Each {
    fn from(number: f64) -> Each {
        Each(vec![number])
    }
}

impl Each {
    /// A finite number for each of the columns.
    pub(crate) fn of(&self, field: &'static str, columns: usize) -> Result<Vec<f64>, Misfit> {
        if self.0.len() != columns {
            let found = self.0.len();
            return Err(Misfit::field(
                field,
                format!("has {found} numbers: expected one for each of {columns} columns"),
            ));
        }
        match self.0.iter().find(|number| !number.is_finite()) {
            Some(number) => Err(Misfit::field(field, format!("is {number}: expected a number"))),
            None => Ok(self.0.clone()),
        }
    }

    /// The same, and none is 0 or less.
    pub(crate) fn positive(&self, field: &'static str, columns: usize) -> Result<Vec<f64>, Misfit> {
        let numbers = self.of(field, columns)?;
        match numbers.iter().find(|number| **number <= 0.0) {
            Some(number) => Err(Misfit::field(field, format!("is {number}: expected more than 0"))),
            None => Ok(numbers),
        }
    }
}
