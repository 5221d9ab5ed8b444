//! What lies in a container, taken apart: the same whether it is a bundle or a pack of carefree-learn's.

use automl_pack_bundle::{Archive, MANIFEST, Manifest};
use automl_pack_carefree as carefree;
use automl_pack_plan::{Plan, PlanForm, SchemaForm, Statistics, Target, Task};
use serde_json::{Map, Value, json};

use crate::{Blend, Error, Golden};

/// The parts of an ensemble, read and not yet prepared.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub plan: Plan,
    pub target: Target,
    pub statistics: Statistics,
    pub members: carefree::Members<'a>,
    pub blend: Blend,
    pub golden: Option<Golden>,
    pub manifest: Option<Manifest>,
}

/// The folder of what the members share, with `/` at its end.
pub(crate) fn data_folder(is_single: bool) -> &'static str {
    if is_single { "preprocessor/" } else { "__data__/" }
}

impl<'a> Source<'a> {
    /// Reads a bundle, every byte of which is checked against its manifest first, or a pack of
    /// carefree-learn's.
    pub(crate) fn read(archive: &'a Archive) -> Result<Source<'a>, Error> {
        if archive.is_bundle() {
            return Source::read_bundle(archive, archive.verify()?);
        }
        let carefree::Source { plan, target, statistics, members } = carefree::read(archive)?;
        let blend = Blend::usual(&target.task);
        Ok(Source { plan, target, statistics, members, blend, golden: None, manifest: None })
    }

    /// Reads the entries of a bundle whose manifest is the one given.
    fn read_bundle(archive: &'a Archive, manifest: Manifest) -> Result<Source<'a>, Error> {
        let mut source = Source::read_entries(archive)?;
        // A later version may have added something; nothing else has a place in a bundle.
        if !manifest.is_later() {
            source.check_strays(archive)?;
        }
        let blend = manifest.about.get("blend").cloned().unwrap_or_default();
        source.blend = serde_json::from_value(blend.clone()).map_err(|_| Error::Described {
            field: "blend",
            expected: "\"vote\" or \"average\"".to_owned(),
            found: blend.to_string(),
        })?;
        source.check_blend()?;
        source.check_description(&manifest.about)?;
        let golden = format!("{}golden.json", data_folder(source.members.is_single));
        source.golden = Some(Golden::read(archive, &golden, &source)?);
        source.manifest = Some(manifest);
        Ok(source)
    }

    /// Reads what a bundle holds besides its manifest and its golden rows.
    pub(crate) fn read_entries(archive: &'a Archive) -> Result<Source<'a>, Error> {
        let members = carefree::members(archive)?;
        let data = data_folder(members.is_single);
        let schema: SchemaForm = archive.json(&format!("{data}schema.json"))?;
        let plan: PlanForm = archive.json(&format!("{data}plan.json"))?;
        let statistics: Statistics = archive.json(&format!("{data}statistics.json"))?;
        let target = schema.target(plan.target_scale)?;
        let plan = plan.plan(schema.schema()?)?;
        let blend = Blend::usual(&target.task);
        Ok(Source { plan, target, statistics, members, blend, golden: None, manifest: None })
    }

    /// Every entry is one that a bundle has: nothing else comes along, no code and no data.
    pub(crate) fn check_strays(&self, archive: &Archive) -> Result<(), Error> {
        const OF_MEMBER: [&str; 4] =
            ["m.onnx", "output_names.json", "output_probabilities.txt", "binary_config.json"];
        const OF_DATA: [&str; 4] = ["schema.json", "plan.json", "statistics.json", "golden.json"];
        let data = data_folder(self.members.is_single);
        let is_own = |name: &str| {
            let of_member = |member: &carefree::Member<'_>| {
                name.strip_prefix(&member.folder).is_some_and(|file| OF_MEMBER.contains(&file))
            };
            let of_data = name.strip_prefix(data).is_some_and(|file| OF_DATA.contains(&file));
            let of_root = name == MANIFEST || name == "weights_mapping.json" && !self.members.is_single;
            of_root || of_data || self.members.list.iter().any(of_member)
        };
        match archive.entries().find(|(name, _)| !is_own(name)) {
            Some((entry, _)) => Err(Error::Stray { entry: entry.to_owned() }),
            None => Ok(()),
        }
    }

    /// Values have no votes.
    pub(crate) fn check_blend(&self) -> Result<(), Error> {
        match (&self.target.task, self.blend) {
            (Task::Regression(_), Blend::Vote) => Err(Error::Described {
                field: "blend",
                expected: "\"average\" for a regression".to_owned(),
                found: "\"vote\"".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// What a manifest says of the ensemble.
    pub(crate) fn description(&self) -> Map<String, Value> {
        let form = SchemaForm::of(self.plan.schema(), &self.target);
        let mut about = Map::new();
        about.insert("task".to_owned(), json!(form.target.task));
        about.insert("target".to_owned(), json!(form.target.name));
        about.extend(form.target.classes.map(|classes| ("classes".to_owned(), json!(classes))));
        about.insert("blend".to_owned(), json!(self.blend));
        let members: Vec<_> = self.members.list.iter().map(|member| &member.name).collect();
        about.insert("members".to_owned(), json!(members));
        about
    }

    /// The manifest says of the ensemble what the other entries say.
    fn check_description(&self, about: &Map<String, Value>) -> Result<(), Error> {
        let expected = self.description();
        for field in ["task", "target", "classes", "blend", "members"] {
            let (expected, found) = (expected.get(field), about.get(field));
            if expected != found {
                let shown = |value: Option<&Value>| value.map_or("missing".to_owned(), Value::to_string);
                let (expected, found) = (shown(expected), shown(found));
                return Err(Error::Described { field, expected, found });
            }
        }
        Ok(())
    }
}
