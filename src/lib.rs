#![doc = include_str!("../README.md")]

extern crate self as automl_pack;

#[cfg(feature = "command")]
mod cli;

/// The command `automl-pack`, for programs that bring it along.
#[cfg(feature = "command")]
pub mod command {
    pub use crate::cli::{
        Exit, Failure, audit, diff, inspect, of_summary, prepare, quieten_guarded_panics, run, verify,
    };
}

pub use automl_pack_bundle::{self as bundle, Archive, Digest, Limits, Manifest};
pub use automl_pack_carefree as carefree;
pub use automl_pack_engine as engine;
pub use automl_pack_ensemble::{
    self as ensemble, Audit, Auto, Blend, Builder, Check, Conversion, Difference, Dropped, Error,
    Expectation, Finding, Golden, Member, MemberScores, Options, Origin, Pack, Packed, Part, Pattern, Raw,
    Reweighing, Scores, Selection, Severity, Verdict, audit, diff, open_archive, verify,
};
pub use automl_pack_plan::{self as plan, Action, ByPosition, Flaw, Outcome, Policy, Rows};
pub use automl_pack_score::{self as score, Holdout, Job, Preparation, Reading, Source, Stop, Summary};
#[cfg(feature = "serve")]
pub use automl_pack_serve as serve;
