//! `automl-pack convert`.

use std::path::PathBuf;

use automl_pack::{Builder, Dropped, Reweighing};
use clap::{Args, ValueEnum};

use super::{
    failure::{Exit, Failure},
    making::{self, Making},
    open_archive, output,
    table::{HEADING, count, size, thousands},
};

#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// A pack that carefree-learn wrote: a zip file, or an unpacked folder
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Write the bundle to this file, which appears when it is whole and was opened
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// What to do with the weights of a regression, which carefree-learn inverts
    #[arg(long, value_name = "HOW", default_value = "kept")]
    weights: Weights,
    #[command(flatten)]
    making: Making,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Weights {
    /// Keep what the pack says: predictions stay as they are
    Kept,
    /// Derive them again, so that the model with the least error weighs most
    Fixed,
}

impl Convert {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let archive = open_archive(&self.old)?;
        let reweighing = match self.weights {
            Weights::Kept => Reweighing::Kept,
            Weights::Fixed => Reweighing::Fixed,
        };
        let conversion = Builder::convert(&archive, reweighing);
        let conversion = conversion.map_err(|error| Failure::bundle(&self.old, &error))?;
        let dropped = conversion.dropped;
        let builder = self.making.apply(conversion.builder)?;
        if dropped.may_be_inverted {
            output::warn(
                "the weights of this regression are kept as they are; carefree-learn inverts them, so that what \
                 was worst weighs most (--weights fixed derives them again)",
            );
        }
        let packed = self.making.packed(builder, &self.out)?;
        let mut report = making::report(&packed, &self.out);
        report += &compared(packed.bytes, archive.bytes());
        report += &left_behind(&dropped);
        if self.weights == Weights::Fixed {
            report += "the weights were derived again: the model with the least error weighs most\n";
        }
        output::print(&report)?;
        Ok(Exit::DONE)
    }
}

fn compared(now: u64, before: u64) -> String {
    let percent = (1.0 - now as f64 / before.max(1) as f64) * 100.0;
    let word = if percent < 0.0 { "larger" } else { "smaller" };
    format!("{} in place of {}: {:.1} % {word}\n", size(now), size(before), percent.abs())
}

fn left_behind(dropped: &Dropped) -> String {
    let bytes: u64 = dropped.entries.iter().map(|(_, bytes)| bytes).sum();
    let names: Vec<_> = dropped.entries.iter().map(|(name, _)| output::plain(name)).collect();
    let held: usize = dropped.training.iter().map(|column| column.values + column.target_values).sum();
    let columns = dropped.training.iter().filter(|column| column.values + column.target_values > 0).count();
    format!(
        "{HEADING}dropped{HEADING:#} {}, {}: {}\n{} training values of {}\n",
        count(dropped.entries.len(), "file"),
        size(bytes),
        names.join(", "),
        thousands(held),
        count(columns, "column"),
    )
}
