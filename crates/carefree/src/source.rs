//! A pack, taken apart.

use std::collections::HashMap;

use automl_pack_bundle::Archive;
use automl_pack_plan::{Head, Outputs, Plan, Statistics, Target};
use serde::Deserialize;

use crate::{
    Error, Training,
    core::Core,
    json,
    layout::{Layout, Place},
    preprocessing::{Entry, Preprocessing},
};

/// What predicting needs of a pack. No training row is in it.
#[derive(Debug)]
pub struct Source<'a> {
    /// Raw columns to what the members eat.
    pub plan: Plan,
    /// What is predicted.
    pub target: Target,
    /// Aggregates of the training data.
    pub statistics: Statistics,
    /// The members.
    pub members: Members<'a>,
}

/// The models of a pack, in the order of their names.
#[derive(Debug)]
pub struct Members<'a> {
    /// Each of them.
    pub list: Vec<Member<'a>>,
    /// Whether the pack is one of a single model, whose files lie at its root.
    pub is_single: bool,
}

/// A model of the ensemble.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// Its name: `fcnn/m_0000`; `model` in a pack of one.
    pub name: String,
    /// The model it is a repetition of: `fcnn`.
    pub model: String,
    /// Its share of the blend.
    pub weight: f64,
    /// The folder its files lie in, with `/` at its end; nothing for a single pack.
    pub folder: String,
    /// Its graph.
    pub graph: &'a [u8],
    /// Which output of the graph predicts, from 0.
    pub output: usize,
    /// What is done to that output.
    pub head: Head,
}

/// Takes a pack apart.
pub fn read(archive: &Archive) -> Result<Source<'_>, Error> {
    let layout = Layout::read(archive)?;
    check_protocols(archive, &layout)?;
    let Preprocessing { plan, target, statistics, .. } = preprocessing(archive, &layout.data)?;
    let members = members_of(archive, &layout)?;
    Ok(Source { plan, target, statistics, members })
}

/// Takes the models alone, whatever lies beside them: a bundle has them where a pack has them.
pub fn members(archive: &Archive) -> Result<Members<'_>, Error> {
    members_of(archive, &Layout::read(archive)?)
}

fn members_of<'a>(archive: &'a Archive, layout: &Layout) -> Result<Members<'a>, Error> {
    let list = layout.members.iter().map(|place| member(archive, place)).collect::<Result<_, _>>()?;
    Ok(Members { list, is_single: layout.is_single })
}

/// With `retain_data`, the pickle lies in a folder beside the arrays of the training data.
fn core_entry(archive: &Archive, data: &str) -> String {
    let retained = format!("{data}__core__/TabularData.pkl");
    match archive.find(&retained) {
        Some(_) => retained,
        None => format!("{data}__core__.pkl"),
    }
}

fn check_protocols(archive: &Archive, layout: &Layout) -> Result<(), Error> {
    let tabular = |entry: &str, field, found: &str| match found {
        "tabular" => Ok(()),
        found => Err(Error::NotTabular { entry: entry.to_owned(), field, found: found.to_owned() }),
    };
    if !layout.is_single {
        let entry = "data_protocol.txt";
        return tabular(entry, "the protocol", archive.text(entry)?.trim());
    }
    #[derive(Deserialize)]
    struct Protocols {
        data: String,
    }
    let entry = "preprocessor/protocols.json";
    let protocols: Protocols = json::read(archive, entry)?;
    tabular(entry, "data", &protocols.data)
}

fn member<'a>(archive: &'a Archive, place: &Place) -> Result<Member<'a>, Error> {
    let entry = |name: &str| format!("{}{name}", place.folder);
    Ok(Member {
        name: place.name.clone(),
        model: place.model.clone(),
        weight: place.weight,
        folder: place.folder.clone(),
        graph: archive.entry(&entry("m.onnx"))?,
        output: output(archive, &entry("output_names.json"))?,
        head: Head {
            outputs: outputs(archive, &entry("output_probabilities.txt"))?,
            threshold: threshold(archive, &entry("binary_config.json"))?,
        },
    })
}

/// Which of the graph's outputs are the predictions. The names go with the outputs one by one.
fn output(archive: &Archive, entry: &str) -> Result<usize, Error> {
    let names: Vec<String> = json::read(archive, entry)?;
    let place = names.iter().position(|name| name == "predictions");
    place.ok_or_else(|| Entry(entry).wrong("the list", "a name \"predictions\"", format!("{names:?}")))
}

fn outputs(archive: &Archive, entry: &str) -> Result<Outputs, Error> {
    match archive.text(entry)?.trim() {
        "0" => Ok(Outputs::Logits),
        "1" => Ok(Outputs::Probabilities),
        other => {
            let found = format!("\"{}\"", other.chars().take(20).collect::<String>().escape_debug());
            Err(Entry(entry).wrong("the text", "0 or 1", found))
        }
    }
}

fn threshold(archive: &Archive, entry: &str) -> Result<Option<f64>, Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Setting {
        Threshold(Option<json::Float>),
        Other(serde::de::IgnoredAny),
    }
    let mut config: HashMap<String, Setting> = json::read(archive, entry)?;
    let threshold = match config.remove("binary_threshold") {
        Some(Setting::Threshold(threshold)) => threshold,
        Some(Setting::Other(_)) => {
            return Err(Entry(entry).wrong("binary_threshold", "a number or null", "something else"));
        }
        None => return Err(Entry(entry).wrong("binary_threshold", "to be there", "missing")),
    };
    match threshold {
        Some(json::Float(threshold)) if threshold.is_nan() => {
            Err(Entry(entry).wrong("binary_threshold", "a number or null", "NaN"))
        }
        threshold => Ok(threshold.map(|json::Float(threshold)| threshold)),
    }
}

/// What a pack still holds of its training data, by column, even where the pack would not open for
/// other reasons.
pub fn training(archive: &Archive) -> Result<Vec<Training>, Error> {
    let data =
        if archive.find("__data__/data_structures").is_some() { "__data__/" } else { "preprocessor/data/" };
    Ok(preprocessing(archive, data)?.training)
}

fn preprocessing(archive: &Archive, data: &str) -> Result<Preprocessing, Error> {
    let core_entry = core_entry(archive, data);
    let entry = Entry(&core_entry);
    let core = Core::read(&entry, entry.pickle(archive.entry(&core_entry)?)?.root())?;
    let structures = format!("{data}data_structures");
    let entry = Entry(&structures);
    let pickle = entry.pickle(archive.entry(&structures)?)?;
    Preprocessing::read(&entry, &core, pickle.root())
}
