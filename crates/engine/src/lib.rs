//! Runs one ONNX graph on rows of numbers, at any batch.
//!
//! A [`Program`] runs a graph with operators of our own: those that scikit-learn, LightGBM, XGBoost,
//! CatBoost and PyTorch export for tables, with inputs and outputs of any type. A [`Graph`] is a graph from
//! one matrix to another: it is a program where every operator of it is ours, and is run by tract
//! otherwise, none of whose types shows. A [`BareGraph`] is a graph that comes without a bundle: it tells by
//! itself what it takes and gives, and is run on made-up rows when it is loaded. Bytes are looked over before
//! anything walks them.
//!
//! ```no_run
//! use automl_pack_engine::Graph;
//! use ndarray::array;
//!
//! let graph = Graph::load(&std::fs::read("m.onnx")?, 0)?;
//! let outputs = graph.run(array![[0.1_f32, 0.2]].view())?;
//! assert_eq!(outputs.nrows(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bare;
mod error;
mod facts;
mod graph;
mod model;
mod plan;
mod plans;
mod program;
mod rewrite;
#[cfg(test)]
mod tests;

pub use bare::{BareGraph, BareInput, BareOutput, Columns, Labels};
pub use error::{Attribute, Error};
pub use facts::{Batch, Facts};
pub use graph::Graph;
pub use plan::is_guarded;
pub use program::{Data, Element, Input, Limits, Output, Program, Tensor, Way};
