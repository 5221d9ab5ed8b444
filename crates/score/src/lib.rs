//! Batch scoring: rows in, scores out, in blocks, with a memory that does not grow with the rows.
//!
//! ```
//! # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
//! use automl_pack_ensemble::Auto;
//! use automl_pack_score::Job;
//!
//! let auto = Auto::unpack("examples/titanic.pack.zip")?;
//! let mut scores = Vec::new();
//! let summary = Job::new(&auto.pattern).run(std::fs::File::open("examples/titanic.csv")?, &mut scores)?;
//! assert_eq!(summary.rows, 90);
//! assert!(scores.starts_with(b"prediction,probability_0,probability_1\n0,0.58005"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod input;
mod job;
pub mod prepare;
mod reader;
mod stop;
mod writer;

pub use error::Error;
pub use input::{Block, Blocks, Format, Place, Source};
pub use job::{Job, Summary};
pub use prepare::{Holdout, Preparation};
pub use stop::Stop;
