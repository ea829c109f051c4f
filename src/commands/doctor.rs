//! `weighbridge doctor`: what this machine has, and what a run here can be trusted for.

use std::io;

use super::output::colored;
use super::{CommandError, Outcome, broker_options, print, runtime};
use crate::cli::Doctor;
use crate::doctor::examine;
use weighbridge_plan::endpoint::{Endpoint, GivenUrl};

pub fn run(arguments: &Doctor) -> Result<Outcome, CommandError> {
    let runtime = runtime()?;
    let brokers = &arguments.brokers;
    let options = broker_options(brokers);
    let (redis, nats) = (endpoint(brokers.redis_url.as_ref())?, endpoint(brokers.nats_url.as_ref())?);
    let examining = examine(&options, redis.as_ref(), nats.as_ref());
    let found = tokio::task::LocalSet::new().block_on(&runtime, examining);
    let printed = print(&found.text(colored(&io::stdout())));
    let outcome = if found.healthy() { Outcome::Good } else { Outcome::Unavailable };
    outcome.unless_unprinted(printed)
}

fn endpoint(given: Option<&GivenUrl>) -> Result<Option<Endpoint>, CommandError> {
    let parsed =
        given.map(|url| url.endpoint().map_err(|source| CommandError::Url { place: url.place(), source }));
    parsed.transpose()
}
