//! Tables for people: aligned columns, no lines.

use std::fmt::Write;

use anstyle::Style;

use super::output::plain;

/// What a heading looks like.
pub(crate) const HEADING: Style = Style::new().bold();
/// What is said in passing.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Which side of its column a cell stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Rows of cells under headings.
pub(crate) fn table<const N: usize>(headings: [(&str, Side); N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| plain(cell))).collect();
    let width = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..N)
        .map(|at| rows.iter().map(|row| width(&row[at])).chain([width(headings[at].0)]).max().unwrap_or(0))
        .collect();
    let line = |cells: [&str; N]| {
        let mut line = String::from(" ");
        for (at, cell) in cells.iter().enumerate() {
            let padding = " ".repeat(widths[at] - width(cell));
            match headings[at].1 {
                Side::Left => line.extend([" ", *cell, padding.as_str(), " "]),
                Side::Right => line.extend([" ", padding.as_str(), *cell, " "]),
            }
        }
        line.trim_end().to_owned()
    };
    let mut text = format!("{FAINT}{}{FAINT:#}\n", line(headings.map(|(heading, _)| heading)));
    for row in &rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line(std::array::from_fn(|at| row[at].as_str())));
    }
    text
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in the unit that fits it.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(number), if number == 1 { "" } else { "s" })
}
