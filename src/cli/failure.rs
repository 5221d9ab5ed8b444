//! How a command fails: the message, the hint and the exit code of every error, in one place.

mod bundles;
mod preparing;

use std::{error::Error as StdError, io, path::Path, process::ExitCode};

use anstyle::{AnsiColor, Style};
use automl_pack::{Error, bundle, plan, score};

use super::{output, table::count};

use bundles::{of_bundle, of_container, of_pack};
pub(crate) use preparing::Preparing;

/// The bundle or the data was refused.
const REFUSED: u8 = 1;
/// Usage or environment.
const USAGE: u8 = 2;
/// Ended by Ctrl-C: 128 and the signal's number, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The code that a command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    pub(crate) const DONE: Exit = Exit(0);
    pub(crate) const REFUSED: Exit = Exit(REFUSED);
    pub(crate) const USAGE: Exit = Exit(USAGE);

    /// The number: 0 done, 1 the bundle or the data was refused, 2 usage or environment, 130 interrupted.
    pub fn code(self) -> u8 {
        self.0
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.0)
    }
}

/// Why a command ended.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    hint: Option<&'static str>,
}

impl Failure {
    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        self.hint
    }

    /// The code that the command would end with.
    pub fn exit(&self) -> Exit {
        Exit(self.code)
    }

    /// A bundle that was not opened.
    pub fn bundle(path: &Path, error: &Error) -> Failure {
        let (code, hint) = match error {
            Error::Bundle(error) => of_container(error),
            Error::Carefree(error) => (REFUSED, of_pack(error)),
            other => (REFUSED, of_bundle(other)),
        };
        // What cannot be found or read names its path itself.
        let message = match error {
            Error::Bundle(
                bundle::Error::NotFound { .. } | bundle::Error::Io { .. } | bundle::Error::Exists { .. },
            ) => chain(error),
            _ => format!("{}: {}", path.display(), chain(error)),
        };
        Failure { code, message, hint }
    }

    /// Rows that were not scored.
    pub(crate) fn rows(input: &Path, error: &score::Error) -> Failure {
        use score::Error::{KeptTwice, NothingToKeep, Write};
        let failure = Failure::of_rows(error);
        match error {
            // These speak of the output, or of what was asked for.
            Write { .. } | NothingToKeep { .. } | KeptTwice { .. } => failure,
            _ => Failure { message: format!("{}: {}", place(input), failure.message), ..failure },
        }
    }

    fn of_rows(error: &score::Error) -> Failure {
        use score::Error::{Cells, KeptTwice, NoRows, NotText, NothingToKeep, Overflow, Read, Row, Write};
        let columns =
            "columns are matched by name; --by-position reads them in the order of the training data";
        let (code, hint) = match error {
            Read { source } if score::is_damaged(source) => (REFUSED, None),
            Write { source } if source.kind() == io::ErrorKind::BrokenPipe => (0, None),
            Write { .. } => {
                return Failure { code: USAGE, message: chain(error), hint: None };
            }
            Read { .. } => (USAGE, None),
            NothingToKeep { .. } | KeptTwice { .. } => {
                return Failure { code: USAGE, message: format!("--keep: {error}"), hint: None };
            }
            Overflow { source: Error::MemberRow { .. }, .. } => (REFUSED, None),
            Overflow { .. } => (REFUSED, Some("--policy null scores the other rows")),
            Row { source: plan::Error::NoStandIn { .. }, .. } => {
                (REFUSED, Some("--policy null scores the other rows"))
            }
            Row { source: plan::Error::Label { .. }, .. } => (REFUSED, None),
            score::Error::Columns(plan::Error::MissingColumns { .. }) => (REFUSED, Some(columns)),
            score::Error::Columns(plan::Error::WideInput { .. }) => (
                REFUSED,
                Some(
                    "a graph with one wide input takes every column, whatever it is called; labels and ids are left \
                     out where --keep names them",
                ),
            ),
            score::Error::Columns(plan::Error::Width { .. }) => {
                (REFUSED, Some("the columns of the training data are all needed, without the label"))
            }
            Row { .. } => (
                REFUSED,
                Some("--policy null scores the other rows, --policy impute fills in what can be filled in"),
            ),
            Cells { .. } => (REFUSED, Some("a cell that holds a comma or a line end must be in quotes")),
            NotText { .. } => (REFUSED, Some("--encoding NAME says how the text is encoded, such as latin1")),
            NoRows { .. } => {
                (REFUSED, Some("the first line of CSV is taken for the header, unless --no-header is given"))
            }
            score::Error::Nul { .. } => {
                (REFUSED, Some("--encoding utf-16le reads text in which every other byte is NUL"))
            }
            score::Error::Separator { .. } => (REFUSED, Some("--delimiter CHAR says what separates cells")),
            score::Error::OpenQuote { .. } => (REFUSED, Some("--quote CHAR says what cells are enclosed in")),
            score::Error::Dialect { .. } => (USAGE, None),
            _ => (REFUSED, None),
        };
        Failure { code, message: chain(error), hint }
    }

    /// A server that does not start.
    #[cfg(feature = "serve")]
    pub(crate) fn serving(error: &automl_pack::serve::Error) -> Failure {
        use automl_pack::serve::Error::{Bundle, Twice};
        match error {
            Bundle { path, source } => Failure::bundle(path, source),
            Twice { .. } => {
                let hint = Some("NAME=BUNDLE serves a bundle under another name");
                Failure { code: USAGE, message: error.to_string(), hint }
            }
            other => Failure { code: USAGE, message: chain(other), hint: None },
        }
    }

    /// Rows that a pattern did not score.
    pub fn scoring(error: &Error) -> Failure {
        Failure::refused_as(error)
    }

    /// A job that ended early.
    pub fn job(error: &score::Error) -> Failure {
        use score::Error::{
            Busy, Left, Memory, NoName, NothingFound, Output, Pattern, Resume, SamePlace, Stopped,
            TooManyRejects,
        };
        let usage = |hint| Failure { code: USAGE, message: chain(error), hint };
        match error.parts() {
            (Some(input), error) => Failure::rows(input, error),
            (None, Stopped) => Failure {
                code: INTERRUPTED,
                message: "interrupted: no file was written".to_owned(),
                hint: None,
            },
            (None, Left { rows, source }) => {
                let why = Failure::job(source);
                let why = if matches!(**source, Stopped) { "interrupted".to_owned() } else { why.message };
                let code = if matches!(**source, Stopped) { INTERRUPTED } else { USAGE };
                let message = format!("{why}: {} are done and kept", count(*rows as usize, "row"));
                Failure { code, message, hint: Some("the same command with --resume goes on from there") }
            }
            (None, TooManyRejects { source, .. }) => {
                let hint = Failure::job(source).hint;
                Failure { code: REFUSED, message: chain(error), hint }
            }
            (None, Resume { .. }) => usage(Some("without --resume it begins anew")),
            (None, Memory { .. }) => usage(Some("fewer threads hold less: --threads 1")),
            (
                None,
                Output { .. }
                | NothingFound { .. }
                | Pattern { .. }
                | Busy { .. }
                | SamePlace { .. }
                | NoName { .. },
            ) => usage(None),
            (None, error) => Failure::of_rows(error),
        }
    }

    /// A schema or a plan that was refused: its file is what it is called there.
    pub(crate) fn of_form(path: &Path, error: &plan::Error) -> Failure {
        let message = match error {
            plan::Error::Plan { path: at, what } | plan::Error::Schema { path: at, what } => {
                let at = if at.is_empty() { String::new() } else { format!("{at}: ") };
                format!("{}: {at}{what}", path.display())
            }
            other => format!("{}: {}", path.display(), chain(other)),
        };
        Failure { code: REFUSED, message, hint: None }
    }

    /// A file that could not be read or written.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Failure {
        Failure { code: USAGE, message: format!("{}: {error}", path.display()), hint: None }
    }

    /// A file whose content was refused.
    pub(crate) fn refused(path: &Path, error: &(dyn StdError + 'static)) -> Failure {
        Failure { code: REFUSED, message: format!("{}: {}", path.display(), chain(error)), hint: None }
    }

    /// Content that was refused with an error that names its file.
    pub(crate) fn refused_as(error: &(dyn StdError + 'static)) -> Failure {
        Failure { code: REFUSED, message: chain(error), hint: None }
    }

    /// A bundle that does not know how its training data was spread.
    pub(crate) fn no_statistics(path: &Path) -> Failure {
        let message = format!(
            "{}: its statistics.json has neither quantiles nor counts of values: there is nothing to compare with",
            path.display()
        );
        Failure {
            code: REFUSED,
            message,
            hint: Some("automl-pack prepare writes them, from the training data"),
        }
    }

    /// The same, where the hint would be of an option that the command does not have.
    pub(crate) fn without_hint(self) -> Failure {
        Failure { hint: None, ..self }
    }

    /// Arguments that do not go together.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure { code: USAGE, message: message.into(), hint: None }
    }

    /// Output that was not written; whoever reads it may have had enough.
    pub(crate) fn output(error: &io::Error) -> Failure {
        let code = if error.kind() == io::ErrorKind::BrokenPipe { 0 } else { USAGE };
        Failure { code, message: format!("stdout: {error}"), hint: None }
    }

    /// Says it on stderr, unless there is nothing to say.
    pub(crate) fn report(self) -> Exit {
        if self.code != 0 {
            let error = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
            output::say(&format!("{error}error:{error:#} {}\n", output::plain(&self.message)));
            if let Some(text) = self.hint {
                let hint = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
                output::say(&format!("{hint}hint:{hint:#} {text}\n"));
            }
        }
        Exit(self.code)
    }
}

/// What an input is called.
fn place(input: &Path) -> String {
    if input.as_os_str() == "-" { "stdin".to_owned() } else { input.display().to_string() }
}

/// An error with what caused it.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut message = words(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        message += &format!(": {}", words(error));
        cause = error.source();
    }
    message
}

/// An error of JSON speaks of the format, not of Rust.
fn words(error: &(dyn StdError + 'static)) -> String {
    error.downcast_ref().map_or_else(|| error.to_string(), plan::in_words)
}
