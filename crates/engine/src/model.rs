//! From bytes to a model: decoded, with functions written out where they are called.

mod functions;

use std::collections::HashMap;

use prost::Message;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

use crate::{Error, facts};
use functions::{Function, Functions};

/// Reads a model. Its functions are gone: what they do stands where they were called.
pub(crate) fn read(bytes: &[u8]) -> Result<ModelProto, Error> {
    let not_onnx = |error: prost::DecodeError| Error::NotOnnx { reason: error.to_string() };
    let mut model = ModelProto::decode(bytes).map_err(not_onnx)?;
    let functions = Functions::decode(bytes).map_err(not_onnx)?.list;
    if let Some(graph) = model.graph.as_mut().filter(|_| !functions.is_empty()) {
        let functions = functions.iter().map(|function| (function.key(), function)).collect();
        Inliner { functions, nodes: 0 }.write_out(graph, 0)?;
    }
    Ok(model)
}

/// Writes out what functions do, each call with names of its own.
struct Inliner<'f> {
    functions: HashMap<(&'f str, &'f str), &'f Function>,
    /// Nodes and calls that were come to.
    nodes: usize,
}

/// What a name inside of a function is called outside.
type Names = HashMap<String, String>;

impl Inliner<'_> {
    fn write_out(&mut self, graph: &mut GraphProto, depth: usize) -> Result<(), Error> {
        let mut done = Vec::with_capacity(graph.node.len());
        for node in std::mem::take(&mut graph.node) {
            self.push(node, depth, &mut done)?;
        }
        graph.node = done;
        Ok(())
    }

    fn push(&mut self, mut node: NodeProto, depth: usize, done: &mut Vec<NodeProto>) -> Result<(), Error> {
        let called = self.functions.get(&(node.domain.as_str(), node.op_type.as_str())).copied();
        if depth > facts::DEEPEST {
            return Err(Error::TooLarge { what: "levels", found: depth, limit: facts::DEEPEST });
        }
        // Calls count too: they may be of functions that do nothing but call.
        self.nodes += 1;
        if self.nodes > facts::MOST_NODES {
            let what = "nodes, with those of its functions";
            return Err(Error::TooLarge { what, found: self.nodes, limit: facts::MOST_NODES });
        }
        let Some(function) = called else {
            let inner = node
                .attribute
                .iter_mut()
                .flat_map(|attribute| attribute.g.iter_mut().chain(&mut attribute.graphs));
            for graph in inner {
                self.write_out(graph, depth + 1)?;
            }
            done.push(node);
            return Ok(());
        };
        let mut names = outer_names(function, &node);
        let prefix = format!("{}#{}/", function.name, self.nodes);
        for inner in &function.node {
            let mut inner = inner.clone();
            rename(&mut inner, &mut names, &prefix);
            resolve(&mut inner, &node, function);
            self.push(inner, depth + 1, done)?;
        }
        Ok(())
    }
}

/// What a function's inputs and outputs are called where it is called.
fn outer_names(function: &Function, call: &NodeProto) -> Names {
    let given = |names: &[String], place: usize| names.get(place).cloned().unwrap_or_default();
    let inputs =
        function.input.iter().enumerate().map(|(place, name)| (name.clone(), given(&call.input, place)));
    let outputs = function.output.iter().enumerate();
    let outputs = outputs.map(|(place, name)| (name.clone(), given(&call.output, place)));
    // An output that is not asked for has a name of its own, as what is inside has.
    inputs.chain(outputs.filter(|(_, outer)| !outer.is_empty())).collect()
}

fn rename(node: &mut NodeProto, names: &mut Names, prefix: &str) {
    for name in node.input.iter_mut().chain(&mut node.output) {
        rename_one(name, names, prefix);
    }
    for attribute in &mut node.attribute {
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            let values = graph.input.iter_mut().chain(&mut graph.output).map(|value| &mut value.name);
            let tensors = graph.initializer.iter_mut().map(|tensor| &mut tensor.name);
            values.chain(tensors).for_each(|name| rename_one(name, names, prefix));
            graph.node.iter_mut().for_each(|node| rename(node, names, prefix));
        }
    }
}

fn rename_one(name: &mut String, names: &mut Names, prefix: &str) {
    if !name.is_empty() {
        let fresh = || format!("{prefix}{name}");
        *name = names.entry(name.clone()).or_insert_with(fresh).clone();
    }
}

/// Puts the attributes of the call in the place of those that refer to them.
fn resolve(node: &mut NodeProto, call: &NodeProto, function: &Function) {
    let of_call =
        |name: &str| call.attribute.iter().chain(&function.defaults).find(|given| given.name == name);
    let attributes = std::mem::take(&mut node.attribute).into_iter().filter_map(|mut attribute| {
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            graph.node.iter_mut().for_each(|node| resolve(node, call, function));
        }
        match attribute.ref_attr_name.as_str() {
            "" => Some(attribute),
            // What is not given is not there: the operator has a default.
            reference => Some(AttributeProto { name: attribute.name, ..of_call(reference)?.clone() }),
        }
    });
    node.attribute = attributes.collect();
}
