//! The `automl-pack` command.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // A graph that the engine panics on is refused, and so is a table that its reader panics on, with an error that says so.
        if !automl_pack::engine::is_guarded() && !automl_pack::score::is_guarded() {
            report(panic);
        }
    }));
    cli::run()
}
