//! What a run says on stderr: how far it is, and what it did.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use automl_pack::{
    Flaw, Summary,
    score::{Balance, Progress, Spread},
};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::{
    failure::Failure,
    output,
    table::{count, thousands},
};

/// How a run tells how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// A line that changes, on a terminal
    Auto,
    /// A JSON object each second, and one at the end
    Json,
    /// Nothing
    None,
}

/// Tells how far a run is, and what it did.
pub(super) struct Report {
    show: Show,
    is_line: bool,
    last: Instant,
}

impl Report {
    pub(super) fn new(show: Show) -> Report {
        let is_line = show == Show::Auto && std::io::stderr().is_terminal();
        Report { show, is_line, last: Instant::now() }
    }

    /// Shows how far it is, not more often than can be read.
    pub(super) fn progress(&mut self, progress: &Progress) {
        let pause = Duration::from_millis(if self.is_line { 200 } else { 1_000 });
        if !(self.is_line || self.show == Show::Json) || self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        match self.show {
            Show::Json => output::say(&format!("{}\n", of_progress(progress))),
            _ => output::say(&format!("\r\x1b[K{}", line(progress))),
        }
    }

    /// Says what was done, or clears the way for what went wrong.
    pub(super) fn end(self, result: Result<Summary, Failure>) -> Result<(), Failure> {
        if self.is_line {
            output::say("\r\x1b[K");
        }
        let summary = result?;
        match self.show {
            Show::Json => output::say(&format!("{}\n", of_summary(&summary))),
            _ => output::say(&told(&summary)),
        }
        Ok(())
    }
}

/// How far it is, on one line.
fn line(progress: &Progress) -> String {
    let mut parts = vec![
        format!("{} rows", thousands(progress.rows as usize)),
        format!("{} rows/s", thousands(progress.rows_per_second as usize)),
    ];
    parts.extend(progress.done.map(|done| format!("{:.0} %", done * 100.0)));
    parts.extend(progress.remaining().map(|left| format!("{} left", clock(left))));
    if progress.refused > 0 {
        parts.push(format!("{} without a score", thousands(progress.refused as usize)));
    }
    if progress.rejected > 0 {
        parts.push(format!("{} rejected", thousands(progress.rejected as usize)));
    }
    parts.join("  ")
}

fn clock(left: Duration) -> String {
    let seconds = left.as_secs();
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

fn of_progress(progress: &Progress) -> Value {
    json!({
        "event": "progress",
        "rows": progress.rows,
        "rejected": progress.rejected,
        "refused": progress.refused,
        "done": progress.done,
        "seconds": progress.elapsed.as_secs_f64(),
        "rows_per_second": progress.rows_per_second,
        "seconds_left": progress.remaining().map(|left| left.as_secs_f64()),
    })
}

/// What `--progress json` says of a job that is done.
pub fn of_summary(summary: &Summary) -> Value {
    let cells = |((column, flaw), cells): (&(String, Flaw), &u64)| json!({"column": column, "flaw": flaw.word(), "cells": cells});
    let stages = summary.stages.each().map(|(name, spent)| (name.to_owned(), spent.as_secs_f64().into()));
    let mut told = json!({
        "event": "summary",
        "rows": summary.rows,
        "rejected": summary.rejected,
        "refused": summary.refused,
        "ignored_columns": summary.ignored,
        "cells": summary.flaws.iter().map(cells).collect::<Vec<_>>(),
        "seconds": summary.elapsed.as_secs_f64(),
        "stages": stages.into_iter().collect::<serde_json::Map<_, Value>>(),
    });
    match &summary.predictions {
        Balance::None => {}
        Balance::Classes(counts) => {
            let counts = counts.iter().map(|(class, rows)| json!({"class": class, "rows": rows}));
            told["predictions"] = counts.collect();
        }
        Balance::Values(spread) => {
            let quantiles = QUANTILES.map(|(share, name)| (name.to_owned(), json!(spread.quantile(share))));
            told["values"] = quantiles.into_iter().collect::<serde_json::Map<_, Value>>().into();
        }
    }
    told
}

const QUANTILES: [(f64, &str); 7] = [
    (0.0, "least"),
    (0.01, "1 %"),
    (0.25, "25 %"),
    (0.5, "median"),
    (0.75, "75 %"),
    (0.99, "99 %"),
    (1.0, "greatest"),
];

/// Of fewer rows, how often what was predicted is seen at once.
const MANY: u64 = 10;
/// Where the time went is worth a line after as long.
const LONG: Duration = Duration::from_secs(1);

/// What was done, for people.
fn told(summary: &Summary) -> String {
    let mut parts = vec![format!("{} scored", count((summary.rows - summary.refused) as usize, "row"))];
    if summary.refused > 0 {
        parts.push(format!("{} refused", count(summary.refused as usize, "row")));
    }
    if summary.rejected > 0 {
        parts.push(format!("{} rejected", count(summary.rejected as usize, "row")));
    }
    if summary.ignored > 0 {
        parts.push(format!("{} ignored", count(summary.ignored, "column")));
    }
    let mut text = parts.join(", ") + "\n";
    for flaw in Flaw::ALL {
        let of_flaw = summary.flaws.iter().filter(|((_, found), _)| *found == flaw);
        let columns: Vec<String> = of_flaw.map(|((column, _), cells)| format!("{column} {cells}")).collect();
        if !columns.is_empty() {
            text += &format!("{flaw} cells: {}\n", output::plain(&columns.join(", ")));
        }
    }
    if summary.rows - summary.refused >= MANY {
        text += &predictions(&summary.predictions);
    }
    if summary.elapsed >= LONG {
        text += &stages(summary);
    }
    text
}

fn predictions(predictions: &Balance) -> String {
    match predictions {
        Balance::Classes(counts) => {
            let whole: u64 = counts.iter().map(|(_, rows)| rows).sum();
            let share = |rows: u64| rows as f64 / whole.max(1) as f64 * 100.0;
            let shown = counts.iter().map(|(class, rows)| {
                format!("{} {} ({:.1} %)", output::plain(class), thousands(*rows as usize), share(*rows))
            });
            format!("predictions: {}\n", few(shown.collect()))
        }
        Balance::Values(spread) if spread.count() > 0 => format!("predictions: {}\n", quantiles(spread)),
        _ => String::new(),
    }
}

/// No more than fit a few lines.
fn few(shown: Vec<String>) -> String {
    const MOST: usize = 12;
    match shown.len() > MOST {
        true => format!("{}, and {} more classes", shown[..MOST].join(", "), shown.len() - MOST),
        false => shown.join(", "),
    }
}

fn quantiles(spread: &Spread) -> String {
    let shown =
        QUANTILES.map(|(share, name)| format!("{name} {:.4}", spread.quantile(share).unwrap_or(f64::NAN)));
    shown.join(", ")
}

/// How long it took, and where the time went.
fn stages(summary: &Summary) -> String {
    let seconds = summary.elapsed.as_secs_f64();
    let rows = summary.rows + summary.rejected;
    let spent = summary.stages.each().map(|(name, spent)| format!("{name} {:.2}", spent.as_secs_f64()));
    format!(
        "{seconds:.2} s, {} rows/s; seconds of work: {}\n",
        thousands((rows as f64 / seconds.max(1e-9)) as usize),
        spent.join(", ")
    )
}
