//! The functions of a model, which the decoder that the rest is read with leaves out.

use prost::{
    DecodeError, Message,
    bytes::{Buf, BufMut},
    encoding::{DecodeContext, WireType, message, skip_field, string},
};
use tract_onnx::pb::{AttributeProto, NodeProto};

/// All of a model.
#[derive(Debug, Default)]
pub(super) struct Functions {
    pub(super) list: Vec<Function>,
}

/// An operator that is made of others.
#[derive(Debug, Default)]
pub(super) struct Function {
    pub(super) name: String,
    domain: String,
    pub(super) input: Vec<String>,
    pub(super) output: Vec<String>,
    pub(super) node: Vec<NodeProto>,
    /// Attributes that a call may leave out.
    pub(super) defaults: Vec<AttributeProto>,
}

impl Function {
    pub(super) fn key(&self) -> (&str, &str) {
        (&self.domain, &self.name)
    }
}

impl Message for Functions {
    fn merge_field(
        &mut self,
        tag: u32,
        wire: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            25 => message::merge_repeated(wire, &mut self.list, buf, ctx),
            _ => skip_field(wire, tag, buf, ctx),
        }
    }

    fn encode_raw(&self, _: &mut impl BufMut) {}

    fn encoded_len(&self) -> usize {
        0
    }

    fn clear(&mut self) {
        self.list.clear();
    }
}

impl Message for Function {
    fn merge_field(
        &mut self,
        tag: u32,
        wire: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            1 => string::merge(wire, &mut self.name, buf, ctx),
            4 => string::merge_repeated(wire, &mut self.input, buf, ctx),
            5 => string::merge_repeated(wire, &mut self.output, buf, ctx),
            7 => message::merge_repeated(wire, &mut self.node, buf, ctx),
            10 => string::merge(wire, &mut self.domain, buf, ctx),
            11 => message::merge_repeated(wire, &mut self.defaults, buf, ctx),
            _ => skip_field(wire, tag, buf, ctx),
        }
    }

    fn encode_raw(&self, _: &mut impl BufMut) {}

    fn encoded_len(&self) -> usize {
        0
    }

    fn clear(&mut self) {
        *self = Function::default();
    }
}
