//! `weighbridge doctor`: what this machine has, and what a run here can be trusted for.

use std::io;

use super::output::colored;
use super::{CommandError, Outcome, broker_options, print, runtime};
use crate::cli::Doctor;
use crate::doctor::{Named, examine};
use weighbridge_plan::endpoint::GivenUrl;
use weighbridge_record::terms::BrokerKind;

pub fn run(arguments: &Doctor) -> Result<Outcome, CommandError> {
    let runtime = runtime()?;
    let brokers = &arguments.brokers;
    let options = broker_options(brokers);
    let given = |kind| named(brokers.given(kind).as_ref());
    let (redis, nats) = (given(BrokerKind::RedisServer)?, given(BrokerKind::NatsServer)?);
    let examining = examine(&options, redis.as_ref(), nats.as_ref());
    let found = tokio::task::LocalSet::new().block_on(&runtime, examining);
    let printed = print(&found.text(colored(&io::stdout())));
    let outcome = if found.healthy() { Outcome::Good } else { Outcome::Unavailable };
    outcome.unless_unprinted(printed)
}

fn named(given: Option<&GivenUrl>) -> Result<Option<Named>, CommandError> {
    let parsed = |url: &GivenUrl| {
        let place = url.place();
        match url.endpoint() {
            Ok(endpoint) => Ok(Named { endpoint, place }),
            Err(source) => Err(CommandError::Url { place, source }),
        }
    };
    given.map(parsed).transpose()
}
