//! How a preparation fails.

use std::path::Path;

use automl_pack::{
    plan::{self, StepForm},
    score,
};

use super::{Failure, INTERRUPTED, REFUSED, USAGE, chain, place};

/// What a preparation reads and writes.
pub(crate) struct Preparing<'a> {
    pub input: &'a Path,
    pub folder: &'a Path,
    pub schema: Option<&'a Path>,
    pub plan: Option<&'a Path>,
    /// The steps, as soon as they are known.
    pub steps: &'a [StepForm],
}

impl Preparing<'_> {
    /// The step at a path into a plan that nobody wrote.
    fn step(&self, path: &str) -> Option<String> {
        let (place, _) = path.strip_prefix("steps[")?.split_once(']')?;
        let step = self.steps.get(place.parse::<usize>().ok()?)?;
        let columns: Vec<String> = step.reads.names().iter().map(|name| format!("\"{name}\"")).collect();
        Some(format!("step {} of {}", step.step.word(), columns.join(", ")))
    }

    /// A table that was not prepared.
    pub(crate) fn failure(&self, error: &score::Error) -> Failure {
        use plan::Error::{Plan, Schema, UnknownColumn};
        use score::Error::{Columns, Read, Spool, Stopped, Store, Taken};
        let (code, hint) = of_preparation(error);
        let message = match (error, self.plan, self.schema) {
            (Columns(error @ Plan { .. }), Some(file), _)
            | (Columns(error @ Schema { .. }), _, Some(file)) => Failure::of_form(file, error).message,
            // No file has it: it is what the options and the usual steps come to.
            (Columns(Plan { path, what } | Schema { path, what }), ..) => {
                format!("{}: {what}", self.step(path).unwrap_or_else(|| path.clone()))
            }
            (Store { .. }, ..) => format!("{}: {}", self.folder.display(), chain(error)),
            // These say where they are, or speak of what was asked for.
            (Taken { .. } | Columns(UnknownColumn { .. }) | Spool { .. }, ..) => chain(error),
            (Read { source }, ..) => return Failure { code, ..Failure::file(self.input, source) },
            (Stopped, ..) => "interrupted: nothing was written".to_owned(),
            _ => format!("{}: {}", place(self.input), chain(error)),
        };
        Failure { code, message, hint }
    }
}

/// The exit code and the hint of a table that was not prepared.
fn of_preparation(error: &score::Error) -> (u8, Option<&'static str>) {
    use plan::Error::{
        ConstantTarget, NoValues, NoneReadable, Plan, TextTarget, TooManyClasses, UnknownClass, UnknownColumn,
    };
    use score::Error::{
        Cells, Columns, EmptyPart, NoRows, NotText, NothingToRead, Parquet, Read, Row, Spool, Stopped, Store,
        Taken,
    };
    match error {
        Read { source } if score::is_damaged(source) => (REFUSED, None),
        Read { .. } | Spool { .. } | Store { .. } => (USAGE, None),
        Stopped => (INTERRUPTED, None),
        Taken { .. } => (USAGE, Some("--force replaces what prepare writes there, and nothing else")),
        Parquet { .. } => (REFUSED, Some("write, copy or download the file again")),
        Cells { .. } => (REFUSED, Some("a cell that holds a comma or a line end must be in quotes")),
        NotText { .. } => (REFUSED, Some("convert the file to UTF-8 first")),
        NoRows { .. } => (REFUSED, Some("the first line is taken for the header")),
        NothingToRead { .. } => (REFUSED, Some("--type COL=TYPE says what a column holds")),
        EmptyPart { .. } => (REFUSED, Some("--seed holds other rows out, --holdout another share")),
        Columns(UnknownColumn { .. }) => (USAGE, Some("columns are called as in the header, to the letter")),
        Columns(ConstantTarget { .. }) => (REFUSED, Some("--target names what is predicted")),
        Columns(TextTarget { .. }) => {
            (REFUSED, Some("--task classification predicts which of its texts it is"))
        }
        Columns(TooManyClasses { .. }) => {
            (REFUSED, Some("--task regression predicts a number; --target names another column"))
        }
        Columns(Plan { .. }) => {
            (REFUSED, Some("--type and --steps say what a column holds and what is done to it"))
        }
        Columns(NoValues { .. } | NoneReadable { .. }) => {
            (REFUSED, Some("--type COL=TYPE says what it holds, --drop leaves it out"))
        }
        Columns(UnknownClass { .. }) | Row { source: UnknownClass { .. }, .. } => {
            (REFUSED, Some("--task and --classes say what the target is"))
        }
        _ => (REFUSED, None),
    }
}
