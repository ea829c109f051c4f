//! What was rehearsed and what was not, and from when on there is no way back.

use weighbridge_record::format;
use weighbridge_record::result::{RouteRecord, RouteStage, Trial};
use weighbridge_record::terms::{Action, BrokerKind};

/// What may befall a migration.
struct Case<'a> {
    name: String,
    met: Box<dyn Fn(&Trial, &RouteRecord) -> bool + 'a>,
}

/// What the trial went through, and what it did not, each as a list of words.
pub fn rehearsed(trial: &Trial, route: &RouteRecord) -> (Vec<String>, Vec<String>) {
    let (met, unmet): (Vec<_>, Vec<_>) = cases(trial).into_iter().partition(|case| (case.met)(trial, route));
    let names = |cases: Vec<Case<'_>>| cases.into_iter().map(|case| case.name).collect();
    (names(met), names(unmet))
}

fn cases(trial: &Trial) -> Vec<Case<'_>> {
    let (from, to) = (trial.path.first(), trial.path.last());
    let route = |name: String, met: fn(&RouteRecord) -> bool| Case {
        name,
        met: Box::new(move |_: &Trial, route: &RouteRecord| met(route)),
    };
    let mut cases = vec![
        route("every request to both legs".to_owned(), |route| shares(route).any(|share| share.is_none())),
        route(format!("all requests over {to}"), |route| shares(route).any(|share| share == Some(100))),
        route(format!("a way back to {from}"), |route| {
            let asked: Vec<u32> = shares(route).flatten().collect();
            asked.windows(2).any(|pair| pair[1] < pair[0])
        }),
    ];
    for kind in trial.path.brokers() {
        let ends = [Action::KillBroker, Action::StopBroker, Action::DropData];
        cases.push(struck(format!("{kind} ended and started again"), ends.to_vec(), Some(kind)));
        cases.push(struck(format!("{kind} without power"), vec![Action::PowerFailure], Some(kind)));
        let network =
            [Action::Partition, Action::Delay, Action::Throttle, Action::Reset, Action::PauseBroker];
        cases.push(struck(format!("{kind} slow or out of reach"), network.to_vec(), Some(kind)));
        cases.push(struck(format!("{kind} with a full disk"), vec![Action::FillDisk], Some(kind)));
    }
    let workers = [Action::KillWorker, Action::SlowWorker, Action::StopReading];
    cases.push(struck("workers that crash or hang".to_owned(), workers.to_vec(), None));
    cases
}

fn struck<'a>(name: String, actions: Vec<Action>, server: Option<BrokerKind>) -> Case<'a> {
    let met = move |trial: &Trial, _: &RouteRecord| {
        let here = |target: &str| server.is_none_or(|kind| target.starts_with(kind.name()));
        trial.faults.iter().any(|fault| actions.contains(&fault.action) && here(&fault.target))
    };
    Case { name, met: Box::new(met) }
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
