//! `automl-pack unpack`.

use std::path::PathBuf;

use automl_pack::{Archive, Auto, Error, bundle::Container};
use clap::Args;

use super::{
    Bundle,
    failure::{Exit, Failure},
    interrupt, output,
    predict::{Scoring, is_there},
    table::{FAINT, HEADING, Side, count, size, table, thousands},
};

#[derive(Debug, Args)]
pub(crate) struct Unpack {
    #[command(flatten)]
    bundle: Bundle,
    /// Lay the bundle out in this folder, which must not be there yet or be empty
    dir: Option<PathBuf>,
    /// Score this table in the same go; the report goes to stderr then
    #[arg(long, value_name = "INPUT")]
    predict: Option<PathBuf>,
    #[command(flatten)]
    scoring: Scoring,
}

impl Unpack {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        if let (None, Some(option)) = (&self.predict, self.scoring.shapes_scores()) {
            return Err(Failure::usage(format!("{option} shapes scores: it needs --predict INPUT")));
        }
        self.scoring.check_bundle(&self.bundle.path)?;
        self.scoring.start_threads()?;
        self.predict.iter().try_for_each(|rows| is_there(rows))?;
        let (archive, auto) = self.bundle.open(self.scoring.policy())?;
        if self.dir.is_some() && archive.container() == Container::File {
            let refused = Error::BareGraph { lacks: "entries to lay out" };
            return Err(Failure::bundle(&self.bundle.path, &refused));
        }
        let mut report = report(&archive, &auto);
        if let Some(dir) = &self.dir {
            archive.unpack_to(dir).map_err(|error| Failure::bundle(&self.bundle.path, &error.into()))?;
            report += &format!("laid out in {}\n", output::plain(&dir.display().to_string()));
        }
        match self.predict {
            None => output::print(&report)?,
            Some(rows) => {
                output::say(&report);
                self.scoring.run(&auto, &[rows], &interrupt::watch()?)?;
            }
        }
        Ok(Exit::DONE)
    }
}

/// What was verified, member by member.
fn report(archive: &Archive, auto: &Auto) -> String {
    let files = count(archive.entries().count(), "file");
    let mut report = format!("{HEADING}verified{HEADING:#} {files}, {}\n", size(archive.bytes()));
    if let (Some(manifest), Some(golden)) = (auto.manifest(), auto.golden()) {
        let (name, version, digest) = (&manifest.name, &manifest.version, manifest.digest());
        report += &format!("{name} {version}, {digest}\n");
        report += &format!("{} within {}\n", count(golden.len(), "golden row"), golden.tolerance());
    }
    let members = auto.pattern.members();
    let rows: Vec<_> = members
        .iter()
        .map(|member| {
            let facts = member.facts();
            [
                member.name().to_owned(),
                format!("{:.4}", member.weight()),
                thousands(facts.parameters),
                thousands(facts.operators.values().sum()),
                size(member.bytes() as u64),
                format!("{:.1} ms", member.loading().as_secs_f64() * 1e3),
            ]
        })
        .collect();
    let headings = [
        ("member", Side::Left),
        ("weight", Side::Right),
        ("parameters", Side::Right),
        ("ops", Side::Right),
        ("size", Side::Right),
        ("loaded in", Side::Right),
    ];
    report += &table(headings, &rows);
    report += &format!("{FAINT}{}{FAINT:#}\n", count(members.len(), "member"));
    report
}
