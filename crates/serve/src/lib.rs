//! Bundles as a service: an HTTP server over the one prediction path.
//!
//! A [`Server`] listens, opens [`Bundle`]s and serves [`Models`] by name and version; [`Options`] say how. What is below
//! HTTP knows nothing of it: models that are exchanged as a whole, a queue of requests before threads that score,
//! rows out of bodies, and scores into answers. Each protocol is a file under `routes` that goes from its own words to
//! rows and back; all of them score through `routes::score`, and that through `Pattern::predict`.

mod answer;
mod connections;
mod drift;
mod error;
mod log;
mod metrics;
mod model;
mod models;
mod options;
mod queue;
mod refusal;
mod reload;
mod routes;
mod rows;
mod scoring;
mod server;
mod shadow;
mod state;
mod tls;
mod traffic;

pub use error::Error;
pub use model::Model;
pub use models::{Catalog, Models, Versions};
pub use options::{Limits, Log, Options, Tls};
pub use server::{Bundle, Opener, Server};
pub use traffic::Traffic;
