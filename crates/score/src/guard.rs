//! Libraries that panic on damaged files: the file is refused.

use std::{
    any::Any,
    cell::Cell,
    panic::{self, AssertUnwindSafe},
};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is caught and becomes an error: then there is nothing to report of it.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// What a reader gives, or what it panicked with. What it is in the middle of is not used again.
pub(crate) fn guarded<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    let before = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(before);
    result.map_err(|panic| format!("it is damaged: {}", words(panic.as_ref())))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("what it says does not fit together")
}
