//! The probes of a trial, and what they saw in the words of the record.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::metrics::Timeline;
use crate::probe::{Harness, HiccupMeter, Latest, Probe, Scheduled, Series, column};
use crate::site::Site;
use crate::start_line::StartLine;
use weighbridge_record::latency::Latency;
use weighbridge_record::result::{Asking, BrokerRecord, BrokerSample, BusiestThread};
use weighbridge_record::stats::median;
use weighbridge_record::terms::BrokerKind;

/// One on the harness and one on each node of the site.
pub struct Probes {
    harness: Probe,
    nodes: Vec<Probe>,
    ordinary: HiccupMeter,
    prompt: HiccupMeter,
}

/// What the probes saw.
#[derive(Default)]
pub struct Seen {
    harness: Series,
    /// In the order of the site's nodes.
    nodes: Vec<Series>,
    /// How late a thread woke that only sleeps, at ordinary priority.
    pub ordinary: Latency,
    /// And one that is scheduled as generators are.
    pub prompt: Latency,
}

/// What a trial cost, and what the machine did meanwhile.
#[derive(Default)]
pub struct Cost {
    pub own_cpu_seconds: f64,
    pub own_rss_bytes_max: u64,
    /// Share of the machine's CPU time that was busy in its worst second, 0 to 1.
    pub machine_busy: Option<f64>,
    /// Share that the hypervisor took in its worst second, 0 to 1.
    pub machine_steal: Option<f64>,
    pub swapped_pages: Option<f64>,
    pub pressure: Pressure,
    /// Cores that each node's process used in its worst second, in the order of the nodes.
    pub broker_cores: Vec<Option<f64>>,
    /// Farthest that the wall clock got from where it began beside the monotonic one, back if negative.
    pub clock_jump_ns: i64,
}

/// Share of its worst second in which something on the machine waited for a resource, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pressure {
    pub cpu: Option<f64>,
    pub io: Option<f64>,
    pub memory: Option<f64>,
}

/// What was seen at the end of one interval.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    pub generator_cpu_cores: Option<f64>,
    pub generator_rss_bytes: Option<u64>,
    /// In the order of the site's nodes; empty where none was looked at.
    pub brokers: Vec<BrokerSample>,
}

impl Probes {
    /// `paced` if the generators have a schedule.
    /// The names of the streams of the trial go by the kind of their server.
    pub fn start(
        site: &mut Site,
        line: &StartLine,
        paced: bool,
        streams: impl Fn(BrokerKind) -> Vec<String>,
    ) -> io::Result<Self> {
        Ok(Self {
            harness: Probe::start("harness", Box::new(Harness::default()), line.place())?,
            nodes: site.watch(line, streams)?,
            ordinary: HiccupMeter::start(Scheduled::Ordinary, line.place())?,
            prompt: HiccupMeter::start(Scheduled::Prompt { paced }, line.place())?,
        })
    }

    /// Threads that report at the line.
    pub fn count(&self) -> u32 {
        3 + self.nodes.len() as u32
    }

    /// What those on nodes saw last, in the order of the site's nodes.
    pub fn latest(&self) -> impl Iterator<Item = Arc<Latest>> {
        self.nodes.iter().map(|node| Arc::clone(node.latest()))
    }

    pub fn stop(self) -> Seen {
        Seen {
            ordinary: self.ordinary.stop(),
            prompt: self.prompt.stop(),
            harness: self.harness.stop(),
            nodes: self.nodes.into_iter().map(Probe::stop).collect(),
        }
    }
}

impl Seen {
    pub fn cost(&self) -> Cost {
        let share = |part| self.harness.worst_share(part, column::MACHINE_SECONDS);
        let pressed = |name| self.harness.worst_per_s(name);
        Cost {
            own_cpu_seconds: self.harness.change(column::CPU_SECONDS).unwrap_or(0.0),
            own_rss_bytes_max: self.harness.max(column::RSS_BYTES).unwrap_or(0.0) as u64,
            machine_busy: share(column::MACHINE_BUSY_SECONDS),
            machine_steal: share(column::MACHINE_STEAL_SECONDS),
            swapped_pages: self.harness.change(column::SWAPPED_PAGES),
            pressure: Pressure {
                cpu: pressed(column::CPU_PRESSURE_SECONDS),
                io: pressed(column::IO_PRESSURE_SECONDS),
                memory: pressed(column::MEMORY_PRESSURE_SECONDS),
            },
            broker_cores: self.nodes.iter().map(|node| node.worst_per_s(column::CPU_SECONDS)).collect(),
            clock_jump_ns: self.harness.departure(column::WALL_AHEAD_NS).unwrap_or(0.0) as i64,
        }
    }

    /// The busiest thread of each kind in the window: the median over its intervals.
    pub fn busiest_threads(&self, timeline: &Timeline) -> Vec<BusiestThread> {
        let kinds = [("generator", column::GENERATOR_THREAD_CORES), ("worker", column::WORKER_THREAD_CORES)];
        let of_kind = |(kind, column): (&str, &str)| {
            let window =
                looks(&self.harness, timeline).filter(|(interval, _)| timeline.interval_in_window(*interval));
            let cores: Vec<f64> = window.filter_map(|(_, look)| self.harness.value(column, look)).collect();
            (!cores.is_empty()).then(|| BusiestThread { kind: kind.to_owned(), cores: median(&cores) })
        };
        kinds.into_iter().filter_map(of_kind).collect()
    }

    /// Fills in what each server used.
    pub fn fill(&self, records: Vec<BrokerRecord>) -> Vec<BrokerRecord> {
        let filled = records.into_iter().zip(&self.nodes).map(|(record, node)| {
            let change = |name| node.change(name).map(|bytes| bytes as u64);
            BrokerRecord {
                cpu_seconds: node.change(column::CPU_SECONDS),
                rss_bytes_max: node.max(column::RSS_BYTES).map(|bytes| bytes as u64),
                disk_write_bytes: change(column::DISK_WRITE_BYTES),
                net_in_bytes: change(column::NET_IN_BYTES),
                net_out_bytes: change(column::NET_OUT_BYTES),
                asking: asking(node),
                ..record
            }
        });
        filled.collect()
    }

    /// What was seen of each interval of the timeline, by its number.
    pub fn samples(&self, timeline: &Timeline) -> BTreeMap<usize, Sample> {
        let mut samples: BTreeMap<usize, Sample> = BTreeMap::new();
        for (interval, look) in looks(&self.harness, timeline) {
            let sample = samples.entry(interval).or_default();
            sample.generator_cpu_cores = self.harness.per_s(column::CPU_SECONDS, look);
            sample.generator_rss_bytes =
                self.harness.value(column::RSS_BYTES, look).map(|bytes| bytes as u64);
        }
        for (index, node) in self.nodes.iter().enumerate() {
            for (interval, look) in looks(node, timeline) {
                let brokers = &mut samples.entry(interval).or_default().brokers;
                brokers.resize(self.nodes.len(), BrokerSample::default());
                brokers[index] = broker(node, look);
            }
        }
        samples
    }
}

/// Looks with the intervals that they end. The first is taken before the load, and ends none.
fn looks(series: &Series, timeline: &Timeline) -> impl Iterator<Item = (usize, usize)> {
    // A look just after a boundary speaks of the interval before it.
    let middle_ns = |at_ns: u64| at_ns.saturating_sub(timeline.interval_ns() / 2);
    let looks = series.at_ns().iter().enumerate().skip(1);
    looks.map(move |(look, at_ns)| (timeline.interval(middle_ns(*at_ns)), look))
}

/// What asking a server cost; none where it was not asked.
fn asking(node: &Series) -> Option<Asking> {
    let looks = 0..node.at_ns().len();
    let mut seconds: Vec<f64> = looks.filter_map(|look| node.value(column::ANSWER_SECONDS, look)).collect();
    let unanswered = node.max(column::UNANSWERED)? as u64;
    seconds.sort_unstable_by(f64::total_cmp);
    Some(Asking {
        answered: seconds.len() as u64,
        unanswered,
        answer_seconds: seconds.iter().sum(),
        answer_seconds_max: seconds.last().copied(),
        server_seconds: node.change(column::ASKED_SECONDS),
    })
}

fn broker(node: &Series, look: usize) -> BrokerSample {
    let count = |name| node.value(name, look).map(|count| count as u64);
    let risen = |name| node.risen(name, look).map(|count| count as u64);
    BrokerSample {
        memory_bytes: count(column::MEMORY_BYTES),
        connections: count(column::CONNECTIONS),
        stored_messages: count(column::STORED_MESSAGES),
        undelivered_messages: count(column::UNDELIVERED_MESSAGES),
        unacknowledged_messages: count(column::UNACKNOWLEDGED_MESSAGES),
        buffered_bytes: count(column::BUFFERED_BYTES),
        slow_consumers: risen(column::SLOW_CONSUMERS),
        syncs_delayed: risen(column::SYNCS_DELAYED),
        forks: risen(column::FORKS),
        stall_ms: node.value(column::STALL_SECONDS, look).map(|seconds| seconds * 1e3),
        healthy: node.value(column::HEALTHY, look).map(|healthy| healthy > 0.0),
        cpu_cores: node.per_s(column::CPU_SECONDS, look).or_else(|| node.value(column::CPU_CORES, look)),
        rss_bytes: node.value(column::RSS_BYTES, look).map(|bytes| bytes as u64),
        net_in_bytes_per_s: node.per_s(column::NET_IN_BYTES, look),
        net_out_bytes_per_s: node.per_s(column::NET_OUT_BYTES, look),
        disk_write_bytes_per_s: node.per_s(column::DISK_WRITE_BYTES, look),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    /// A trial of twenty seconds in intervals of one, from 10 s on.
    fn timeline() -> Timeline {
        Timeline::new(10 * SECOND_NS, 0, 20 * SECOND_NS, 0)
    }

    #[test]
    fn a_look_just_after_a_boundary_speaks_of_the_interval_before_it() {
        let mut node = Series::default();
        for (at_ns, seconds) in [(9_990_000_000, 1.0), (11_000_400_000, 1.5), (12_000_100_000, 3.5)] {
            node.push(at_ns, vec![(column::CPU_SECONDS, seconds), (column::RSS_BYTES, 7.0)]);
        }
        let samples = Seen { nodes: vec![node], ..Seen::default() }.samples(&timeline());
        assert_eq!(samples.keys().copied().collect::<Vec<_>>(), [0, 1]);
        let cores = samples[&1].brokers[0].cpu_cores.unwrap();
        assert!((cores - 2.0).abs() < 0.01, "{cores}");
        assert_eq!(samples[&1].brokers[0].rss_bytes, Some(7));
        assert_eq!(samples[&1].generator_cpu_cores, None);
    }

    #[test]
    fn a_node_that_stood_still_leaves_a_hole_beside_the_others() {
        let mut steady = Series::default();
        let mut stopped = Series::default();
        for second in 10..14 {
            steady.push(second * SECOND_NS, vec![(column::RSS_BYTES, 1.0)]);
        }
        stopped.push(10 * SECOND_NS, vec![(column::NET_IN_BYTES, 100.0)]);
        stopped.push(11 * SECOND_NS, Vec::new());
        stopped.push(13 * SECOND_NS, vec![(column::NET_IN_BYTES, 400.0)]);
        let seen = Seen { nodes: vec![steady, stopped], ..Seen::default() };
        let samples = seen.samples(&timeline());
        let rates: Vec<_> = (0..3).map(|interval| samples[&interval].brokers[1].net_in_bytes_per_s).collect();
        assert_eq!(rates, [None, None, Some(100.0)]);
        assert_eq!(samples[&1].brokers[0].rss_bytes, Some(1));
    }

    #[test]
    fn the_busiest_thread_is_told_by_its_median_over_the_window() {
        let mut harness = Series::default();
        for (second, cores) in [(10, 0.2), (11, 1.0), (12, 0.4), (13, 0.6)] {
            harness.push(second * SECOND_NS, vec![(column::WORKER_THREAD_CORES, cores)]);
        }
        let busiest = Seen { harness, ..Seen::default() }.busiest_threads(&timeline());
        assert_eq!(busiest, [BusiestThread { kind: "worker".to_owned(), cores: 0.6 }]);
        assert_eq!(Seen::default().busiest_threads(&timeline()), []);
    }

    #[test]
    fn a_wall_clock_that_jumps_is_seen_also_where_it_jumps_back() {
        for (ahead_ns, jump_ns) in [
            (&[0.0, 60e6][..], 60_000_000),
            (&[0.0, 1e9, 0.0], 1_000_000_000),
            (&[7e6, -53e6, 8e6], -60_000_000),
        ] {
            let mut harness = Series::default();
            for (second, ahead_ns) in (10..).zip(ahead_ns) {
                harness.push(second * SECOND_NS, vec![(column::WALL_AHEAD_NS, *ahead_ns)]);
            }
            assert_eq!(Seen { harness, ..Seen::default() }.cost().clock_jump_ns, jump_ns, "{ahead_ns:?}");
        }
    }

    #[test]
    fn what_was_not_seen_costs_nothing_and_claims_nothing() {
        let cost = Seen::default().cost();
        assert_eq!((cost.own_rss_bytes_max, cost.machine_busy, cost.clock_jump_ns), (0, None, 0));
    }
}
