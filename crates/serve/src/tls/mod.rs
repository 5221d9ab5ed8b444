//! HTTPS: certificates that are read, and read again when they change.

#[cfg(feature = "tls")]
mod spoken;
#[cfg(not(feature = "tls"))]
mod unspoken;

#[cfg(feature = "tls")]
pub(crate) use spoken::Greeting;
#[cfg(not(feature = "tls"))]
pub(crate) use unspoken::Greeting;
