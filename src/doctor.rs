//! What a run on this machine can be trusted for: brokers, clock, timer and the machine itself, examined
//! within some seconds and judged in words.
//!
//! It measures no transport and loads nothing; how good the instrument is under load is for calibration.

mod brokers;
mod machine;
mod text;
mod timing;
mod verdict;

use crate::connect::Endpoint;
use crate::site;
use crate::terms::BrokerKind;

use brokers::BrokerFinding;
use machine::{Machine, ProcessorTime};
use timing::Timing;

/// What was found. Made by [`examine`].
#[derive(Debug)]
pub struct Examination {
    brokers: Vec<BrokerFinding>,
    timing: Timing,
    machine: Machine,
    /// Share of all processor time that the hypervisor took during the examination, 0 to 1; none where the
    /// kernel does not say.
    steal_share: Option<f64>,
}

/// Looks at everything, one after the other so that nothing disturbs the timing. Takes two to three seconds.
///
/// Needs a current-thread runtime and a `LocalSet`. Never fails: what could not be examined says so in the
/// text.
pub async fn examine(
    options: &site::Options,
    redis: Option<&Endpoint>,
    nats: Option<&Endpoint>,
) -> Examination {
    let before = ProcessorTime::now();
    // Read first: the examination itself would show in the load average.
    let machine = Machine::read();
    let brokers = vec![
        brokers::examine(BrokerKind::RedisServer, options, redis).await,
        brokers::examine(BrokerKind::NatsServer, options, nats).await,
    ];
    let timing = timing::measure().await;
    let steal_share = before.zip(ProcessorTime::now()).and_then(|(before, after)| before.steal_share(&after));
    Examination { brokers, timing, machine, steal_share }
}

impl Examination {
    /// For people: aligned, at most 80 columns wide but for paths, with ANSI colours if `color` is set.
    pub fn text(&self, color: bool) -> String {
        text::render(self, &verdict::sentences(&self.facts()), color)
    }

    /// Whether every broker answered. The other findings limit what a run is worth, not whether it starts.
    pub fn healthy(&self) -> bool {
        self.brokers.iter().all(|broker| broker.outcome.is_ok())
    }

    fn facts(&self) -> verdict::Facts {
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
            debug_build: cfg!(debug_assertions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_broker_is_told_with_what_installs_it_and_fits_80_columns() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = site::Options {
            binaries: site::Binaries {
                redis_server: Some("/nonexistent/redis-server".into()),
                nats_server: None,
            },
            ..site::Options::default()
        };
        // Nothing listens on port 1.
        let nobody = Endpoint::parse(BrokerKind::NatsServer, "nats://user:secret@127.0.0.1:1").unwrap();
        let work = examine(&options, None, Some(&nobody));
        let examination = tokio::task::LocalSet::new().block_on(&runtime, work);
        let text = examination.text(false);
        assert!(!examination.healthy());
        assert!(text.contains("/nonexistent/redis-server") && text.contains("make brokers"), "{text}");
        assert!(text.contains("127.0.0.1:1") && !text.contains("secret"), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
