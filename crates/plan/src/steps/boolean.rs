//! Yes or no, in many spellings.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Misfit, Work, fields,
    lookup::{self, Lookup, Otherwise},
    text,
};
use crate::{
    Kind,
    values::{Numbers, Shape, Values},
};

/// 1 for a spelling of yes, 0 for one of no, and missing for all else. Whether letters are large or small
/// makes no difference, nor do spaces before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Boolean {
    /// What means yes. Default: as in a column of truth values, [`Kind::YES`].
    #[serde(default = "usual_yes")]
    pub yes: Vec<String>,
    /// What means no. Default: as in a column of truth values, [`Kind::NO`].
    #[serde(default = "usual_no")]
    pub no: Vec<String>,
}

fn usual_yes() -> Vec<String> {
    Kind::YES.map(str::to_owned).to_vec()
}

fn usual_no() -> Vec<String> {
    Kind::NO.map(str::to_owned).to_vec()
}

impl Default for Boolean {
    fn default() -> Boolean {
        Boolean { yes: usual_yes(), no: usual_no() }
    }
}

impl Work for Boolean {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let spellings = self.spellings()?;
        let apply: Box<dyn Apply> = match reads {
            [Shape::Texts] => Box::new(spellings),
            [Shape::Codes(vocabulary)] => {
                let codes: Vec<usize> = (0..vocabulary.len()).collect();
                let numbers = codes.iter().map(|code| spellings.number(&vocabulary.name(*code)));
                let otherwise = Otherwise { missing: f64::NAN, unseen: f64::NAN };
                Box::new(Lookup::new(vec![lookup::column(vocabulary, &codes, numbers, otherwise)]))
            }
            [other] => return Err(Misfit::kind("categories or texts", other)),
            _ => return Err(Misfit::field("columns", "has several: expected one column")),
        };
        Ok(Bound { shape: Shape::number(name), apply })
    }
}

impl Boolean {
    fn spellings(&self) -> Result<Spellings, Misfit> {
        let folded = |field, spellings: &[String]| {
            let folded: Vec<String> = spellings.iter().map(|spelling| fold(spelling)).collect();
            fields::distinct(field, &folded).map(|folded| folded.iter().cloned().collect::<HashSet<_>>())
        };
        let (yes, no) = (folded("yes", &self.yes)?, folded("no", &self.no)?);
        match no.intersection(&yes).min() {
            Some(both) => Err(Misfit::field("no", format!("has {both:?}, which means yes too"))),
            None => Ok(Spellings { yes, no }),
        }
    }
}

/// The same text for all spellings that mean the same.
fn fold(text: &str) -> String {
    text.trim_matches(text::is_space).to_lowercase()
}

#[derive(Debug)]
struct Spellings {
    yes: HashSet<String>,
    no: HashSet<String>,
}

impl Spellings {
    fn number(&self, text: &str) -> f64 {
        let folded = fold(text);
        if self.yes.contains(&folded) {
            1.0
        } else if self.no.contains(&folded) {
            0.0
        } else {
            f64::NAN
        }
    }
}

impl Apply for Spellings {
    fn apply(&self, reads: &[&Values]) -> Values {
        let number = |text: Option<&str>| text.map_or(f64::NAN, |text| self.number(text));
        Values::Numbers(Numbers::one(reads[0].texts().iter().map(number).collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::trial::{codes, refusal, table};
    use super::*;
    use crate::{Known, Vocabulary};

    fn read(step: Boolean, reads: &(Shape, Values)) -> Vec<Option<f64>> {
        let (_, rows) = table(&step.into(), reads);
        rows.iter().map(|row| Some(row[0]).filter(|number| !number.is_nan())).collect()
    }

    #[test]
    fn spellings_are_told_however_they_are_written() {
        let texts = vec![Some(" Yes\t"), Some("F"), Some("-1.0"), Some("maybe"), Some(""), None];
        let found = read(Boolean::default(), &(Shape::Texts, Values::Texts(texts.into())));
        assert_eq!(found, [Some(1.0), Some(0.0), Some(0.0), None, None, None]);
        let found = read(Boolean::default(), &codes(&["n", "TRUE", "?"], &[0, 1, 2, 3, 4]));
        assert_eq!(found, [Some(0.0), Some(1.0), None, None, None]);
    }

    #[test]
    fn truths_and_numbers_are_told_too() {
        let of = |values: Vec<Known>| {
            let codes = (0..values.len() as u32).collect();
            let shape = Shape::Codes(Arc::new(Vocabulary::new(values).unwrap()));
            read(Boolean::default(), &(shape, Values::Codes(codes)))
        };
        assert_eq!(of(vec![Known::Truth(true), Known::Truth(false)]), [Some(1.0), Some(0.0)]);
        assert_eq!(
            of(vec![Known::Integer(1), Known::Integer(-1), Known::Integer(2)]),
            [Some(1.0), Some(0.0), None]
        );
        assert_eq!(of(vec![Known::Number(1.0), Known::Number(0.0)]), [Some(1.0), Some(0.0)]);
    }

    #[test]
    fn own_spellings_are_taken_instead_and_none_may_mean_both() {
        let of = |yes: &[&str], no: &[&str]| Boolean {
            yes: yes.iter().map(|spelling| (*spelling).to_owned()).collect(),
            no: no.iter().map(|spelling| (*spelling).to_owned()).collect(),
        };
        let texts = Values::Texts(vec!["OUI", "non", "yes"].into());
        assert_eq!(read(of(&["oui"], &["non"]), &(Shape::Texts, texts)), [Some(1.0), Some(0.0), None]);
        assert_eq!(refusal(of(&["ja"], &["Ja "]), &Shape::Texts), "no: has \"ja\", which means yes too");
        assert_eq!(refusal(of(&["a", "A"], &["b"]), &Shape::Texts), "yes: has \"a\" twice");
        assert_eq!(refusal(of(&["a"], &[]), &Shape::Texts), "no: is empty");
        assert_eq!(
            refusal(Boolean::default(), &Shape::Words),
            "column: reads words: expected categories or texts"
        );
    }
}
