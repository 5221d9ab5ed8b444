//! Which entries a pack has, and what they are.

use std::{collections::BTreeMap, fmt};

use automl_pack_bundle::Archive;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use crate::{Error, json};

pub(crate) const WEIGHTS: &str = "weights_mapping.json";
const GRAPH: &str = "m.onnx";
const DATA: &str = "__data__";

/// Whether the entries look like a pack of carefree-learn's, single or Auto.
pub fn is_pack(archive: &Archive) -> bool {
    archive.find(WEIGHTS).is_some() || archive.find(GRAPH).is_some()
}

/// Where things are in a pack.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The folder with the pickles, with `/` at its end.
    pub data: String,
    pub members: Vec<Place>,
    pub is_single: bool,
}

/// The members of a pack, in the order of their names, where their folders are whole and their weights
/// sum to 1. What lies in the folders is not looked into.
pub fn places(archive: &Archive) -> Result<Vec<Place>, Error> {
    Ok(Layout::read(archive)?.members)
}

/// Where a member is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its folder, with `/` at its end; nothing for a single pack.
    pub folder: String,
    /// Its name: the model and the member, or `model` for a single pack.
    pub name: String,
    /// The model it is a repetition of.
    pub model: String,
    /// Its share of the blend.
    pub weight: f64,
}

impl Layout {
    pub(crate) fn read(archive: &Archive) -> Result<Layout, Error> {
        // Names that only later versions' packs have.
        for entry in ["config_bundle.json", "__data__/id.txt", "pipeline_info.json", "info.json"] {
            if archive.find(entry).is_some() {
                return Err(Error::LaterVersion { entry: entry.to_owned() });
            }
        }
        if archive.find(WEIGHTS).is_some() {
            let members = auto_members(archive)?;
            let data = format!("{DATA}/");
            return Ok(Layout { data, members, is_single: false });
        }
        if archive.find(GRAPH).is_some() {
            let (name, model) = ("model".to_owned(), "model".to_owned());
            let member = Place { folder: String::new(), name, model, weight: 1.0 };
            let data = "preprocessor/data/".to_owned();
            return Ok(Layout { data, members: vec![member], is_single: true });
        }
        Err(Error::NotAPack { found: at_root(archive) })
    }
}

/// The members in the order of their names, each with its weight.
fn auto_members(archive: &Archive) -> Result<Vec<Place>, Error> {
    let weights = read_weights(archive)?;
    let folders = folders(archive);
    for (folder, below) in folders.iter().filter(|(folder, _)| **folder != DATA) {
        if weights.iter().any(|(model, _)| model == folder) {
            continue;
        }
        let folder = (*folder).to_owned();
        let holds_members = below.keys().any(|name| member_number(name).is_some());
        return Err(if holds_members { Error::ExtraModel { folder } } else { Error::StrayFolder { folder } });
    }
    let mut members = Vec::new();
    for (model, weight) in &weights {
        let below = folders.get(model.as_str()).filter(|below| !below.is_empty());
        let below = below.ok_or_else(|| Error::NoMembers { model: model.clone() })?;
        members.extend(members_of(model, *weight, below)?);
    }
    check_sum(&members)?;
    Ok(members)
}

/// For each folder at the root, the folders in it, and whether they hold a graph.
fn folders(archive: &Archive) -> BTreeMap<&str, BTreeMap<&str, bool>> {
    let mut folders: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
    for (name, _) in archive.entries() {
        let parts: Vec<&str> = name.split('/').collect();
        let Some((folder, rest)) = parts.split_first().filter(|(_, rest)| !rest.is_empty()) else { continue };
        let below = folders.entry(folder).or_default();
        if let [member, inside @ ..] = rest
            && !inside.is_empty()
        {
            *below.entry(member).or_default() |= *inside == [GRAPH];
        }
    }
    folders
}

fn members_of(model: &str, weight: f64, below: &BTreeMap<&str, bool>) -> Result<Vec<Place>, Error> {
    let mut places = Vec::new();
    for (expected, (folder, holds_graph)) in below.iter().enumerate() {
        let folder = format!("{model}/{folder}");
        let number = member_number(folder.rsplit('/').next().unwrap_or_default());
        let number = number.ok_or_else(|| Error::StrayMember { folder: folder.clone() })?;
        let missing = |entry: String| {
            Err(Error::MissingMember { model: model.to_owned(), entry, later: folder.clone() })
        };
        if number != expected {
            return missing(format!("{model}/m_{expected:04}/{GRAPH}"));
        }
        if !holds_graph {
            return Err(automl_pack_bundle::Error::Missing { entry: format!("{folder}/{GRAPH}") }.into());
        }
        let (name, model) = (folder.clone(), model.to_owned());
        places.push(Place { folder: folder + "/", name, model, weight });
    }
    Ok(places)
}

/// The number in a name like `m_0012`.
fn member_number(name: &str) -> Option<usize> {
    let digits = name.strip_prefix("m_").filter(|digits| digits.len() >= 4)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn check_sum(members: &[Place]) -> Result<(), Error> {
    const TOLERANCE: f64 = 1e-4;
    let found: f64 = members.iter().map(|member| member.weight).sum();
    let fits = (found - 1.0).abs() <= TOLERANCE;
    fits.then_some(()).ok_or(Error::WeightSum { members: members.len(), found })
}

/// The weights by model, in the order of the models' names.
fn read_weights(archive: &Archive) -> Result<Vec<(String, f64)>, Error> {
    let Pairs(mut weights) = json::read(archive, WEIGHTS)?;
    weights.sort_by(|a, b| a.0.cmp(&b.0));
    if weights.is_empty() {
        return Err(Error::NoModels);
    }
    for pair in weights.windows(2) {
        if pair[0].0 == pair[1].0 {
            return Err(Error::RepeatedWeight { model: pair[0].0.clone() });
        }
    }
    for (model, json::Float(weight)) in &weights {
        if !(0.0..=1.0).contains(weight) {
            return Err(Error::Weight { model: model.clone(), found: format!("{weight:?}") });
        }
    }
    Ok(weights.into_iter().map(|(model, json::Float(weight))| (model, weight)).collect())
}

/// The pairs of an object, with a key that is there twice kept twice.
struct Pairs(Vec<(String, json::Float)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of weights by model")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

fn at_root(archive: &Archive) -> String {
    const SHOWN: usize = 5;
    let mut found: Vec<&str> = archive.entries().filter_map(|(name, _)| name.split('/').next()).collect();
    found.dedup();
    if found.is_empty() {
        return "nothing".to_owned();
    }
    let more = if found.len() > SHOWN { ", …" } else { "" };
    found.truncate(SHOWN);
    found.join(", ") + more
}
