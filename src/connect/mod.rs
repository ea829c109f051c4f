//! Connecting to servers: where they are, how to get in, and the two functions that do it.
//!
//! A URL becomes an [`Endpoint`] once, where it was written; from there on nobody handles text that may hold a
//! password. Brokers, transports and the doctor stand above this room; it knows no messages.

pub(crate) mod backoff;
mod endpoint;
mod error;
mod given;
pub(crate) mod nats;
pub(crate) mod redis;
mod secret;

pub use endpoint::{Access, Endpoint, Server, Tls, UrlError};
pub use error::ConnectError;
pub use given::GivenUrl;
pub use secret::Secret;
