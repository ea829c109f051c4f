//! `weighbridge doctor`: what this machine has, and what a run here can be trusted for.

use std::io;

use super::{CommandError, Outcome, broker_options, colored, print, runtime};
use crate::cli::Doctor;
use crate::doctor::examine;

pub fn run(arguments: &Doctor) -> Result<Outcome, CommandError> {
    let runtime = runtime()?;
    let brokers = &arguments.brokers;
    let options = broker_options(brokers);
    let examining = examine(&options, brokers.redis_url.as_deref(), brokers.nats_url.as_deref());
    let found = tokio::task::LocalSet::new().block_on(&runtime, examining);
    print(&found.text(colored(&io::stdout())))?;
    Ok(if found.healthy() { Outcome::Good } else { Outcome::Unavailable })
}
