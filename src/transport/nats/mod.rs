//! The three NATS paths.
//!
//! Everything goes through plain publishes and subscriptions with reply subjects of our own.

mod confirmed;
mod core;
mod jetstream;
mod link;
mod publishers;
mod request;
mod rights;
mod served;
mod subjects;
mod subscription;
mod watch;

pub(super) use self::core::NatsCore;
pub(super) use jetstream::{DURABLE, NatsJetstream, REQUESTS};
pub(super) use request::NatsRequest;
pub(super) use subjects::QUEUE_GROUP;
