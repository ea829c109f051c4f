//! Puts the load on a transport: paced or unpaced sends, the collector, and the account of both.

mod account;
mod arenas;
mod coalesce;
mod collector;
mod generator;
mod in_flight;
mod pacer;
mod recent;
mod unpaced;

pub use account::Live;
pub use account::{Account, AccountSummary};
pub use generator::{Defect, Generator, GeneratorOutcome, Run, Stop, StopSignal};
