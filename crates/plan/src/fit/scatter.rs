//! How several columns vary together, of rows that come block by block.

/// Rows are taken in parts of so many, so that a part of each column stays near.
const PART: usize = 512;

/// The means of columns, and the sums of products of distances from them. Parts are merged as Chan, Golub and
/// LeVeque do, so that no digits are lost where the means are large beside the deviations.
#[derive(Debug, Clone)]
pub(crate) struct Scatter {
    count: u64,
    means: Vec<f64>,
    /// For each column, those with itself and with all after it: row by row of a square.
    products: Vec<f64>,
    /// Distances of a part, column by column.
    distances: Vec<f64>,
}

impl Scatter {
    /// Of so many columns.
    pub(crate) fn new(columns: usize) -> Scatter {
        Scatter {
            count: 0,
            means: vec![0.0; columns],
            products: vec![0.0; columns * columns],
            distances: vec![0.0; columns * PART],
        }
    }

    /// Sees some rows. A number that is not finite spoils the sums of its column.
    pub(crate) fn see(&mut self, columns: &[&[f64]]) {
        let rows = columns.first().map_or(0, |column| column.len());
        for first in (0..rows).step_by(PART) {
            let part = first..(first + PART).min(rows);
            self.see_part(part.len(), |place| &columns[place][part.clone()]);
        }
    }

    fn see_part<'c>(&mut self, rows: usize, column: impl Fn(usize) -> &'c [f64]) {
        let (old, new) = (self.count as f64, rows as f64);
        let mut apart = Vec::with_capacity(self.means.len());
        for (place, distances) in self.distances.chunks_exact_mut(PART).enumerate() {
            let numbers = column(place);
            let mean = numbers.iter().sum::<f64>() / new;
            distances.iter_mut().zip(numbers).for_each(|(distance, number)| *distance = number - mean);
            apart.push(mean - self.means[place]);
            self.means[place] += apart[place] * new / (old + new);
        }
        let weight = old * new / (old + new);
        let width = apart.len();
        for one in 0..width {
            let of_one = &self.distances[one * PART..][..rows];
            for other in one..width {
                let of_other = &self.distances[other * PART..][..rows];
                self.products[one * width + other] +=
                    product(of_one, of_other) + apart[one] * apart[other] * weight;
            }
        }
        self.count += rows as u64;
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The mean of each column.
    pub(crate) fn means(&self) -> &[f64] {
        &self.means
    }

    /// How two columns vary together, as of a sample: by one less than the rows.
    pub(crate) fn covariance(&self, one: usize, other: usize) -> f64 {
        let (low, high) = (one.min(other), one.max(other));
        self.products[low * self.means.len() + high] / self.count.saturating_sub(1).max(1) as f64
    }
}

/// The sum of products, in eight sums side by side.
fn product(one: &[f64], other: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let rest: f64 = ones.remainder().iter().zip(others.remainder()).map(|(a, b)| a * b).sum();
    for (ones, others) in ones.zip(others) {
        for lane in 0..8 {
            sums[lane] += ones[lane] * others[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_what_the_whole_gives() {
        let one: Vec<f64> = (0..2000).map(|i| 1e6 + f64::from(i * i % 97)).collect();
        let other: Vec<f64> = (0..2000).map(|i| f64::from(i * 7 % 31)).collect();
        let (mut whole, mut parts) = (Scatter::new(2), Scatter::new(2));
        whole.see(&[&one, &other]);
        one.chunks(7).zip(other.chunks(7)).for_each(|(one, other)| parts.see(&[one, other]));
        for (a, b) in [(0, 0), (0, 1), (1, 1)] {
            let (whole, parts) = (whole.covariance(a, b), parts.covariance(b, a));
            assert!((whole - parts).abs() < 1e-9 * whole.abs(), "{whole} {parts}");
        }
        assert!((whole.means()[0] - parts.means()[0]).abs() < 1e-8);
    }

    #[test]
    fn columns_that_go_together_vary_together() {
        let mut scatter = Scatter::new(2);
        scatter.see(&[&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]]);
        assert_eq!(scatter.means(), [2.0, 4.0]);
        let found = [scatter.covariance(0, 0), scatter.covariance(0, 1), scatter.covariance(1, 1)];
        assert_eq!(found, [1.0, 2.0, 4.0]);
    }
}
