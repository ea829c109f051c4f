//! The two Redis paths.

mod link;
mod pipelines;
mod preflight;
mod pubsub;
mod served;
mod streams;
mod subscription;
mod told;

pub(super) use pubsub::{RedisPubsub, channels};
pub(super) use streams::{GROUP, RedisStreams};
