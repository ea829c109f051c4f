//! What a node is looked at for: the usage of its process, and what the server counts itself.

use std::sync::Arc;

use async_trait::async_trait;

use super::server::Server;
use crate::clock::now_ns;
use crate::probe::{Row, Watched, column};

/// Asking a server costs it something, so that is done no more often than this, and once at the end.
const ASK_EVERY_NS: u64 = 1_000_000_000;

/// Bytes of traffic since a server's process started, as it counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    pub in_bytes: u64,
    pub out_bytes: u64,
}

/// Asks a server for figures. It gives up soon: a server that stands still leaves a hole.
#[async_trait(?Send)]
pub trait Meter: Send {
    async fn traffic(&mut self) -> Option<Traffic>;
}

/// A node under a probe.
pub struct NodeWatch {
    server: Option<Arc<Server>>,
    meter: Option<Box<dyn Meter>>,
    asked_ns: Option<u64>,
    traffic: Lives,
}

impl NodeWatch {
    pub fn new(server: Option<Arc<Server>>, meter: Option<Box<dyn Meter>>) -> Self {
        Self { server, meter, asked_ns: None, traffic: Lives::default() }
    }

    async fn traffic(&mut self) -> Option<Traffic> {
        let meter = self.meter.as_mut()?;
        let now = now_ns();
        if self.asked_ns.is_some_and(|asked_ns| now < asked_ns + ASK_EVERY_NS) {
            return None;
        }
        self.asked_ns = Some(now);
        let life = self.server.as_ref().map_or(1, |server| server.lives());
        let traffic = meter.traffic().await?;
        Some(self.traffic.total(life, traffic))
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
        if let Some(traffic) = self.traffic().await {
            row.push((column::NET_IN_BYTES, traffic.in_bytes as f64));
            row.push((column::NET_OUT_BYTES, traffic.out_bytes as f64));
        }
        row
    }

    async fn last_look(&mut self) -> Row {
        self.asked_ns = None;
        self.look().await
    }
}

/// Adds up counters that start again with each life of a server. What a life counted after it was last asked
/// is not known, and left out.
#[derive(Debug, Default)]
struct Lives {
    life: u32,
    before: Traffic,
    latest: Traffic,
}

impl Lives {
    fn total(&mut self, life: u32, counted: Traffic) -> Traffic {
        if life != self.life {
            self.before.in_bytes += self.latest.in_bytes;
            self.before.out_bytes += self.latest.out_bytes;
            self.life = life;
        }
        self.latest = counted;
        Traffic {
            in_bytes: self.before.in_bytes + counted.in_bytes,
            out_bytes: self.before.out_bytes + counted.out_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_start_again_go_on_from_what_was_counted_before() {
        let mut lives = Lives::default();
        let counted = |bytes| Traffic { in_bytes: bytes, out_bytes: 2 * bytes };
        assert_eq!(lives.total(1, counted(100)), counted(100));
        assert_eq!(lives.total(1, counted(300)), counted(300));
        // The second life has counted more than the first: only its number tells.
        assert_eq!(lives.total(2, counted(500)), counted(800));
        assert_eq!(lives.total(3, counted(1)), counted(801));
    }

    struct Silent;

    #[async_trait(?Send)]
    impl Meter for Silent {
        async fn traffic(&mut self) -> Option<Traffic> {
            None
        }
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_leaves_a_hole() {
        let row = NodeWatch::new(None, Some(Box::new(Silent))).look().await;
        assert!(row.is_empty(), "{row:?}");
    }

    struct Steady;

    #[async_trait(?Send)]
    impl Meter for Steady {
        async fn traffic(&mut self) -> Option<Traffic> {
            Some(Traffic { in_bytes: 1, out_bytes: 2 })
        }
    }

    #[tokio::test]
    async fn a_server_is_asked_once_a_second_at_most_and_at_the_end() {
        let mut watch = NodeWatch::new(None, Some(Box::new(Steady)));
        assert_eq!(watch.look().await.len(), 2);
        assert_eq!(watch.look().await.len(), 0);
        assert_eq!(watch.last_look().await.len(), 2);
    }
}
