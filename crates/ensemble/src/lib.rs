//! Opens a bundle, runs its members in parallel and blends what they predict.
//!
//! [`Auto`] is an opened bundle; its [`Pattern`] predicts. A [`Pack`] is a bundle of one model, and
//! takes the same path. Both are immutable, cheap to clone and shared freely between threads.
//!
//! ```
//! # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
//! use automl_pack_ensemble::Auto;
//! use ndarray::array;
//!
//! let auto = Auto::unpack("tests/fixtures/carefree/iris/auto_pack.zip")?;
//! let scores = auto.pattern.predict(&array![[5.1_f32, 3.5, 1.4, 0.2]])?;
//! assert_eq!(scores.label(0).as_deref(), Some("0"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audit;
mod auto;
mod bare;
mod blend;
mod builder;
mod decide;
mod diff;
mod error;
mod golden;
mod member;
mod network;
mod pattern;
mod scores;
mod source;
mod stray;
mod verify;

pub use audit::{Audit, Finding, Severity, audit};
pub use auto::{Auto, Options, Pack};
pub use bare::open_archive;
pub use blend::Blend;
pub use builder::{Builder, Conversion, Dropped, Packed, Reweighing};
pub use diff::{Difference, Part, diff};
pub use error::Error;
pub use golden::{Expectation, Golden, Origin};
pub use member::Member;
pub use pattern::{Pattern, Raw};
pub use scores::{MemberScores, Scores, Selection};
pub use verify::{Check, Verdict, verify};
