//! The least and the greatest of numbers that come block by block.

/// The least and the greatest number from a floor on; NaN is missing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extremes {
    floor: f64,
    count: u64,
    inside: u64,
    missing: u64,
    least: f64,
    greatest: f64,
}

impl Default for Extremes {
    fn default() -> Extremes {
        Extremes::from(f64::NEG_INFINITY)
    }
}

impl Extremes {
    /// Of the numbers that are not below this one.
    pub(crate) fn from(floor: f64) -> Extremes {
        let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        Extremes { floor, count: 0, inside: 0, missing: 0, least, greatest }
    }

    /// Sees some numbers.
    pub(crate) fn see(&mut self, numbers: &[f64]) {
        let (mut count, mut inside) = (0, 0);
        let (mut least, mut greatest) = (self.least, self.greatest);
        // Without a branch: nothing is true of NaN.
        for number in numbers {
            let is_inside = *number >= self.floor;
            count += u64::from(!number.is_nan());
            inside += u64::from(is_inside);
            least = if is_inside && *number < least { *number } else { least };
            greatest = if is_inside && *number > greatest { *number } else { greatest };
        }
        (self.least, self.greatest) = (least, greatest);
        self.count += count;
        self.inside += inside;
        self.missing += numbers.len() as u64 - count;
    }

    /// Missing numbers are this one.
    pub(crate) fn fill_in(&mut self, number: f64) {
        if std::mem::take(&mut self.missing) > 0 {
            self.see(&[number]);
        }
    }

    /// How many numbers there are, those below the floor among them.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The least number.
    pub(crate) fn least(&self) -> Option<f64> {
        (self.inside > 0).then_some(self.least)
    }

    /// The greatest number.
    pub(crate) fn greatest(&self) -> Option<f64> {
        (self.inside > 0).then_some(self.greatest)
    }

    /// The greatest distance from 0.
    pub(crate) fn magnitude(&self) -> Option<f64> {
        (self.inside > 0).then(|| self.least.abs().max(self.greatest.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_what_the_whole_gives_and_what_is_missing_counts_once_it_is_known() {
        let (mut whole, mut parts) = (Extremes::default(), Extremes::default());
        let numbers = [3.0, f64::NAN, -4.0, 1.0];
        whole.see(&numbers);
        numbers.chunks(1).for_each(|part| parts.see(part));
        assert_eq!(whole, parts);
        assert_eq!((whole.least(), whole.greatest(), whole.magnitude()), (Some(-4.0), Some(3.0), Some(4.0)));
        whole.fill_in(9.0);
        assert_eq!(whole.greatest(), Some(9.0));
        assert_eq!(Extremes::default().least(), None);
    }

    #[test]
    fn what_is_below_the_floor_is_counted_and_is_not_the_least() {
        let mut positive = Extremes::from(f64::from_bits(1));
        positive.see(&[0.0, -3.0]);
        assert_eq!((positive.count(), positive.least()), (2, None));
        positive.see(&[0.5, 2.0]);
        assert_eq!(positive.least(), Some(0.5));
    }
}
