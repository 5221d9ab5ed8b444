//! From what was seen of a column to its type, with the reason in words.

use super::{
    Inference, Sight,
    formats::Format,
    look::{Given, Look},
};
use crate::{Action, ColumnForm, Error, Kind, KindForm, Known};

/// Pairs of words for true and false; `1` and `0` come last, as they may be numbers.
const PAIRS: [[&str; 2]; 7] =
    [["true", "false"], ["yes", "no"], ["y", "n"], ["t", "f"], ["on", "off"], ["1", "0"], ["1.0", "0.0"]];
/// In so many rows, a column of nothing but 0 and 1 holds truth values, and not counts that are small by chance.
const MANY: u64 = 100;
/// In so many rows, a column in which no value comes twice tells rows apart.
const SOME: u64 = 20;
/// So many values are few, however many rows there are.
const FEW: u64 = 20;

/// A column of a schema, and what was seen of it.
pub(super) fn decide(look: &Look, asked: Option<&ColumnForm>) -> Result<(ColumnForm, Sight), Error> {
    let (mut form, why) = match asked {
        Some(asked) => (asked.clone(), "asked for".to_owned()),
        None => find(look),
    };
    complete(&mut form, look)?;
    let unreadable = unreadable(&form, look);
    if unreadable > 0 && unreadable == look.present() {
        let (column, kind) = (look.name().to_owned(), form.kind.word());
        return Err(Error::NoneReadable { column, kind, cells: unreadable });
    }
    let mut why = why;
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
        has_hours: look.has_hours || time_format(look, &form).is_some_and(|format| format.has_hours),
    };
    Ok((form, sight))
}

fn column(look: &Look, kind: KindForm, why: impl Into<String>) -> (ColumnForm, String) {
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
        Given::Names if look.tally.distinct().is_some() => {
            column(look, KindForm::Category, "a dictionary, as the file says")
        }
        _ => of_texts(look),
    }
}

fn of_numbers(look: &Look, as_what: &str) -> (ColumnForm, String) {
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

fn and(what: &str) -> String {
    if what.is_empty() { String::new() } else { format!(", {what}") }
}

fn of_texts(look: &Look) -> (ColumnForm, String) {
    let tally = &look.tally;
    if let Some(pair) = truth(look) {
        return column(look, KindForm::Boolean, format!("{} and {}", pair[0], pair[1]));
    }
    // 0815 is a name, whatever it looks like.
    if look.numbers.are_all() && look.numbers.padded == 0 {
        return with_placeholders(look, of_numbers(look, ""));
    }
    if let Some((format, rival)) = look.formats.best().filter(|_| look.numbers.fits * 20 <= look.present()) {
        let (mut form, mut why) = column(look, KindForm::Time, format!("times {}", shown(format)));
        form.formats = Some(format.format.clone()).filter(|format| !format.is_empty()).into_iter().collect();
        if let Some(rival) = rival {
            why = format!("{why}; {} would fit as well", rival.format);
        }
        return with_placeholders(look, (form, why));
    }
    if look.lists.fails == 0 && !look.lists.lengths.is_empty() && look.numbers.fits == 0 {
        if look.lists.words == 0 && look.lists.apart == 0 {
            return of_lists(look, "JSON lists of numbers");
        }
        if look.lists.words > 0 && look.lists.apart == 0 {
            return column(look, KindForm::Set, "JSON lists");
        }
        if look.lists.words == 0
            && look.lists.width().is_some_and(|width| width > 2)
            && look.lists.lengths.len() == 1
        {
            return of_lists(look, "numbers apart by blanks");
        }
    }
    let is_few = tally.is_at_most(FEW);
    if look.dressed > 0 && (look.dressed + look.numbers.fits) * 20 >= look.present() * 19 && !is_few {
        return column(
            look,
            KindForm::Unread,
            "numbers with more to them, such as 1,234 or 5 %: write them as 1234",
        );
    }
    let words = look.words.0 as f64 / look.words.1.max(1) as f64;
    if let Some(why) = id(look).filter(|_| words < 2.0) {
        return column(look, KindForm::Unread, why);
    }
    match tally.distinct() {
        None => column(look, KindForm::Text, format!("more than {} values", Inference::MOST)),
        Some(count) if words >= 5.0 && count > FEW && count * 5 > look.present() => {
            column(look, KindForm::Text, format!("{words:.0} words a cell, {count} values"))
        }
        Some(count) if count <= FEW || count * 2 <= look.present() => {
            let padded = if look.numbers.are_all() { ", numbers with a 0 before them" } else { "" };
            column(look, KindForm::Category, format!("{}{padded}", values(count)))
        }
        Some(count) => column(look, KindForm::Text, format!("{count} values in {} cells", look.present())),
    }
}

fn values(count: u64) -> String {
    format!("{count} value{}", if count == 1 { "" } else { "s" })
}

fn of_lists(look: &Look, what: &str) -> (ColumnForm, String) {
    match look.lists.width() {
        Some(width) => {
            let form = ColumnForm { width: Some(width), ..ColumnForm::new(look.name(), KindForm::Vector) };
            (form, format!("{what}, {width} each"))
        }
        None => column(look, KindForm::Series, format!("{what}, of many lengths")),
    }
}

/// Texts that may stand for nothing do, where all others are numbers or times.
fn with_placeholders(look: &Look, (mut form, why): (ColumnForm, String)) -> (ColumnForm, String) {
    if look.placeholders.is_empty() || form.kind == KindForm::Unread {
        return (form, why);
    }
    const USUAL: [&str; 8] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"];
    let own: Vec<String> = look.placeholders.keys().cloned().collect();
    let shown = own.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ");
    form.missing = Some(USUAL.iter().map(|text| (*text).to_owned()).chain(own).collect());
    (form, format!("{why}; {shown} for nothing"))
}

fn shown(format: &Format) -> String {
    if format.format.is_empty() { "as in ISO 8601".to_owned() } else { format!("as {}", format.format) }
}

/// Why a column tells rows apart, if it does.
fn id(look: &Look) -> Option<String> {
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

/// The words for true and false, where a column holds nothing else.
fn truth(look: &Look) -> Option<[&'static str; 2]> {
    if !look.tally.is_at_most(6) {
        return None;
    }
    let values: Vec<String> = look.tally.values().iter().map(|(value, _)| value.to_lowercase()).collect();
    let pair = PAIRS.into_iter().find(|pair| values.iter().all(|value| pair.contains(&value.as_str())))?;
    let are_both = pair.iter().all(|word| values.iter().any(|value| value == word));
    let are_numbers = pair[0].starts_with('1');
    (are_both && (!are_numbers || look.present() >= MANY)).then_some(pair)
}

/// The format of a column's times.
fn time_format<'l>(look: &'l Look, form: &ColumnForm) -> Option<&'l Format> {
    (form.kind == KindForm::Time)
        .then(|| look.formats.only().or(look.formats.best().map(|(best, _)| best)))?
}

/// What the column does not say is taken from the rows.
fn complete(form: &mut ColumnForm, look: &Look) -> Result<(), Error> {
    let refuse = |expected| Error::NoValues { column: look.name().to_owned(), expected };
    match form.kind {
        KindForm::Category if form.values.is_none() && form.levels.is_none() => {
            if look.tally.distinct().is_none() {
                return Err(refuse("a category of at most 1000000 values: text or unread takes more"));
            }
            let values = categories(look);
            if values.is_empty() {
                return Err(refuse("at least one value: it is empty in every row"));
            }
            form.values = Some(values);
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
    Ok(())
}

/// The values of a category, sorted: as numbers where all of them are.
fn categories(look: &Look) -> Vec<Known> {
    let values = look.tally.values();
    let numbers: Option<Vec<f64>> = match &look.given {
        Given::Truth => return vec![Known::Truth(false), Known::Truth(true)],
        _ if look.numbers.padded > 0 => None,
        _ => values
            .iter()
            .map(|(value, _)| value.parse().ok().filter(|number: &f64| number.is_finite()))
            .collect(),
    };
    match numbers {
        Some(mut numbers) => {
            numbers.sort_by(f64::total_cmp);
            numbers.dedup();
            numbers.into_iter().map(Known::of_number).collect()
        }
        None => values.iter().map(|(value, _)| Known::Text((*value).to_owned())).collect(),
    }
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
