#![doc = include_str!("../README.md")]

pub use automl_pack_bundle::{self as bundle, Archive, Limits};
pub use automl_pack_carefree as carefree;
pub use automl_pack_engine as engine;
pub use automl_pack_ensemble::{
    self as ensemble, Audit, Auto, Error, Finding, Member, MemberScores, Options, Pack, Pattern, Raw, Scores,
    Selection, Severity, audit,
};
pub use automl_pack_plan::{self as plan, Action, ByPosition, Flaw, Outcome, Policy, Rows};
pub use automl_pack_score::{self as score, Job, Summary};
