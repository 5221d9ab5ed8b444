//! Where scores go: stdout, or a file that gets its name when it is whole.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anstyle::{AnsiColor, Style};
use automl_pack::bundle::Staged;
use serde::Serialize;

use super::failure::Failure;

/// A place to write to.
pub(crate) enum Output {
    Stdout(io::StdoutLock<'static>),
    /// Something that is no plain file, such as a device: written as it comes.
    Stream(fs::File),
    File {
        staged: Staged,
        path: PathBuf,
    },
}

impl Output {
    pub(crate) fn open(path: Option<&Path>) -> Result<Output, Failure> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Ok(Output::Stdout(io::stdout().lock()));
        };
        let failed = |error| Failure::file(path, &error);
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            return fs::File::create(path).map(Output::Stream).map_err(failed);
        }
        let staged = Staged::beside(path).map_err(failed)?;
        Ok(Output::File { staged, path: path.to_owned() })
    }

    /// Gives a file its name. Without this, nothing of it stays.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Output::Stdout(mut stdout) => stdout.flush().map_err(|error| Failure::output(&error)),
            Output::Stream(_) => Ok(()),
            Output::File { staged, path } => staged.commit().map_err(|error| Failure::file(&path, &error)),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Stdout(stdout) => stdout.write(bytes),
            Output::Stream(file) => file.write(bytes),
            Output::File { staged, .. } => staged.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Stdout(stdout) => stdout.flush(),
            Output::Stream(file) => file.flush(),
            Output::File { staged, .. } => staged.flush(),
        }
    }
}

/// Says something to people on stderr. Where nobody can hear it, nothing is lost.
pub(crate) fn say(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Says on stderr what is to be known before the result is used.
pub(crate) fn warn(text: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
    say(&format!("{style}warning:{style:#} {text}\n"));
}

/// Text from a file as a terminal may show it: what would steer the terminal is spelled out.
pub(crate) fn plain(text: &str) -> String {
    let steers =
        |char: char| char.is_control() || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().fold(String::with_capacity(text.len()), |mut plain, char| {
        if steers(char) {
            plain.extend(char.escape_default());
        } else {
            plain.push(char);
        }
        plain
    })
}

/// Writes text for people to stdout; its colours are dropped where nobody sees them.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))
}

/// A report as JSON.
pub(crate) fn to_value(report: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(report).expect("reports have text for keys and finite numbers")
}

/// Writes JSON for programs to stdout.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).expect("reports have text for keys and finite numbers");
    print(&(text + "\n"))
}
