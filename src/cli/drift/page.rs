//! Drift as a page: one file with all that is in it, and nothing that runs.

use automl_pack::{
    Flaw,
    plan::{ColumnDrift, Share},
};

use super::{
    Report,
    text::{percent, short, then_and_now},
};
use crate::cli::{
    output::plain,
    table::{count, thousands},
};

/// A browser is told to load nothing, from nowhere.
const HEAD: &str = "<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"referrer\" content=\"no-referrer\">";

const KEY: &str = "<span class=\"key then\"></span>then, the training data\
<span class=\"key now\"></span>now, the new data";

impl Report {
    /// The whole page.
    pub(super) fn page(&self) -> String {
        let title = format!("Drift of {} since {}", escaped(&self.data), escaped(&self.bundle));
        let style = include_str!("page.css");
        let overview: String =
            self.found.all().enumerate().map(|(at, column)| self.line(at, column)).collect();
        let sections: String =
            self.found.all().enumerate().map(|(at, column)| self.section(at, column)).collect();
        format!(
            "<!doctype html>
<html lang=\"en\">
<head>
{HEAD}
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{summary}<span class=\"faint\">A column has drifted above a PSI of {threshold}. {KEY}</span></p>
<div class=\"scroll\"><table>
<caption>What differs most comes first</caption>
<thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Verdict</th><th scope=\"col\" class=\"number\">PSI</th>\
<th scope=\"col\" class=\"number\">KS</th><th scope=\"col\">Then and now</th><th scope=\"col\">Missing</th></tr></thead>
<tbody>
{overview}</tbody>
</table></div>
{sections}</main>
</body>
</html>
",
            summary = escaped(self.summary().trim_end()) + ".<br>",
            threshold = self.threshold,
        )
    }

    /// A column in the overview.
    fn line(&self, at: usize, column: &ColumnDrift) -> String {
        let missing = column.rate(Flaw::Missing).map_or(String::new(), then_and_now);
        format!(
            "<tr><th scope=\"row\"><a href=\"#c{at}\">{name}</a></th><td>{verdict}</td>\
<td class=\"number\">{psi}</td><td class=\"number\">{ks}</td><td>{plot}</td><td>{missing}</td></tr>\n",
            name = escaped(&self.title(column)),
            verdict = verdict(column),
            psi = decimals(column.psi),
            ks = decimals(column.ks),
            plot = sparks(column),
            missing = escaped(&missing),
        )
    }

    /// All that is known of a column.
    fn section(&self, at: usize, column: &ColumnDrift) -> String {
        format!(
            "<section id=\"c{at}\">
<header><h2>{name}</h2><span class=\"faint\">{kind}</span>{verdict}</header>
{facts}{plot}{bins}</section>\n",
            name = escaped(&self.title(column)),
            kind = column.kind,
            verdict = verdict(column),
            facts = facts(column),
            plot = plot(column),
            bins = bins(column),
        )
    }
}

fn verdict(column: &ColumnDrift) -> String {
    column.verdict.map_or("<span class=\"faint\">not comparable</span>".to_owned(), |verdict| {
        format!("<span class=\"verdict {0}\">{0}</span>", verdict.word())
    })
}

fn facts(column: &ColumnDrift) -> String {
    let mut facts = Vec::new();
    facts.extend(column.psi.map(|psi| match column.chance {
        Some(chance) => format!("PSI {psi:.3} (by chance alone {chance:.3})"),
        None => format!("PSI {psi:.3}"),
    }));
    facts.extend(column.ks.map(|ks| format!("KS {ks:.3}")));
    if let (Some(then), Some(now)) = (column.mean.then, column.mean.now) {
        let by = column.shift.map_or(String::new(), |shift| format!(" ({shift:+.2} deviations)"));
        facts.push(format!("mean {} → {}{by}", short(then), short(now)));
    }
    let rates = column.flaws.iter().filter(|rate| rate.now > 0.0 || rate.then.is_some_and(|then| then > 0.0));
    facts.extend(rates.map(|rate| format!("{} {}", rate.flaw, then_and_now(*rate))));
    if !column.new.is_empty() {
        const SHOWN: usize = 20;
        let shown = column.new.iter().take(SHOWN);
        let shown: Vec<String> =
            shown.map(|new| format!("“{}” {}", new.value, thousands(new.rows as usize))).collect();
        let more = if column.new.len() > SHOWN { ", …" } else { "" };
        facts.push(format!("{}: {}{more}", count(column.new.len(), "new value"), shown.join(", ")));
    }
    format!("<p>{}</p>\n", escaped(&facts.join("; ")))
}

/// What a screen reader says of a plot.
fn spoken(column: &ColumnDrift) -> String {
    let share =
        |share: &Share| format!("{}: {} then, {} now", share.of, percent(share.then), percent(share.now));
    escaped(&column.bars.iter().map(share).collect::<Vec<_>>().join("; "))
}

fn highest(column: &ColumnDrift) -> f64 {
    column.bars.iter().map(|bar| bar.then.max(bar.now)).fold(f64::MIN_POSITIVE, f64::max)
}

/// Two bars beside each other for each share, in a box of that size.
fn rects(column: &ColumnDrift, width: f64, height: f64, gap: f64) -> String {
    let slot = width / column.bars.len().max(1) as f64;
    let bar = (slot - gap) / 2.0;
    let rect = |class: &str, left: f64, share: f64| {
        let tall = share / highest(column) * height;
        format!(
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{bar:.1}\" height=\"{tall:.1}\"/>",
            height - tall
        )
    };
    let pair = |(at, share): (usize, &Share)| {
        let left = at as f64 * slot + gap / 2.0;
        let title = format!("{}: {} → {}", share.of, percent(share.then), percent(share.now));
        let (then, now) = (rect("then", left, share.then), rect("now", left + bar, share.now));
        format!("<g><title>{}</title>{then}{now}</g>", escaped(&title))
    };
    column.bars.iter().enumerate().map(pair).collect()
}

fn sparks(column: &ColumnDrift) -> String {
    if column.bars.is_empty() {
        return String::new();
    }
    let rects = rects(column, 160.0, 32.0, 3.0);
    format!("<svg width=\"160\" height=\"32\" viewBox=\"0 0 160 32\" aria-hidden=\"true\">{rects}</svg>")
}

fn plot(column: &ColumnDrift) -> String {
    if column.bars.is_empty() {
        return String::new();
    }
    const WIDTH: f64 = 900.0;
    let slot = WIDTH / column.bars.len() as f64;
    let label = |(at, share): (usize, &Share)| {
        let fits = (slot / 6.5) as usize;
        let mut text: String = share.of.chars().take(fits).collect();
        if text.len() < share.of.len() {
            text.pop();
            text.push('…');
        }
        let middle = (at as f64 + 0.5) * slot;
        format!("<text x=\"{middle:.1}\" y=\"166\" text-anchor=\"middle\">{}</text>", escaped(&text))
    };
    let labels: String = column.bars.iter().enumerate().map(label).collect();
    format!(
        "<figure><svg viewBox=\"0 0 900 176\" role=\"img\" aria-label=\"{spoken}\">{rects}\
<line class=\"axis\" x1=\"0\" y1=\"150\" x2=\"900\" y2=\"150\"/>{labels}</svg></figure>\n",
        spoken = spoken(column),
        rects = rects(column, WIDTH, 150.0, 14.0),
    )
}

/// The bins of the index, to be unfolded.
fn bins(column: &ColumnDrift) -> String {
    if column.bins.is_empty() {
        return String::new();
    }
    let row = |bin: &Share| {
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
            escaped(&bin.of),
            escaped(&percent(bin.then)),
            escaped(&percent(bin.now))
        )
    };
    let rows: String = column.bins.iter().map(row).collect();
    format!(
        "<details><summary>The bins of the PSI</summary><div class=\"scroll\"><table>
<thead><tr><th scope=\"col\">Bin</th><th scope=\"col\" class=\"number\">Then</th>\
<th scope=\"col\" class=\"number\">Now</th></tr></thead>
<tbody>
{rows}</tbody>
</table></div></details>\n"
    )
}

fn decimals(number: Option<f64>) -> String {
    number.map_or("–".to_owned(), |number| format!("{number:.3}"))
}

/// Text as a page may hold it, in an element or in an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in plain(text).chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            char => safe.push(char),
        }
    }
    safe
}
