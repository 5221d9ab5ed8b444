//! A node as it stands in the file, and reading its attributes.

use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::tensor::{Fault, Tensor};
use crate::{Attribute, Error};

/// What a node does: inputs to outputs. An input that was left out is none.
pub(crate) type Kernel = Box<dyn Fn(&[Option<&Tensor>]) -> Result<Vec<Tensor>, Fault> + Send + Sync>;

/// A node with the versions of the operators.
#[derive(Clone, Copy)]
pub(crate) struct Node<'p> {
    pub proto: &'p NodeProto,
    /// The version of the plain operators.
    pub opset: i64,
    /// The values of inputs that do not change.
    pub constants: &'p [Option<&'p Tensor>],
}

impl<'p> Node<'p> {
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

    pub(crate) fn graph(&self, name: &str) -> Option<&'p GraphProto> {
        self.find(name)?.g.as_ref()
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
