//! What is served: models by name and version, exchanged as a whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    Error, Model, Traffic,
    refusal::{Code, Refusal},
    traffic::Turn,
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
#[derive(Debug, Clone, Default)]
pub struct Versions {
    all: BTreeMap<String, Arc<Model>>,
    /// The one that answers where none is asked for, and nothing else is said of it.
    main: String,
    traffic: Traffic,
    turn: Arc<Turn>,
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

    /// Divides the requests of a model among its versions from now on.
    pub fn direct(&self, name: &str, traffic: Traffic) -> Result<(), Error> {
        let mut outcome = Ok(());
        self.exchange(|catalog| {
            let reason = match catalog.by_name.get_mut(name) {
                None => Err("no model is called so".to_owned()),
                Some(versions) => traffic.check(versions.all.keys().map(String::as_str)).map(|()| {
                    versions.traffic = traffic;
                }),
            };
            outcome = reason.map_err(|reason| Error::Traffic { name: name.to_owned(), reason });
        });
        outcome
    }

    /// Puts a model in the place of the one of its version, and makes it the main one of its name; or lets it answer a
    /// percentage of the requests beside the other versions. Gives it.
    pub(crate) fn put(&self, model: Model, percentage: Option<f64>) -> Arc<Model> {
        let mut put = None;
        self.exchange(|catalog| {
            put = Some(match percentage {
                None => catalog.put(model),
                Some(percentage) => catalog.put_beside(model, percentage),
            });
        });
        put.expect("it was put")
    }

    /// Puts models in the place of others, all at once: each of a file in the place of the one that the file gave before,
    /// with its part of the requests, or beside the others where it gave none. Whether the one before was still there,
    /// for each; where it was not, nothing is put.
    pub(crate) fn replace(&self, changes: Vec<(Option<Arc<Model>>, Model)>) -> Vec<bool> {
        let mut are_there = Vec::with_capacity(changes.len());
        self.exchange(|catalog| {
            let before = catalog.clone();
            let mut new_versions: BTreeMap<(String, String), String> = BTreeMap::new();
            let mut news = Vec::with_capacity(changes.len());
            for (old, new) in changes {
                let is_there = old.as_ref().is_none_or(|old| {
                    let found = before.find(old.name(), Some(old.version()));
                    found.is_some_and(|found| Arc::ptr_eq(&found, old))
                });
                are_there.push(is_there);
                if !is_there {
                    continue;
                }
                if let Some(old) = old {
                    catalog.remove(&old);
                    let old = (old.name().to_owned(), old.version().to_owned());
                    new_versions.insert(old, new.version().to_owned());
                }
                news.push(new);
            }
            let mut names = BTreeSet::new();
            for new in news {
                names.insert(catalog.put(new).name().to_owned());
            }
            for name in names {
                let (Some(then), Some(now)) = (before.by_name.get(&name), catalog.by_name.get_mut(&name))
                else {
                    continue;
                };
                let renamed = |version: &String| {
                    let new = new_versions.get(&(name.clone(), version.clone()));
                    new.unwrap_or(version).clone()
                };
                (now.main, now.traffic) = (renamed(&then.main), then.traffic.renamed(renamed));
            }
        });
        are_there
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

    /// The version that answers a request that names none, and those that score along.
    pub(crate) fn divide(&self, name: &str, key: Option<&str>) -> Option<(Arc<Model>, Vec<Arc<Model>>)> {
        let versions = self.by_name.get(name)?;
        let traffic = &versions.traffic;
        let picked = match traffic.shares.len() {
            0 => None,
            _ => traffic.pick(versions.turn.take(key)),
        };
        let model = versions.all.get(picked.unwrap_or(&versions.main))?;
        let along = traffic.shadows.iter().filter(|version| *version != model.version());
        Some((Arc::clone(model), along.filter_map(|version| versions.all.get(version).cloned()).collect()))
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
                    let known = match self.by_name.is_empty() {
                        true => "none is served".to_owned(),
                        false => format!("there are {}", list(self.by_name.keys().collect())),
                    };
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

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// How much of the requests that name none a version answers, from 0 to 1.
    pub(crate) fn share(&self, model: &Model) -> f64 {
        let Some(versions) = self.by_name.get(model.name()) else { return 0.0 };
        match versions.traffic.shares.is_empty() {
            true => f64::from(u8::from(versions.main == model.version())),
            false => versions.traffic.share(model.version()),
        }
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
            .or_insert_with(|| Versions { main: version.clone(), ..Versions::default() });
        versions.main.clone_from(&version);
        versions.all.insert(version, Arc::clone(&model));
        model
    }

    /// The main one stays, and the others keep their proportions.
    fn put_beside(&mut self, model: Model, percentage: f64) -> Arc<Model> {
        let Some(versions) = self.by_name.get(model.name()) else { return self.put(model) };
        let (main, mut shares) = (versions.main.clone(), versions.traffic.shares.clone());
        shares.remove(model.version());
        if shares.values().all(|share| *share == 0.0) {
            shares = BTreeMap::from([(main.clone(), 1.0)]);
        }
        let total: f64 = shares.values().sum();
        shares.values_mut().for_each(|share| *share *= (100.0 - percentage) / total);
        shares.insert(model.version().to_owned(), percentage);
        let model = self.put(model);
        if let Some(versions) = self.by_name.get_mut(model.name()) {
            (versions.main, versions.traffic.shares) = (main, shares);
        }
        model
    }

    fn remove(&mut self, model: &Model) {
        let Some(versions) = self.by_name.get_mut(model.name()) else { return };
        versions.all.remove(model.version());
        versions.traffic.forget(model.version());
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

    /// The one that answers where none is asked for, and nothing else is said of it.
    pub fn main(&self) -> &str {
        &self.main
    }

    /// How requests that name none are divided.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

fn highest<'v>(versions: impl Iterator<Item = &'v String>) -> Option<String> {
    let order = |text: &str| text.parse::<automl_pack_bundle::Version>().ok();
    versions.max_by_key(|text| (order(text), text.len(), (*text).clone())).cloned()
}
