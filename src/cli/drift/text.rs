//! Drift as a table, for a terminal.

use automl_pack::{
    Flaw,
    plan::{ColumnDrift, Rate, Share},
};

use super::Report;
use crate::cli::{
    output::plain,
    table::{FAINT, HEADING, Side, count, table},
};

impl Report {
    pub(super) fn for_people(&self) -> String {
        let mut text = self.comparison();
        text += &self.means();
        for column in self.found.all() {
            text += &flaws(column);
            text += &strangers(column);
        }
        text
    }

    /// What the columns' values say, where the statistics know them.
    fn comparison(&self) -> String {
        let rows: Vec<_> =
            self.found.all().filter(|column| column.psi.is_some()).map(|column| self.row(column)).collect();
        if rows.is_empty() {
            return String::new();
        }
        let headings = [
            ("column", Side::Left),
            ("", Side::Left),
            ("PSI", Side::Right),
            ("KS", Side::Right),
            ("then", Side::Left),
            ("now", Side::Left),
            ("missing", Side::Left),
        ];
        table(headings, &rows)
    }

    fn row(&self, column: &ColumnDrift) -> [String; 7] {
        let most = column.bars.iter().map(|bar| bar.then.max(bar.now)).fold(0.0, f64::max);
        let bars = |of: fn(&Share) -> f64| column.bars.iter().map(|share| block(of(share) / most)).collect();
        let number = |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:.3}"));
        [
            self.title(column),
            column.verdict.map_or("", |verdict| verdict.word()).to_owned(),
            number(column.psi),
            number(column.ks),
            bars(|share| share.then),
            bars(|share| share.now),
            column.rate(Flaw::Missing).map_or(String::new(), then_and_now),
        ]
    }

    pub(super) fn title(&self, column: &ColumnDrift) -> String {
        const LONGEST: usize = 32;
        let is_target = self.found.target.as_ref().is_some_and(|target| std::ptr::eq(target, column));
        let mut title: String = column.name.chars().take(LONGEST).collect();
        if title.len() < column.name.len() {
            title.push('…');
        }
        if is_target { format!("{title} (target)") } else { title }
    }

    /// What can be said of columns of which no more than the mean is known.
    fn means(&self) -> String {
        let row = |column: &ColumnDrift| {
            let (then, now, shift) = (column.mean.then?, column.mean.now?, column.shift?);
            Some([self.title(column), short(then), short(now), format!("{shift:+.2}")])
        };
        let unknown = self.found.all().filter(|column| column.psi.is_none());
        let rows: Vec<_> = unknown.filter_map(row).collect();
        if rows.is_empty() {
            return String::new();
        }
        let headings = [
            ("mean of", Side::Left),
            ("then", Side::Right),
            ("now", Side::Right),
            ("in deviations", Side::Right),
        ];
        table(headings, &rows)
    }
}

/// What is wrong with cells, besides those that are missing.
fn flaws(column: &ColumnDrift) -> String {
    let is_told = |rate: &Rate| rate.now > 0.0 || rate.then.is_some_and(|then| then > 0.0);
    let others = Flaw::ALL.into_iter().filter(|flaw| *flaw != Flaw::Missing);
    let rates = others.filter_map(|flaw| column.rate(flaw)).filter(is_told);
    rates
        .map(|rate| format!("{} cells of {}: {}\n", rate.flaw, plain(&column.name), then_and_now(rate)))
        .collect()
}

/// Values that the training data did not have.
fn strangers(column: &ColumnDrift) -> String {
    const SHOWN: usize = 6;
    if column.new.is_empty() {
        return String::new();
    }
    let shown = column.new.iter().take(SHOWN);
    let mut shown: Vec<String> = shown.map(|new| format!("\"{}\" {}", new.value, new.rows)).collect();
    if column.new.len() > SHOWN {
        shown.push("…".to_owned());
    }
    let values = count(column.new.len(), "new value");
    let (name, shown) = (plain(&column.name), plain(&shown.join(", ")));
    format!("{HEADING}{name}{HEADING:#} has {values}: {FAINT}{shown}{FAINT:#}\n")
}

/// One of eight heights; nothing at all is a blank.
fn block(height: f64) -> char {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    match (height * 8.0).ceil() as usize {
        0 => ' ',
        height => BLOCKS[height.min(8) - 1],
    }
}

/// `1.2% → 30%`.
pub(super) fn then_and_now(rate: Rate) -> String {
    let now = percent(rate.now);
    match rate.then {
        Some(then) if percent(then) == now => now,
        Some(then) => format!("{} → {now}", percent(then)),
        None => format!("? → {now}"),
    }
}

/// Four digits of a number.
pub(super) fn short(number: f64) -> String {
    format!("{number:.3e}").parse::<f64>().unwrap_or(number).to_string()
}

/// A share in hundredths.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0%".to_owned(),
        percent if percent < 0.05 => "<0.1%".to_owned(),
        percent if percent < 99.95 => format!("{percent:.1}%"),
        _ => "100%".to_owned(),
    }
}
