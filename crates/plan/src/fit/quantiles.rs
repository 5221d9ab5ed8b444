//! Quantiles of numbers that come block by block.

/// Keeps numbers so that quantiles can be told: all of them up to [`Quantiles::EXACT`], and beyond that a
/// sketch of bounded size, in which a rank is off by less than one in a thousand. NaN is missing.
///
/// The sketch is that of Munro, Paterson and of Manku, Rajagopalan and Lindsay: buffers of sorted numbers, of
/// which each second one is kept, with twice the weight, where two of the same weight meet. It takes the odd
/// and the even ones in turn, and no chance: the same numbers always give the same quantiles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quantiles {
    /// What came last, each with the weight 1.
    fresh: Vec<f64>,
    /// Sorted numbers of weight 2, 4, 8, … by place; each buffer is empty or full.
    levels: Vec<Vec<f64>>,
    takes_odd: bool,
    missing: u64,
}

impl Quantiles {
    /// So many numbers are kept as they are.
    pub(crate) const EXACT: usize = 1 << 17;

    /// Sees some numbers.
    pub(crate) fn see(&mut self, numbers: &[f64]) {
        for number in numbers {
            if number.is_nan() {
                self.missing += 1;
                continue;
            }
            if self.fresh.len() == Quantiles::EXACT {
                self.compact();
            }
            self.fresh.push(*number);
        }
    }

    fn compact(&mut self) {
        let mut carried = std::mem::take(&mut self.fresh);
        carried.sort_unstable_by(f64::total_cmp);
        for level in 0.. {
            carried = self.each_second(carried);
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            if self.levels[level].is_empty() {
                self.levels[level] = carried;
                return;
            }
            let mut both = std::mem::take(&mut self.levels[level]);
            both.append(&mut carried);
            both.sort_by(f64::total_cmp);
            carried = both;
        }
    }

    fn each_second(&mut self, numbers: Vec<f64>) -> Vec<f64> {
        let skipped = usize::from(self.takes_odd);
        self.takes_odd = !self.takes_odd;
        numbers.into_iter().skip(skipped).step_by(2).collect()
    }

    /// Missing numbers are this one.
    pub(crate) fn fill_in(&mut self, number: f64) {
        for _ in 0..std::mem::take(&mut self.missing) {
            self.see(&[number]);
        }
    }

    /// How many are missing.
    pub(crate) fn missing(&self) -> u64 {
        self.missing
    }

    /// The numbers in order, each with its weight.
    pub(crate) fn sorted(&self) -> Sorted {
        let fresh = self.fresh.iter().map(|number| (*number, 1));
        let levels = self.levels.iter().zip(1..);
        let kept =
            levels.flat_map(|(numbers, level)| numbers.iter().map(move |number| (*number, 1_u64 << level)));
        let mut numbers: Vec<(f64, u64)> = fresh.chain(kept).collect();
        numbers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Sorted::new(numbers)
    }
}

/// Numbers in order, with their ranks.
#[derive(Debug, Clone)]
pub(crate) struct Sorted {
    numbers: Vec<f64>,
    /// The rank after each number.
    ends: Vec<u64>,
}

impl Sorted {
    fn new(weighted: Vec<(f64, u64)>) -> Sorted {
        let mut rank = 0;
        let ends = weighted.iter().map(|(_, weight)| {
            rank += weight;
            rank
        });
        let ends = ends.collect();
        Sorted { numbers: weighted.into_iter().map(|(number, _)| number).collect(), ends }
    }

    /// How many numbers they stand for.
    pub(crate) fn count(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The quantile at a share from 0 to 1, between the two nearest numbers, as numpy's `linear` has it. None
    /// of no numbers.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.count().checked_sub(1)?;
        let place = share.clamp(0.0, 1.0) * last as f64;
        let (below, part) = (place.floor() as u64, place.fract());
        let (low, high) = (self.at(below), self.at((below + 1).min(last)));
        // As numpy does it: from the nearer end, so that nothing is lost to rounding.
        let step = high - low;
        Some(if part < 0.5 { low + step * part } else { high - step * (1.0 - part) })
    }

    /// The least number that such a share of all does not exceed, or halfway to the next where the share ends
    /// right between the two: numpy's `averaged_inverted_cdf`. None of no numbers.
    pub(crate) fn step(&self, share: f64) -> Option<f64> {
        let last = self.count().checked_sub(1)?;
        let place = self.count() as f64 * share.clamp(0.0, 1.0) - 1.0;
        if place < 0.0 {
            return Some(self.at(0));
        }
        let below = (place.floor() as u64).min(last);
        let (low, high) = (self.at(below), self.at((below + 1).min(last)));
        Some(if place.fract() == 0.0 { high - (high - low) * 0.5 } else { high })
    }

    /// Each number, with how many it stands for.
    pub(crate) fn weighted(&self) -> impl Iterator<Item = (f64, u64)> + Clone {
        let mut before = 0;
        self.numbers.iter().zip(&self.ends).map(move |(number, end)| {
            let weight = end - before;
            before = *end;
            (*number, weight)
        })
    }

    /// The number that is there most often, the least of several. None of no numbers.
    pub(crate) fn commonest(&self) -> Option<f64> {
        let mut best: Option<(u64, f64)> = None;
        let mut first = 0;
        for run in self.numbers.chunk_by(|a, b| a == b) {
            let last = first + run.len();
            let begins = if first == 0 { 0 } else { self.ends[first - 1] };
            let count = self.ends[last - 1] - begins;
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, run[0]));
            }
            first = last;
        }
        best.map(|(_, number)| number)
    }

    fn at(&self, rank: u64) -> f64 {
        self.numbers[self.ends.partition_point(|end| *end <= rank)]
    }

    /// A quantile that is no single number: one that so many share, or else the mean of so many around it. None
    /// where there are not so many.
    pub(crate) fn around(&self, share: f64, many: usize) -> Option<f64> {
        let last = self.numbers.len().checked_sub(many)?;
        let rank = share.clamp(0.0, 1.0) * (self.count() - 1) as f64;
        let place = self.ends.partition_point(|end| *end <= rank as u64);
        let number = self.numbers[place];
        let run = self.numbers.partition_point(|kept| *kept <= number)
            - self.numbers.partition_point(|kept| *kept < number);
        if run >= many {
            return Some(number);
        }
        let first = place.saturating_sub((many - 1) / 2).min(last);
        let mean = self.numbers[first..first + many].iter().map(|number| number / many as f64).sum();
        Some(mean)
    }

    /// How many numbers do not exceed one.
    pub(crate) fn count_up_to(&self, number: f64) -> u64 {
        let place = self.numbers.partition_point(|kept| *kept <= number);
        place.checked_sub(1).map_or(0, |place| self.ends[place])
    }

    /// How often a number is there.
    pub(crate) fn count_of(&self, number: f64) -> u64 {
        let below = self.numbers.partition_point(|kept| *kept < number);
        self.count_up_to(number) - below.checked_sub(1).map_or(0, |place| self.ends[place])
    }

    /// The share of numbers below one, from 0 to 1.
    pub(crate) fn share_below(&self, number: f64) -> f64 {
        let place = self.numbers.partition_point(|kept| *kept < number);
        let below = place.checked_sub(1).map_or(0, |place| self.ends[place]);
        below as f64 / self.count().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_have_their_exact_quantiles() {
        let mut quantiles = Quantiles::default();
        quantiles.see(&[4.0, f64::NAN, 1.0, 2.0, 3.0]);
        let sorted = quantiles.sorted();
        assert_eq!(
            [0.0, 0.25, 0.5, 1.0].map(|share| sorted.quantile(share)),
            [1.0, 1.75, 2.5, 4.0].map(Some)
        );
        assert_eq!(sorted.share_below(3.0), 0.5);
        assert_eq!(
            [0.0, 0.2, 0.25, 0.6, 1.0].map(|share| sorted.step(share)),
            [1.0, 1.0, 1.5, 3.0, 4.0].map(Some)
        );
        assert_eq!(sorted.weighted().map(|(_, weight)| weight).sum::<u64>(), 4);
        assert_eq!(Quantiles::default().sorted().quantile(0.5), None);
        quantiles.fill_in(9.0);
        assert_eq!(quantiles.sorted().quantile(1.0), Some(9.0));
    }

    #[test]
    fn many_numbers_have_theirs_within_a_thousandth() {
        let mut quantiles = Quantiles::default();
        let count = 3_000_000_u64;
        // Every number below the count once, in an order that mixes them.
        let numbers: Vec<f64> = (0..count).map(|i| (i * 1_000_003 % count) as f64).collect();
        numbers.chunks(4096).for_each(|part| quantiles.see(part));
        let sorted = quantiles.sorted();
        assert_eq!(sorted.count(), count);
        for share in [0.0, 0.01, 0.25, 0.5, 0.9, 0.999, 1.0] {
            let found = sorted.quantile(share).unwrap() / count as f64;
            assert!((found - share).abs() < 1e-3, "{found} at {share}");
        }
    }
}
