//! A document under examination: what it says where, and what has been found wrong with it.

use crate::scenario::document::Node;
use crate::scenario::error::Finding;
use crate::scenario::wire;

/// 24 hours: the longest duration anywhere in a scenario.
pub const DURATION_NS_MAX: u64 = 24 * 3_600 * 1_000_000_000;
/// 100 ms: the shortest measured window, and the shortest interval of a series.
pub const WINDOW_NS_MIN: u64 = 100_000_000;

/// The document and what has been found wrong with it.
pub(super) struct Check<'a> {
    pub document: &'a Node,
    pub findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    pub fn report(&mut self, path: &[&str], message: String) {
        self.findings.push(Finding::new(self.document.origin_of(path), message));
    }

    /// Whether the author wrote the key, right or wrong.
    pub fn wrote(&self, path: &[&str]) -> bool {
        self.document.get(path).is_some()
    }

    /// Whether the key is absent, and not just misspelt.
    pub fn lacks(&self, path: &[&str]) -> bool {
        let meant = |finding: &Finding| finding.meant.as_deref() == path.last().copied();
        !self.wrote(path) && !self.findings.iter().any(meant)
    }

    /// Nanoseconds of a duration that may be zero.
    pub fn duration(&mut self, path: &[&str], asked: Option<wire::Duration>, default_ns: u64) -> u64 {
        let ns = asked.map_or(default_ns, |duration| duration.ns);
        if ns > DURATION_NS_MAX {
            self.report(path, format!("`{}` must be at most 24h", path.join(".")));
        }
        ns
    }

    /// Nanoseconds of a duration that may not be zero.
    pub fn positive_duration(
        &mut self,
        path: &[&str],
        asked: Option<wire::Duration>,
        default_ns: u64,
    ) -> u64 {
        let ns = self.duration(path, asked, default_ns);
        if ns == 0 {
            self.report(path, format!("`{}` must be longer than zero", path.join(".")));
        }
        ns
    }

    /// Nanoseconds of a measured window.
    pub fn window(&mut self, path: &[&str], asked: Option<wire::Duration>, default_ns: u64) -> u64 {
        let ns = self.positive_duration(path, asked, default_ns);
        self.long_enough(path, ns);
        ns
    }

    /// Refuses a window that is too short to be cut into intervals; one of zero has been refused.
    pub fn long_enough(&mut self, path: &[&str], window_ns: u64) {
        if (1..WINDOW_NS_MIN).contains(&window_ns) {
            let message = format!(
                "`{}` must be at least 100ms: a shorter window shows nothing, and is no interval of a series",
                path.join(".")
            );
            self.report(path, message);
        }
    }
}
