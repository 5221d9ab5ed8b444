//! Everything that can be proven of a bundle, one check after another.

use std::path::Path;

use automl_pack_bundle::{Archive, Container, Limits};

use crate::{Auto, Error, Member, Options, bare, source::Source};

/// What was checked, and whether it holds.
#[derive(Debug)]
pub struct Verdict {
    /// The checks that were made, in order. A fault that keeps the next ones from being made is last.
    pub checks: Vec<Check>,
    /// Whether there was nothing to hold the entries to: a pack of carefree-learn's and a bare graph have no
    /// digests and no golden rows.
    pub is_unproven: bool,
}

/// One thing that was checked.
#[derive(Debug)]
pub struct Check {
    /// What, in a few words: `digests`, `member fcnn/m_0000`.
    pub what: String,
    /// What was found where it holds.
    pub found: String,
    /// What is wrong, where it does not.
    pub fault: Option<Error>,
}

impl Verdict {
    /// Whether every check holds.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.fault.is_none())
    }

    fn add(&mut self, what: impl Into<String>, result: Result<String, Error>) {
        let (found, fault) = match result {
            Ok(found) => (found, None),
            Err(error) => (String::new(), Some(error)),
        };
        self.checks.push(Check { what: what.into(), found, fault });
    }
}

/// Checks the container, the digests, the schema and the plan, each member's graph, and the golden rows,
/// alone and many times over in one batch. A path where nothing is or can be read is an error.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// let verdict = automl_pack_ensemble::verify("examples/titanic.pack.zip")?;
/// assert!(verdict.holds() && !verdict.is_unproven);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(path: impl AsRef<Path>) -> Result<Verdict, Error> {
    use automl_pack_bundle::Error::{Io, NotFound};
    let mut verdict = Verdict { checks: Vec::new(), is_unproven: false };
    let archive = match bare::open_archive(path, &Limits::default()) {
        Ok(archive) => archive,
        Err(error @ Error::Bundle(NotFound { .. } | Io { .. })) => return Err(error),
        Err(error) => {
            verdict.add("container", Err(error));
            return Ok(verdict);
        }
    };
    if archive.container() == Container::File {
        verdict.is_unproven = true;
        verdict.add("graph", check_graph(&archive));
        return Ok(verdict);
    }
    let files = archive.entries().count();
    verdict.add("container", Ok(format!("{files} entries, {} bytes", archive.bytes())));
    verdict.is_unproven = !archive.is_bundle();
    if archive.is_bundle() {
        let digests = archive.verify();
        let is_refused = digests.is_err();
        let found = |digest| format!("every entry is as the manifest says; the bundle is {digest}");
        verdict.add("digests", digests.map(|manifest| found(manifest.digest())).map_err(Error::from));
        if is_refused {
            return Ok(verdict);
        }
    }
    match Source::read(&archive) {
        Err(error) => verdict.add("contents", Err(error)),
        Ok(source) => verdict.check_contents(source),
    }
    Ok(verdict)
}

/// A bare graph opens, which runs it on made-up rows.
fn check_graph(archive: &Archive) -> Result<String, Error> {
    let auto = Auto::from_archive(archive, &Options::default())?;
    let graph = auto.pattern.members().iter().find_map(Member::bare_graph);
    let (inputs, outputs) = graph.map_or((0, 0), |graph| (graph.inputs().len(), graph.outputs().len()));
    Ok(format!("{} bytes, inputs: {inputs}, outputs: {outputs}, runs on made-up rows", archive.bytes()))
}

impl Verdict {
    fn check_contents(&mut self, source: Source<'_>) {
        let (columns, features) = (source.plan.schema().columns().len(), source.plan.inputs());
        let features: usize = (0..features.len()).map(|input| source.plan.labels(input).len()).sum();
        self.add("contents", Ok(format!("{columns} columns to {features} features")));
        let names: Vec<_> =
            source.members.list.iter().map(|member| format!("member {}", member.name)).collect();
        let mut members = Vec::with_capacity(names.len());
        for (what, member) in names.into_iter().zip(source.prepare()) {
            let found = |member: Member| {
                let found = format!("{} parameters", member.facts().parameters);
                members.push(member);
                found
            };
            self.add(what, member.map(found));
        }
        if !self.holds() {
            return;
        }
        let golden = source.golden.clone();
        match (golden, source.assemble(members, &Options { replay: false, ..Options::default() })) {
            (_, Err(error)) => self.add("ensemble", Err(error)),
            (None, Ok(_)) => {}
            (Some(golden), Ok(auto)) => {
                let rows = |how: &str| format!("{} rows, {how}, within {}", golden.len(), golden.tolerance());
                self.add("golden rows", golden.replay(&auto.pattern).map(|()| rows("one at a time")));
                self.add("golden batch", golden.replay_batch(&auto.pattern).map(|()| rows("in one batch")));
            }
        }
    }
}
