//! How a column of a pack is read, as a column of a schema and a step.

use std::sync::Arc;

use automl_pack_plan::{Column, Error, Impute, Kind, Known, Ordinal, Step, Vocabulary};

/// How a column is read.
pub(crate) enum Reading {
    /// As numbers; something may stand in for what is missing.
    Number { fill: Option<f32> },
    /// As codes of texts. Code 0 is the commonest text's, and stands in for what is missing or unseen.
    Text(Vec<(String, u32)>),
    /// As codes of numbers.
    Category { codes: Vec<(f64, u32)>, missing: u32, unseen: u32 },
    /// As integers from 0 up, which models look up in tables by their value: any other number would read what
    /// belongs to another column, so that none gets through.
    Level { count: u32, commonest: u32 },
}

impl Reading {
    /// The column of the schema.
    pub(crate) fn column(&self, name: &str) -> Result<Column, Error> {
        let column = |kind| Column::new(name, kind);
        let category = |vocabulary: Result<Vocabulary, String>| match vocabulary {
            Ok(vocabulary) => Ok(column(Kind::Category(Arc::new(vocabulary)))),
            Err(what) => Err(Error::Schema { path: name.to_owned(), what }),
        };
        match self {
            Reading::Number { .. } => Ok(column(Kind::Number).single()),
            Reading::Text(_) => category(Vocabulary::new(self.values())),
            Reading::Category { .. } => Ok(category(Vocabulary::new(self.values()))?.single()),
            Reading::Level { count, .. } => Ok(category(Vocabulary::levels(*count as usize))?.single()),
        }
    }

    /// What makes a number of what was read.
    pub(crate) fn step(&self) -> Option<Step> {
        let codes = || {
            let codes: Vec<u32> = self.coded().into_iter().map(|(_, code)| code).collect();
            let are_places = codes.iter().enumerate().all(|(place, code)| *code as usize == place);
            (!are_places).then_some(codes)
        };
        let ordinal = |codes, missing: u32, unseen: u32| {
            let (missing, unseen) = (Some(missing.into()), Some(unseen.into()));
            Some(Ordinal { codes, missing, unseen, ..Ordinal::default() }.into())
        };
        match self {
            Reading::Number { fill } => {
                Some(Impute { number: Some(f64::from((*fill)?).into()), ..Impute::default() }.into())
            }
            Reading::Text(_) => ordinal(codes(), 0, 0),
            Reading::Category { missing, unseen, .. } => ordinal(codes(), *missing, *unseen),
            Reading::Level { commonest, .. } => ordinal(None, *commonest, *commonest),
        }
    }

    fn values(&self) -> Vec<Known> {
        self.coded().into_iter().map(|(value, _)| value).collect()
    }

    /// The values with their codes, in the order of the codes.
    fn coded(&self) -> Vec<(Known, u32)> {
        let mut coded: Vec<(Known, u32)> = match self {
            Reading::Text(codes) => {
                codes.iter().map(|(text, code)| (Known::Text(text.clone()), *code)).collect()
            }
            Reading::Category { codes, .. } => {
                codes.iter().map(|(number, code)| (Known::of_number(*number), *code)).collect()
            }
            Reading::Number { .. } | Reading::Level { .. } => Vec::new(),
        };
        coded.sort_by(|(a, first), (b, second)| {
            let by_value = match (a.number(), b.number()) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => a.to_string().cmp(&b.to_string()),
            };
            first.cmp(second).then(by_value)
        });
        coded
    }
}
