//! Looks at brokers, the harness and the machine while a trial runs.

use crate::broker::{Broker, Look, Usage, own_usage, rates};
use crate::clock::{now_ns, wall_ns};
use crate::environment::{MachineCpu, machine_cpu};
use crate::result::{BrokerRecord, BrokerSample};

/// Asking a broker for its traffic costs it something, so that is done no more often than this.
const TRAFFIC_EVERY_NS: u64 = 1_000_000_000;

/// One row of samples, taken at the end of an interval.
#[derive(Debug, Clone)]
pub struct SampleRow {
    pub at_ns: u64,
    pub generator_cpu_cores: Option<f64>,
    pub generator_rss_bytes: Option<u64>,
    pub brokers: Vec<BrokerSample>,
}

/// Samples of one trial.
pub struct Sampler {
    first: Snapshot,
    last: Snapshot,
    pub rows: Vec<SampleRow>,
    broker_rss_bytes_max: Vec<u64>,
    own_rss_bytes_max: u64,
}

struct Snapshot {
    at_ns: u64,
    wall_ns: i64,
    own: Option<Usage>,
    machine: Option<MachineCpu>,
    brokers: Vec<Look>,
}

/// What a trial cost.
pub struct Cost {
    pub own_cpu_seconds: f64,
    pub own_rss_bytes_max: u64,
    /// Share of the machine's CPU time that was busy, 0 to 1.
    pub machine_busy: Option<f64>,
    /// Share that the hypervisor took, 0 to 1.
    pub machine_steal: Option<f64>,
    /// By how much the wall clock ran ahead of the monotonic one.
    pub clock_jump_ns: i64,
}

impl Sampler {
    pub async fn start(brokers: &mut [Broker]) -> Self {
        let first = Snapshot::take(brokers, None).await;
        let last = Snapshot { brokers: first.brokers.clone(), ..first };
        let broker_rss_bytes_max = vec![0; brokers.len()];
        Self { first, last, rows: Vec::new(), broker_rss_bytes_max, own_rss_bytes_max: 0 }
    }

    /// Takes a row. Traffic is as old as a second between two rows that ask for it.
    pub async fn row(&mut self, brokers: &mut [Broker]) {
        let now = Snapshot::take(brokers, Some(&self.last)).await;
        let samples = self.last.brokers.iter().zip(&now.brokers).map(|(before, after)| rates(before, after));
        let own = self.last.own.zip(now.own);
        let seconds = (now.at_ns - self.last.at_ns).max(1) as f64 / 1e9;
        self.rows.push(SampleRow {
            at_ns: now.at_ns,
            generator_cpu_cores: own
                .map(|(before, after)| (after.cpu_seconds - before.cpu_seconds) / seconds),
            generator_rss_bytes: now.own.map(|usage| usage.rss_bytes),
            brokers: samples.collect(),
        });
        for (max, look) in self.broker_rss_bytes_max.iter_mut().zip(&now.brokers) {
            *max = look.usage.map_or(*max, |usage| usage.rss_bytes.max(*max));
        }
        self.own_rss_bytes_max = now.own.map_or(0, |usage| usage.rss_bytes).max(self.own_rss_bytes_max);
        self.last = now;
    }

    /// Fills in what each broker used, and returns what the harness and the machine spent.
    pub async fn finish(mut self, brokers: &mut [Broker]) -> (Vec<BrokerRecord>, Cost, Vec<SampleRow>) {
        self.row(brokers).await;
        let records = brokers.iter().enumerate().map(|(index, broker)| {
            let (before, after) = (&self.first.brokers[index], &self.last.brokers[index]);
            let usage = before.usage.zip(after.usage);
            let traffic = before.traffic.zip(after.traffic);
            BrokerRecord {
                cpu_seconds: usage.map(|(before, after)| after.cpu_seconds - before.cpu_seconds),
                rss_bytes_max: usage.map(|_| self.broker_rss_bytes_max[index]),
                disk_write_bytes: usage
                    .map(|(before, after)| after.disk_write_bytes - before.disk_write_bytes),
                net_in_bytes: traffic.map(|(before, after)| after.in_bytes - before.in_bytes),
                net_out_bytes: traffic.map(|(before, after)| after.out_bytes - before.out_bytes),
                ..broker.record()
            }
        });
        let own = self.first.own.zip(self.last.own);
        let machine = self.first.machine.zip(self.last.machine);
        let share = |part: fn(&MachineCpu) -> f64| {
            machine.and_then(|(before, after)| {
                let total = after.total_s - before.total_s;
                (total > 0.0).then(|| (part(&after) - part(&before)) / total)
            })
        };
        let cost = Cost {
            own_cpu_seconds: own.map_or(0.0, |(before, after)| after.cpu_seconds - before.cpu_seconds),
            own_rss_bytes_max: self.own_rss_bytes_max,
            machine_busy: share(|cpu| cpu.busy_s),
            machine_steal: share(|cpu| cpu.steal_s),
            clock_jump_ns: (self.last.wall_ns - self.first.wall_ns)
                - (self.last.at_ns - self.first.at_ns) as i64,
        };
        (records.collect(), cost, self.rows)
    }
}

impl Snapshot {
    async fn take(brokers: &mut [Broker], last: Option<&Self>) -> Self {
        let (at_ns, wall_ns) = (now_ns(), wall_ns());
        let mut looks = Vec::with_capacity(brokers.len());
        for (index, broker) in brokers.iter_mut().enumerate() {
            let before = last.and_then(|last| last.brokers.get(index));
            looks.push(look(broker, before, at_ns).await);
        }
        Self { at_ns, wall_ns, own: own_usage(), machine: machine_cpu(), brokers: looks }
    }
}

async fn look(broker: &mut Broker, before: Option<&Look>, at_ns: u64) -> Look {
    let usage = broker.usage();
    let recent = before.filter(|before| at_ns < before.traffic_at_ns + TRAFFIC_EVERY_NS);
    match recent {
        Some(before) => Look { at_ns, usage, traffic: before.traffic, traffic_at_ns: before.traffic_at_ns },
        None => Look { at_ns, usage, traffic: broker.traffic().await, traffic_at_ns: at_ns },
    }
}
