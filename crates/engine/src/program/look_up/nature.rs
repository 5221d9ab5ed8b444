//! What a step does to where values come from.

use super::super::node::Node;

/// What an operator does with values, as far as it matters where they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Nature {
    /// Values of the first input go to other places as they are, wherever the others say.
    Moves,
    /// Values of all inputs go to other places.
    Joins,
    /// Values of the third input take the places of some of the first.
    Replaces,
    /// Each becomes another, with those of other inputs at its place.
    Changes,
    /// Each becomes several on a new last axis, as many as the second input says.
    Spreads,
    /// Looks values up by places that may depend on rows, or moves them to places that do not.
    Gathers {
        /// Whether places are those of the first axis.
        of_rows: bool,
    },
    /// Works values out of those of all inputs, as many as their shapes say.
    Mixes,
    /// Looks at nothing but shapes.
    Measures,
    /// Looks at nothing but how many rows there are.
    Counts,
    /// Adds up rows of tables.
    LooksUp,
    /// Anything else.
    Other,
}

impl Nature {
    pub(in super::super) fn of(node: &Node<'_>) -> Nature {
        if !matches!(node.proto.domain.as_str(), "" | "ai.onnx") {
            return Nature::Other;
        }
        match node.proto.op_type.as_str() {
            "Transpose" | "Split" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Slice" | "Expand"
            | "Identity" | "Tile" => Nature::Moves,
            "Concat" => Nature::Joins,
            "ScatterND" if node.text("reduction", "none") == "none" => Nature::Replaces,
            "Cast" | "Add" | "Sub" | "Mul" | "Div" | "Abs" | "Neg" | "Floor" | "Ceil" | "Round" | "Sqrt"
            | "Relu" | "Sign" | "Equal" | "Less" | "Greater" | "Not" => Nature::Changes,
            "OneHot" if node.int("axis", -1) == -1 => Nature::Spreads,
            "Gather" => Nature::Gathers { of_rows: node.int("axis", 0) == 0 },
            "MatMul" | "Gemm" | "BatchNormalization" | "Sigmoid" | "Tanh" | "Softmax" | "LogSoftmax" => {
                Nature::Mixes
            }
            "Shape" | "Size" => Nature::Measures,
            _ => Nature::Other,
        }
    }
}
