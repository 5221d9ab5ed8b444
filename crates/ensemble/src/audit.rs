//! What is wrong with a pack, whoever opens it.

use automl_pack_bundle::Archive;
use automl_pack_carefree as carefree;
use automl_pack_engine::Batch;
use automl_pack_plan::{Kind, Task};

use crate::{Auto, Error, Member, Options, Pattern, Reweighing, bare};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The findings, the serious ones first.
    pub findings: Vec<Finding>,
    /// What the pack still holds of its training data, by column.
    pub training: Vec<carefree::Training>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A word for its kind, which does not change.
    pub kind: &'static str,
    /// What it is, where and how much.
    pub message: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The pack should not be handed on as it is.
    Serious,
    /// Something to know.
    Warning,
}

impl Audit {
    /// Whether something serious was found.
    pub fn is_serious(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Serious)
    }
}

/// Looks a pack over. What would keep it from opening is a finding too; only a container that cannot
/// be read at all, or is no pack, is an error.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_bundle::Archive;
///
/// let audit = automl_pack_ensemble::audit(&Archive::open("tests/fixtures/carefree/titanic/auto_pack.zip")?)?;
/// assert!(audit.is_serious());
/// assert_eq!(audit.findings[0].kind, "training-values");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn audit(archive: &Archive) -> Result<Audit, Error> {
    bare::refuse(archive, "training data, weights or pickles to look for")?;
    if !carefree::is_pack(archive) {
        // Says what is there instead.
        carefree::read(archive)?;
    }
    let mut findings = Findings::default();
    let training = carefree::training(archive);
    findings.training(training.as_deref().unwrap_or_default());
    findings.entries(archive);
    match Auto::from_archive(archive, &Options::default()) {
        Ok(auto) => {
            let fixed = auto.manifest().map(|manifest| manifest.metadata.get(Reweighing::KEY));
            // A bundle's own weights are as they are meant, but for those that were taken over as they were.
            let may_be_inverted =
                fixed.is_none_or(|word| word.is_some_and(|word| word == Reweighing::Kept.word()));
            findings.weights(&auto.pattern, may_be_inverted);
            findings.graphs(&auto.pattern);
        }
        Err(error) => findings.refused(&error),
    }
    findings.found.sort_by_key(|finding| finding.severity);
    Ok(Audit { findings: findings.found, training: training.unwrap_or_default() })
}

#[derive(Default)]
struct Findings {
    found: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, severity: Severity, kind: &'static str, message: String) {
        self.found.push(Finding { severity, kind, message });
    }

    fn refused(&mut self, error: &Error) {
        let kind = match error {
            Error::Carefree(carefree::Error::Pickle {
                source: carefree::PickleError::Name { .. }, ..
            }) => "pickle-runs-code",
            Error::Carefree(carefree::Error::Weight { .. } | carefree::Error::WeightSum { .. }) => {
                "bad-weights"
            }
            _ => "refused",
        };
        let mut message = format!("it does not open: {error}");
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            message += &format!(": {error}");
            cause = error.source();
        }
        self.add(Severity::Serious, kind, message);
    }

    fn training(&mut self, training: &[carefree::Training]) {
        let (excluded, rest): (Vec<_>, Vec<_>) =
            training.iter().partition(|column| !column.is_read && !column.is_target);
        let (targets, read): (Vec<_>, Vec<_>) = rest.into_iter().partition(|column| column.is_target);
        let columns = |of: &[&carefree::Training]| {
            let held = of.iter().filter(|column| column.values > 0);
            held.map(|column| format!("{} ({})", column.column, column.values)).collect::<Vec<_>>().join(", ")
        };
        for (of, kind, what) in [
            (&read, "training-values", "columns that the models read"),
            (&targets, "training-labels", "the label"),
            (&excluded, "excluded-values", "columns that no model reads"),
        ] {
            let values: usize = of.iter().map(|column| column.values).sum();
            if values > 0 {
                let message = format!("{values} training values of {what}: {}", columns(of));
                self.add(Severity::Serious, kind, message);
            }
        }
        let copies = training.iter().filter(|column| column.target_values > 0).count();
        if copies > 0 {
            let message = format!("{copies} more copies of the training labels, one beside each column");
            self.add(Severity::Serious, "label-copies", message);
        }
    }

    fn entries(&mut self, archive: &Archive) {
        let names = || archive.entries().map(|(name, _)| name);
        let retained = names().filter(|name| name.contains("/__arrays/")).count();
        if retained > 0 {
            let message = format!("{retained} arrays of training data, kept by retain_data");
            self.add(Severity::Serious, "retained-data", message);
        }
        let pickles: Vec<&str> =
            names().filter(|name| name.ends_with(".pkl") || name.ends_with("/data_structures")).collect();
        if !pickles.is_empty() {
            let message = format!(
                "{} pickles, which run code when Python opens them: {}",
                pickles.len(),
                pickles.join(", ")
            );
            self.add(Severity::Warning, "pickles", message);
        }
    }

    fn weights(&mut self, pattern: &Pattern, may_be_inverted: bool) {
        let zero = names(pattern.members().iter().filter(|member| member.weight() == 0.0));
        if !zero.is_empty() {
            let message = format!("members that weigh nothing and still run: {zero}");
            self.add(Severity::Warning, "zero-weights", message);
        }
        let weight = |member: &Member| member.weight();
        let (least, most) =
            pattern.members().iter().map(weight).fold((f64::MAX, 0.0), |(least, most), weight| {
                (f64::min(least, weight), f64::max(most, weight))
            });
        if may_be_inverted && matches!(pattern.target().task, Task::Regression(_)) && least < most {
            let heaviest = names(pattern.members().iter().filter(|member| member.weight() == most));
            let message = format!(
                "carefree-learn inverts the weights of regressions: unless these were mended by hand, what \
                 was worst on the validation data weighs most ({heaviest})"
            );
            self.add(Severity::Serious, "inverted-weights", message);
        }
    }

    fn graphs(&mut self, pattern: &Pattern) {
        for member in pattern.members() {
            if let Batch::Fixed(rows) = member.facts().batch {
                let message = format!("{}: the graph is stuck at a batch of {rows} rows", member.name());
                self.add(Severity::Warning, "fixed-batch", message);
            }
        }
        let is_levels = |kind: &Kind| kind.vocabulary().is_some_and(|vocabulary| vocabulary.is_levels());
        let levels: Vec<&str> = pattern
            .plan()
            .schema()
            .read()
            .filter(|(_, _, kind)| is_levels(kind))
            .map(|(_, column, _)| column.name.as_str())
            .collect();
        let unguarded = pattern.members().iter().filter(|member| !member.facts().unguarded.is_empty());
        let unguarded: Vec<&Member> = unguarded.collect();
        if !levels.is_empty() && !unguarded.is_empty() {
            let message = format!(
                "{} graphs look up rows of a table without a guard ({}): elsewhere, an unseen integer in {} \
                 reads what belongs to another column, and a missing one fails the file",
                unguarded.len(),
                names(unguarded.into_iter()),
                levels.join(", ")
            );
            self.add(Severity::Warning, "unguarded-lookups", message);
        }
    }
}

fn names<'m>(members: impl Iterator<Item = &'m Member>) -> String {
    members.map(Member::name).collect::<Vec<_>>().join(", ")
}
