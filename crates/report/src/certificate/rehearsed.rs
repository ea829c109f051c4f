//! What was rehearsed and what was not, and from when on there is no way back.

use weighbridge_record::format;
use weighbridge_record::result::{RouteRecord, RouteStage, Trial};
use weighbridge_record::terms::{Action, BrokerKind};

/// What the trial went through, and what it did not, each as a list of words.
pub fn rehearsed(trial: &Trial, route: &RouteRecord) -> (Vec<String>, Vec<String>) {
    let (met, unmet): (Vec<_>, Vec<_>) = cases(trial, route).into_iter().partition(|(_, met)| *met);
    let names = |cases: Vec<(String, bool)>| cases.into_iter().map(|(name, _)| name).collect();
    (names(met), names(unmet))
}

/// What may befall a migration, and whether it did.
fn cases(trial: &Trial, route: &RouteRecord) -> Vec<(String, bool)> {
    let (from, to) = (trial.path.first(), trial.path.last());
    let asked: Vec<u32> = shares(route).flatten().collect();
    let mut cases = vec![
        ("every request to both legs".to_owned(), shares(route).any(|share| share.is_none())),
        (format!("all requests over {to}"), asked.contains(&100)),
        (format!("a way back to {from}"), asked.windows(2).any(|pair| pair[1] < pair[0])),
    ];
    for kind in trial.path.brokers() {
        let is = |actions: &[Action]| is_struck(trial, actions, Some(kind));
        let ended = is(&[Action::KillBroker, Action::StopBroker, Action::DropData]);
        let slow =
            is(&[Action::Partition, Action::Delay, Action::Throttle, Action::Reset, Action::PauseBroker]);
        cases.push((format!("{kind} ended and started again"), ended));
        cases.push((format!("{kind} without power"), is(&[Action::PowerFailure])));
        cases.push((format!("{kind} slow or out of reach"), slow));
        cases.push((format!("{kind} with a full disk"), is(&[Action::FillDisk])));
    }
    let workers = [Action::KillWorker, Action::SlowWorker, Action::StopReading];
    cases.push(("workers that crash or hang".to_owned(), is_struck(trial, &workers, None)));
    cases
}

/// Whether one of these was done, to a server of that kind where it is given.
fn is_struck(trial: &Trial, actions: &[Action], server: Option<BrokerKind>) -> bool {
    let here = |target: &str| server.is_none_or(|kind| target.starts_with(kind.name()));
    trial.faults.iter().any(|fault| actions.contains(&fault.action) && here(&fault.target))
}

fn shares(route: &RouteRecord) -> impl Iterator<Item = Option<u32>> {
    route.stages.iter().map(|stage| stage.asked_percent)
}

/// From when on, in seconds since the window began, all requests went over the second leg to the end.
pub fn no_return_s(route: &RouteRecord) -> Option<f64> {
    let all = |stage: &&RouteStage| stage.asked_percent == Some(100);
    route.stages.iter().rev().take_while(all).last().map(|stage| stage.start_s)
}

/// The same in a sentence.
pub fn no_return(trial: &Trial, route: &RouteRecord) -> String {
    let (from, to) = (trial.path.first(), trial.path.last());
    match no_return_s(route) {
        Some(start_s) => format!(
            "{}: from then on no request took {from}; with its workers gone, turning back means starting them again and \
             waiting for what is under way over {to}",
            format::seconds(start_s)
        ),
        None => format!("not passed: requests took {from} to the end"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::{Fixture, with_outage};
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::{Path, RouteKind, TransportKind};

    fn stage(asked_percent: Option<u32>, start_s: f64) -> RouteStage {
        RouteStage {
            asked_percent,
            observed_percent: None,
            start_s,
            end_s: start_s + 1.0,
            attempted: 0,
            unanswered: 0,
            duplicated: 0,
            reordered: 0,
            silence_s: 0.0,
            legs: Vec::new(),
            turnaround: None,
        }
    }

    fn route(asked: &[Option<u32>]) -> RouteRecord {
        let stages =
            asked.iter().zip(0..).map(|(asked, start_s)| stage(*asked, f64::from(start_s))).collect();
        let (from, to) = (TransportKind::RedisStreams, TransportKind::NatsJetstream);
        RouteRecord { kind: RouteKind::Shift, from, to, stages, silence_s_max: 0.0, seam: Vec::new() }
    }

    /// A trial over a route whose nats-server is killed and paused.
    fn struck() -> RunResult {
        let fixture = Fixture { transports: vec![TransportKind::NatsCore], ..Fixture::default() };
        let mut result = with_outage(fixture.build());
        result.trials[0].path = Path::between(TransportKind::RedisStreams, TransportKind::NatsJetstream);
        result
    }

    #[test]
    fn what_was_done_is_rehearsed_and_nothing_else_is() {
        let result = struck();
        let trial = &result.trials[0];
        assert!(!trial.faults.is_empty());
        let (met, unmet) = rehearsed(trial, &route(&[Some(0), None, Some(100), Some(50)]));
        let expected =
            ["every request to both legs", "all requests over nats-jetstream", "a way back to redis-streams"];
        assert_eq!(met[..3], expected);
        let of_nats = |cases: &[String]| cases.iter().filter(|case| case.starts_with("nats-server")).count();
        assert_eq!((of_nats(&met), of_nats(&unmet)), (2, 2), "{met:?}");
        assert!(!met.iter().any(|case| case.starts_with("redis-server") || case.starts_with("workers")));
        let (met, _) = rehearsed(trial, &route(&[Some(0), Some(50)]));
        assert!(met.iter().all(|case| case.starts_with("nats-server")), "{met:?}");
    }

    #[test]
    fn there_is_no_return_from_where_all_take_the_second_leg_to_the_end() {
        let at = |asked: &[Option<u32>]| no_return_s(&route(asked));
        assert_eq!(at(&[Some(0), Some(100), Some(0), Some(100), Some(100)]), Some(3.0));
        assert_eq!(at(&[Some(0), Some(100), Some(50)]), None);
        assert_eq!(at(&[None]), None);
    }
}
