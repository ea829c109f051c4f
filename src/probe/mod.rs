//! Looks at something at the end of each interval of a trial, on a thread of its own, into columns.
//!
//! Whatever is looked at may stand still; nobody but the probe's own thread waits for it.

mod harness;
mod hiccups;
mod latest;
mod series;
mod thread;

pub use harness::Harness;
pub use hiccups::{HiccupMeter, Scheduled};
pub use latest::{Figure, Latest};
pub use series::{Row, Series, column};
pub use thread::{Probe, Watched};
