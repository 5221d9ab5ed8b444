//! What is asked of the target: which class, or which value.

use arrow_array::{Array, ArrayRef, cast::AsArray, types::Float64Type};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};

use super::{Wishes, tally::Tally};
use crate::{Classes, Error, TargetForm, TaskForm, column::is_missing};

/// What was seen of the target.
#[derive(Debug)]
pub(super) struct Sought {
    name: String,
    /// Whether the file has numbers.
    is_number: bool,
    tally: Tally,
    numbers: u64,
    texts: u64,
    /// A text that is no number.
    text: Option<String>,
    uneven: u64,
    /// Texts that would be missing, and are classes because they were asked for.
    classes: Vec<String>,
}

/// So many integers are classes; more are values.
const MOST_INTEGERS: u64 = 20;

impl Sought {
    pub(super) fn new(field: &Field, wishes: &Wishes) -> Sought {
        let names = wishes.classes.as_ref().map(|classes| classes.names().map(std::borrow::Cow::into_owned));
        Sought {
            name: field.name().clone(),
            is_number: field.data_type().is_numeric(),
            tally: Tally::new(super::Inference::MOST),
            numbers: 0,
            texts: 0,
            text: None,
            uneven: 0,
            classes: names.map_or_else(Vec::new, Iterator::collect),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn refuse(&self, array: &ArrayRef) -> Error {
        let found = array.data_type().to_string();
        Error::ColumnType { column: self.name.clone(), expected: "a target: texts, numbers or truths", found }
    }

    fn each(&self, array: &ArrayRef, mut cell: impl FnMut(Option<&str>)) -> Result<(), Error> {
        let refused = |_| self.refuse(array);
        let values = match array.data_type() {
            DataType::Dictionary(_, values) => values.as_ref(),
            other => other,
        };
        let is_text = matches!(values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        if !is_text && !self.is_number && *values != DataType::Boolean {
            return Err(self.refuse(array));
        }
        if self.is_number {
            let numbers = cast(array, &DataType::Float64).map_err(refused)?;
            for number in numbers.as_primitive::<Float64Type>() {
                cell(number.filter(|number| !number.is_nan()).map(|number| number.to_string()).as_deref());
            }
            return Ok(());
        }
        let texts = cast(array, &DataType::LargeUtf8).map_err(refused)?;
        for text in texts.as_string::<i64>() {
            let text = text.map(str::trim);
            let is_nothing = |text: &str| is_missing(text) || text.eq_ignore_ascii_case("nan");
            cell(text.filter(|text| !is_nothing(text) || self.classes.iter().any(|class| class == text)));
        }
        Ok(())
    }

    /// Which rows have a target.
    pub(super) fn answered(&self, array: &ArrayRef) -> Result<Vec<bool>, Error> {
        let mut answered = Vec::with_capacity(array.len());
        self.each(array, |cell| answered.push(cell.is_some()))?;
        Ok(answered)
    }

    pub(super) fn see(&mut self, array: &ArrayRef) -> Result<(), Error> {
        let mut cells: Vec<String> = Vec::with_capacity(array.len());
        self.each(array, |cell| cells.extend(cell.map(str::to_owned)))?;
        for cell in cells {
            self.tally.see(&cell);
            match cell.parse::<f64>().ok().filter(|number| number.is_finite()) {
                Some(number) => {
                    self.numbers += 1;
                    self.uneven += u64::from(number.fract() != 0.0 || number.abs() > 9_007_199_254_740_992.0);
                }
                None => {
                    self.texts += 1;
                    self.text.get_or_insert(cell);
                }
            }
        }
        Ok(())
    }

    /// The target of the schema, and why.
    pub(super) fn decide(&self, wishes: &Wishes) -> Result<(TargetForm, String), Error> {
        // A few texts among many numbers are no classes: they are refused with their rows.
        let are_numbers = self.numbers > 0 && self.texts * 20 <= self.numbers;
        let is_few = self.tally.is_at_most(MOST_INTEGERS);
        let (task, why) = match (wishes.task, &wishes.classes) {
            (Some(task), _) => (task, "asked for".to_owned()),
            (None, Some(_)) => (TaskForm::Classification, "has classes, as asked for".to_owned()),
            (None, None) if !are_numbers => (TaskForm::Classification, "texts".to_owned()),
            (None, None) if self.uneven == 0 && is_few && self.texts == 0 => {
                (TaskForm::Classification, "few integers".to_owned())
            }
            (None, None) => (TaskForm::Regression, "numbers".to_owned()),
        };
        if let (TaskForm::Regression, false, Some(text)) = (task, are_numbers, &self.text) {
            return Err(Error::TextTarget { target: self.name.clone(), found: text.clone() });
        }
        if self.tally.is_at_most(1) {
            let found = self.tally.values().first().map(|(value, _)| (*value).to_owned());
            return Err(Error::ConstantTarget {
                target: self.name.clone(),
                found: found.unwrap_or_default(),
            });
        }
        let classes = match (task, &wishes.classes) {
            (TaskForm::Regression, _) => None,
            (TaskForm::Classification, Some(classes)) => Some(classes.checked()?),
            (TaskForm::Classification, None) => Some(self.found_classes()?),
        };
        Ok((TargetForm { name: self.name.clone(), task, classes }, why))
    }

    /// The classes, sorted by value.
    fn found_classes(&self) -> Result<Classes, Error> {
        if self.tally.distinct().is_none() {
            return Err(Error::TooManyClasses { target: self.name.clone(), limit: super::Inference::MOST });
        }
        let values = self.tally.values();
        if self.texts > 0 {
            return Classes::Text(values.iter().map(|(value, _)| (*value).to_owned()).collect()).checked();
        }
        let mut numbers: Vec<f64> = values.iter().filter_map(|(value, _)| value.parse().ok()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        match self.uneven {
            0 => Classes::Integer(numbers.into_iter().map(|number| number as i64).collect()).checked(),
            _ => Classes::Number(numbers).checked(),
        }
    }
}
