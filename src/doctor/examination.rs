//! What an examination has found, and the facts of it that are judged.

use super::asked::InForce;
use super::brokers::BrokerFinding;
use super::machine::Machine;
use super::timing::Timing;
use super::verdict;

/// What was found. Made by [`examine`](super::examine).
#[derive(Debug)]
pub struct Examination {
    pub(super) brokers: Vec<BrokerFinding>,
    pub(super) timing: Timing,
    pub(super) machine: Machine,
    /// What flags and environment say.
    pub(super) in_force: Vec<InForce>,
    /// Why a server can't be given a file system of its own, if it can't.
    pub(super) forgetting: Result<(), String>,
    /// Share of all processor time that the hypervisor took during the examination, 0 to 1; none where the
    /// kernel does not say.
    pub(super) steal_share: Option<f64>,
}

impl Examination {
    /// Whether every broker answered. The other findings limit what a run is worth, not whether it starts.
    pub fn healthy(&self) -> bool {
        self.brokers.iter().all(|broker| broker.outcome.is_ok())
    }

    pub(super) fn facts(&self) -> verdict::Facts {
        let of = |wanted: bool| {
            let matching = self.brokers.iter().filter(move |broker| broker.outcome.is_ok() == wanted);
            matching.map(|broker| broker.kind).collect()
        };
        let external = |broker: &&BrokerFinding| broker.outcome.as_ref().is_ok_and(|found| !found.managed);
        verdict::Facts {
            brokers_ready: of(true),
            brokers_missing: of(false),
            brokers_external: self.brokers.iter().filter(external).map(|broker| broker.kind).collect(),
            cores: self.machine.cores_usable,
            load: self.machine.load_one_minute,
            timer_late_ns_p99: self.timing.timer.as_ref().ok().map(|late| late.p99_ns),
            clock_source: self.machine.clock_source.clone(),
            clock_cost_ns: self.timing.clock_cost_ns,
            steal_share: self.steal_share,
            temporary_file_system: self.machine.temporary_file_system.clone(),
            memory_available_bytes: self.machine.memory_available_bytes,
            file_descriptors: self.machine.file_descriptors,
            forgetting: self.forgetting.clone(),
            debug_build: cfg!(debug_assertions),
        }
    }
}
