//! What kernels are run with: the registers that the processor has.
#![allow(
    unsafe_code,
    reason = "a function that is compiled for a processor's features may only be called where it has them"
)]

use std::sync::OnceLock;

/// The registers that kernels use. Every way gives the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Plain Rust, for any processor.
    Portable,
    /// Eight numbers at a time.
    Avx2,
    /// Sixteen numbers at a time.
    Avx512,
}

static CHOSEN: OnceLock<Way> = OnceLock::new();

impl Way {
    /// The way that this process goes: the widest that the processor has, if none was chosen before.
    pub fn best() -> Way {
        *CHOSEN.get_or_init(|| Way::all().last().copied().unwrap_or(Way::Portable))
    }

    /// Those that the processor has, the widest last.
    pub fn all() -> Vec<Way> {
        let mut all = vec![Way::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Way::Avx2);
            }
            let has = [
                is_x86_feature_detected!("avx512f"),
                is_x86_feature_detected!("avx512cd"),
                is_x86_feature_detected!("avx512dq"),
                is_x86_feature_detected!("avx512vl"),
                is_x86_feature_detected!("avx512bw"),
            ];
            if has.into_iter().all(|has| has) {
                all.push(Way::Avx512);
            }
        }
        all
    }

    /// Makes this the way of the process: to compare ways. Whether it could: the processor may lack it,
    /// or another was chosen or used before.
    ///
    /// ```
    /// use automl_pack_engine::Way;
    ///
    /// assert!(Way::Portable.choose());
    /// assert_eq!(Way::best(), Way::Portable);
    /// ```
    pub fn choose(self) -> bool {
        Way::all().contains(&self) && *CHOSEN.get_or_init(|| self) == self
    }
}

/// Runs loops as the compiler makes them for the registers of the process's way: the same operations in the
/// same order, so that the bits are the same.
#[inline]
pub(crate) fn widely<R>(loops: impl FnOnce() -> R) -> R {
    match Way::best() {
        #[cfg(target_arch = "x86_64")]
        // Safety: a way is gone only where the processor has its features.
        Way::Avx512 => unsafe { with_avx512(loops) },
        #[cfg(target_arch = "x86_64")]
        // Safety: as above.
        Way::Avx2 => unsafe { with_avx2(loops) },
        _ => loops(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn with_avx512<R>(loops: impl FnOnce() -> R) -> R {
    loops()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(loops: impl FnOnce() -> R) -> R {
    loops()
}

/// Loops that are compiled for each kind of registers: `run` is to be `#[inline(always)]`. A closure of any
/// size is compiled once for all, and then for the least of them.
pub(crate) trait Loops {
    /// The loops.
    fn run(self);
}

/// Runs loops with the registers of the process's way: as [`widely`], for what compilers would not inline.
pub(crate) fn with_registers(loops: impl Loops) {
    match Way::best() {
        #[cfg(target_arch = "x86_64")]
        // Safety: a way is gone only where the processor has its features.
        Way::Avx512 => unsafe { run_avx512(loops) },
        #[cfg(target_arch = "x86_64")]
        // Safety: as above.
        Way::Avx2 => unsafe { run_avx2(loops) },
        _ => loops.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn run_avx512(loops: impl Loops) {
    loops.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2(loops: impl Loops) {
    loops.run();
}
