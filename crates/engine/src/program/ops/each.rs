//! One function of every value, in loops of whole registers.

use super::super::{
    room,
    way::{Loops, with_registers},
};

/// The function of each value.
pub(super) fn each<F: Fn(f32) -> f32>(values: &[f32], f: &F) -> Vec<f32> {
    let mut out = room::filled(values.len());
    with_registers(Each { to: &mut out, from: values, f });
    out
}

struct Each<'a, F> {
    to: &'a mut [f32],
    from: &'a [f32],
    f: &'a F,
}

impl<F: Fn(f32) -> f32> Loops for Each<'_, F> {
    #[inline(always)]
    fn run(self) {
        for (to, x) in self.to.iter_mut().zip(self.from) {
            *to = (self.f)(*x);
        }
    }
}
