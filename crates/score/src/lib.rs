//! Batch scoring: rows in, scores out, in blocks, with a memory that does not grow with the rows.
//!
//! ```
//! # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
//! use automl_pack_ensemble::Auto;
//! use automl_pack_score::Job;
//!
//! let auto = Auto::unpack("examples/titanic.pack.zip")?;
//! let mut scores = Vec::new();
//! let summary = Job::new(&auto).input("examples/titanic.csv").output_writer(&mut scores).run()?;
//! assert_eq!(summary.rows, 90);
//! assert!(scores.starts_with(b"prediction,probability_0,probability_1\n0,0.58005"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod format;
mod guard;
mod input;
mod job;
mod output;
pub mod prepare;
mod stop;

pub use encoding_rs::Encoding;
pub use error::{Error, is_damaged};
pub use format::{Format, Packing, Reading};
pub use guard::is_guarded;
pub use input::{Block, Blocks, Place, Source};
pub use job::{Balance, Job, Keep, Progress, Spread, Stages, Summary};
pub use output::to_text;
pub use prepare::{Holdout, Preparation};
pub use stop::Stop;
