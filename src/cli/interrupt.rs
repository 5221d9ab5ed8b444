//! Ctrl-C, where something half-written would be left behind.

use std::ffi::c_int;

use automl_pack::Stop;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use super::failure::{Failure, INTERRUPTED};

/// From now on the first Ctrl-C, or any other request to end, sets what is given here; a second one ends the program
/// where it is.
pub(crate) fn watch() -> Result<Stop, Failure> {
    let stop = Stop::default();
    for signal in [SIGINT, SIGTERM] {
        // Handlers are called in this order: the first signal still finds it unset.
        flag::register_conditional_shutdown(signal, c_int::from(INTERRUPTED), stop.flag())
            .and_then(|_| flag::register(signal, stop.flag()))
            .map_err(|error| Failure::usage(format!("signals cannot be watched: {error}")))?;
    }
    Ok(stop)
}
