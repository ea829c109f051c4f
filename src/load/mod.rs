//! Puts the load on a transport: paced or unpaced sends, the collector, and the account of both.

mod account;
mod arenas;
mod book;
mod coalesce;
mod collector;
mod defect;
mod findings;
mod generator;
mod in_flight;
mod live;
mod pacer;
mod recent;
mod sender;
mod stop;
mod summary;
mod unpaced;

pub use account::Account;
pub use defect::Defect;
pub use generator::{Generator, GeneratorOutcome, Run};
pub use live::Live;
pub use stop::{Stop, StopSignal};
pub use summary::AccountSummary;
