//! A node as it stands in the file, and reading its attributes.

use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

use super::{
    Program, budget,
    load::Outer,
    tensor::{Fault, Tensor},
};
use crate::{Attribute, Error};

/// What a node does: inputs to outputs. An input that was left out is none.
pub(crate) type Kernel = Box<dyn Fn(&[Option<&Tensor>]) -> Result<Vec<Tensor>, Fault> + Send + Sync>;

/// A node with the versions of the operators.
#[derive(Clone, Copy)]
pub(crate) struct Node<'p> {
    pub proto: &'p NodeProto,
    /// The version of the plain operators.
    pub opset: i64,
    /// The version of those of ai.onnx.ml.
    pub ml: i64,
    /// The values of inputs that do not change.
    pub constants: &'p [Option<&'p Tensor>],
    /// The names of inputs after its own: what the graphs inside of it take from around it.
    pub captured: &'p [&'p str],
    /// In how many graphs its own stands.
    pub depth: usize,
}

impl<'p> Node<'p> {
    /// A node of which nothing but its attributes is looked at.
    pub(crate) fn alone(proto: &'p NodeProto) -> Node<'p> {
        Node { proto, opset: 0, ml: 0, constants: &[], captured: &[], depth: 0 }
    }

    /// The value of an input, where it does not change.
    pub(crate) fn constant(&self, place: usize) -> Option<&'p Tensor> {
        self.constants.get(place).copied().flatten()
    }

    /// What errors call it.
    pub(crate) fn label(&self) -> String {
        if self.proto.name.is_empty() { self.proto.output.join(", ") } else { self.proto.name.clone() }
    }

    /// The operator, with its domain where that is not the plain one.
    pub(crate) fn operator(&self) -> String {
        match self.proto.domain.as_str() {
            "" | "ai.onnx" => self.proto.op_type.clone(),
            domain => format!("{domain}.{}", self.proto.op_type),
        }
    }

    pub(crate) fn refuse(&self, attribute: &str, what: impl Into<String>) -> Error {
        let (attribute, what) = (attribute.to_owned(), what.into());
        Error::Attribute(Box::new(Attribute {
            node: self.label(),
            operator: self.operator(),
            attribute,
            what,
        }))
    }

    fn find(&self, name: &str) -> Option<&'p AttributeProto> {
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(crate) fn int(&self, name: &str, default: i64) -> i64 {
        self.find(name).map_or(default, |attribute| attribute.i)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.int(name, 0) != 0
    }

    pub(crate) fn float(&self, name: &str, default: f32) -> f32 {
        self.find(name).map_or(default, |attribute| attribute.f)
    }

    pub(crate) fn ints(&self, name: &str) -> Option<&'p [i64]> {
        self.find(name).map(|attribute| attribute.ints.as_slice())
    }

    pub(crate) fn floats(&self, name: &str) -> &'p [f32] {
        self.find(name).map_or(&[], |attribute| attribute.floats.as_slice())
    }

    pub(crate) fn text(&self, name: &str, default: &str) -> String {
        self.find(name)
            .map_or(default.to_owned(), |attribute| String::from_utf8_lossy(&attribute.s).into_owned())
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.find(name).map_or(&[][..], |attribute| attribute.strings.as_slice());
        texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&'p TensorProto> {
        self.find(name)?.t.as_ref()
    }

    /// The graph inside of it that stands in an attribute.
    pub(crate) fn body(&self, attribute: &str) -> Result<Body, Error> {
        let graph = self.find(attribute).and_then(|found| found.g.as_ref());
        let graph = graph.ok_or_else(|| self.refuse(attribute, "expected a graph"))?;
        let first = self.proto.input.len();
        let mut outer = Outer { depth: self.depth + 1, ..Outer::default() };
        let mut places = Vec::new();
        for (place, name) in (first..).zip(self.captured) {
            match self.constant(place) {
                Some(value) => outer.constants.push((name, value)),
                None => {
                    outer.names.push(name);
                    places.push(place);
                }
            }
        }
        Ok(Body { program: Program::of_graph(graph, (self.opset, self.ml), &outer)?, captured: places })
    }
}

/// A graph inside of a node.
pub(crate) struct Body {
    program: Program,
    /// Places of the node's inputs that it takes after its own.
    captured: Vec<usize>,
}

impl Body {
    /// How many inputs are its own.
    pub(crate) fn input_count(&self) -> usize {
        self.program.inputs().len() - self.captured.len()
    }

    pub(crate) fn output_count(&self) -> usize {
        self.program.outputs().len()
    }

    /// Runs on inputs of its own, and on what it takes from those of the node.
    pub(crate) fn run(
        &self,
        mut own: Vec<Tensor>,
        of_node: &[Option<&Tensor>],
    ) -> Result<Vec<Tensor>, Fault> {
        for place in &self.captured {
            own.push(input(of_node, *place)?.clone());
        }
        budget::inside(|| self.program.run_tensors(own))
    }
}

/// An input that must be there.
pub(crate) fn input<'t>(inputs: &[Option<&'t Tensor>], place: usize) -> Result<&'t Tensor, Fault> {
    inputs.get(place).copied().flatten().ok_or_else(|| format!("input {place} is missing").into())
}

/// An input that may be left out.
pub(crate) fn optional<'t>(inputs: &[Option<&'t Tensor>], place: usize) -> Option<&'t Tensor> {
    inputs.get(place).copied().flatten()
}

/// The place of an axis that may be counted from the end.
pub(crate) fn axis_of(axis: i64, rank: usize) -> Result<usize, Fault> {
    let counted = if axis < 0 { axis + rank as i64 } else { axis };
    let place = usize::try_from(counted).ok().filter(|place| *place < rank);
    place.ok_or_else(|| format!("axis {axis} is none of {rank}").into())
}
