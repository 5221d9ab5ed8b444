//! Runs one ONNX graph on rows of numbers, at any batch.
//!
//! A [`Graph`] is read from bytes that are looked over first, prepared once, and run from any number of
//! threads. It is the only face of the engine behind it (tract): none of its types shows.
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

mod error;
mod facts;
mod graph;
mod plan;
mod rewrite;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use facts::{Batch, Facts};
pub use graph::Graph;
pub use plan::is_guarded;
