//! Reads the packs that carefree-learn 0.1.9 to 0.1.16 wrote.
//!
//! Their preprocessing lies in pickles. [`Pickle`] reads those as data, through a list of the names
//! that carefree-learn uses; a name that is not on it is refused with its place, and no code in a pack
//! can run. [`read`] takes what predicting needs: a plan, a target, members with their weights. The
//! training rows that lie in the pickles are counted for an audit and left behind.
//!
//! ```
//! use automl_pack_carefree::{Pickle, PickleError};
//!
//! // What `pickle.dumps` makes of an object that wants `os.system("id")` called when it is opened.
//! let hostile = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.";
//! let refused = Pickle::read(hostile).unwrap_err();
//! assert_eq!(refused, PickleError::Name { name: "os.system".into(), offset: 14 });
//! ```

mod core;
mod error;
mod json;
mod layout;
mod pickle;
mod preprocessing;
mod reading;
mod source;

pub use error::Error;
pub use layout::{Place, is_pack, places};
pub use pickle::{Array, Pickle, PickleError, Value};
pub use preprocessing::Training;
pub use source::{Member, Members, Source, members, read, training};
