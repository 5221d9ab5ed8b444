//! Options that stand in a file: what is said on the command line comes first, then the environment, then the file.
//!
//! A file is TOML with a table for a command, of which each key is an option's long name.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, Args, Command, parser::ValueSource};
use toml::{Table, Value};

use super::failure::Failure;

/// The file that is read where none is named, if it is there.
const USUAL: &str = "automl-pack.toml";

/// The option that names it.
const NAMES_IT: &str = "config";

/// The arguments of a command, with those that only the file has.
pub(crate) fn with_file<A: Args>(
    name: &'static str,
    said: &ArgMatches,
    file: Option<&Path>,
) -> Result<A, Failure> {
    let command = A::augment_args(Command::new(name).no_binary_name(true));
    let mut arguments = Vec::new();
    for argument in command.get_arguments() {
        let source = said.value_source(argument.get_id().as_str());
        if matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable)) {
            let values = said.get_raw(argument.get_id().as_str()).into_iter().flatten();
            let values = values.map(ToOwned::to_owned).collect();
            arguments.extend(written(argument, values).map_err(Failure::usage)?);
        }
    }
    let mut read_from = None;
    if let Some((path, table)) = read(name, file)? {
        for (key, value) in &table {
            let refuse = |reason: String| refuse(&path, &format!("[{name}] {key}: {reason}"));
            let argument = find(&command, key).ok_or_else(|| refuse(unknown(&command)))?;
            if said
                .value_source(argument.get_id().as_str())
                .is_none_or(|source| source == ValueSource::DefaultValue)
            {
                let given = texts(value).and_then(|texts| written(argument, texts)).map_err(&refuse)?;
                command.clone().try_get_matches_from(&given).map_err(|error| refuse(in_short(&error)))?;
                arguments.extend(given);
            }
        }
        read_from = Some(path);
    }
    let together = command.try_get_matches_from(arguments).and_then(|matches| A::from_arg_matches(&matches));
    together.map_err(|error| match &read_from {
        Some(path) => refuse(path, &in_short(&error)),
        None => Failure::usage(in_short(&error)),
    })
}

/// The table of a command in the file that is named, or in the usual one where it is there.
fn read(name: &str, file: Option<&Path>) -> Result<Option<(PathBuf, Table)>, Failure> {
    let path = file.unwrap_or(Path::new(USUAL)).to_owned();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refuse(&path, &error.to_string())),
    };
    let mut all: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
        refuse(&path, &format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
    })?;
    let table = match all.remove(name) {
        Some(Value::Table(table)) => table,
        Some(_) => return Err(refuse(&path, &format!("{name} is no table: expected [{name}]"))),
        None => Table::new(),
    };
    match all.keys().next() {
        Some(key) => Err(refuse(&path, &format!("\"{key}\" is not known: expected [{name}]"))),
        None => Ok(Some((path, table))),
    }
}

fn find<'c>(command: &'c Command, key: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|argument| called(argument) == key && key != NAMES_IT)
}

/// An option is called by its long name, what has none by its own.
fn called(argument: &Arg) -> &str {
    argument.get_long().unwrap_or_else(|| argument.get_id().as_str())
}

fn unknown(command: &Command) -> String {
    let known: Vec<&str> = command.get_arguments().map(called).filter(|known| *known != NAMES_IT).collect();
    format!("it is not known: there are {}", known.join(", "))
}

/// What is wrong with a file.
fn refuse(path: &Path, reason: &str) -> Failure {
    Failure::usage(format!("{}: {reason}", path.display()))
}

/// An argument as it stands on a command line.
fn written(argument: &Arg, values: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let mut written = Vec::with_capacity(values.len());
    for value in values {
        match argument.get_long() {
            Some(long) if argument.get_action().takes_values() => {
                let mut text = OsString::from(format!("--{long}="));
                text.push(value);
                written.push(text);
            }
            Some(long) => match value.to_string_lossy().to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => written.push(format!("--{long}").into()),
                "false" | "no" | "off" | "0" => {}
                other => return Err(format!("it is {other}: expected true or false")),
            },
            None => written.push(value),
        }
    }
    Ok(written)
}

fn texts(value: &Value) -> Result<Vec<OsString>, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.into()),
        Value::Integer(number) => Ok(number.to_string().into()),
        Value::Float(number) => Ok(number.to_string().into()),
        Value::Boolean(truth) => Ok(truth.to_string().into()),
        other => Err(format!("it cannot be {}", other.type_str())),
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}

/// What clap says, without its advice about the command line.
fn in_short(error: &clap::Error) -> String {
    let said = error.to_string();
    let lines = said.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
}
