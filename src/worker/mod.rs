//! Workers: take requests off a transport, score them, publish results, then acknowledge.
//!
//! A worker does not know which broker it works on. Workers run in threads of their own, with the same
//! high-resolution timer as the generators: tokio's would serve a millisecond late.

mod at_once;
mod order;
mod pool;
mod scoring;
mod serve;
mod service;
mod serving;
mod slots;
mod take;
mod unscored;

pub use pool::{Pool, PoolOutcome, PoolRun};
pub use scoring::Scoring;
pub use service::{mean_ns, sample_ns};
