//! From what was seen of a column to its type, with the reason in words.

use super::{
    Inference, Sight,
    categories::{self, Rare},
    formats::Format,
    look::{Given, Look},
    texts::of_texts,
};
use crate::{Action, ColumnForm, Error, FEW, Kind, KindForm};

/// In so many rows, a column in which no value comes twice tells rows apart.
const SOME: u64 = 20;
/// A column of a schema, and what was seen of it.
pub(super) fn decide(look: &Look, asked: Option<&ColumnForm>) -> Result<(ColumnForm, Sight), Error> {
    let (mut form, mut why) = match asked {
        Some(asked) => (asked.clone(), "asked for".to_owned()),
        None => find(look),
    };
    let rare = complete(&mut form, look)?;
    if rare.values > 0 {
        let more =
            if rare.values == 1 { "1 more is".to_owned() } else { format!("{} more are", rare.values) };
        why = format!("{why}; {more} in fewer than {FEW} rows, and read as unseen");
    }
    let strangers = asked.map_or(0, |asked| categories::strangers(asked, look));
    if strangers > 0 {
        let what = if form.range.is_some() { "beyond its range" } else { "none of its values" };
        why = format!("{why}; {strangers} of {} cells are {what}", look.present());
    }
    let unreadable = unreadable(&form, look);
    if unreadable > 0 && unreadable == look.present() {
        let (column, kind) = (look.name().to_owned(), form.kind.word());
        return Err(Error::NoneReadable { column, kind, cells: unreadable });
    }
    if unreadable > 0 {
        let cells = if unreadable == 1 { "1 cell is".to_owned() } else { format!("{unreadable} cells are") };
        why = format!("{why}; {cells} not, and read as missing");
        // What was filled in to train on is filled in to score.
        form.policy.unreadable.get_or_insert(Action::Impute);
    }
    let is_number = matches!(form.kind, KindForm::Number | KindForm::Integer);
    let has_range = is_number && look.numbers.fits > 0;
    let missing =
        if form.kind == KindForm::Text && look.given == Given::Text { look.empty } else { look.missing };
    let held = if form.missing.is_some() && asked.is_none() { look.placeheld() } else { 0 };
    let sight = Sight {
        why,
        missing: missing + held,
        distinct: look
            .tally
            .distinct()
            .filter(|_| look.given != Given::Words && !matches!(look.given, Given::Numbers(_))),
        range: has_range.then_some((look.numbers.least, look.numbers.greatest)),
        unreadable,
        rare: rare.cells,
        strangers,
        has_hours: look.has_hours || time_format(look, &form).is_some_and(|format| format.has_hours),
    };
    Ok((form, sight))
}

pub(super) fn column(look: &Look, kind: KindForm, why: impl Into<String>) -> (ColumnForm, String) {
    (ColumnForm::new(look.name(), kind), why.into())
}

fn find(look: &Look) -> (ColumnForm, String) {
    let is_one = look.tally.is_at_most(1);
    if look.given == Given::Other {
        return column(look, KindForm::Unread, format!("of type {}, which no step reads", look.found));
    }
    if look.present() == 0 {
        return column(look, KindForm::Unread, "empty in every row");
    }
    let is_list = matches!(look.given, Given::Numbers(_) | Given::Words);
    if is_one && look.missing == 0 && !is_list {
        return column(look, KindForm::Unread, "the same in every row");
    }
    match &look.given {
        Given::Truth => column(look, KindForm::Boolean, "true and false, as the file says"),
        Given::Time => column(look, KindForm::Time, "times, as the file says"),
        Given::Integer | Given::Number => of_numbers(look, "as the file says"),
        Given::Numbers(_) => of_lists(look, "lists of numbers, as the file says"),
        Given::Words => column(look, KindForm::Set, "lists of words, as the file says"),
        Given::Names if look.tally.distinct().is_some() => of_names(look, "a dictionary, as the file says"),
        _ => of_texts(look),
    }
}

pub(super) fn of_numbers(look: &Look, as_what: &str) -> (ColumnForm, String) {
    if let Some(why) = id(look) {
        return column(look, KindForm::Unread, why);
    }
    let is_integer = match look.given {
        Given::Integer => true,
        Given::Number => false,
        _ => look.numbers.fractions == 0 && look.numbers.uneven == 0,
    };
    match is_integer {
        true => column(look, KindForm::Integer, format!("integers{}", and(as_what))),
        false => column(look, KindForm::Number, format!("numbers{}", and(as_what))),
    }
}

/// A category; where none of its values may be told, a text, of which none is kept.
pub(super) fn of_names(look: &Look, why: &str) -> (ColumnForm, String) {
    match categories::common(look).0.is_empty() {
        true => column(look, KindForm::Text, format!("{why}, none in {FEW} rows")),
        false => column(look, KindForm::Category, why),
    }
}

fn and(what: &str) -> String {
    if what.is_empty() { String::new() } else { format!(", {what}") }
}

pub(super) fn of_lists(look: &Look, what: &str) -> (ColumnForm, String) {
    match look.lists.width() {
        Some(width) => {
            let form = ColumnForm { width: Some(width), ..ColumnForm::new(look.name(), KindForm::Vector) };
            (form, format!("{what}, {width} each"))
        }
        None => column(look, KindForm::Series, format!("{what}, of many lengths")),
    }
}

/// Why a column tells rows apart, if it does.
pub(super) fn id(look: &Look) -> Option<String> {
    let present = look.present();
    if !look.tally.is_each_once() || look.missing > 0 || present < 2 {
        return None;
    }
    let numbers = &look.numbers;
    let is_number = numbers.fits > 0;
    if is_number && (numbers.uneven > 0 || numbers.fractions > 0 || numbers.fails > 0) {
        return None;
    }
    let name = look.name().to_lowercase();
    let is_called_so = ["id", "uuid", "guid", "index", "key", "rowid", "row_id", ""].contains(&name.as_str())
        || name.ends_with("_id")
        || name.starts_with("unnamed:")
        || look.name().ends_with("Id")
        || look.name().ends_with("ID");
    let is_numbering = is_number && numbers.greatest - numbers.least < 1.5 * present as f64;
    let is_rising = is_number && numbers.is_rising;
    let is_id = is_called_so
        || present >= SOME && (!is_number || is_numbering || is_rising)
        || present >= Inference::MOST as u64;
    is_id.then(|| "no value comes twice: an id".to_owned())
}

/// The format of a column's times.
fn time_format<'l>(look: &'l Look, form: &ColumnForm) -> Option<&'l Format> {
    (form.kind == KindForm::Time)
        .then(|| look.formats.only().or(look.formats.best().map(|(best, _)| best)))?
}

/// What the column does not say is taken from the rows; gives what was left out of it.
fn complete(form: &mut ColumnForm, look: &Look) -> Result<Rare, Error> {
    let refuse = |expected| Error::NoValues { column: look.name().to_owned(), expected };
    match form.kind {
        KindForm::Category if form.values.is_none() && form.levels.is_none() => {
            if look.tally.distinct().is_none() {
                return Err(refuse("a category of at most 1000000 values: text or unread takes more"));
            }
            let (values, rare) = categories::common(look);
            if values.is_empty() {
                return Err(refuse("a value that is in ten rows at least: --schema can say others"));
            }
            form.values = Some(values.into_iter().map(|(value, _)| value).collect());
            return Ok(rare);
        }
        KindForm::Time if form.formats.is_empty() && look.given != Given::Time => {
            let format = look.formats.best().map(|(best, _)| best.format.clone());
            form.formats = format.filter(|format| !format.is_empty()).into_iter().collect();
        }
        KindForm::Vector if form.width.is_none() => {
            let Some(width) = look.lists.width() else {
                return Err(refuse("a vector of so many numbers in every row: vector:WIDTH says how many"));
            };
            form.width = Some(width);
        }
        _ => {}
    }
    Ok(Rare::default())
}

/// How many cells are no value of the column's type, as far as is known.
fn unreadable(form: &ColumnForm, look: &Look) -> u64 {
    let is_text = matches!(look.given, Given::Text | Given::Names);
    // What may stand for nothing is counted apart, and does where the column says so.
    let held = if form.missing.is_some() { 0 } else { look.placeheld() };
    match form.kind {
        KindForm::Number => look.numbers.fails + held,
        KindForm::Integer => look.numbers.fails + look.numbers.uneven + held,
        KindForm::Time if is_text => {
            time_format(look, form).map_or(0, |format| format.fails() + look.numbers.fits) + held
        }
        KindForm::Boolean if is_text && form.yes.is_none() => {
            let is_truth = |value: &str| {
                Kind::YES.iter().chain(&Kind::NO).any(|spelling| spelling.eq_ignore_ascii_case(value))
            };
            look.tally.values().iter().filter(|(value, _)| !is_truth(value)).map(|(_, count)| count).sum()
        }
        KindForm::Vector => {
            let lengths = &look.lists.lengths;
            let other =
                lengths.iter().filter(|(width, _)| Some(**width) != form.width).map(|(_, count)| count);
            other.sum::<u64>() + if is_text { look.lists.fails } else { 0 }
        }
        _ => 0,
    }
}
