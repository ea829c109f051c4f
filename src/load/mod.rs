//! Puts the load on a transport: paced or unpaced sends, the collector, and the account of both.

mod account;
mod alike;
mod arenas;
mod book;
mod coalesce;
mod collector;
mod defect;
mod findings;
mod generator;
mod generators;
mod in_flight;
mod legs;
mod live;
mod order;
mod outcome;
mod outlet;
mod pacer;
mod recent;
mod seam;
mod sender;
mod summary;
mod tally;
mod twins;
mod unpaced;

pub use account::Account;
pub use defect::Defect;
pub use generator::{Shared, generate};
pub use generators::Generators;
pub use legs::{Legs, LegsSummary};
pub use live::Live;
pub use outcome::GeneratorOutcome;
pub use seam::UnderWay;
pub use summary::AccountSummary;
pub use tally::{BOUNDS_NS, Turnarounds};
