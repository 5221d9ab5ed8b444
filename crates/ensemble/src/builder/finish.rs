//! From what was said of a bundle to the file.

use std::path::Path;

use automl_pack_bundle::{self as bundle, Archive, Lineage, Manifest, Name, Version, read_json};
use automl_pack_plan::{Plan, PlanForm, Scale, SchemaForm, Statistics, Target};
use serde_json::{Map, Value};

use super::{Builder, Files, Rows, WEIGHTS, bare, member_name, synthetic, to_json};
use crate::{
    Auto, Error, Golden, Options,
    source::{Source, data_folder},
    stray,
};

/// What was written.
#[derive(Debug, Clone)]
pub struct Packed {
    /// What the bundle says of itself.
    pub manifest: Manifest,
    /// The size of the file.
    pub bytes: u64,
    /// The golden rows that it carries and that were replayed.
    pub golden: Golden,
}

impl Builder {
    /// Writes the bundle: completes it, opens what was written, replays its golden rows, and gives it
    /// its name. Where anything is refused, what was at `path` stays.
    pub fn write(self, path: impl AsRef<Path>) -> Result<Packed, Error> {
        let path = path.as_ref();
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let staged = self.build(&file)?.stage(path)?;
        let options = Options::default();
        let written = Archive::open_with(staged.partial_path(), &options.limits)?;
        let opened = Auto::from_archive(&written, &options)?;
        let (Some(manifest), Some(golden)) = (opened.manifest(), opened.golden()) else {
            return Err(Error::NotABundle);
        };
        staged.commit().map_err(|source| bundle::Error::Io {
            path: path.to_owned(),
            action: "written",
            source,
        })?;
        Ok(Packed { manifest: manifest.clone(), bytes: written.bytes(), golden: golden.clone() })
    }

    /// The whole bundle, in memory; `file` names it where nobody did.
    pub fn build(mut self, file: &str) -> Result<Archive, Error> {
        let file = Name::close_to(file);
        let entries = self.complete_entries()?;
        let draft = Archive::seal(Manifest::new(file.clone(), Version::new(0, 1, 0)), entries.clone())?;
        let mut source = Source::read_entries(&draft)?;
        source.check_strays(&draft)?;
        source.blend = self.blend.unwrap_or(source.blend);
        source.check_blend()?;
        let description = source.description();
        let mut golden = self.golden_for(&source)?;
        let pattern = source.open(&Options { replay: false, ..Options::default() })?.pattern;
        golden.complete(&pattern)?;
        let mut entries = entries;
        entries.insert(self.data("golden.json"), to_json(&golden));
        let manifest = self.manifest(file, description)?;
        self.seal(manifest, entries)
    }

    /// Every entry but the manifest and the golden rows.
    fn complete_entries(&mut self) -> Result<Files, Error> {
        if self.is_single && !self.models.is_empty() {
            return Err(Error::SinglePack);
        }
        if !self.is_single && self.models.is_empty() {
            return Err(Error::NoMembers);
        }
        let (plan, target) = self.complete_data()?;
        let mut entries = std::mem::take(&mut self.shared);
        if self.is_single {
            bare::complete("model", &mut entries, &plan, &target)?;
            return Ok(entries);
        }
        entries.insert(WEIGHTS.to_owned(), to_json(&self.weights()?));
        for (name, model) in &mut self.models {
            if name.contains('/') || name.is_empty() || name == "__data__" {
                return Err(Error::MemberName { name: name.clone() });
            }
            for (number, files) in model.members.iter_mut().enumerate() {
                let member = member_name(name, number);
                bare::complete(&member, files, &plan, &target)?;
                let files = std::mem::take(files).into_iter();
                entries.extend(files.map(|(file, content)| (format!("{member}/{file}"), content)));
            }
        }
        Ok(entries)
    }

    fn data(&self, file: &str) -> String {
        format!("{}{file}", data_folder(self.is_single))
    }

    /// The plan and what is predicted; a plan and statistics are made where only the schema was given.
    fn complete_data(&mut self) -> Result<(Plan, Target), Error> {
        let entry = self.data("schema.json");
        let schema =
            self.shared.get(&entry).ok_or_else(|| bundle::Error::Missing { entry: entry.clone() })?;
        let given: Value = read_json(&entry, schema)?;
        let schema: SchemaForm = read_json(&entry, schema)?;
        self.shared.entry(self.data("statistics.json")).or_insert_with(|| to_json(&Statistics::default()));
        let entry = self.data("plan.json");
        if let Some(plan) = self.shared.get(&entry) {
            let plan: PlanForm = read_json(&entry, plan)?;
            let target = schema.target(plan.target_scale)?;
            return Ok((plan.plan(schema.schema()?)?, target));
        }
        // Here someone wrote it by hand.
        if let Some(path) = stray::find(&given, &serde_json::to_value(&schema).unwrap_or_default()) {
            return Err(Error::UnknownField { entry: self.data("schema.json"), path });
        }
        let target = schema.target(Scale::Identity)?;
        let plan = schema.bare_plan()?;
        self.put_data("plan.json", &PlanForm::of(&plan, &target));
        self.put_data("schema.json", &SchemaForm::of(plan.schema(), &target));
        Ok((plan, target))
    }

    fn golden_for(&mut self, source: &Source<'_>) -> Result<Golden, Error> {
        let names: Vec<&str> = source.members.list.iter().map(|member| member.name.as_str()).collect();
        let golden = match std::mem::take(&mut self.golden) {
            Rows::MadeUp => synthetic::rows(&source.plan, &source.statistics),
            Rows::Given(golden) => golden.only(&source.plan)?,
            Rows::Table(header, rows) => {
                Golden::from_table(&header, &rows, (&source.plan, &source.target), &names)?
            }
        };
        let golden = match self.tolerance {
            Some(tolerance) => golden.with_tolerance(tolerance),
            None => golden,
        };
        golden.check(&source.target, &names)?;
        Ok(golden)
    }

    /// What the bundle says of itself, before anything is said of where it comes from.
    fn manifest(&self, file: Name, description: Map<String, Value>) -> Result<Manifest, Error> {
        let mut manifest = self.base.clone().unwrap_or_else(|| Manifest::new(file, Version::new(0, 1, 0)));
        if let Some(name) = &self.name {
            manifest.name = name.parse()?;
        }
        if let Some(version) = &self.version {
            let refuse = |source: bundle::VersionError| Error::Version { found: version.clone(), source };
            manifest.version = version.parse().map_err(refuse)?;
        }
        if let Some(description) = &self.description {
            manifest.description.clone_from(description);
        }
        manifest.metadata.extend(self.metadata.clone());
        manifest.about.remove("classes");
        manifest.about.extend(description);
        Ok(manifest)
    }

    /// Seals it. What is the same to the last byte stays the same bundle; what was a bundle before it was
    /// changed is what this one was made from.
    fn seal(&self, mut manifest: Manifest, entries: Files) -> Result<Archive, Error> {
        let before = manifest.is_sealed().then(|| manifest.digest());
        if self.lineage.is_none() && before.is_some() {
            let same = Archive::seal(manifest.clone(), entries.clone())?;
            if Some(same.verify()?.digest()) == before {
                return Ok(same);
            }
        }
        let edited = || before.map(|from| Lineage::new(from, "pack"));
        manifest.lineage = self.lineage.clone().or_else(edited).or(manifest.lineage);
        manifest.made_by = concat!("automl-pack ", env!("CARGO_PKG_VERSION")).to_owned();
        Ok(Archive::seal(manifest, entries)?)
    }
}
