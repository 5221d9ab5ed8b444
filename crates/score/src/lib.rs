//! Batch scoring: rows in, scores out, in blocks, with a memory that does not grow with the rows.
//!
//! ```no_run
//! use automl_pack_ensemble::Auto;
//! use automl_pack_score::Job;
//!
//! let auto = Auto::unpack("churn.pack.zip")?;
//! let summary = Job::new(&auto.pattern).run(std::io::stdin(), std::io::stdout())?;
//! eprintln!("{} rows", summary.rows);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod job;
mod reader;
mod writer;

pub use error::Error;
pub use job::{Job, Summary};
