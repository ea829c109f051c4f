//! Turns the wire types into a validated plan: defaults, and the rules between keys.
//!
//! Types, ranges and known words have been checked by `structure`; a value that failed there is absent
//! here, and absence is looked up in the document before anything is called missing.

mod check;
mod faults;
mod load;
mod publishing;
mod repetitions;
mod route;
mod search;
mod sections;
mod threshold;
mod workers;

use serde_json::Value as Json;

use check::Check;

use super::document::Node;
use super::error::Finding;
use super::{structure, wire};
use crate::{PointPlan, SearchPlan, Sequential};
use weighbridge_record::point::Point;
use weighbridge_record::terms::Path;

/// What all points of a scenario share.
#[derive(Debug, Clone)]
pub struct Head {
    pub name: String,
    pub question: String,
    pub reading: Option<String>,
    pub paths: Vec<Path>,
    pub repeat: u32,
    pub sequential: Option<Sequential>,
    pub seed: u64,
    pub search: Option<SearchPlan>,
}

/// Checks one point of the sweep. None if anything was reported.
pub fn point(
    document: &Node,
    schema: &Json,
    point: Point,
    findings: &mut Vec<Finding>,
) -> Option<(Head, PointPlan)> {
    let before = findings.len();
    let sound = structure::check(document, schema, findings);
    let mut check = Check { document, findings };
    let mut wire: wire::Scenario = match serde_json::from_value(sound) {
        Ok(wire) => wire,
        // The schema lets nothing through that the types refuse; if it ever does, say so and stop.
        Err(error) => {
            check.report(&[], error.to_string());
            return None;
        }
    };
    let (repeat, sequential) = repetitions::check(&mut check, &wire);
    let search = search::check(&mut check, &mut wire);
    let paths = paths(&mut check, &wire);
    let load = wire.load.as_ref().and_then(|load| load::check(&mut check, load));
    if let (Some(search), Some(load)) = (&search, &load) {
        search::check_requests(&mut check, search, load);
    }
    let payload = sections::payload(wire.payload.unwrap_or_default());
    let workers = workers::workers(&mut check, wire.workers.unwrap_or_default());
    let thresholds = threshold::check_all(&mut check);
    let transports = paths.iter().flat_map(|path| path.legs()).collect::<Vec<_>>();
    let route = match (&wire.route, &load, &workers) {
        (Some(route), Some(load), Some(workers)) => route::plan(&mut check, route, load, workers),
        _ => None,
    };
    if let Some(workers) = &workers {
        workers::needed_workers(&mut check, workers, &transports);
    }
    let brokers = sections::brokers(&mut check, wire.brokers.unwrap_or_default(), &transports);
    if let Some(workers) = &workers {
        workers::can_be_found(&mut check, workers, &brokers, &transports);
    }
    if let Some(load) = &load {
        publishing::needed_by_command(&mut check, load, &brokers, &transports);
    }
    let faults = match (&load, &workers) {
        (Some(load), Some(workers)) => {
            let legs = paths.iter().map(|path| path.legs().count() as u32).max().unwrap_or(1);
            let (brokers, transports) = (&brokers, &transports[..]);
            let around = faults::Around { load, workers, brokers, transports, legs };
            faults::check(&mut check, wire.faults.unwrap_or_default(), &around)
        }
        _ => Vec::new(),
    };
    let head = Head {
        name: wire.name.unwrap_or_default(),
        question: wire.question.unwrap_or_default(),
        reading: wire.reading,
        paths,
        repeat,
        sequential,
        seed: wire.seed.unwrap_or(1),
        search,
    };
    if findings.len() > before {
        return None;
    }
    let (load, workers) = (load?, workers?);
    Some((head, PointPlan { point, load, payload, workers, brokers, route, faults, thresholds }))
}

/// What is measured: transports, or the pairs of a route.
fn paths(check: &mut Check<'_>, wire: &wire::Scenario) -> Vec<Path> {
    let of_route = route::paths(check, wire.route.as_ref());
    if of_route.is_some() && check.wrote(&["transports"]) {
        let why = "a scenario has `transports` or a `[route]`, not both: the route names its own";
        check.report(&["transports"], why.to_owned());
    }
    if !check.wrote(&["route"]) && check.lacks(&["transports"]) {
        check.report(&[], "missing key `transports`".to_owned());
    }
    let transports = wire.transports.iter().flatten();
    let of_transports = transports.enumerate().map(|(index, transport)| {
        if wire.transports.iter().flatten().take(index).any(|other| other == transport) {
            let at = ["transports", &index.to_string()];
            check.report(&at, format!("`{transport}` stands twice in `transports`"));
        }
        Path::from(*transport)
    });
    of_route.unwrap_or_else(|| of_transports.collect())
}
