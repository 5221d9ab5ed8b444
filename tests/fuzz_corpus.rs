//! Every input of the fuzz targets' corpus, once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "a crate of its own where it is fuzzed")]
mod targets;

use std::{fs, path::Path};

fn each(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for file in fs::read_dir(&folder).unwrap() {
        run(&fs::read(file.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs >= 5, "{inputs} inputs in {}", folder.display());
}

#[test]
fn containers_are_opened_or_refused() {
    each("open", targets::open);
}

#[test]
fn bare_graphs_are_opened_or_refused() {
    each("bare", targets::bare);
}

#[test]
fn manifests_are_read_or_refused() {
    each("manifest", targets::manifest);
}

#[test]
fn schemas_and_plans_are_read_or_refused() {
    each("schema_and_plan", targets::schema_and_plan);
}

#[test]
fn pickles_are_read_or_refused() {
    each("pickle", targets::pickle);
}

#[test]
fn tables_are_scored_or_refused() {
    each("table", targets::table);
}

#[test]
fn graphs_are_run_or_refused() {
    each("graph", targets::graph);
}
