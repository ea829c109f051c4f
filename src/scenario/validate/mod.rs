//! Turns the wire types into a validated plan: defaults, and the rules between keys.
//!
//! Types, ranges and known words have been checked by `structure`; a value that failed there is absent
//! here, and absence is looked up in the document before anything is called missing.

mod load;
mod search;
mod sections;
mod threshold;

use serde_json::Value as Json;

use super::document::Node;
use super::error::Finding;
use super::{structure, wire};
use crate::plan::{Point, PointPlan, SearchPlan};
use crate::terms::TransportKind;

/// 24 hours: the longest duration anywhere in a scenario.
pub const DURATION_NS_MAX: u64 = 24 * 3_600 * 1_000_000_000;

/// What all points of a scenario share.
#[derive(Debug, Clone)]
pub struct Head {
    pub name: String,
    pub question: String,
    pub reading: Option<String>,
    pub transports: Vec<TransportKind>,
    pub repeat: u32,
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
    let search = search::check(&mut check, &mut wire);
    let load = wire.load.as_ref().and_then(|load| load::check(&mut check, load));
    if let (Some(search), Some(load)) = (&search, &load) {
        search::check_requests(&mut check, search, load);
    }
    let payload = sections::payload(wire.payload.unwrap_or_default());
    let workers = sections::workers(&mut check, wire.workers.unwrap_or_default());
    let thresholds = threshold::check_all(&mut check);
    let transports = transports(&mut check, wire.transports);
    if let Some(workers) = &workers {
        sections::needed_workers(&mut check, workers, &transports);
    }
    let brokers = sections::brokers(&mut check, wire.brokers.unwrap_or_default(), &transports);
    let head = Head {
        name: wire.name.unwrap_or_default(),
        question: wire.question.unwrap_or_default(),
        reading: wire.reading,
        transports,
        repeat: wire.repeat.unwrap_or(1),
        seed: wire.seed.unwrap_or(1),
        search,
    };
    if findings.len() > before {
        return None;
    }
    let (load, workers, faults) = (load?, workers?, Vec::new());
    Some((head, PointPlan { point, load, payload, workers, brokers, faults, thresholds }))
}

fn transports(check: &mut Check<'_>, asked: Option<Vec<TransportKind>>) -> Vec<TransportKind> {
    let transports = asked.unwrap_or_default();
    for (index, transport) in transports.iter().enumerate() {
        if transports[..index].contains(transport) {
            check.report(
                &["transports", &index.to_string()],
                format!("`{transport}` stands twice in `transports`"),
            );
        }
    }
    transports
}

/// The document and what has been found wrong with it.
struct Check<'a> {
    document: &'a Node,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    fn report(&mut self, path: &[&str], message: String) {
        self.findings.push(Finding::new(self.document.origin_of(path), message));
    }

    /// Whether the author wrote the key, right or wrong.
    fn wrote(&self, path: &[&str]) -> bool {
        self.document.get(path).is_some()
    }

    /// Whether the key is absent, and not just misspelt.
    fn lacks(&self, path: &[&str]) -> bool {
        let meant = |finding: &Finding| finding.meant.as_deref() == path.last().copied();
        !self.wrote(path) && !self.findings.iter().any(meant)
    }

    /// Nanoseconds of a duration that may be zero.
    fn duration(&mut self, path: &[&str], asked: Option<wire::Duration>, default_ns: u64) -> u64 {
        let ns = asked.map_or(default_ns, |duration| duration.ns);
        if ns > DURATION_NS_MAX {
            self.report(path, format!("`{}` must be at most 24h", path.join(".")));
        }
        ns
    }

    /// Nanoseconds of a duration that may not be zero.
    fn positive_duration(&mut self, path: &[&str], asked: Option<wire::Duration>, default_ns: u64) -> u64 {
        let ns = self.duration(path, asked, default_ns);
        if ns == 0 {
            self.report(path, format!("`{}` must be longer than zero", path.join(".")));
        }
        ns
    }
}
