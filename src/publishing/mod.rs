//! What stands between a due request and a connection, where a scenario asks for it: batches that wait for company, and
//! a pool from which each batch has a connection for itself. The integration guide's own versions are here with their
//! faults, so that these can be measured.
//!
//! A request counts as sent when it falls due and is handed over to here, as an application calls its publisher then.
//! What it waits for from there on is the policy's, and told by figures of its own. Knows neither which broker it
//! publishes on nor what becomes of a request; without a pool or a batch nothing of this runs.

mod answers;
mod awaited;
mod connection;
mod desk;
mod flushing;
mod gathering;
mod open;
mod outcome;
mod pool;
mod publisher;
mod told;

pub use open::{Asked, open};
pub use outcome::PublishingOutcome;
