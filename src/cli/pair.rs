//! What `weighbridge pair` takes beside the flags that all have.

use std::path::PathBuf;

use clap::Args;

pub const PAIR_HELP: &str = "\
Examples:
  weighbridge pair quickstart --transport nats-jetstream --new brokers.durability=sync
  weighbridge pair baseline-latency --base workers.count=4 --new workers.count=8 --tolerance 10
  weighbridge pair baseline-latency --transport nats-core --new-nats-server ./nats-server-next
  weighbridge pair quickstart --transport nats-core --new workers.count=8 --repeat auto --budget 5m
  weighbridge pair quickstart --transport nats-core    the same twice: what this machine calls equal

Measures both in turn, A B B A, each repetition with one seed on both sides, and judges the
ratios pair by pair: the paired t test on their logarithms, corrected for all figures and
transports (Holm). What --base and --new leave out is as the scenario and the other flags say. The
scenario's thresholds are not held.

Exit codes: 0 no regression shown, 99 a regression beyond the tolerance, or requests without an
answer on the new side alone, 100 a trial is invalid, 105 aborted by a signal";

/// Servers of one side alone.
#[derive(Debug, Args)]
pub struct SideServers {
    /// Binary to start for Redis on the base side
    #[arg(long, value_name = "PATH")]
    pub base_redis_server: Option<PathBuf>,
    /// Binary to start for Redis on the new side
    #[arg(long, value_name = "PATH")]
    pub new_redis_server: Option<PathBuf>,
    /// Binary to start for NATS on the base side
    #[arg(long, value_name = "PATH")]
    pub base_nats_server: Option<PathBuf>,
    /// Binary to start for NATS on the new side
    #[arg(long, value_name = "PATH")]
    pub new_nats_server: Option<PathBuf>,
}
