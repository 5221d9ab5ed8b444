//! The folder that a preparation ends in.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
use arrow_cast::display::array_value_to_string;
use arrow_select::take::take;
use automl_pack_plan::{Action, Flaw, PlanForm, Policy, SchemaForm};
use serde::Serialize;

use super::{
    Fitted,
    features::{self, Features},
    rows::Parts,
};
use crate::{
    Error,
    input::{Block, Place},
};

/// What was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// Rows to train on.
    pub rows: u64,
    /// Rows that are held out.
    pub held: u64,
    /// Rows without a target.
    pub unanswered: u64,
    /// Rows that the schema's policy refused.
    pub refused: u64,
    /// How many columns the features have.
    pub features: usize,
    /// Columns with cells that are no value of their type, which were filled in.
    pub unreadable: BTreeMap<String, Unreadable>,
}

/// Cells of a column that are no value of its type.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreadable {
    /// How many there are.
    pub cells: u64,
    /// Where the first is.
    pub place: Place,
    /// What it holds.
    pub value: String,
}

const FEATURES: &str = "features.parquet";
const HELD: &str = "features.holdout.parquet";
const DATA: &str = "__data__";

/// A folder can be written: it is not there, is empty, or may be replaced.
pub fn check_folder(folder: &Path, force: bool) -> Result<(), Error> {
    match fs::read_dir(folder).map(|mut items| items.next().is_some()) {
        Ok(true) if !force => Err(Error::Taken { path: folder.to_owned() }),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) if folder.is_file() => Err(Error::Taken { path: folder.to_owned() }),
        Err(source) => Err(Error::Store { source }),
    }
}

fn failed(source: io::Error) -> Error {
    Error::Store { source }
}

pub(super) fn write(fitted: &Fitted<'_>, folder: &Path, force: bool) -> Result<Written, Error> {
    check_folder(folder, force)?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(failed)?;
    let staging = tempfile::Builder::new().prefix(".preparing-").tempdir_in(parent).map_err(failed)?;
    let written = fill(fitted, staging.path())?;
    let is_taken = fs::read_dir(folder).is_ok_and(|mut items| items.next().is_some());
    if is_taken {
        replace(staging.path(), folder).map_err(failed)?;
    } else {
        open_to_others(staging.path()).map_err(failed)?;
        fs::rename(staging.path(), folder).map_err(failed)?;
        // The folder has its name now: there is nothing left to clear away.
        let _ = staging.keep();
    }
    Ok(written)
}

/// A temporary folder is its owner's alone; what was asked for gets the rights of any new folder.
#[cfg(unix)]
fn open_to_others(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_others(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Gives what was written the names it has in a folder that is there; everything else there stays.
fn replace(staging: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join(DATA))?;
    let data = |file: &str| PathBuf::from(DATA).join(file);
    for file in
        [data("schema.json"), data("plan.json"), data("statistics.json"), FEATURES.into(), HELD.into()]
    {
        match fs::rename(staging.join(&file), folder.join(&file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && file.as_os_str() == HELD => {
                // No row is held out now: those of another time are not of this plan.
                match fs::remove_file(folder.join(&file)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            other => other?,
        }
    }
    Ok(())
}

fn fill(fitted: &Fitted<'_>, folder: &Path) -> Result<Written, Error> {
    let columns = features::columns(&fitted.plan, &fitted.target)?;
    let data = folder.join(DATA);
    fs::create_dir(&data).map_err(failed)?;
    put(&data.join("schema.json"), &SchemaForm::of(fitted.plan.schema(), &fitted.target))?;
    put(&data.join("plan.json"), &PlanForm::of(&fitted.plan, &fitted.target))?;
    put(&data.join("statistics.json"), &fitted.statistics)?;

    let mut written = Written { features: columns.fields().len() - 1, ..Written::default() };
    let mut training = Features::create(&folder.join(FEATURES), &columns)?;
    let mut held = match fitted.study.holdout {
        Some(_) => Some(Features::create(&folder.join(HELD), &columns)?),
        None => None,
    };
    fitted.study.each_block(|block| {
        let target = &fitted.study.inferred.schema.target;
        let (there, answers) = target.answered(&block.rows).map_err(|error| block.refuse(error))?;
        written.unanswered += block.rows.num_rows() as u64 - there.len() as u64;
        let parts = Parts::of(block, there, fitted.study.holdout);
        let of_training = SomeRows { rows: parts.training(&block.rows), places: &parts.training };
        written.prepare(fitted, block, &of_training, &parts.training_answers(&answers), &mut training)?;
        if let Some(held) = &mut held {
            let of_held = SomeRows { rows: parts.held(&block.rows), places: &parts.held };
            written.prepare(fitted, block, &of_held, &parts.held_answers(&answers), held)?;
        }
        Ok(())
    })?;
    written.rows = training.finish()?;
    written.held = held.map_or(Ok(0), Features::finish)?;
    Ok(written)
}

fn put(path: &Path, content: &impl Serialize) -> Result<(), Error> {
    let mut bytes =
        serde_json::to_vec_pretty(content).expect("entries have text for keys and finite numbers");
    bytes.push(b'\n');
    fs::write(path, bytes).map_err(failed)
}

/// Rows of a block, and their places in it.
struct SomeRows<'p> {
    rows: RecordBatch,
    places: &'p [u64],
}

impl Written {
    /// Takes some rows of a block through the plan, and writes what comes of them.
    fn prepare(
        &mut self,
        fitted: &Fitted<'_>,
        block: &Block,
        some: &SomeRows<'_>,
        answers: &ArrayRef,
        features: &mut Features,
    ) -> Result<(), Error> {
        if some.places.is_empty() {
            return Ok(());
        }
        // What cannot be read was taken for missing in the fitting, and is here too.
        let policy = Policy { unreadable: Some(Action::Impute), ..Policy::default() };
        let prepare = |rows: &RecordBatch| {
            fitted.plan.prepare(rows, &policy).map_err(|error| match error.row() {
                // The row's number is that among the rows that are prepared.
                Some(row) => block.refuse_row(some.places[row] as usize, error),
                None => Error::Columns(error),
            })
        };
        let prepared = prepare(&some.rows)?;
        for note in prepared.notes.iter().filter(|note| note.flaw == Flaw::Unreadable) {
            let column = &fitted.plan.schema().columns()[note.column].name;
            self.note(column, block, some.places[note.row] as usize);
        }
        let refused = prepared.notes.refused();
        if refused.is_empty() {
            return features.write(&prepared.blocks, answers);
        }
        self.refused += refused.len() as u64;
        let stay = (0..some.places.len()).filter(|row| refused.binary_search(row).is_err());
        let stay = UInt64Array::from(stay.map(|row| row as u64).collect::<Vec<_>>());
        if stay.is_empty() {
            return Ok(());
        }
        let rows = arrow_select::take::take_record_batch(&some.rows, &stay).expect("they are of these rows");
        let answers = take(answers, &stay, None).expect("they are of these rows");
        features.write(&prepare(&rows)?.blocks, &answers)
    }

    fn note(&mut self, column: &str, block: &Block, row: usize) {
        if let Some(noted) = self.unreadable.get_mut(column) {
            noted.cells += 1;
            return;
        }
        let array = block.rows.column_by_name(column);
        let value = array.and_then(|array| array_value_to_string(array, row).ok()).unwrap_or_default();
        let first = Unreadable { cells: 1, place: block.place(row), value };
        self.unreadable.insert(column.to_owned(), first);
    }
}
