//! From facts to sentences: what a run here can be trusted for. Pure.

use weighbridge_record::terms::BrokerKind;

/// A trial is invalid if requests are sent later than this at the 99th percentile.
const SEND_LAG_NS_MAX: u64 = 1_000_000;
/// Up to here the timer's lateness is small beside a round trip over loopback.
const TIMER_LATE_NS_GOOD: u64 = 200_000;
const CLOCK_COST_NS_GOOD: u64 = 500;
/// Cores at which generator, workers and broker need not take turns.
const CORES_APART: usize = 4;
const MEMORY_BYTES_MIN: u64 = 1 << 30;
const FILE_DESCRIPTORS_MIN: u64 = 1_024;
const STEAL_SHARE_GOOD: f64 = 0.01;
/// Load per core that somebody else causes.
const LOAD_PER_CORE_GOOD: f64 = 0.5;

/// All that the verdict rests on.
#[derive(Debug, Clone)]
pub struct Facts {
    pub brokers_ready: Vec<BrokerKind>,
    pub brokers_missing: Vec<BrokerKind>,
    /// Those of the ready ones that somebody else runs.
    pub brokers_external: Vec<BrokerKind>,
    pub cores: usize,
    /// Average of the last minute.
    pub load: Option<f64>,
    /// None if there is no timer.
    pub timer_late_ns_p99: Option<u64>,
    pub clock_source: Option<String>,
    pub clock_cost_ns: u64,
    pub steal_share: Option<f64>,
    pub temporary_file_system: Option<String>,
    pub memory_available_bytes: Option<u64>,
    /// None if there is no limit.
    pub file_descriptors: Option<u64>,
    /// Why a server can't be given a file system of its own, if it can't.
    pub forgetting: Result<(), String>,
    pub debug_build: bool,
}

/// One judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub weight: Weight,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// As it should be.
    Good,
    /// Limits what figures mean.
    Limit,
    /// Something can't be measured at all.
    Blocking,
}

/// The verdict, in the order of the facts; facts that are as they should be and go without saying are left out.
pub fn sentences(facts: &Facts) -> Vec<Sentence> {
    let mut all = brokers(facts);
    all.push(cores(facts));
    all.push(timer(facts));
    let others = [load, clock, steal, disk, memory, files, forgetting, build];
    all.extend(others.into_iter().filter_map(|judged| judged(facts)));
    all
}

fn good(text: impl Into<String>) -> Sentence {
    Sentence { weight: Weight::Good, text: text.into() }
}

fn limit(text: impl Into<String>) -> Sentence {
    Sentence { weight: Weight::Limit, text: text.into() }
}

fn blocking(text: impl Into<String>) -> Sentence {
    Sentence { weight: Weight::Blocking, text: text.into() }
}

fn brokers(facts: &Facts) -> Vec<Sentence> {
    let mut all: Vec<_> = facts
        .brokers_missing
        .iter()
        .map(|kind| blocking(format!("Nothing that needs {kind} can be measured until it answers.")))
        .collect();
    if facts.brokers_missing.is_empty() {
        all.push(good("Both brokers answer: every transport can be measured."));
    }
    for kind in &facts.brokers_external {
        all.push(limit(format!(
            "{kind} is run by somebody else: its settings, its processor time and its other clients are not under \
             weighbridge's control."
        )));
    }
    if facts.brokers_external.len() == 1 && facts.brokers_ready.len() > 1 {
        all.push(limit(
            "One broker is external, the other is not: they do not run under the same conditions.",
        ));
    }
    all
}

fn cores(facts: &Facts) -> Sentence {
    match facts.cores {
        0 | 1 => limit(
            "1 core: generator, workers and broker take turns on it. Only large differences between transports \
             mean anything.",
        ),
        cores if cores < CORES_APART => limit(format!(
            "{cores} cores: generator, workers and broker share them. Ratios between transports carry over to \
             other machines, absolute figures do not."
        )),
        cores => good(format!(
            "{cores} cores: generator, workers and broker can run side by side. Absolute figures hold for this \
             machine while none of them is saturated; the report tells."
        )),
    }
}

fn timer(facts: &Facts) -> Sentence {
    match facts.timer_late_ns_p99 {
        None => blocking("Without the high-resolution timer no request can be sent on time."),
        Some(late_ns) if late_ns > SEND_LAG_NS_MAX => limit(format!(
            "One request in 100 would be sent more than {:.1} ms late: a trial whose p99 is under ten times that \
             will be called invalid. A busy machine is the usual cause.",
            late_ns as f64 / 1e6
        )),
        Some(late_ns) if late_ns > TIMER_LATE_NS_GOOD => limit(format!(
            "One request in 100 is sent more than {:.0} us late: differences smaller than that in a p99 are the \
             instrument's own.",
            late_ns as f64 / 1e3
        )),
        Some(late_ns) => good(format!(
            "99 of 100 requests can be sent within {:.0} us of their time.",
            late_ns as f64 / 1e3
        )),
    }
}

fn load(facts: &Facts) -> Option<Sentence> {
    let load = facts.load.filter(|load| *load > LOAD_PER_CORE_GOOD * facts.cores as f64)?;
    Some(limit(format!(
        "Load average {load:.1}: something else has been running. Wait until it is done, or its work shows in the \
         tails."
    )))
}

fn clock(facts: &Facts) -> Option<Sentence> {
    if facts.clock_cost_ns <= CLOCK_COST_NS_GOOD {
        return None;
    }
    let source = facts.clock_source.as_deref().unwrap_or("unknown");
    Some(limit(format!(
        "One reading of the clock (source {source}) takes {} ns. Each request needs several: the highest rates are \
         the clock's, not the broker's.",
        facts.clock_cost_ns
    )))
}

fn steal(facts: &Facts) -> Option<Sentence> {
    let share = facts.steal_share.filter(|share| *share > STEAL_SHARE_GOOD)?;
    Some(limit(format!(
        "The hypervisor gave {:.0} % of the processor time to others: tails are partly theirs. Repeat trials, and \
         compare medians.",
        share * 100.0
    )))
}

fn disk(facts: &Facts) -> Option<Sentence> {
    match facts.temporary_file_system.as_deref()? {
        kind @ ("tmpfs" | "ramfs") => Some(limit(format!(
            "The temporary folder is in memory ({kind}): fsync costs nothing there, and the durability tiers lazy, \
             os and sync mean nothing. Set TMPDIR to a folder on a disk to measure them."
        ))),
        kind if kind.starts_with("nfs") || kind == "cifs" || kind == "9p" => Some(limit(format!(
            "The temporary folder is on another machine ({kind}): the tiers lazy, os and sync would measure the \
             network. Set TMPDIR to a folder on a local disk."
        ))),
        _ => None,
    }
}

fn memory(facts: &Facts) -> Option<Sentence> {
    let bytes = facts.memory_available_bytes.filter(|bytes| *bytes < MEMORY_BYTES_MIN)?;
    Some(limit(format!(
        "{} MiB of memory are available: long or fast runs may fill it, as streams keep what is sent.",
        bytes >> 20
    )))
}

fn forgetting(facts: &Facts) -> Option<Sentence> {
    let reason = facts.forgetting.as_ref().err()?;
    Some(limit(format!("{reason}. Scenarios with these faults end with exit code 69 here.")))
}

fn files(facts: &Facts) -> Option<Sentence> {
    let most = facts.file_descriptors.filter(|most| *most < FILE_DESCRIPTORS_MIN)?;
    Some(limit(format!(
        "At most {most} files may be open: scenarios with many connections fail. Raise it with `ulimit -n 4096`."
    )))
}

fn build(facts: &Facts) -> Option<Sentence> {
    facts.debug_build.then(|| {
        limit("This is a debug build: the generator is slower than what it measures. Use `cargo build --release`.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with nothing to say against it.
    fn sound() -> Facts {
        Facts {
            brokers_ready: vec![BrokerKind::RedisServer, BrokerKind::NatsServer],
            brokers_missing: Vec::new(),
            brokers_external: Vec::new(),
            cores: 8,
            load: Some(0.4),
            timer_late_ns_p99: Some(80_000),
            clock_source: Some("tsc".to_string()),
            clock_cost_ns: 38,
            steal_share: Some(0.0),
            temporary_file_system: Some("ext4".to_string()),
            memory_available_bytes: Some(8 << 30),
            file_descriptors: Some(20_000),
            forgetting: Ok(()),
            debug_build: false,
        }
    }

    /// What is said of `facts` beyond what is said of a sound machine.
    fn said(facts: &Facts) -> Vec<Sentence> {
        let usual = sentences(&sound());
        sentences(facts).into_iter().filter(|sentence| !usual.contains(sentence)).collect()
    }

    /// `facts` must add one sentence, of this weight, with these words.
    fn assert_said(facts: Facts, weight: Weight, words: &str) {
        let said = said(&facts);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].weight == weight && said[0].text.contains(words), "{said:?}");
    }

    #[test]
    fn a_sound_machine_gets_only_good_words() {
        assert!(sentences(&sound()).iter().all(|sentence| sentence.weight == Weight::Good));
    }

    #[test]
    fn few_cores_leave_ratios_but_no_absolute_figures() {
        assert_said(
            Facts { cores: 2, ..sound() },
            Weight::Limit,
            "2 cores: generator, workers and broker share",
        );
        assert_said(Facts { cores: 1, ..sound() }, Weight::Limit, "Only large differences");
    }

    #[test]
    fn each_weakness_is_named() {
        let cases = [
            (Facts { load: Some(6.0), ..sound() }, "Load average 6.0"),
            (Facts { timer_late_ns_p99: Some(350_000), ..sound() }, "more than 350 us late"),
            (Facts { timer_late_ns_p99: Some(2_500_000), ..sound() }, "more than 2.5 ms late"),
            (Facts { clock_cost_ns: 1_200, ..sound() }, "takes 1200 ns"),
            (Facts { steal_share: Some(0.07), ..sound() }, "gave 7 % of the processor time"),
            (Facts { temporary_file_system: Some("tmpfs".to_string()), ..sound() }, "fsync costs nothing"),
            (Facts { temporary_file_system: Some("nfs4".to_string()), ..sound() }, "another machine (nfs4)"),
            (Facts { memory_available_bytes: Some(512 << 20), ..sound() }, "512 MiB"),
            (Facts { file_descriptors: Some(256), ..sound() }, "At most 256 files"),
            (Facts { forgetting: Err("no /dev/fuse".to_string()), ..sound() }, "no /dev/fuse"),
            (Facts { debug_build: true, ..sound() }, "debug build"),
        ];
        for (facts, words) in cases {
            assert_said(facts, Weight::Limit, words);
        }
    }

    #[test]
    fn what_could_not_be_read_is_not_held_against_the_machine() {
        let facts = Facts {
            load: None,
            clock_source: None,
            steal_share: None,
            temporary_file_system: None,
            memory_available_bytes: None,
            file_descriptors: None,
            ..sound()
        };
        assert_eq!(said(&facts), []);
    }

    #[test]
    fn a_missing_broker_or_timer_blocks() {
        let missing = Facts {
            brokers_ready: vec![BrokerKind::RedisServer],
            brokers_missing: vec![BrokerKind::NatsServer],
            ..sound()
        };
        assert_said(missing, Weight::Blocking, "needs nats-server");
        assert_said(Facts { timer_late_ns_p99: None, ..sound() }, Weight::Blocking, "timer");
    }

    #[test]
    fn one_external_broker_is_not_under_the_same_conditions_as_a_managed_one() {
        let one = Facts { brokers_external: vec![BrokerKind::RedisServer], ..sound() };
        assert_eq!(said(&one).len(), 2, "{:?}", said(&one));
        let both =
            Facts { brokers_external: vec![BrokerKind::RedisServer, BrokerKind::NatsServer], ..sound() };
        assert!(!said(&both).iter().any(|sentence| sentence.text.contains("same conditions")));
    }
}
