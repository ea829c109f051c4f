//! `weighbridge doctor`: what this machine has, and what a run here can be trusted for.

use std::io;

use super::output::colored;
use super::{CommandError, Outcome, broker_options, print, runtime};
use crate::cli::Doctor;
use crate::doctor::{Named, examine};
use weighbridge_plan::endpoint::{Beside, GivenUrl};
use weighbridge_record::terms::BrokerKind;

pub fn run(arguments: &Doctor) -> Result<Outcome, CommandError> {
    let runtime = runtime()?;
    let brokers = &arguments.brokers;
    let options = broker_options(brokers);
    let given = |kind| named(brokers.given(kind).as_ref(), &brokers.beside(kind));
    let (redis, nats) = (given(BrokerKind::RedisServer)?, given(BrokerKind::NatsServer)?);
    let examining = examine(&options, redis.as_ref(), nats.as_ref());
    let found = tokio::task::LocalSet::new().block_on(&runtime, examining);
    let printed = print(&found.text(colored(&io::stdout())));
    let outcome = if found.healthy() { Outcome::Good } else { Outcome::Unavailable };
    outcome.unless_unprinted(printed)
}

fn named(given: Option<&GivenUrl>, beside: &Beside) -> Result<Option<Named>, CommandError> {
    let Some(url) = given else { return beside.without_server().map(|()| None).map_err(Into::into) };
    let mut place = url.place();
    let endpoint = match url.endpoint() {
        Ok(endpoint) => beside.complete(endpoint)?,
        Err(source) => return Err(CommandError::Url { place, source }),
    };
    for (_, _, named) in beside.named() {
        place.push_str(&format!(", {named}"));
    }
    Ok(Some(Named { endpoint, place }))
}
