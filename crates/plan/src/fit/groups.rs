//! The target of the rows of each code.

use super::Moments;
use crate::steps::Answers;

/// The target by code. The last place is that of all that is beyond, missing and unseen.
#[derive(Debug)]
pub(crate) enum Groups {
    /// How often each class is there, for each code.
    Classes(Vec<Vec<u64>>),
    /// The values for each code, and of all rows.
    Values(Vec<Moments>, Moments),
}

/// The target of some rows: of classes, whether it is a certain one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Group {
    /// How many there are.
    pub rows: f64,
    /// Its mean, or the share of the class; 0 of no rows.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
}

impl Groups {
    /// For so many codes; none where there is no target.
    pub(crate) fn new(answers: &Answers<'_>, codes: usize) -> Option<Groups> {
        match answers {
            Answers::None => None,
            Answers::Classes(_, classes) => Some(Groups::Classes(vec![vec![0; *classes]; codes + 1])),
            Answers::Values(_) => {
                Some(Groups::Values(vec![Moments::default(); codes + 1], Moments::default()))
            }
        }
    }

    /// Sees the codes and the target of some rows.
    pub(crate) fn see(&mut self, codes: &[u32], answers: &Answers<'_>) {
        let beyond = self.beyond();
        let places = codes.iter().map(|code| beyond.min(*code as usize));
        match (self, answers) {
            (Groups::Classes(counts), Answers::Classes(classes, _)) => {
                places.zip(*classes).for_each(|(place, class)| counts[place][*class as usize] += 1);
            }
            (Groups::Values(values, all), Answers::Values(numbers)) => {
                all.see(numbers);
                places.zip(*numbers).for_each(|(place, number)| values[place].see(&[*number]));
            }
            _ => unreachable!("the target is of one kind in all blocks"),
        }
    }

    /// These codes are beyond, after all.
    pub(crate) fn forget(&mut self, codes: &[usize]) {
        let beyond = self.beyond();
        for code in codes {
            match self {
                Groups::Classes(counts) => {
                    let nothing = vec![0; counts[beyond].len()];
                    let of_code = std::mem::replace(&mut counts[*code], nothing);
                    counts[beyond].iter_mut().zip(of_code).for_each(|(count, more)| *count += more);
                }
                // All values are counted apart, and those beyond are asked for by nobody.
                Groups::Values(values, _) => values[*code] = Moments::default(),
            }
        }
    }

    fn beyond(&self) -> usize {
        match self {
            Groups::Classes(counts) => counts.len() - 1,
            Groups::Values(values, _) => values.len() - 1,
        }
    }

    /// The classes whose shares tell the target: of two, that is the second. Values count as one.
    pub(crate) fn classes(&self) -> std::ops::Range<usize> {
        match self {
            Groups::Classes(counts) if counts[0].len() > 2 => 0..counts[0].len(),
            _ => 1..2,
        }
    }

    /// All rows.
    pub(crate) fn all(&self, class: usize) -> Group {
        match self {
            Groups::Classes(counts) => {
                let rows = counts.iter().filter_map(|counts| counts.get(class)).sum();
                Group::of_class(rows, counts.iter().flatten().sum())
            }
            Groups::Values(_, all) => Group::of_values(all),
        }
    }

    /// The rows of a code.
    pub(crate) fn of(&self, code: usize, class: usize) -> Group {
        match self {
            Groups::Classes(counts) => {
                let rows = counts[code].get(class).copied().unwrap_or(0);
                Group::of_class(rows, counts[code].iter().sum())
            }
            Groups::Values(values, _) => Group::of_values(&values[code]),
        }
    }

    /// The codes that have rows.
    pub(crate) fn known(&self) -> impl Iterator<Item = usize> {
        (0..self.beyond()).filter(|code| self.of(*code, 0).rows > 0.0)
    }
}

impl Group {
    fn of_class(rows: u64, of: u64) -> Group {
        let mean = if of == 0 { 0.0 } else { rows as f64 / of as f64 };
        Group { rows: of as f64, mean, variance: mean * (1.0 - mean) }
    }

    fn of_values(moments: &Moments) -> Group {
        let variance = moments.deviation().powi(2);
        Group { rows: moments.count() as f64, mean: moments.mean(), variance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_shares_of_the_rows_of_a_code() {
        let answers = Answers::Classes(&[0, 1, 1, 1], 2);
        let mut groups = Groups::new(&answers, 3).unwrap();
        groups.see(&[0, 0, 2, 4], &answers);
        assert_eq!(groups.of(0, 1), Group { rows: 2.0, mean: 0.5, variance: 0.25 });
        assert_eq!(groups.all(1).mean, 0.75);
        assert_eq!((groups.classes(), groups.known().collect::<Vec<_>>()), (1..2, vec![0, 2]));
    }

    #[test]
    fn values_have_a_mean_and_a_variance() {
        let answers = Answers::Values(&[1.0, 3.0, 5.0]);
        let mut groups = Groups::new(&answers, 1).unwrap();
        groups.see(&[0, 0, 1], &answers);
        assert_eq!(groups.of(0, 1), Group { rows: 2.0, mean: 2.0, variance: 1.0 });
        assert_eq!(groups.all(1).mean, 3.0);
        assert!(Groups::new(&Answers::None, 1).is_none());
    }
}
