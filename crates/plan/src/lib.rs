//! What happens to a row before a model sees it, and to the model's output after: as data.
//!
//! A [`Plan`] takes raw columns to what the members of an ensemble eat: a [`Block`], a matrix of one type,
//! for each input of their graphs. It holds a [`Schema`], the raw columns by name, and one [`Feature`] for
//! each column of the matrix that the members of a bundle share; a bare graph's has the [`Plain`] columns of
//! each of its inputs. A [`Head`] takes a member's raw output to an [`Outcome`]: probabilities and labels, or values, of a [`Target`].
//! Nothing here touches the world outside, and no row depends on its neighbours.
//!
//! ```
//! use automl_pack_plan::{Column, Feature, Kind, Number, Plan, Policy, Precision, Reading, Scale, Schema};
//! use ndarray::array;
//!
//! let schema = Schema::new(vec![Column::new("age", Kind::Number), Column::new("fare", Kind::Number)])?;
//! let number = |column, mean| Feature {
//!     column,
//!     reading: Reading::Number(Number { fill: mean as f32 }),
//!     scale: Scale::Standard { mean, deviation: 2.0 },
//! };
//! let plan = Plan::new(schema, vec![number(0, 30.0), number(1, 8.0)], Precision::Single)?;
//!
//! let rows = array![[32.0_f32, 8.0], [f32::NAN, 10.0]];
//! let prepared = plan.prepare(&rows.view(), &Policy::default())?;
//! assert_eq!(prepared.matrix(), Some(&array![[1.0, 0.0], [0.0, 1.0]]));
//! assert_eq!(prepared.notes.len(), 1); // the missing age was filled in
//! # Ok::<(), automl_pack_plan::Error>(())
//! ```

mod block;
mod cells;
mod error;
mod findings;
mod form;
mod head;
mod notes;
mod plain;
mod plan;
mod policy;
mod rows;
mod scale;
mod schema;
mod statistics;
mod steps;
mod target;

pub use block::{Block, Element};
pub use error::{Error, MissingColumn};
pub use form::{ColumnForm, FeatureForm, KindForm, PlanForm, ReadForm, SchemaForm, TargetForm, TaskForm};
pub use head::{Head, Outcome, Outputs};
pub use notes::{Flaw, Note, Notes};
pub use plain::Plain;
pub use plan::{Feature, Plan, Precision, Prepared, Reading};
pub use policy::{Action, Policy};
pub use rows::{ByPosition, Rows, Table};
pub use scale::Scale;
pub use schema::{Column, Kind, Matching, Schema, Wide, Width};
pub use statistics::{Distribution, Statistics};
pub use steps::{Category, Level, Number, Text};
pub use target::{Classes, Target, Task};
