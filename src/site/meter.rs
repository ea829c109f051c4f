//! What a node is looked at for: the usage of its process, and what the server tells of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::server::Server;
use crate::clock::now_ns;
use crate::probe::{Row, Watched, column};

/// Asking a server costs it something, so that is done about once a second, and once at the end. It is a little less,
/// as looks a second apart come now sooner, now later.
const ASK_EVERY_NS: u64 = 900_000_000;

/// Asks a server for figures. It gives up soon: a server that stands still leaves a hole.
#[async_trait(?Send)]
pub trait Meter: Send {
    /// Columns by name, counters since the start of its process; empty where it does not answer.
    async fn ask(&mut self) -> Row;

    /// Streams of the trial, which it is to tell of as well.
    fn look_into(&mut self, streams: &[String]);
}

/// A node under a probe.
pub struct NodeWatch {
    server: Option<Arc<Server>>,
    meter: Option<Box<dyn Meter>>,
    asked_ns: Option<u64>,
    unanswered: u32,
    counters: Lives,
}

impl NodeWatch {
    pub fn new(server: Option<Arc<Server>>, meter: Option<Box<dyn Meter>>) -> Self {
        Self { server, meter, asked_ns: None, unanswered: 0, counters: Lives::default() }
    }

    /// What the server tells, and how long it took.
    async fn told(&mut self) -> Row {
        let Some(meter) = self.meter.as_mut() else { return Row::new() };
        let now = now_ns();
        if self.asked_ns.is_some_and(|asked_ns| now < asked_ns + ASK_EVERY_NS) {
            return Row::new();
        }
        self.asked_ns = Some(now);
        let life = self.server.as_ref().map_or(1, |server| server.lives());
        let answer = meter.ask().await;
        if answer.is_empty() {
            self.unanswered += 1;
            return vec![(column::UNANSWERED, f64::from(self.unanswered))];
        }
        let mut row = self.counters.total(life, answer);
        row.push((column::UNANSWERED, f64::from(self.unanswered)));
        row.push((column::ANSWER_SECONDS, now_ns().saturating_sub(now) as f64 / 1e9));
        row
    }
}

#[async_trait(?Send)]
impl Watched for NodeWatch {
    async fn look(&mut self) -> Row {
        let mut row = Row::new();
        if let Some(usage) = self.server.as_ref().and_then(|server| server.usage()) {
            row.push((column::CPU_SECONDS, usage.cpu_seconds));
            row.push((column::RSS_BYTES, usage.rss_bytes as f64));
            row.push((column::DISK_WRITE_BYTES, usage.disk_write_bytes as f64));
        }
        for (name, value) in self.told().await {
            // What the kernel says of a process of ours is nearer than what the process says.
            let is_known = row.iter().any(|(known, _)| *known == name);
            let is_ours = self.server.is_some() && OF_PROCESS.contains(&name);
            if !is_known && !is_ours {
                row.push((name, value));
            }
        }
        row
    }

    async fn last_look(&mut self) -> Row {
        self.asked_ns = None;
        self.look().await
    }
}

/// What is read from the kernel where the process is ours.
const OF_PROCESS: [&str; 3] = [column::CPU_SECONDS, column::CPU_CORES, column::RSS_BYTES];

/// Adds up counters that start again with each life of a server. What a life counted after it was last asked
/// is not known, and left out.
#[derive(Debug, Default)]
struct Lives {
    life: u32,
    before: BTreeMap<&'static str, f64>,
    latest: BTreeMap<&'static str, f64>,
}

impl Lives {
    fn total(&mut self, life: u32, counted: Row) -> Row {
        if life != self.life {
            for (name, value) in std::mem::take(&mut self.latest) {
                *self.before.entry(name).or_default() += value;
            }
            self.life = life;
        }
        let counted = counted.into_iter().map(|(name, value)| {
            if !column::OF_A_LIFE.contains(&name) {
                return (name, value);
            }
            self.latest.insert(name, value);
            (name, value + self.before.get(name).copied().unwrap_or_default())
        });
        counted.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(row: &Row, name: &str) -> Option<f64> {
        row.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    #[test]
    fn counters_that_start_again_go_on_from_what_was_counted_before() {
        let mut lives = Lives::default();
        let mut total = |life, bytes| {
            let counted = vec![(column::NET_IN_BYTES, bytes), (column::MEMORY_BYTES, bytes)];
            let row = lives.total(life, counted);
            (value(&row, column::NET_IN_BYTES).unwrap(), value(&row, column::MEMORY_BYTES).unwrap())
        };
        assert_eq!(total(1, 100.0), (100.0, 100.0));
        assert_eq!(total(1, 300.0), (300.0, 300.0));
        // The second life has counted more than the first: only its number tells. A level is no counter.
        assert_eq!(total(2, 500.0), (800.0, 500.0));
        assert_eq!(total(3, 1.0), (801.0, 1.0));
    }

    struct Silent;

    #[async_trait(?Send)]
    impl Meter for Silent {
        async fn ask(&mut self) -> Row {
            Row::new()
        }

        fn look_into(&mut self, _: &[String]) {}
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_leaves_a_hole_and_is_counted() {
        let mut watch = NodeWatch::new(None, Some(Box::new(Silent)));
        assert_eq!(watch.look().await, [(column::UNANSWERED, 1.0)]);
        assert_eq!(watch.last_look().await, [(column::UNANSWERED, 2.0)]);
    }

    struct Steady;

    #[async_trait(?Send)]
    impl Meter for Steady {
        async fn ask(&mut self) -> Row {
            vec![(column::CPU_SECONDS, 1.0), (column::NET_OUT_BYTES, 2.0)]
        }

        fn look_into(&mut self, _: &[String]) {}
    }

    #[tokio::test]
    async fn a_server_is_asked_once_a_second_at_most_and_at_the_end() {
        let mut watch = NodeWatch::new(None, Some(Box::new(Steady)));
        let first = watch.look().await;
        assert_eq!(value(&first, column::NET_OUT_BYTES), Some(2.0));
        assert_eq!(value(&first, column::UNANSWERED), Some(0.0));
        assert!(value(&first, column::ANSWER_SECONDS).is_some_and(|seconds| seconds < 1.0));
        assert_eq!(watch.look().await, []);
        assert_eq!(value(&watch.last_look().await, column::CPU_SECONDS), Some(1.0));
    }
}
