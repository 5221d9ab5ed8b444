//! `automl-pack completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{
    Cli,
    failure::{Exit, Failure},
    output,
};

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell: bash, zsh, fish, powershell or elvish
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "automl-pack", &mut script);
        output::print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::DONE)
    }
}
