//! The container: a zip file or a folder, read whole and checked before anything in it is believed.
//!
//! An [`Archive`] is a set of named entries whose bytes are in memory. To have one is to know that
//! every name is a plain relative path, that no name is there twice, that nothing was encrypted, a
//! link or larger than its [`Limits`] allow, that both headers of each zip entry agree and that the
//! checksum of its content holds. What the entries mean is for others to say: this crate knows
//! nothing of models.
//!
//! ```
//! use automl_pack_bundle::{Archive, Error};
//!
//! let refused = Archive::from_bytes(b"hello, world".to_vec()).unwrap_err();
//! assert!(matches!(refused, Error::NotAZip { .. }));
//! assert_eq!(refused.to_string(), "not a zip file: it begins with 68 65 6c 6c, a zip with 50 4b 03 04");
//! ```

mod archive;
mod error;
mod folder;
mod layout;
mod limits;
mod name;
mod zip_file;

pub use archive::{Archive, Container};
pub use error::{Error, Headers};
pub use limits::Limits;
pub use name::EntryName;
