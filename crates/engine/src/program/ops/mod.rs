//! The operators, by what they do. Each family has `build`: a node to what it does, if it is of the
//! family. What can be refused for its attributes is refused there, before anything runs.

mod broadcast;
mod cast;
mod control;
mod convolve;
mod curves;
mod each;
mod einsum;
mod elementwise;
mod gather;
mod joined;
mod make;
mod matrix;
mod ml;
mod normalize;
mod order;
mod pad;
mod quantize;
mod reduce;
mod sequence;
mod shape;
mod slice;

pub(super) use broadcast::{shape_of, zip};
pub(super) use joined::{Pair, joined};
pub(super) use make::element;
pub(super) use matrix::{Product, fused};
pub(super) use shape::{Shaper, bounded, shaper};

use super::node::{Kernel, Node};
use crate::Error;

/// What a family makes of a node.
type Family = fn(Node<'_>) -> Result<Option<Kernel>, Error>;

/// What a node does, or why it cannot be done.
pub(super) fn build(node: Node<'_>) -> Result<Kernel, Error> {
    let plain = matches!(node.proto.domain.as_str(), "" | "ai.onnx");
    let of_ml = node.proto.domain == "ai.onnx.ml";
    let families: &[Family] = match (plain, of_ml) {
        (true, _) => &[
            elementwise::build,
            shape::build,
            gather::build,
            reduce::build,
            order::build,
            matrix::build,
            einsum::build,
            normalize::build,
            convolve::build,
            quantize::build,
            make::build,
            control::build,
            sequence::build,
            ml::build_text,
        ],
        (_, true) => &[ml::build],
        _ if node.proto.domain == "com.microsoft" => &[ml::build_contributed],
        _ => &[],
    };
    for family in families {
        if let Some(kernel) = family(node)? {
            return Ok(kernel);
        }
    }
    Err(Error::Operator { node: node.label(), operator: node.operator() })
}
