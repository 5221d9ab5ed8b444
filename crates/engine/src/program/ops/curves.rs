//! Functions of one number, in steps that a loop can take for whole registers.

#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The power of e, right to two digits of the last place, in steps that a loop can take for whole
/// registers. Less than the least normal number is 0.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Added and taken away, it rounds to an integer, whose bits are then the last ones.
    const ROUND: f32 = 12_582_912.0;
    const LEAST: f32 = -87.336_54;
    let (log2_e, high, low) = (std::f32::consts::LOG2_E, 0.693_359_4_f32, -2.121_944_4e-4_f32);
    let bounded = if x > 88.722_83 { 88.722_83 } else { x };
    // Lower ones would go through numbers below the least normal one, which processors are slow with.
    let bounded = if bounded < LEAST { LEAST } else { bounded };
    let rounded = bounded * log2_e + ROUND;
    let whole = rounded - ROUND;
    let rest = bounded - whole * high - whole * low;
    let mut power = 1.987_569_1e-4_f32;
    for factor in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5] {
        power = power * rest + factor;
    }
    let power = power * rest * rest + rest + 1.0;
    // In two halves: the largest powers of 2 are beyond one exponent.
    let half = |bits: u32| f32::from_bits((bits.wrapping_add(127)) << 23);
    let number = (rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let (first, second) = (number >> 1, number - (number >> 1));
    let scaled = power * half(first as u32) * half(second as u32);
    if x < LEAST { 0.0 } else { scaled }
}

/// The power of e in double precision, of numbers that are not above 0, right to some 1e-15.
#[inline(always)]
pub(super) fn exp_of_negative(x: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LEAST: f64 = -708.0;
    let (high, low) = (0.693_147_180_369_123_8_f64, 1.908_214_929_270_587_7e-10_f64);
    let bounded = if x < LEAST { LEAST } else { x };
    let rounded = bounded * std::f64::consts::LOG2_E + ROUND;
    let whole = rounded - ROUND;
    let rest = bounded - whole * high - whole * low;
    // The series, as far as half of ln 2 needs it.
    let mut power = 1.0 / 6_227_020_800.0_f64;
    for factor in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        power = power * rest + factor;
    }
    let number = rounded.to_bits().wrapping_sub(ROUND.to_bits());
    let scaled = power * f64::from_bits(number.wrapping_add(1023) << 52);
    if x < LEAST { 0.0 } else { scaled }
}

pub(super) fn softplus(x: f32) -> f32 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// The hyperbolic tangent: a polynomial near zero, and powers of e farther out.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    const NEAR: f32 = 0.625;
    let (size, square) = (x.abs(), x * x);
    let mut near = -5.704_988_7e-3_f32;
    for factor in [2.063_909e-2, -5.373_971_6e-2, 0.133_314_42, -0.333_332_8] {
        near = near * square + factor;
    }
    let near = near * square * x + x;
    let far = (1.0 - 2.0 / (exp(size + size) + 1.0)).copysign(x);
    if size < NEAR || x.is_nan() { near } else { far }
}

/// The error function in single precision: a polynomial near zero, and a power of e of one farther out.
#[inline(always)]
pub(super) fn erf_single(x: f32) -> f32 {
    const NEAR: f32 = 0.927_734_4;
    let (size, square) = (x.abs(), x * x);
    let mut near = -5.967_617e-4_f32;
    for factor in [4.991_194_2e-3, -2.676_813_5e-2, 0.112_819_925, -0.376_125_34, 0.128_379_17] {
        near = near * square + factor;
    }
    let near = near * x + x;
    // Beyond it, nothing is left to 1.
    let size = if size > 4.0 { 4.0 } else { size };
    let mut power = -1.728_534_7e-5_f32;
    for factor in
        [3.831_971_3e-4, -3.883_964_4e-3, 2.425_462_2e-2, -0.106_777_88, -0.634_846_7, -0.128_717_51]
    {
        power = power * size + factor;
    }
    let far = (1.0 - exp(power * size - size)).copysign(x);
    if x.abs() < NEAR || x.is_nan() { near } else { far }
}

#[inline(always)]
pub(super) fn gelu_single(x: f32) -> f32 {
    0.5 * x * (1.0 + erf_single(x * std::f32::consts::FRAC_1_SQRT_2))
}

#[inline(always)]
pub(super) fn gelu_by_tanh(x: f32) -> f32 {
    0.5 * x * (1.0 + tanh(0.797_884_6 * (x + 0.044_715 * x * x * x)))
}

/// The error function to 1e-15: a series near zero, a continued fraction farther out.
pub(super) fn erf(x: f64) -> f64 {
    let size = x.abs();
    if x.is_nan() {
        return x;
    }
    if size > 6.0 {
        return x.signum();
    }
    if size < 2.5 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while f64::abs(term) > 1e-17 * f64::abs(sum) && n < 200.0 {
            n += 1.0;
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let mut fraction = 0.0;
    for n in (1..=60).rev() {
        fraction = f64::from(n) / 2.0 / (size + fraction);
    }
    let tail = (-size * size).exp() / (size + fraction) * std::f64::consts::FRAC_2_SQRT_PI / 2.0;
    x.signum() * (1.0 - tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_e_are_right_to_two_of_the_last_place() {
        for step in -870_000..=880_000 {
            let x = step as f32 / 10_000.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 2.4e-7, "{x}: {} and {expected}", exp(x));
        }
        assert!(exp(f32::NAN).is_nan());
        assert_eq!((exp(f32::NEG_INFINITY), exp(-200.0), exp(0.0)), (0.0, 0.0, 1.0));
        assert!(exp(f32::INFINITY) > 3.4e38);
    }

    #[test]
    fn powers_of_e_in_double_precision_are_right_to_fifteen_digits() {
        for step in 0..=700_000 {
            let x = f64::from(step) / -1000.0;
            let error = (exp_of_negative(x) - x.exp()).abs() / x.exp();
            assert!(error < 1e-15, "{x}: {} and {}", exp_of_negative(x), x.exp());
        }
        assert_eq!([exp_of_negative(0.0), exp_of_negative(f64::NEG_INFINITY)], [1.0, 0.0]);
        assert!(exp_of_negative(f64::NAN).is_nan());
    }

    #[test]
    fn the_error_function_and_the_tangent_are_right_to_the_last_places_of_single_precision() {
        for step in -60_000..=60_000 {
            let x = step as f32 / 10_000.0;
            let (wide, tolerance) = (f64::from(x), 3e-7);
            let error =
                |found: f32, expected: f64| (f64::from(found) - expected).abs() / expected.abs().max(1e-30);
            assert!(error(erf_single(x), erf(wide)) < tolerance || x == 0.0, "{x}: {}", erf_single(x));
            assert!(error(tanh(x), wide.tanh()) < tolerance || x == 0.0, "{x}: {}", tanh(x));
        }
        assert_eq!([tanh(0.0), erf_single(0.0), tanh(99.0), erf_single(-99.0)], [0.0, 0.0, 1.0, -1.0]);
        assert_eq!([tanh(f32::INFINITY), erf_single(f32::NEG_INFINITY)], [1.0, -1.0]);
        assert!(tanh(f32::NAN).is_nan() && erf_single(f32::NAN).is_nan());
    }

    #[test]
    fn the_error_function_is_right_to_fifteen_digits() {
        for (x, expected) in [
            (0.0, 0.0),
            (0.5, 0.520_499_877_813_046_5),
            (1.0, 0.842_700_792_949_714_9),
            (2.49, 0.9995707121322661),
            (2.51, 0.9996142945182758),
            (4.0, 0.9999999845827421),
        ] {
            assert!((erf(x) - expected).abs() < 2e-14, "{x}: {} and {expected}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
    }
}
