//! The folder that a preparation ends in.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use arrow_cast::display::array_value_to_string;
use automl_pack_plan::{PlanForm, SchemaForm};
use serde::Serialize;

use super::{
    Fitted,
    features::{self, Features},
    lot::Lot,
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
    /// How often the table was read.
    pub passes: u32,
    /// Features that are NaN in some rows, as no step puts anything there, and in how many.
    pub gaps: BTreeMap<String, u64>,
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
    let plan = &fitted.crossed.plan;
    let columns = features::columns(plan, &fitted.target);
    let data = folder.join(DATA);
    fs::create_dir(&data).map_err(failed)?;
    put(&data.join("schema.json"), &SchemaForm::of(plan.schema(), &fitted.target))?;
    put(&data.join("plan.json"), &PlanForm::of(plan, &fitted.target))?;
    put(&data.join("statistics.json"), &fitted.statistics)?;

    let (features, passes) = (columns.fields().len() - 1, fitted.passes);
    let mut written = Written { features, passes, ..Written::default() };
    let mut training = Features::create(&folder.join(FEATURES), &columns)?;
    let mut held = match fitted.study.holdout {
        Some(_) => Some(Features::create(&folder.join(HELD), &columns)?),
        None => None,
    };
    let mut trained_on = 0;
    fitted.study.each_block(|block| {
        let target = &fitted.study.inferred.schema.target;
        let (there, answers) = target.answered(&block.rows).map_err(|error| block.refuse(error))?;
        written.unanswered += block.rows.num_rows() as u64 - there.len() as u64;
        let parts = Parts::of(block, there, fitted.study.holdout);
        let lot = parts.training_lot(block, &answers);
        written.prepare(fitted, &lot, Some(trained_on), &mut training)?;
        trained_on += lot.places.len() as u64;
        match &mut held {
            Some(held) => written.prepare(fitted, &parts.held_lot(block, &answers), None, held),
            None => Ok(()),
        }
    })?;
    for (name, rows) in training.gaps().chain(held.iter().flat_map(Features::gaps)) {
        *written.gaps.entry(name.to_owned()).or_insert(0) += rows;
    }
    written.rows = training.finish()?;
    written.held = held.map_or(Ok(0), Features::finish)?;
    match (written.rows, written.refused) {
        (0, refused) => Err(Error::AllRefused { refused }),
        _ => Ok(written),
    }
}

fn put(path: &Path, content: &impl Serialize) -> Result<(), Error> {
    let mut bytes =
        serde_json::to_vec_pretty(content).expect("entries have text for keys and finite numbers");
    bytes.push(b'\n');
    fs::write(path, bytes).map_err(failed)
}

impl Written {
    /// Takes some rows through the plan, and writes what comes of them. Those that are trained on have numbers.
    fn prepare(
        &mut self,
        fitted: &Fitted<'_>,
        lot: &Lot<'_>,
        first: Option<u64>,
        features: &mut Features,
    ) -> Result<(), Error> {
        let passed = lot.pass(&fitted.crossed, first, features)?;
        self.refused += passed.refused;
        for (row, column) in passed.unreadable {
            let column = &fitted.crossed.plan.schema().columns()[column].name;
            self.note(column, lot.block, row as usize);
        }
        passed.rows.map_or(Ok(()), |rows| features.write(&rows))
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
