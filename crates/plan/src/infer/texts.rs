//! What columns of text hold.

use super::{
    Inference,
    decide::{column, id, of_lists, of_names, of_numbers},
    formats::Format,
    look::Look,
    nearly_all,
};
use crate::{ColumnForm, KindForm};

/// Pairs of words for true and false; `1` and `0` come last, as they may be numbers.
const PAIRS: [[&str; 2]; 7] =
    [["true", "false"], ["yes", "no"], ["y", "n"], ["t", "f"], ["on", "off"], ["1", "0"], ["1.0", "0.0"]];
/// In so many rows, a column of nothing but 0 and 1 holds truth values, and not counts that are small by chance.
const MANY: u64 = 100;
/// So many values are few, however many rows there are.
const FEW: u64 = 20;

/// The type of a column of texts, and why.
pub(super) fn of_texts(look: &Look) -> (ColumnForm, String) {
    let tally = &look.tally;
    if let Some(pair) = truth(look) {
        return column(look, KindForm::Boolean, format!("{} and {}", pair[0], pair[1]));
    }
    // 0815 is a name, whatever it looks like.
    if look.numbers.are_all() && look.numbers.padded == 0 {
        return with_placeholders(look, of_numbers(look, ""));
    }
    // A date may look like a number, such as 20261121; that is no time in the format of the others.
    let are_times = |format: &Format| nearly_all(format.fits(), format.fails() + look.numbers.fits);
    if let Some((format, rival)) = look.formats.best().filter(|(format, _)| are_times(format)) {
        let (mut form, mut why) = column(look, KindForm::Time, format!("times {}", shown(format)));
        form.formats = Some(format.format.clone()).filter(|format| !format.is_empty()).into_iter().collect();
        if let Some(rival) = rival {
            why = format!("{why}; {} would fit as well", rival.format);
        }
        return with_placeholders(look, (form, why));
    }
    if let Some(found) = of_written_lists(look) {
        return found;
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
            of_names(look, &format!("{}{padded}", values(count)))
        }
        Some(count) => column(look, KindForm::Text, format!("{count} values in {} cells", look.present())),
    }
}

/// Lists that are written in each cell.
fn of_written_lists(look: &Look) -> Option<(ColumnForm, String)> {
    let lists = &look.lists;
    if lists.fails > 0 || lists.lengths.is_empty() || look.numbers.fits > 0 {
        return None;
    }
    match (lists.words, lists.apart) {
        (0, 0) => Some(of_lists(look, "JSON lists of numbers")),
        (1.., 0) => Some(column(look, KindForm::Set, "JSON lists")),
        (0, _) if lists.width().is_some_and(|width| width > 2) && lists.lengths.len() == 1 => {
            Some(of_lists(look, "numbers apart by blanks"))
        }
        _ => None,
    }
}

fn values(count: u64) -> String {
    format!("{count} value{}", if count == 1 { "" } else { "s" })
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
