//! What is served: models by name and version, exchanged as a whole.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    Error, Model,
    refusal::{Code, Refusal},
};

/// Models by name and version.
///
/// - whoever asks gets one state of all, and keeps what it got for as long as it needs it: a model that is exchanged
///   goes when the last request that began with it is done
/// - a model comes in when it is open, which it is when its golden rows passed
#[derive(Debug, Default)]
pub struct Models {
    catalog: RwLock<Arc<Catalog>>,
}

/// One state of all.
#[derive(Debug, Default, Clone)]
pub struct Catalog {
    by_name: BTreeMap<String, Versions>,
}

/// The versions of a model.
#[derive(Debug, Clone)]
pub struct Versions {
    all: BTreeMap<String, Arc<Model>>,
    /// The one that answers where none is asked for.
    main: String,
}

impl Models {
    /// The state of now.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts models in the place of those of their names and versions. The highest version is the main one.
    pub fn add(&self, models: impl IntoIterator<Item = Model>) -> Result<(), Error> {
        let mut next = Catalog::clone(&self.catalog());
        for model in models {
            if let Some(first) = next.find(model.name(), Some(model.version())) {
                let place = |model: &Model| {
                    model.from().map_or("bytes".to_owned(), |from| from.display().to_string())
                };
                let (first, second) = (place(&first), place(&model));
                let (name, version) = (model.name().to_owned(), model.version().to_owned());
                return Err(Error::Twice { name, version, first, second });
            }
            next.put(model);
        }
        for versions in next.by_name.values_mut() {
            versions.main = highest(versions.all.keys()).unwrap_or_default();
        }
        self.exchange(|catalog| *catalog = next);
        Ok(())
    }

    /// Puts a model in the place of the one of its version, and makes it the main one of its name. Gives it.
    pub(crate) fn put(&self, model: Model) -> Arc<Model> {
        let mut put = None;
        self.exchange(|catalog| put = Some(catalog.put(model)));
        put.expect("it was put")
    }

    /// Puts a model in the place of another, which was opened from the same file and may have another version.
    pub(crate) fn replace(&self, old: &Model, model: Model) {
        self.exchange(|catalog| {
            let was_main =
                catalog.by_name.get(old.name()).is_some_and(|versions| versions.main == old.version());
            catalog.remove(old);
            let main = catalog.by_name.get(model.name()).map(|versions| versions.main.clone());
            let new = catalog.put(model);
            if let (Some(versions), Some(main), false) = (catalog.by_name.get_mut(new.name()), main, was_main)
            {
                versions.main = main;
            }
        });
    }

    /// Takes a version away; whether it was there.
    pub(crate) fn remove(&self, name: &str, version: &str) -> bool {
        let mut is_gone = false;
        self.exchange(|catalog| {
            if let Some(model) = catalog.find(name, Some(version)) {
                catalog.remove(&model);
                is_gone = true;
            }
        });
        is_gone
    }

    /// Those that ask meanwhile get the state before.
    fn exchange(&self, change: impl FnOnce(&mut Catalog)) {
        let mut catalog = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Catalog::clone(&catalog);
        change(&mut next);
        *catalog = Arc::new(next);
    }
}

impl Catalog {
    /// A version of a model, or its main one.
    pub fn find(&self, name: &str, version: Option<&str>) -> Option<Arc<Model>> {
        let versions = self.by_name.get(name)?;
        versions.all.get(version.unwrap_or(&versions.main)).cloned()
    }

    /// As [`Catalog::find`], for whoever asked for it.
    pub(crate) fn get(&self, name: &str, version: Option<&str>) -> Result<Arc<Model>, Refusal> {
        self.find(name, version).ok_or_else(|| {
            let list =
                |names: Vec<&String>| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            match (self.by_name.get(name), version) {
                (Some(versions), Some(version)) => {
                    let message = format!("model \"{name}\" has no version \"{version}\"");
                    let known = format!("there are {}", list(versions.all.keys().collect()));
                    Refusal::new(Code::UnknownModel, message).field("version").hint(known)
                }
                _ => {
                    let message = format!("no model is called \"{name}\"");
                    let known = format!("there are {}", list(self.by_name.keys().collect()));
                    Refusal::new(Code::UnknownModel, message).field("name").hint(known)
                }
            }
        })
    }

    /// The only model, or the one that answers where a protocol names none.
    pub(crate) fn only(&self) -> Result<Arc<Model>, Refusal> {
        let mut names = self.by_name.keys();
        match (names.next(), names.next()) {
            (Some(name), None) => self.get(name, None),
            (None, _) => Err(Refusal::new(Code::NotReady, "no model is served yet")),
            (Some(_), Some(_)) => {
                let message = "several models are served, and the path names none";
                Err(Refusal::new(Code::BadRequest, message).hint("/v1/models/NAME/predict names one"))
            }
        }
    }

    /// The names, with their versions and the main one.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Versions)> {
        self.by_name.iter().map(|(name, versions)| (name.as_str(), versions))
    }

    /// All models.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.by_name.values().flat_map(|versions| versions.all.values())
    }

    fn put(&mut self, model: Model) -> Arc<Model> {
        let model = Arc::new(model);
        let version = model.version().to_owned();
        let versions = self
            .by_name
            .entry(model.name().to_owned())
            .or_insert_with(|| Versions { all: BTreeMap::new(), main: version.clone() });
        versions.main.clone_from(&version);
        versions.all.insert(version, Arc::clone(&model));
        model
    }

    fn remove(&mut self, model: &Model) {
        let Some(versions) = self.by_name.get_mut(model.name()) else { return };
        versions.all.remove(model.version());
        match highest(versions.all.keys()) {
            None => {
                self.by_name.remove(model.name());
            }
            Some(next) if versions.main == model.version() => versions.main = next,
            Some(_) => {}
        }
    }
}

impl Versions {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Arc<Model>)> {
        self.all.iter().map(|(version, model)| (version.as_str(), model))
    }

    /// The one that answers where none is asked for.
    pub fn main(&self) -> &str {
        &self.main
    }
}

fn highest<'v>(versions: impl Iterator<Item = &'v String>) -> Option<String> {
    let order = |text: &str| text.parse::<automl_pack_bundle::Version>().ok();
    versions.max_by_key(|text| (order(text), text.len(), (*text).clone())).cloned()
}
