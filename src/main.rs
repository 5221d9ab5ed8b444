//! The `automl-pack` command.

use std::process::ExitCode;

use automl_pack::command;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::quieten_guarded_panics();
    command::run(std::env::args_os()).into()
}
