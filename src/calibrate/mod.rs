//! The instrument against known answers: the ledger, pacing, the floor, service times, stalls, queues.
//!
//! Each check says what is expected, what was measured, and how far the two may lie apart. None of them is
//! about a broker: a broker that is missing is left out.

mod bench;
mod books;
mod drain;
pub mod faulty;
mod floor;
mod pacing;
mod queues;
mod service;
mod stall;
mod stalling;
mod theory;

use crate::session::{RunError, Settings};
use crate::site;
use weighbridge_record::result::Check;
use weighbridge_record::terms::TransportKind;

/// Paths over managed brokers that take part where their server is found.
const OVER_BROKERS: [TransportKind; 5] = [
    TransportKind::RedisPubsub,
    TransportKind::RedisStreams,
    TransportKind::NatsCore,
    TransportKind::NatsJetstream,
    TransportKind::NatsRequest,
];

/// What the checks are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Ledger,
    Pacing,
    Floor,
    Service,
    Stall,
    Queue,
}

impl Group {
    pub const ALL: [Self; 6] =
        [Self::Ledger, Self::Pacing, Self::Floor, Self::Service, Self::Stall, Self::Queue];
}

/// Runs the checks of some groups; `say` is told what comes next.
pub async fn run(groups: &[Group], settings: &Settings, say: &dyn Fn(&str)) -> Result<Vec<Check>, RunError> {
    let found: Vec<TransportKind> = OVER_BROKERS
        .into_iter()
        .filter(|transport| {
            let kind = transport.broker();
            kind.is_some_and(|kind| site::find(kind, &settings.brokers.binaries).is_ok())
        })
        .collect();
    let mut checks = Vec::new();
    for group in groups {
        checks.extend(match group {
            Group::Ledger => {
                say("ledger: known wrongs on the path in memory, and three generators");
                books::check(settings).await?
            }
            Group::Pacing => {
                say("pacing: 1 000 to 100 000 requests/s in memory, and the ceiling");
                patiently(async || pacing::check(settings).await).await?
            }
            Group::Floor => {
                say("floor: a bare echo, and what paths add to it");
                floors(&found, settings).await?
            }
            Group::Service => {
                say("service: how long a worker works");
                on_all(&found, async |transport| service::check(transport, settings).await).await?
            }
            Group::Stall => stalls(&found, settings, say).await?,
            Group::Queue => all_queues(settings, say).await?,
        });
    }
    Ok(checks)
}

/// Checks again what failed, at most twice: a machine that hiccups fails now and then, a wrong instrument
/// always. The name says which attempt counts.
async fn patiently(
    mut attempt: impl AsyncFnMut() -> Result<Vec<Check>, RunError>,
) -> Result<Vec<Check>, RunError> {
    const ATTEMPTS: u32 = 3;
    let mut number = 1;
    loop {
        let mut checks = attempt().await?;
        if number == ATTEMPTS || checks.iter().all(|check| check.passed) {
            if number > 1 {
                checks.iter_mut().for_each(|check| check.name.push_str(&format!(" (attempt {number})")));
            }
            return Ok(checks);
        }
        number += 1;
    }
}

async fn stalls(
    found: &[TransportKind],
    settings: &Settings,
    say: &dyn Fn(&str),
) -> Result<Vec<Check>, RunError> {
    say("stall: one second in five, in memory");
    let mut checks = stall::in_memory(settings).await?;
    for transport in found {
        say(&format!("stall: the broker of {transport} stopped for a second"));
        checks.extend(stall::broker(*transport, settings).await?);
    }
    for transport in found.iter().filter(|transport| drain::is_for(**transport)) {
        say(&format!("stall: the backlog behind the stopped broker of {transport}"));
        checks.extend(patiently(async || drain::check(*transport, settings).await).await?);
    }
    Ok(checks)
}

async fn all_queues(settings: &Settings, say: &dyn Fn(&str)) -> Result<Vec<Check>, RunError> {
    say("queue: theory, in simulated time");
    let mut checks = queues::in_simulated_time()?;
    for (queue, utilisation) in queues::CASES {
        say(&format!("queue: {} at utilisation {utilisation}", queue.name()));
        checks.extend(patiently(async || queues::check(queue, utilisation, settings).await).await?);
    }
    Ok(checks)
}

async fn floors(found: &[TransportKind], settings: &Settings) -> Result<Vec<Check>, RunError> {
    let echo_ns = floor::echo_rtt_ns()
        .map_err(|error| RunError::Failed { what: "a TCP echo on loopback", reason: error.to_string() })?;
    on_all(found, async |transport| floor::check(transport, echo_ns, settings).await).await
}

/// Checks the path in memory and those that were found, each patiently.
async fn on_all(
    found: &[TransportKind],
    check: impl AsyncFn(TransportKind) -> Result<Vec<Check>, RunError>,
) -> Result<Vec<Check>, RunError> {
    let mut checks = Vec::new();
    for transport in [TransportKind::InProcess].iter().chain(found) {
        checks.extend(patiently(async || check(*transport).await).await?);
    }
    Ok(checks)
}

#[cfg(test)]
mod tests {
    use super::{Check, patiently};
    use weighbridge_record::result::Unit;

    fn attempts(passing: u32) -> (Vec<Check>, u32) {
        let mut made = 0;
        let checks = futures::executor::block_on(patiently(async || {
            made += 1;
            let measured = if made >= passing { 1.0 } else { 2.0 };
            Ok(vec![Check::near("queue", "mean".to_string(), Unit::Count, 1.0, Some(measured), 0.0)])
        }));
        (checks.unwrap(), made)
    }

    #[test]
    fn a_check_that_passes_is_not_repeated() {
        let (checks, made) = attempts(1);
        assert_eq!((checks[0].name.as_str(), made), ("mean", 1));
    }

    #[test]
    fn a_check_that_passes_later_says_so_and_one_that_never_does_fails() {
        let (checks, made) = attempts(2);
        assert_eq!((checks[0].name.as_str(), checks[0].passed, made), ("mean (attempt 2)", true, 2));
        let (checks, made) = attempts(9);
        assert_eq!((checks[0].passed, made), (false, 3));
    }
}
