//! One worker: takes requests off a transport, scores them, publishes results, then acknowledges.
//!
//! A worker does not know which broker it works on, nor who runs it. It waits on the same high-resolution
//! timer as the generators: tokio's would serve a millisecond late.

mod at_once;
mod punctual;
mod scoring;
mod serve;
mod service;
mod serving;
mod slots;
mod take;
mod unscored;

pub use scoring::Scoring;
pub use serve::serve;
pub use service::sample_ns;
pub use serving::Serving;
