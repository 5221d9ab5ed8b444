//! A real server over TCP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(unreachable_pub, reason = "modules of a test file")]

mod hostile;
mod operating;
mod own;
mod protocols;
mod reloading;
mod support;
#[cfg(feature = "tls")]
mod tls;
mod traffic;
