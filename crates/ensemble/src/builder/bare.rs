//! A graph that comes alone: which of its outputs predicts, and whether it gives probabilities.

use automl_pack_engine::Graph;
use automl_pack_plan::{Action, Block, Plan, Policy, Statistics, Target, Task};
use ndarray::ArrayView1;

use super::{Files, PROBABILITIES, binary_config, synthetic, to_json};
use crate::{Error, network::Network};

/// Adds what is known of a bare graph to the files of its member.
pub(super) fn complete(member: &str, files: &mut Files, plan: &Plan, target: &Target) -> Result<(), Error> {
    if !files.contains_key("binary_config.json") {
        files.insert("binary_config.json".to_owned(), to_json(&binary_config(None)));
    }
    if files.contains_key("output_names.json") && files.contains_key(PROBABILITIES) {
        return Ok(());
    }
    let graph = files.get("m.onnx").map(Vec::as_slice).unwrap_or_default();
    let refused = |source| Error::Member { member: member.to_owned(), source };
    let mut names = Graph::output_names(graph).map_err(refused)?;
    let output = predictions(&names)
        .ok_or_else(|| Error::NoOutput { member: member.to_owned(), found: names.join(", ") })?;
    let network = Network::load(member, graph, output, plan)?;
    names[output] = "predictions".to_owned();
    files.insert("output_names.json".to_owned(), to_json(&names));
    if !files.contains_key(PROBABILITIES) {
        let is_classification = matches!(target.task, Task::Classification(_));
        let is_given = is_classification && gives_probabilities(member, &network, plan)?;
        files.insert(PROBABILITIES.to_owned(), if is_given { "1" } else { "0" }.into());
    }
    Ok(())
}

/// The output that predicts, by its name, or the only one.
fn predictions(names: &[String]) -> Option<usize> {
    const KNOWN: [&str; 4] = ["predictions", "probabilities", "output_probability", "variable"];
    let known = KNOWN.iter().find_map(|known| names.iter().position(|name| name == known));
    known.or((names.len() == 1).then_some(0))
}

/// Probabilities are from 0 to 1 and sum to 1, for every row; nothing else does so by chance.
fn gives_probabilities(member: &str, network: &Network, plan: &Plan) -> Result<bool, Error> {
    const TOLERANCE: f32 = 1e-3;
    let rows = synthetic::rows(plan, &Statistics::default()).rows();
    let prepared = plan.prepare(&rows, &Policy::all(Action::Null))?;
    let count = prepared.blocks.first().map_or(0, Block::rows);
    let outputs = network.run(&prepared.blocks, 0, count);
    let outputs = outputs.map_err(|source| Error::Member { member: member.to_owned(), source })?;
    let [Block::Single(output)] = outputs.as_slice() else { return Ok(false) };
    let is_share = |row: &ArrayView1<'_, f32>| {
        row.iter().all(|p| (0.0..=1.0 + TOLERANCE).contains(p)) && (row.sum() - 1.0).abs() < TOLERANCE
    };
    let is_finite = |row: &ArrayView1<'_, f32>| row.iter().all(|number| number.is_finite());
    let mut finite = output.rows().into_iter().filter(is_finite).peekable();
    Ok(finite.peek().is_some() && finite.all(|row| is_share(&row)))
}
