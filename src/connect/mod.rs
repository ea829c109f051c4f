//! Connecting to servers: the two functions that do it.
//!
//! Brokers, transports and the doctor stand above this room; it knows no messages.

pub(crate) mod backoff;
mod error;
pub(crate) mod nats;
pub(crate) mod patience;
pub(crate) mod redis;
mod tls;

pub use error::ConnectError;
