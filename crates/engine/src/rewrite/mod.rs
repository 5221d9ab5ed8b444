//! What is changed in a graph before the engine sees it, so that it computes what was meant.
//!
//! The engine is right to about 1e-6 of the numbers it handles. In a few kinds of graph that is not
//! right to 1e-6 of a probability: naive Bayes adds up logarithms to sums near 100, and pruned layers
//! derive their weights from the mean of large matrices. There, constants are computed here, and sums
//! are put into the order in which ONNX Runtime adds.

mod fold;
mod order;

use tract_onnx::pb::ModelProto;

/// Computes constants from constants, in double precision.
pub(crate) fn fold(model: &mut ModelProto, opset: i64) {
    if let Some(graph) = &mut model.graph {
        fold::fold_constants(graph, opset);
    }
}

/// Changes the model in place.
pub(crate) fn rewrite(model: &mut ModelProto, opset: i64) {
    let Some(graph) = &mut model.graph else { return };
    let adds_logarithms = graph.node.iter().any(|node| node.op_type == "Log")
        && graph.node.iter().any(|node| node.op_type == "ReduceSum");
    let constants = fold::fold_constants(graph, opset);
    if adds_logarithms {
        order::order_sums(graph, &constants, opset);
    }
}
