//! What a pack's `data_structures` pickle says of each column: how it was read and scaled.

use std::collections::HashMap;

use automl_pack_plan::{
    Classes, Column, Distribution, InputForm, InputType, Kind, Log, MinMax, Plan, Precision, Scale, Schema,
    Standardise, Statistics, Step, StepForm, Target, Task,
};

use crate::{Error, Pickle, core::Core, pickle::Value, reading::Reading};

/// An entry that values are read from, for the errors about them.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'n>(pub &'n str);

impl Entry<'_> {
    pub(crate) fn wrong(&self, path: impl Into<String>, expected: &str, found: impl Into<String>) -> Error {
        let (path, expected, found) = (path.into(), expected.to_owned(), found.into());
        Error::Field { entry: self.0.to_owned(), path, expected, found }
    }

    pub(crate) fn field<'p, 'a>(&self, of: Value<'p, 'a>, name: &str) -> Result<Value<'p, 'a>, Error> {
        of.field(name).ok_or_else(|| self.wrong(name, "to be there", format!("not in {}", of.kind())))
    }

    fn number(&self, of: Value<'_, '_>, name: &str) -> Result<f64, Error> {
        let value = self.field(of, name)?;
        value.as_number().ok_or_else(|| self.wrong(name, "a number", value.kind()))
    }

    pub(crate) fn index(&self, of: Value<'_, '_>, name: &str) -> Result<u32, Error> {
        let value = self.field(of, name)?;
        value.as_index().ok_or_else(|| self.wrong(name, "a number from 0 up", value.kind()))
    }

    fn text<'a>(&self, of: Value<'_, 'a>, name: &str) -> Result<&'a str, Error> {
        let value = self.field(of, name)?;
        value.as_text().ok_or_else(|| self.wrong(name, "text", value.kind()))
    }

    pub(crate) fn pickle<'a>(&self, bytes: &'a [u8]) -> Result<Pickle<'a>, Error> {
        Pickle::read(bytes).map_err(|source| Error::Pickle { entry: self.0.to_owned(), source })
    }
}

/// What a pack still holds of a column's training data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Training {
    /// The column.
    pub column: String,
    /// Whether the models read it.
    pub is_read: bool,
    /// Whether it is what is predicted.
    pub is_target: bool,
    /// How many of its values the pack holds, row by row or value by value.
    pub values: usize,
    /// How many values of the target are kept beside it.
    pub target_values: usize,
}

/// The plan, the target, and what is held of the training data.
pub(crate) struct Preprocessing {
    pub plan: Plan,
    pub target: Target,
    pub statistics: Statistics,
    pub training: Vec<Training>,
}

impl Preprocessing {
    pub(crate) fn read(entry: &Entry<'_>, core: &Core, root: Value<'_, '_>) -> Result<Preprocessing, Error> {
        if core.is_raw {
            let (plan, target) = (raw_plan(core)?, core.raw_target());
            let statistics = Statistics::default();
            return Ok(Preprocessing { plan, target, statistics, training: Vec::new() });
        }
        let tables = Tables {
            converters: by_column(entry.field(root, "converters")?),
            processors: by_column(entry.field(root, "processors")?),
            recognizers: by_column(entry.field(root, "recognizers")?),
        };
        let mut columns: Vec<Column> = core.columns.iter().map(Column::unread).collect();
        let (mut features, mut training) = (Vec::new(), Vec::new());
        let mut statistics = Statistics::default();
        for (place, name) in core.columns.iter().enumerate() {
            let key = place as i64;
            if core.excluded.contains(&place) {
                training.extend(tables.excluded(key, name));
                continue;
            }
            let converter = Converter::read(entry, &tables, key, name)?;
            columns[place] = converter.reading.column(name)?;
            training.push(converter.training(name, false));
            statistics.columns.extend(converter.distribution.map(|of| (name.clone(), of)));
            features.push((name, converter.reading, converter.scale));
        }
        let label = Converter::read(entry, &tables, -1, &core.label)?;
        training.push(label.training(&core.label, true));
        statistics.target = label.distribution.clone().filter(|_| !core.is_classification);
        // What was trained was a matrix of one type: a column of 64-bit integers made all of it double.
        let has_levels = features.iter().any(|(_, reading, _)| matches!(reading, Reading::Level { .. }));
        let precision = if has_levels { Precision::Double } else { Precision::Single };
        let steps = features.iter().flat_map(|(name, reading, scale)| {
            let steps = reading.step().into_iter().chain(scaling(scale, precision));
            steps.map(|step| StepForm::on(name.as_str(), step))
        });
        let read = features.iter().map(|(name, ..)| (*name).clone()).collect();
        let plan = Plan::new(Schema::new(columns)?, steps.collect(), vec![input(read)])?;
        Ok(Preprocessing { plan, target: label.target(entry, core)?, statistics, training })
    }
}

/// Every column as it is.
fn raw_plan(core: &Core) -> Result<Plan, Error> {
    let columns = core.columns.iter().map(|name| Column::new(name, Kind::Number).single()).collect();
    Ok(Plan::new(Schema::new(columns)?, Vec::new(), vec![input(core.columns.clone())])?)
}

/// The one matrix that all members eat.
fn input(columns: Vec<String>) -> InputForm {
    InputForm { name: "input".to_owned(), element: InputType::Single, columns }
}

/// The step that changes the scale of a column, if it is changed.
fn scaling(scale: &Scale, precision: Precision) -> Option<Step> {
    match *scale {
        Scale::Identity => None,
        Scale::Standard { mean, deviation } => {
            Some(Standardise { mean: Some(mean.into()), deviation: Some(deviation.into()), precision }.into())
        }
        Scale::MinMax { min, range } => {
            let (least, range) = (Some(min.into()), Some(range.into()));
            Some(MinMax { least, range, precision, ..MinMax::default() }.into())
        }
        Scale::Logarithm => Some(Log { precision, ..Log::default() }.into()),
    }
}

/// The three dicts by column. The label's key is -1.
struct Tables<'p, 'a> {
    converters: HashMap<i64, Value<'p, 'a>>,
    processors: HashMap<i64, Value<'p, 'a>>,
    recognizers: HashMap<i64, Value<'p, 'a>>,
}

impl Tables<'_, '_> {
    fn excluded(&self, key: i64, name: &str) -> Option<Training> {
        Some(held(*self.recognizers.get(&key)?, name, false, false))
    }
}

fn by_column<'p, 'a>(table: Value<'p, 'a>) -> HashMap<i64, Value<'p, 'a>> {
    let pairs = table.pairs().into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.as_number()? as i64, value))).collect()
}

/// How a column was read and scaled.
struct Converter {
    reading: Reading,
    scale: Scale,
    /// Codes back to values, where they were coded.
    decoding: Vec<(u32, Decoded)>,
    distribution: Option<Distribution>,
    held: Training,
}

enum Decoded {
    Text(String),
    Number(f64),
}

impl Converter {
    fn read(entry: &Entry<'_>, tables: &Tables<'_, '_>, key: i64, name: &str) -> Result<Converter, Error> {
        let missing = |table| entry.wrong(format!("{table}[{key}]"), "to be there", "missing");
        let converter = *tables.converters.get(&key).ok_or_else(|| missing("converters"))?;
        let processor = *tables.processors.get(&key).ok_or_else(|| missing("processors"))?;
        let recognizer = entry.field(converter, "__recognizer__")?;
        let bytes = recognizer.as_bytes();
        let bytes = bytes.ok_or_else(|| entry.wrong("__recognizer__", "bytes", recognizer.kind()))?;
        let inner = format!("{} (converters[{key}].__recognizer__)", entry.0);
        let inner = Entry(&inner);
        let pickle = inner.pickle(bytes)?;
        let reading = match entry.text(converter, "__identifier__")? {
            "numerical" => Reading::Number { fill: fill(entry, converter)? },
            "string" => Reading::Text(codes(entry, converter, |key| key.as_text().map(str::to_owned))?),
            "categorical" => category(entry, converter, &inner, pickle.root())?,
            other => {
                let path = format!("converters[{key}].__identifier__");
                return Err(entry.wrong(path, "numerical, categorical or string", format!("\"{other}\"")));
            }
        };
        Ok(Converter {
            reading,
            scale: scale(entry, processor, key)?,
            decoding: decoding(converter),
            distribution: distribution(converter),
            held: held(pickle.root(), name, key != -1, key == -1),
        })
    }

    fn training(&self, name: &str, is_target: bool) -> Training {
        Training { column: name.to_owned(), is_target, ..self.held.clone() }
    }

    fn target(self, entry: &Entry<'_>, core: &Core) -> Result<Target, Error> {
        if !core.is_classification {
            return Ok(Target { name: core.label.clone(), task: Task::Regression(self.scale) });
        }
        // A label that was not coded is its own code; its dict of codes is not used.
        let count = if core.classes == 0 { self.decoding.len() } else { core.classes };
        if let Reading::Level { .. } = self.reading {
            let classes = Classes::Integer((0..count as i64).collect());
            return Ok(Target { name: core.label.clone(), task: Task::Classification(classes) });
        }
        let mut values: Vec<Option<&Decoded>> = vec![None; count];
        for (code, value) in &self.decoding {
            if let Some(place) = values.get_mut(*code as usize) {
                *place = Some(value);
            }
        }
        let complete: Option<Vec<&Decoded>> = values.into_iter().collect();
        let path = "converters[-1]._reverse_transform_dict";
        let complete = complete.filter(|values| !values.is_empty());
        let complete = complete.ok_or_else(|| {
            entry.wrong(path, &format!("a value for each of {count} classes"), "one without")
        })?;
        Ok(Target { name: core.label.clone(), task: Task::Classification(classes(&complete)) })
    }
}

/// Texts where any class is one, else integers where all are.
fn classes(values: &[&Decoded]) -> Classes {
    let numbers: Option<Vec<f64>> = values
        .iter()
        .map(|value| match value {
            Decoded::Number(number) => Some(*number),
            Decoded::Text(_) => None,
        })
        .collect();
    match numbers {
        Some(numbers) if numbers.iter().all(|number| number.fract() == 0.0 && number.abs() < 1e15) => {
            Classes::Integer(numbers.into_iter().map(|number| number as i64).collect())
        }
        Some(numbers) => Classes::Number(numbers),
        None => Classes::Text(values.iter().map(|value| value.to_string()).collect()),
    }
}

impl std::fmt::Display for Decoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Decoded::Text(text) => f.write_str(text),
            Decoded::Number(number) => write!(f, "{number}"),
        }
    }
}

fn decoding(converter: Value<'_, '_>) -> Vec<(u32, Decoded)> {
    let pairs = converter.field("_reverse_transform_dict").and_then(Value::pairs);
    let decode = |value: Value<'_, '_>| {
        let text = value.as_text().map(|text| Decoded::Text(text.to_owned()));
        text.or_else(|| value.as_number().map(Decoded::Number))
    };
    pairs.into_iter().flatten().filter_map(|(code, value)| Some((code.as_index()?, decode(value)?))).collect()
}

/// What stands in for a missing number, if anything does.
fn fill(entry: &Entry<'_>, converter: Value<'_, '_>) -> Result<Option<f32>, Error> {
    let fill = entry.field(converter, "_nan_fill")?;
    if fill.is_none() {
        return Ok(None);
    }
    let statistic =
        fill.as_text().ok_or_else(|| entry.wrong("_nan_fill", "a statistic's name", fill.kind()))?;
    let statistics = entry.field(converter, "_feature_statistics")?;
    Ok(Some(entry.number(statistics, statistic)? as f32).filter(|fill| !fill.is_nan()))
}

/// What a numerical column's converter knows of its numbers. Nothing is computed from them.
fn distribution(converter: Value<'_, '_>) -> Option<Distribution> {
    let statistics = converter.field("_feature_statistics")?;
    let of = |name| statistics.field(name).and_then(Value::as_number).filter(|number| number.is_finite());
    let [mean, deviation, median, min, max] = ["mean", "std", "median", "min", "max"].map(of);
    Some(Distribution { mean, deviation, median, min, max, ..Distribution::default() })
}

fn category(
    entry: &Entry<'_>,
    converter: Value<'_, '_>,
    inner: &Entry<'_>,
    recognizer: Value<'_, '_>,
) -> Result<Reading, Error> {
    let info = inner.field(recognizer, "info")?;
    let needs_codes = inner.field(info, "need_transform")?;
    let needs_codes = needs_codes
        .as_bool()
        .ok_or_else(|| inner.wrong("info.need_transform", "a truth value", needs_codes.kind()))?;
    let codes = codes(entry, converter, |key| key.as_number())?;
    if !needs_codes {
        // The dict of codes is by frequency: code 0 is the commonest level's.
        let commonest = codes.iter().find(|(_, code)| *code == 0).map_or(0.0, |(level, _)| *level);
        return Ok(Reading::Level { count: codes.len() as u32, commonest: commonest as u32 });
    }
    let dict = entry.field(converter, "_transform_dict")?;
    let missing = dict.field("nan").and_then(Value::as_index).unwrap_or(0);
    let has_missing = info.field("contains_nan").and_then(Value::as_bool).unwrap_or(false);
    let bound = inner.index(info, "num_unique_bound")? as usize;
    let unique = inner.field(info, "unique_values_sorted_by_counts")?;
    let unique = unique.as_array().map_or(codes.len(), |values| values.len());
    let is_truncated = unique > bound + usize::from(has_missing);
    let unseen = if is_truncated { missing } else { 0 };
    Ok(Reading::Category { codes, missing, unseen })
}

/// The dict of codes, but for the entry of missing values.
fn codes<T>(
    entry: &Entry<'_>,
    converter: Value<'_, '_>,
    key_of: impl Fn(Value<'_, '_>) -> Option<T>,
) -> Result<Vec<(T, u32)>, Error> {
    const LARGEST: u32 = 1 << 24; // the largest that single precision holds with all below it
    let dict = entry.field(converter, "_transform_dict")?;
    let wrong = |expected, found: Value<'_, '_>| entry.wrong("_transform_dict", expected, found.kind());
    let pairs = dict.pairs().ok_or_else(|| wrong("a dict", dict))?;
    let mut codes = Vec::with_capacity(pairs.len());
    for (key, code) in pairs {
        let code_of = code.as_index().filter(|code| *code <= LARGEST);
        let code = code_of.ok_or_else(|| wrong("codes from 0 to 2^24", code))?;
        match key_of(key) {
            Some(key) => codes.push((key, code)),
            None if key.as_text() == Some("nan") => {}
            None => return Err(wrong("keys of the column's type", key)),
        }
    }
    Ok(codes)
}

fn scale(entry: &Entry<'_>, processor: Value<'_, '_>, key: i64) -> Result<Scale, Error> {
    let caches = entry.field(processor, "_caches")?;
    let finite = |name| {
        let number = entry.number(caches, name)?;
        let path = || format!("processors[{key}]._caches.{name}");
        if number.is_finite() {
            Ok(number)
        } else {
            Err(entry.wrong(path(), "a finite number", number.to_string()))
        }
    };
    Ok(match entry.text(processor, "__identifier__")? {
        "identical" => Scale::Identity,
        "normalize" => Scale::Standard { mean: finite("mean")?, deviation: finite("std")? },
        "min_max" => Scale::MinMax { min: finite("min")?, range: finite("diff")? },
        "logarithm" => Scale::Logarithm,
        other => {
            let path = format!("processors[{key}].__identifier__");
            let expected = "identical, normalize, min_max or logarithm";
            return Err(entry.wrong(path, expected, format!("\"{other}\"")));
        }
    })
}

/// Counts the training values that a recognizer holds: its rows, its labels, its tally of values.
fn held(recognizer: Value<'_, '_>, name: &str, is_read: bool, is_target: bool) -> Training {
    let rows = |value: Option<Value<'_, '_>>| {
        let array = value.and_then(Value::as_array).map(|array| array.len());
        let list = || value.and_then(Value::items).map(|items| items.len());
        array.or_else(list).unwrap_or(0)
    };
    let infos =
        ["info", "_info"].map(|info| rows(recognizer.field(info).and_then(|info| info.field("flat_arr"))));
    let tally = recognizer.field("counter").and_then(Value::pairs).map_or(0, |pairs| pairs.len());
    // A tally of a column that models read is what its codes are made from: no more than they say.
    let tally = if is_read || is_target { 0 } else { tally };
    Training {
        column: name.to_owned(),
        is_read,
        is_target,
        values: infos.into_iter().max().unwrap_or(0).max(tally),
        target_values: rows(recognizer.field("labels")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_the_type_of_their_values() {
        let numbers = |values: &[f64]| values.iter().map(|value| Decoded::Number(*value)).collect::<Vec<_>>();
        let of = |values: &[Decoded]| classes(&values.iter().collect::<Vec<_>>());
        assert_eq!(of(&numbers(&[7.0, -3.0])), Classes::Integer(vec![7, -3]));
        assert_eq!(of(&numbers(&[0.5, 1.0])), Classes::Number(vec![0.5, 1.0]));
        let mixed = [Decoded::Text("yes".into()), Decoded::Number(1.0)];
        assert_eq!(of(&mixed), Classes::Text(vec!["yes".into(), "1".into()]));
    }
}
