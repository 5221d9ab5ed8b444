//! `automl-pack drift`.

mod page;
mod text;
mod then;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use automl_pack::{
    plan::{ColumnDrift, Drift as Found, Schema, Survey, TargetForm, Thresholds, Verdict},
    score::{self, Source},
};
use clap::Args;
use serde::Serialize;

use then::Then;

use super::{
    Bundle,
    failure::{Exit, Failure},
    output::{self, Output},
    table::{count, thousands},
};

#[derive(Debug, Args)]
#[command(after_help = "\
PSI, the population stability index, compares the shares of the rows in ten bins of each column, or those of \
each value: below 0.1 a column is stable, up to the threshold it has shifted, above it has drifted. KS is the \
greatest distance between the two cumulative distributions. Exits with 1 when a column has drifted.

In place of the bundle, a folder that prepare wrote does.")]
pub(crate) struct Drift {
    #[command(flatten)]
    bundle: Bundle,
    /// New data, a table of any format that predict reads; - is stdin
    #[arg(value_name = "DATA")]
    input: PathBuf,
    /// The PSI above which a column has drifted
    #[arg(long, value_name = "PSI", default_value = "0.25", allow_negative_numbers = true, value_parser = threshold)]
    threshold: f64,
    /// Compare these columns alone
    #[arg(long, value_name = "COL", value_delimiter = ',')]
    columns: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a page with plots to this file too; nothing in it is loaded from elsewhere
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

fn threshold(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| *number > 0.0 && number.is_finite())
        .ok_or_else(|| "expected a number above 0".to_owned())
}

/// What was compared, and with what.
struct Report {
    bundle: String,
    data: String,
    threshold: f64,
    /// How many rows the training data had, where that is known.
    rows_then: Option<u64>,
    found: Found,
}

#[derive(Debug, Serialize)]
struct ForPrograms<'a> {
    rows_then: Option<u64>,
    threshold: f64,
    drifted: Vec<&'a str>,
    #[serde(flatten)]
    found: &'a Found,
}

impl Drift {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let data = Source::open(&self.input).map_err(|error| Failure::rows(&self.input, &error))?;
        let then = Then::open(&self.bundle)?;
        let (schema, target) = then.compared(&self.columns)?;
        let page = self.html.as_deref().map(|path| Output::open(Some(path))).transpose()?;
        let survey = survey(&self.input, &data, &schema, target.as_ref())?;

        let statistics = &then.statistics;
        let shifted = Thresholds::default().shifted.min(self.threshold);
        let thresholds = Thresholds { shifted, drifted: self.threshold };
        let all_then = statistics.columns.values().chain(&statistics.target);
        let report = Report {
            bundle: then.name.clone(),
            data: self.input.display().to_string(),
            threshold: self.threshold,
            rows_then: all_then.filter_map(|of| of.rows).max(),
            found: Found::between(statistics, &survey, thresholds),
        };
        match self.json {
            true => output::print_json(&report.for_programs())?,
            false => output::print(&report.for_people())?,
        }
        if let (Some(mut page), Some(path)) = (page, &self.html) {
            page.write_all(report.page().as_bytes()).map_err(|error| Failure::file(path, &error))?;
            page.finish()?;
        }
        self.conclude(&report)
    }

    /// Says how it stands, and whether that is well.
    fn conclude(&self, report: &Report) -> Result<Exit, Failure> {
        let all: Vec<&ColumnDrift> = report.found.all().collect();
        if all.iter().all(|column| column.psi.is_none()) {
            return Err(Failure::no_statistics(&self.bundle.path));
        }
        output::say(&report.summary());
        let chance = all.iter().filter_map(|column| column.chance).fold(0.0, f64::max);
        if chance >= 0.05 {
            let rows = count(report.found.rows as usize, "row");
            output::warn(&format!(
                "{rows} are few: where nothing differs, a PSI of {chance:.2} is to be expected"
            ));
        }
        let has_drifted = all.iter().any(|column| column.verdict == Some(Verdict::Drifted));
        Ok(if has_drifted { Exit::REFUSED } else { Exit::DONE })
    }
}

/// Reads the columns of the new data that are compared.
fn survey(
    path: &Path,
    data: &Source,
    schema: &Schema,
    target: Option<&TargetForm>,
) -> Result<Survey, Failure> {
    let refused = |error: score::Error| Failure::rows(path, &error).without_hint();
    let mut survey = Survey::new(schema, target).map_err(|error| Failure::refused_as(&error))?;
    let there: Vec<&str> = data.columns().fields().iter().map(|field| field.name().as_str()).collect();
    schema.match_names(&there).map_err(|error| refused(score::Error::Columns(error)))?;
    let columns = schema.read().map(|(_, column, _)| column.name.as_str());
    let names: Vec<&str> = columns.chain(target.map(|target| target.name.as_str())).collect();
    for block in data.blocks(Some(&names)).map_err(refused)? {
        let block = block.map_err(refused)?;
        survey.see(&block.rows).map_err(|error| refused(block.refuse(error)))?;
    }
    Ok(survey)
}

impl Report {
    fn for_programs(&self) -> ForPrograms<'_> {
        let drifted = self.found.all().filter(|column| column.verdict == Some(Verdict::Drifted));
        ForPrograms {
            rows_then: self.rows_then,
            threshold: self.threshold,
            drifted: drifted.map(|column| column.name.as_str()).collect(),
            found: &self.found,
        }
    }

    /// `1,000 rows compared with 5,000: 2 drifted, 1 shifted, 6 stable`.
    fn summary(&self) -> String {
        let mut text = format!("{} compared", count(self.found.rows as usize, "row"));
        if let Some(rows) = self.rows_then {
            text += &format!(" with {}", thousands(rows as usize));
        }
        let of = |verdict| self.found.all().filter(|column| column.verdict == verdict).count();
        let verdicts = [Verdict::Drifted, Verdict::Shifted, Verdict::Stable]
            .map(|verdict| (Some(verdict), verdict.word()));
        let parts = verdicts.into_iter().chain([(None, "not comparable")]);
        let parts = parts.map(|(verdict, word)| (of(verdict), word)).filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, word)| format!("{count} {word}")).collect();
        text + &format!(": {}\n", parts.join(", "))
    }
}
