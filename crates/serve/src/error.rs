//! Every way a server does not start.

use std::{io, net::SocketAddr, path::PathBuf};

use automl_pack_ensemble as ensemble;

/// Why a server, or a model, is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("{addr} cannot be listened on")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Threads, signals or sockets cannot be had.
    #[error("the server cannot run")]
    Run {
        /// What the system said.
        source: io::Error,
    },
    /// A bundle that was refused.
    #[error("{} is refused", path.display())]
    Bundle {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: Box<ensemble::Error>,
    },
    /// Two bundles of one name and version.
    #[error("{name} {version} is there twice: {first} and {second}")]
    Twice {
        /// The name.
        name: String,
        /// The version.
        version: String,
        /// Where the first is from.
        first: String,
        /// Where the other is from.
        second: String,
    },
    /// Requests that cannot be divided so.
    #[error("traffic of {name}: {reason}")]
    Traffic {
        /// The model.
        name: String,
        /// Why.
        reason: String,
    },
    /// A certificate or a key that cannot be used.
    #[error("{}: {reason}", path.display())]
    Tls {
        /// Where it is.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
