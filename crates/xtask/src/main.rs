//! Prints what is wrong with the repository, and exits with 1 if anything is. With `write`, writes what is generated.

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    if std::env::args().nth(1).as_deref() == Some("write") {
        automl_pack_xtask::write(&automl_pack_xtask::root())?;
    }
    let faults = automl_pack_xtask::faults(&automl_pack_xtask::root())?;
    faults.iter().for_each(|fault| println!("{fault}"));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
