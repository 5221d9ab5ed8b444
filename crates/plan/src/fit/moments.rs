//! Mean and deviation of numbers that come block by block.

use crate::values::Sparse;

/// Count, mean and spread of numbers; NaN is missing. Blocks are merged as Chan, Golub and LeVeque do, so that
/// no digits are lost where the mean is large beside the deviation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Moments {
    count: u64,
    missing: u64,
    mean: f64,
    /// The sum of squared distances from the mean.
    spread: f64,
    least: Option<f64>,
    greatest: Option<f64>,
}

impl Moments {
    /// Sees some numbers.
    pub(crate) fn see(&mut self, numbers: &[f64]) {
        let (mut count, mut sum) = (0_u64, 0.0);
        for number in numbers.iter().copied().filter(|number| !number.is_nan()) {
            count += 1;
            sum += number;
            self.reach(number);
        }
        self.missing += numbers.len() as u64 - count;
        if count > 0 {
            let mean = sum / count as f64;
            let distances =
                numbers.iter().filter(|number| !number.is_nan()).map(|number| (number - mean).powi(2));
            self.merge(count, mean, distances.sum());
        }
    }

    /// Sees numbers that stand for so many each, none of which is missing.
    pub(crate) fn see_weighted(&mut self, numbers: impl Iterator<Item = (f64, u64)> + Clone) {
        let count = numbers.clone().map(|(_, weight)| weight).sum();
        if count > 0 {
            let sum: f64 = numbers.clone().map(|(number, weight)| number * weight as f64).sum();
            let mean = sum / count as f64;
            let distances = numbers.clone().map(|(number, weight)| (number - mean).powi(2) * weight as f64);
            self.merge(count, mean, distances.sum());
            numbers.for_each(|(number, _)| self.reach(number));
        }
    }

    /// Sees numbers of which most are 0, each column in its own place.
    pub(crate) fn see_sparse(columns: &mut [Moments], sparse: &Sparse) {
        let rows = sparse.rows() as u64;
        let (mut there, mut missing) = (vec![0_u64; columns.len()], vec![0_u64; columns.len()]);
        let mut means = vec![0.0; columns.len()];
        for (place, number) in entries(sparse) {
            there[place] += 1;
            missing[place] += u64::from(number.is_nan());
            means[place] += if number.is_nan() { 0.0 } else { number };
        }
        means.iter_mut().zip(&missing).for_each(|(mean, missing)| *mean /= (rows - missing).max(1) as f64);
        let zeros = there.iter().map(|there| (rows - there) as f64);
        let mut spreads: Vec<f64> = zeros.zip(&means).map(|(zeros, mean)| zeros * mean * mean).collect();
        for (place, number) in entries(sparse).filter(|(_, number)| !number.is_nan()) {
            spreads[place] += (number - means[place]).powi(2);
            columns[place].reach(number);
        }
        for (place, moments) in columns.iter_mut().enumerate() {
            moments.missing += missing[place];
            if rows > there[place] {
                moments.reach(0.0);
            }
            if rows > missing[place] {
                moments.merge(rows - missing[place], means[place], spreads[place]);
            }
        }
    }

    /// Missing numbers are this one.
    pub(crate) fn fill_in(&mut self, number: f64) {
        if self.missing > 0 && !number.is_nan() {
            let missing = std::mem::take(&mut self.missing);
            self.merge(missing, number, 0.0);
            self.reach(number);
        }
    }

    fn reach(&mut self, number: f64) {
        self.least = Some(self.least.map_or(number, |least| least.min(number)));
        self.greatest = Some(self.greatest.map_or(number, |greatest| greatest.max(number)));
    }

    fn merge(&mut self, count: u64, mean: f64, spread: f64) {
        let (old, new) = (self.count as f64, count as f64);
        let distance = mean - self.mean;
        self.count += count;
        self.mean += distance * new / (old + new);
        self.spread += spread + distance * distance * old * new / (old + new);
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The mean; 0 of no numbers.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    /// The mean squared distance from the mean.
    pub(crate) fn variance(&self) -> f64 {
        self.spread / self.count.max(1) as f64
    }

    /// Whether numbers are all the same but for rounding.
    pub(crate) fn is_constant(&self) -> bool {
        let (variance, count) = (self.variance(), self.count as f64);
        variance <= count * f64::EPSILON * variance + (count * self.mean * f64::EPSILON).powi(2)
    }

    /// The standard deviation of all numbers.
    pub(crate) fn deviation(&self) -> f64 {
        self.variance().sqrt()
    }

    /// The standard deviation, or 1 where numbers are all the same but for rounding.
    pub(crate) fn scale(&self) -> f64 {
        if self.is_constant() { 1.0 } else { self.variance().sqrt() }
    }

    /// The least number.
    pub(crate) fn least(&self) -> Option<f64> {
        self.least
    }

    /// The greatest number.
    pub(crate) fn greatest(&self) -> Option<f64> {
        self.greatest
    }
}

/// All entries, row by row.
fn entries(sparse: &Sparse) -> impl Iterator<Item = (usize, f64)> {
    sparse.places.iter().map(|place| *place as usize).zip(sparse.numbers.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_what_the_whole_gives() {
        let numbers: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i * i % 97)).collect();
        let (mut whole, mut parts) = (Moments::default(), Moments::default());
        whole.see(&numbers);
        numbers.chunks(7).for_each(|part| parts.see(part));
        assert!((whole.mean() - parts.mean()).abs() < 1e-6);
        assert!((whole.deviation() / parts.deviation() - 1.0).abs() < 1e-9);
        assert_eq!((parts.least(), parts.greatest()), (Some(1e9), Some(1e9 + 96.0)));
    }

    #[test]
    fn what_stands_in_counts_as_often_as_it_does() {
        let (mut late, mut early) = (Moments::default(), Moments::default());
        late.see(&[1.0, f64::NAN, 4.0, f64::NAN]);
        late.fill_in(2.0);
        early.see(&[1.0, 2.0, 4.0, 2.0]);
        assert_eq!((late.count(), late.missing), (4, 0));
        assert!((late.deviation() - early.deviation()).abs() < 1e-12);
    }

    #[test]
    fn numbers_of_which_most_are_0_give_what_all_give() {
        let rows = [[0.0, 2.0], [0.0, 0.0], [f64::NAN, -1.0], [3.0, 4.0]];
        let mut sparse = Sparse::new(2, rows.len());
        for row in rows {
            (0..2).filter(|place| row[*place] != 0.0).for_each(|place| sparse.push(place, row[place]));
            sparse.end_row();
        }
        let mut found = vec![Moments::default(); 2];
        Moments::see_sparse(&mut found, &sparse);
        for (place, found) in found.iter().enumerate() {
            let mut all = Moments::default();
            all.see(&rows.map(|row| row[place]));
            assert_eq!((found.count(), found.missing), (all.count(), all.missing));
            assert_eq!((found.least(), found.greatest()), (all.least(), all.greatest()));
            assert!((found.variance() - all.variance()).abs() < 1e-12 && found.mean() == all.mean());
        }
    }

    #[test]
    fn a_number_can_stand_for_many() {
        let (mut one_by_one, mut weighted) = (Moments::default(), Moments::default());
        one_by_one.see(&[1.0, 1.0, 1.0, 4.0]);
        weighted.see_weighted([(1.0, 3), (4.0, 1)].into_iter());
        assert_eq!(one_by_one, weighted);
    }
}
