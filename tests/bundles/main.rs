//! Bundles: made from packs, graphs and folders, opened, changed, and what `SPEC.md` says of what lies in
//! them: each MUST by its name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod conversion;
mod data;
mod golden;
mod managing;
mod members;
mod packing;
#[path = "../support/mod.rs"]
mod support;

use std::{collections::BTreeMap, fs, path::PathBuf};

use automl_pack::{
    Archive, Auto, Blend, Builder, Error, Golden, Manifest, Options, Origin, Part, Reweighing, bundle,
    carefree, diff, engine, plan, verify,
};
use serde_json::{Value, json};
use support::{ENSEMBLES, fixture, rows};

fn graph(name: &str) -> Vec<u8> {
    fs::read(graphs().join(name)).unwrap()
}

fn graphs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graphs")
}

fn schema() -> plan::SchemaForm {
    serde_json::from_slice(&graph("schema.json")).unwrap()
}

/// A bundle of two members, a logistic regression and a small network.
fn small() -> Builder {
    Auto::builder()
        .name("churn")
        .version("1.2.0")
        .schema(schema())
        .weighted_member("logistic", graph("logistic.onnx"), 0.75)
        .weighted_member("network", graph("network.onnx"), 0.25)
}

fn convert(pack: &str) -> Builder {
    let archive = Archive::open(fixture(pack)).unwrap();
    Builder::convert(&archive, Reweighing::Kept).unwrap().builder
}

fn bytes(archive: &Archive) -> Vec<u8> {
    let mut file = Vec::new();
    archive.write(&mut file).unwrap();
    file
}

fn open(archive: &Archive) -> Result<Auto, Error> {
    Auto::from_archive(archive, &Options::default())
}

/// The entries of a bundle, to be changed and sealed again: every digest is right, whatever they say.
struct Changed {
    manifest: Manifest,
    entries: BTreeMap<String, Vec<u8>>,
}

impl Changed {
    fn of(builder: Builder) -> Changed {
        let archive = builder.build("churn.zip").unwrap();
        let entries = archive.entries().map(|(name, content)| (name.to_owned(), content.to_vec()));
        Changed { manifest: archive.verify().unwrap(), entries: entries.collect() }
    }

    fn small() -> Changed {
        Changed::of(small())
    }

    fn with(mut self, entry: &str, content: impl Into<Vec<u8>>) -> Changed {
        self.entries.insert(entry.to_owned(), content.into());
        self
    }

    fn without(mut self, entry: &str) -> Changed {
        self.entries.remove(entry).unwrap();
        self
    }

    fn json(self, entry: &str, change: impl FnOnce(&mut Value)) -> Changed {
        let mut value: Value = serde_json::from_slice(&self.entries[entry]).unwrap();
        change(&mut value);
        self.with(entry, serde_json::to_vec(&value).unwrap())
    }

    fn about(mut self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Changed {
        change(&mut self.manifest.about);
        self
    }

    fn open(self) -> Result<Auto, Error> {
        open(&Archive::seal(self.manifest, self.entries).unwrap())
    }

    fn refused(self) -> Error {
        self.open().unwrap_err()
    }
}

fn other_network() -> Vec<u8> {
    // The name of the last tensor, two bytes that announce its values, and the first one's sign.
    let mut bytes = graph("network.onnx");
    let at = bytes.windows(2).rposition(|pair| pair == b"b2").unwrap();
    bytes[at + 2 + 2 + 3] ^= 0x80;
    bytes
}

type Table = (Vec<String>, Vec<Vec<Option<String>>>);

fn table(csv: &[u8]) -> Table {
    let text = String::from_utf8(csv.to_vec()).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    (lines.next().unwrap(), lines.map(|line| line.into_iter().map(Some).collect()).collect())
}
