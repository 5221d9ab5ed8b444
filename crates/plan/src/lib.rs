//! What happens to a row before a model sees it, and to the model's output after: as data.
//!
//! A [`Plan`] takes raw columns to what the members of an ensemble eat: a [`Block`], a matrix of one type,
//! for each input of their graphs. It holds a [`Schema`], the raw columns by name, a list of [`Step`]s, each of
//! which makes a named value of others, and the [inputs](InputForm) that values are put together to; a bare
//! graph's has the [`Plain`] columns of each of its inputs. A [`Head`] takes a member's raw output to an [`Outcome`]: probabilities and labels, or values, of a [`Target`].
//! Nothing here touches the world outside, and no row depends on its neighbours.
//!
//! ```
//! use automl_pack_plan::{
//!     Column, Impute, InputForm, InputType, Kind, Plan, Policy, Schema, Standardise, StepForm,
//! };
//! use ndarray::array;
//!
//! let schema = Schema::new(vec![Column::new("age", Kind::Number), Column::new("fare", Kind::Number)])?;
//! let steps = [("age", 30.0), ("fare", 8.0)].into_iter().flat_map(|(column, mean)| {
//!     let impute = Impute { number: Some(mean.into()), ..Impute::default() };
//!     let scale = Standardise { mean: Some(mean.into()), deviation: Some(2.0.into()), ..Standardise::default() };
//!     [StepForm::on(column, impute), StepForm::on(column, scale)]
//! });
//! let columns = vec!["age".into(), "fare".into()];
//! let input = InputForm { name: "input".into(), element: InputType::Single, columns };
//! let plan = Plan::new(schema, steps.collect(), vec![input])?;
//!
//! let rows = array![[32.0_f32, 8.0], [f32::NAN, 10.0]];
//! let prepared = plan.prepare(&rows.view(), &Policy::default())?;
//! assert_eq!(prepared.matrix(), Some(&array![[1.0, 0.0], [0.0, 1.0]]));
//! assert_eq!(prepared.notes.len(), 1); // the missing age was filled in
//! # Ok::<(), automl_pack_plan::Error>(())
//! ```

mod block;
mod cells;
mod clock;
mod column;
mod decimal;
mod decimals;
mod distinct;
mod drift;
mod error;
mod fates;
mod findings;
mod fit;
mod form;
mod head;
mod infer;
mod inputs;
mod names;
mod notes;
mod plain;
mod plan;
mod policy;
mod program;
mod reading;
mod rows;
mod scale;
mod schema;
mod statistics;
mod steps;
mod strangers;
mod target;
mod texts;
mod values;
mod vocabulary;

pub use block::{Block, Element};
pub use clock::Clock;
pub use column::{Column, Kind, Lists, Spellings};
pub use decimal::decimal;
pub use decimals::{Decimals, Numbers};
pub use distinct::DistinctNames;
pub use drift::{ColumnDrift, Drift, Pair, Rate, Share, Thresholds, Verdict};
pub use error::{Error, MissingColumn};
pub use fit::{Crossed, Fitting};
pub use form::{
    ColumnForm, InputForm, KindForm, PlanForm, SchemaForm, StepForm, TargetForm, TaskForm, in_words,
};
pub use head::{Head, Outcome, Outputs};
pub use infer::{Aim, Early, Inference, Inferred, Sight, Wishes};
pub use inputs::InputType;
pub use notes::{Flaw, Note, Notes};
pub use plain::Plain;
pub use plan::{Plan, Precision, Prepared};
pub use policy::{Action, Policy};
pub use program::Reads;
pub use rows::{ByPosition, Rows, Table};
pub use scale::Scale;
pub use schema::{Matching, Schema, Wide, Width};
pub use statistics::{Counted, Distribution, FEW, Point, Sketch, Statistics, Survey};
pub use steps::*;
pub use target::{Classes, Target, Task};
pub use vocabulary::{Known, Vocabulary};
