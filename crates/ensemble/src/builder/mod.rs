//! Making bundles: from bare graphs, from a folder, from another bundle.

mod bare;
mod convert;
mod finish;
mod synthetic;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use automl_pack_bundle::{self as bundle, Archive, Limits, Lineage, Manifest, Name};
use automl_pack_carefree as carefree;
use automl_pack_plan::{PlanForm, SchemaForm, Statistics};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{Blend, Error, Golden, source::data_folder};

pub use convert::{Conversion, Dropped, Reweighing};
pub use finish::Packed;

const WEIGHTS: &str = "weights_mapping.json";
const PROBABILITIES: &str = "output_probabilities.txt";

/// A bundle in the making.
///
/// Nothing is written until [`Builder::write`], which opens what it wrote, replays the golden rows and
/// gives the file its name last.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_ensemble::Auto;
///
/// let folder = tempfile::tempdir()?;
/// let out = folder.path().join("small.pack.zip");
/// let schema = serde_json::from_slice(&std::fs::read("tests/fixtures/graphs/schema.json")?)?;
/// let packed = Auto::builder()
///     .name("small")
///     .schema(schema)
///     .member("logistic", std::fs::read("tests/fixtures/graphs/logistic.onnx")?)
///     .write(&out)?;
/// assert_eq!(Auto::unpack(&out)?.manifest().unwrap().digest(), packed.manifest.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    /// What lies outside of the models' folders, but for the manifest, the weights and the golden rows;
    /// in a single pack, everything.
    shared: Files,
    models: BTreeMap<String, Model>,
    is_single: bool,
    base: Option<Manifest>,
    lineage: Option<Lineage>,
    name: Option<String>,
    version: Option<String>,
    description: Option<String>,
    metadata: Map<String, Value>,
    blend: Option<Blend>,
    golden: Rows,
    tolerance: Option<f64>,
}

/// Contents by name.
type Files = BTreeMap<String, Vec<u8>>;

/// A model, trained several times over.
#[derive(Debug, Clone, Default)]
struct Model {
    /// The share of each member, as often as it was said.
    weights: Vec<f64>,
    /// The files of each.
    members: Vec<Files>,
}

/// Where the golden rows come from.
#[derive(Debug, Clone, Default)]
enum Rows {
    /// They are made up from the plan.
    #[default]
    MadeUp,
    Given(Golden),
    /// As a table, which only the schema can tell apart into cells and expectations.
    Table(Vec<String>, Vec<Vec<Option<String>>>),
}

impl Builder {
    /// Files of a folder that hold what members were trained on.
    pub const FEATURES: [&str; 2] = ["features.parquet", "features.holdout.parquet"];

    /// Takes a folder in a bundle's layout. Its `manifest.json` may be left out, or say only a name; its
    /// golden rows too; and its members, where some are added. [Features](Builder::FEATURES) that members were
    /// trained on are no part of a bundle, and stay where they are.
    pub fn from_folder(folder: impl AsRef<Path>) -> Result<Builder, Error> {
        let folder = folder.as_ref();
        let archive = match folder.is_dir() {
            true => Archive::open_folder(folder, &Limits::default(), &Builder::FEATURES)?,
            false => Archive::open_any(folder, &Limits::default())?,
        };
        crate::bare::refuse(&archive, "schema, which a bundle needs")?;
        if archive.container() != bundle::Container::Folder {
            return Err(Error::NotAFolder);
        }
        let mut builder = Builder::from_entries(&archive)?;
        if builder.base.is_none() {
            let path = folder.canonicalize().unwrap_or_default();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            builder.name = name.map(|name| Name::close_to(&name).to_string());
        }
        Ok(builder)
    }

    /// Begins with what a bundle holds, to make another of it; `by` says what is done to it.
    pub fn revise(archive: &Archive, by: &str) -> Result<Builder, Error> {
        crate::bare::refuse(archive, "members to change")?;
        if !archive.is_bundle() {
            return Err(Error::NotABundle);
        }
        let from = archive.verify()?.digest();
        let mut builder = Builder::from_entries(archive)?;
        builder.lineage = Some(Lineage::new(from, by));
        Ok(builder)
    }

    fn from_entries(archive: &Archive) -> Result<Builder, Error> {
        let has_members = archive.find(WEIGHTS).is_some();
        // What was prepared to train on has data, and no members yet.
        let is_single = !has_members && archive.find("__data__/schema.json").is_none();
        let data = data_folder(is_single);
        if archive.find(&format!("{data}schema.json")).is_none() && carefree::read(archive).is_ok() {
            return Err(Error::NeedsConverting);
        }
        let mut builder = Builder { is_single, ..Builder::default() };
        builder.shared =
            archive.entries().map(|(name, content)| (name.to_owned(), content.to_vec())).collect();
        if let Some(bytes) = builder.shared.remove(bundle::MANIFEST) {
            let base = Manifest::read_draft(&bytes)?;
            builder.blend =
                base.about.get("blend").and_then(|blend| serde_json::from_value(blend.clone()).ok());
            builder.base = Some(base);
        }
        if let Some(bytes) = builder.shared.remove(&format!("{data}golden.json")) {
            builder.golden = Rows::Given(Golden::from_json(&bytes)?);
        }
        builder.shared.remove(WEIGHTS);
        if !has_members && !is_single {
            return Ok(builder);
        }
        for place in carefree::places(archive)?.into_iter().filter(|_| !is_single) {
            let model = builder.models.entry(place.model).or_default();
            model.weights = vec![place.weight];
            let of_member = |name: &String, _: &mut Vec<u8>| name.starts_with(&place.folder);
            let files = builder.shared.extract_if(.., of_member);
            let files = files.map(|(name, content)| (name[place.folder.len()..].to_owned(), content));
            model.members.push(files.collect());
        }
        Ok(builder)
    }

    /// What the bundle is called. Without it: as the file that is written.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Builder {
        self.name = Some(name.into());
        self
    }

    /// Which version of it this is. Default: 0.1.0.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Builder {
        self.version = Some(version.into());
        self
    }

    /// A sentence about it.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Builder {
        self.description = Some(description.into());
        self
    }

    /// Something to say of it: metrics, authors, licence, where the training data is from.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Builder {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// The table, and what is predicted.
    #[must_use]
    pub fn schema(mut self, schema: SchemaForm) -> Builder {
        self.put_data("schema.json", &schema);
        self
    }

    /// How raw columns become what the graphs take. Without it, they go in as they are.
    #[must_use]
    pub fn plan(mut self, plan: PlanForm) -> Builder {
        self.put_data("plan.json", &plan);
        self
    }

    /// Aggregates of the training data.
    #[must_use]
    pub fn statistics(mut self, statistics: &Statistics) -> Builder {
        self.put_data("statistics.json", statistics);
        self
    }

    fn put_data(&mut self, file: &str, content: &impl Serialize) {
        self.shared.insert(format!("{}{file}", data_folder(self.is_single)), to_json(content));
    }

    /// How the members' labels become one. Default: by vote for classes.
    #[must_use]
    pub fn blend(mut self, blend: Blend) -> Builder {
        self.blend = Some(blend);
        self.expect_another_blend();
        self
    }

    /// Adds a graph as one more member of a model. Members without weights weigh the same; where one
    /// model has a weight, all need one.
    #[must_use]
    pub fn member(mut self, model: impl Into<String>, graph: impl Into<Vec<u8>>) -> Builder {
        let model = self.models.entry(model.into()).or_default();
        model.members.push(Files::from([("m.onnx".to_owned(), graph.into())]));
        self.expect_another_blend();
        self
    }

    /// Adds a graph as one more member of a model, each of which then has that weight.
    #[must_use]
    pub fn weighted_member(
        mut self,
        model: impl Into<String>,
        graph: impl Into<Vec<u8>>,
        weight: f64,
    ) -> Builder {
        let name = model.into();
        self = self.member(name.clone(), graph);
        self.models.entry(name).or_default().weights.push(weight);
        self
    }

    /// Adds a graph of which it is known that it gives probabilities, which need not sum to 1: of other graphs that
    /// is told from what they give.
    #[must_use]
    pub fn probabilities_member(
        mut self,
        model: impl Into<String>,
        graph: impl Into<Vec<u8>>,
        weight: f64,
    ) -> Builder {
        let name = model.into();
        self = self.weighted_member(name.clone(), graph, weight);
        let member = self.models.get_mut(&name).and_then(|model| model.members.last_mut());
        member.into_iter().for_each(|files| drop(files.insert(PROBABILITIES.to_owned(), b"1".to_vec())));
        self
    }

    /// Takes models away, or single members of them: `fcnn`, `linear/m_0002`. All names are those before
    /// anything is taken away; later members of a model move up.
    pub fn remove(mut self, names: &[impl AsRef<str>]) -> Result<Builder, Error> {
        self.check_several()?;
        let members = self.members();
        let mut gone = BTreeSet::new();
        for name in names.iter().map(AsRef::as_ref) {
            let is_meant = |member: &&String| {
                *member == name || member.rsplit_once('/').is_some_and(|(model, _)| model == name)
            };
            let mut meant = members.iter().filter(is_meant).cloned().peekable();
            if meant.peek().is_none() {
                return Err(Error::UnknownMember { name: name.to_owned(), known: members.join(", ") });
            }
            gone.extend(meant);
        }
        for (name, model) in &mut self.models {
            let before = model.members.len();
            let mut number = 0..;
            model
                .members
                .retain(|_| number.next().is_none_or(|number| !gone.contains(&member_name(name, number))));
            if let (Rows::Given(golden), true) = (&mut self.golden, model.members.len() < before) {
                // What moved up has another name now: it is computed anew.
                let moved = format!("{name}/");
                golden.forget(|of| of.starts_with(&moved));
            }
        }
        self.models.retain(|_, model| !model.members.is_empty());
        if self.models.is_empty() {
            return Err(Error::NoMembers);
        }
        self.expect_another_blend();
        Ok(self)
    }

    /// Gives each member of a model another weight.
    pub fn reweight(mut self, model: &str, weight: f64) -> Result<Builder, Error> {
        self.check_several()?;
        match self.models.get_mut(model) {
            Some(model) => model.weights = vec![weight],
            None => {
                let known = self.models.keys().cloned().collect::<Vec<_>>().join(", ");
                return Err(Error::UnknownMember { name: model.to_owned(), known });
            }
        }
        self.expect_another_blend();
        Ok(self)
    }

    /// Divides every weight by what those of all members sum to.
    pub fn renormalise(mut self) -> Result<Builder, Error> {
        self.check_several()?;
        let weights = self.weights()?;
        let sum: f64 =
            self.models.iter().map(|(name, model)| weights[name] * model.members.len() as f64).sum();
        if !(sum.is_finite() && sum > 0.0) {
            return Err(Error::NoWeight { found: sum });
        }
        for (name, model) in &mut self.models {
            model.weights = vec![weights[name] / sum];
        }
        self.expect_another_blend();
        Ok(self)
    }

    fn check_several(&self) -> Result<(), Error> {
        if self.is_single { Err(Error::SinglePack) } else { Ok(()) }
    }

    /// The weights by model: equal shares where no model has one.
    fn weights(&self) -> Result<BTreeMap<String, f64>, Error> {
        for (name, model) in &self.models {
            if let Some(pair) = model.weights.windows(2).find(|pair| pair[0] != pair[1]) {
                return Err(Error::TwoWeights { model: name.clone(), first: pair[0], second: pair[1] });
            }
        }
        let weighted = self.models.iter().find(|(_, model)| !model.weights.is_empty());
        let unweighted = self.models.iter().find(|(_, model)| model.weights.is_empty());
        if let (Some((weighted, _)), Some((model, _))) = (weighted, unweighted) {
            return Err(Error::SomeWeights { model: model.clone(), weighted: weighted.clone() });
        }
        let share = 1.0 / self.members().len() as f64;
        Ok(self
            .models
            .iter()
            .map(|(name, model)| (name.clone(), model.weights.first().copied().unwrap_or(share)))
            .collect())
    }

    /// The names of the members.
    fn members(&self) -> Vec<String> {
        let of = |(name, model): (&String, &Model)| {
            let name = name.clone();
            (0..model.members.len()).map(move |number| member_name(&name, number))
        };
        self.models.iter().flat_map(of).collect()
    }

    /// Rows of the maker's, with what is expected of them where the models were trained. Without it,
    /// rows are made up from the schema.
    #[must_use]
    pub fn golden(mut self, golden: Golden) -> Builder {
        self.golden = Rows::Given(golden);
        self
    }

    /// The same as a table: columns of the schema, and beside them those that a prediction has. Cells
    /// that are none are missing.
    #[must_use]
    pub fn golden_table(mut self, header: Vec<String>, rows: Vec<Vec<Option<String>>>) -> Builder {
        self.golden = Rows::Table(header, rows);
        self
    }

    /// Makes golden rows up anew, whatever the folder or the bundle has.
    #[must_use]
    pub fn new_golden(mut self) -> Builder {
        self.golden = Rows::MadeUp;
        self
    }

    /// How far predictions of the golden rows may be off.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Builder {
        self.tolerance = Some(tolerance);
        self
    }

    /// Members or weights are others: so is what they predict together.
    fn expect_another_blend(&mut self) {
        if let Rows::Given(golden) = &mut self.golden {
            golden.forget(|of| of == Golden::BLEND);
        }
    }
}

fn member_name(model: &str, number: usize) -> String {
    format!("{model}/m_{number:04}")
}

/// `binary_config.json`. JSON has no infinity: a threshold beyond every probability stands for it.
fn binary_config(threshold: Option<f64>) -> Value {
    json!({ "binary_threshold": threshold.map(|threshold| threshold.clamp(-1.0, 2.0)) })
}

fn to_json(content: &impl Serialize) -> Vec<u8> {
    let mut bytes =
        serde_json::to_vec_pretty(content).expect("entries have text for keys and finite numbers");
    bytes.push(b'\n');
    bytes
}
