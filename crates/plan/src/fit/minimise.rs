//! The least of a function of one number.

/// At most so many times the function is asked.
const STEPS: usize = 200;

/// Where between two numbers a function with one valley is least: Brent's method, of golden sections and of
/// parabolas through the three best places. Where the function is not a number, it is not least.
pub(crate) fn minimise(low: f64, high: f64, mut function: impl FnMut(f64) -> f64) -> f64 {
    let golden = 0.5 * (3.0 - 5.0_f64.sqrt());
    let mut ask = |place: f64| {
        let value = function(place);
        Asked { place, value: if value.is_nan() { f64::INFINITY } else { value } }
    };
    let (mut low, mut high) = (low, high);
    let mut best = ask(low + golden * (high - low));
    let (mut second, mut third) = (best, best);
    let (mut step, mut before) = (0.0_f64, 0.0_f64);
    for _ in 0..STEPS {
        let middle = 0.5 * (low + high);
        let near = 1e-9 * best.place.abs() + 1e-11;
        if (best.place - middle).abs() <= 2.0 * near - 0.5 * (high - low) {
            break;
        }
        let towards = if best.place >= middle { low - best.place } else { high - best.place };
        let parabola = if before.abs() > near { valley(best, second, third) } else { None };
        let fits = |by: &f64| {
            let to = best.place + by;
            by.abs() < 0.5 * before.abs() && to > low + 2.0 * near && to < high - 2.0 * near
        };
        (before, step) = match parabola.filter(fits) {
            Some(by) => (step, by),
            None => (towards, golden * towards),
        };
        let by = if step.abs() < near { near.copysign(step) } else { step };
        let asked = ask(best.place + by);
        if asked.value <= best.value {
            *(if by >= 0.0 { &mut low } else { &mut high }) = best.place;
            (best, second, third) = (asked, best, second);
        } else {
            *(if by < 0.0 { &mut low } else { &mut high }) = asked.place;
            if asked.value <= second.value || second.place == best.place {
                (second, third) = (asked, second);
            } else if asked.value <= third.value || third.place == best.place || third.place == second.place {
                third = asked;
            }
        }
    }
    best.place
}

#[derive(Clone, Copy)]
struct Asked {
    place: f64,
    value: f64,
}

/// How far the bottom of the parabola through three places is from the first.
fn valley(best: Asked, second: Asked, third: Asked) -> Option<f64> {
    let r = (best.place - second.place) * (best.value - third.value);
    let q = (best.place - third.place) * (best.value - second.value);
    let up = (best.place - third.place) * q - (best.place - second.place) * r;
    let by = -up / (2.0 * (q - r));
    by.is_finite().then_some(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_valley_is_found() {
        assert!((minimise(-10.0, 10.0, |x| (x - 1.234).powi(2)) - 1.234).abs() < 1e-8);
        assert!((minimise(0.1, 50.0, |x| x.ln().powi(2) + 0.01 * x) - 0.995037).abs() < 1e-5);
    }

    #[test]
    fn a_slope_leads_to_its_end() {
        assert!((minimise(-2.0, 3.0, |x| x) + 2.0).abs() < 1e-6);
        assert!((minimise(-2.0, 3.0, |x| if x > 1.0 { f64::NAN } else { -x }) - 1.0).abs() < 1e-6);
    }
}
