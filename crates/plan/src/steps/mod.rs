//! How a raw column is read, one file for each way.
//!
//! Each way has `read`: one cell to the value a model was trained on, and to the [`Flaw`] that was
//! noticed, if any. The value is what stands in for the cell where the policy is to impute.

mod category;
mod level;
mod number;
mod text;

pub use category::Category;
pub use level::Level;
pub use number::Number;
pub use text::Text;

use crate::Flaw;

/// A value, and what was noticed about the cell it comes from.
pub(crate) type Read = (f32, Option<Flaw>);
