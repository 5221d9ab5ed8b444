//! The container: a zip file or a folder, read whole and checked before anything in it is believed.
//!
//! An [`Archive`] is a set of named entries whose bytes are in memory. To have one is to know that
//! every name is a plain relative path, that no name is there twice, that nothing was encrypted, a
//! link or larger than its [`Limits`] allow, that both headers of each zip entry agree and that the
//! checksum of its content holds. What the entries mean is for others to say: this crate knows
//! nothing of models.
//!
//! A bundle is an archive with a [`Manifest`], which has the digest of every entry. [`Archive::seal`]
//! makes one, [`Archive::verify`] proves one, and `SPEC.md` beside this crate says what it must be.
//!
//! ```
//! use automl_pack_bundle::{Archive, Error};
//!
//! let refused = Archive::from_bytes(b"hello, world".to_vec()).unwrap_err();
//! assert!(matches!(refused, Error::NotAZip { .. }));
//! assert_eq!(refused.to_string(), "not a zip file: it begins with 68 65 6c 6c, a zip with 50 4b 03 04");
//! ```

mod archive;
mod canonical;
mod digest;
mod error;
mod folder;
mod json;
mod layout;
mod limits;
mod manifest;
mod name;
mod staged;
mod zip_file;

pub use archive::{Archive, Container};
pub use digest::Digest;
pub use error::{Error, Headers};
pub use json::read as read_json;
pub use limits::Limits;
pub use manifest::{Lineage, Listed, MANIFEST, Manifest, Name};
pub use name::EntryName;
pub use semver::{Error as VersionError, Version};
pub use staged::Staged;
