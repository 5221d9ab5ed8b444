//! What is kept of a column while its rows come by.

use std::collections::BTreeMap;

use crate::{
    Known,
    fit::{Moments, Quantiles, Sorted, Tally},
};

use super::few::LISTED;

/// What is kept of the values of a column.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// Of numbers, integers and booleans.
    Numbers(Measured),
    /// Of categories: the codes, and values that are none of the category's.
    Codes(Tally, Strangers),
    /// Of times, in seconds.
    Times(Quantiles),
    /// Of texts and words: how long they are.
    Lengths(Lengths),
    /// Of vectors and series: how long they are, and the mean of each row's numbers.
    Means(Lengths, Measured),
}

/// Numbers: their moments, their quantiles, and how often each is there while these are few.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// Numbers that are not in the moments yet: these see blocks of one size, whatever blocks the rows came in.
    pending: Vec<f64>,
    moments: Moments,
    quantiles: Quantiles,
    /// Ascending.
    distinct: Option<Vec<(f64, u64)>>,
}

impl Default for Measured {
    fn default() -> Measured {
        let (moments, quantiles) = (Moments::default(), Quantiles::default());
        Measured { pending: Vec::new(), moments, quantiles, distinct: Some(Vec::new()) }
    }
}

impl Measured {
    const BLOCK: usize = 4096;

    /// Sees some numbers; NaN is left out.
    pub(super) fn see(&mut self, numbers: impl IntoIterator<Item = f64>) {
        for number in numbers.into_iter().filter(|number| !number.is_nan()) {
            self.pending.push(number + 0.0);
            if self.pending.len() == Measured::BLOCK {
                self.moments.see(&self.pending);
                self.pending.clear();
            }
            self.quantiles.see(&[number + 0.0]);
            self.tell_apart(number + 0.0);
        }
    }

    fn tell_apart(&mut self, number: f64) {
        let Some(distinct) = &mut self.distinct else { return };
        match distinct.binary_search_by(|(known, _)| known.total_cmp(&number)) {
            Ok(place) => distinct[place].1 += 1,
            Err(_) if distinct.len() == LISTED => self.distinct = None,
            Err(place) => distinct.insert(place, (number, 1)),
        }
    }

    pub(crate) fn moments(&self) -> Moments {
        let mut moments = self.moments.clone();
        moments.see(&self.pending);
        moments
    }

    pub(crate) fn sorted(&self) -> Sorted {
        self.quantiles.sorted()
    }

    /// Each number with how often it was there, ascending, while these are few.
    pub(super) fn distinct(&self) -> Option<&[(f64, u64)]> {
        self.distinct.as_deref()
    }
}

/// How long cells are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lengths {
    quantiles: Quantiles,
    empty: u64,
}

impl Lengths {
    pub(super) fn see(&mut self, length: usize) {
        self.empty += u64::from(length == 0);
        self.quantiles.see(&[length as f64]);
    }

    pub(crate) fn sorted(&self) -> Sorted {
        self.quantiles.sorted()
    }

    /// How many held nothing.
    pub(super) fn empty(&self) -> u64 {
        self.empty
    }
}

/// Values that are none of a category's, with how often each was there. There may be no end of them: the first so
/// many are told apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strangers(BTreeMap<String, u64>);

impl Strangers {
    const MOST: usize = 1024;

    pub(super) fn see(&mut self, value: String) {
        if self.0.len() < Strangers::MOST || self.0.contains_key(&value) {
            *self.0.entry(value).or_insert(0) += 1;
        }
    }

    /// The commonest first.
    pub(crate) fn counted(&self) -> Vec<super::Counted> {
        let mut counted: Vec<_> = self.0.iter().map(|(value, rows)| (value, *rows)).collect();
        counted.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        let counted = counted.into_iter();
        counted.map(|(value, rows)| super::Counted { value: Known::Text(value.clone()), rows }).collect()
    }
}
