//! The two Redis paths.

mod pipelines;
mod preflight;
mod pubsub;
mod streams;

pub(super) use pubsub::RedisPubsub;
pub(super) use streams::RedisStreams;
