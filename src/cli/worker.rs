//! Flags of `weighbridge worker`.

use clap::Args;

use super::brokers::Brokers;
use weighbridge_record::terms::TransportKind;

pub(super) const WORKER_HELP: &str = "\
Examples:
  weighbridge worker --transport nats-core --nats-url nats://127.0.0.1:4222
  weighbridge worker --transport redis-streams --redis-url redis://127.0.0.1:6379 --count 2 --service-time 2ms

Takes requests as the engine does, scores them and answers, until Ctrl-C; then says on standard error how many it has
scored. Streams and groups must be there: whoever publishes creates them.
A scenario with workers.kind = \"processes\" starts its own.";

#[derive(Debug, Args)]
pub struct Worker {
    /// The path to serve
    #[arg(long, value_name = "TRANSPORT", required_unless_present = "assigned")]
    pub transport: Option<TransportKind>,
    #[command(flatten)]
    pub brokers: Brokers,
    /// Workers, each with connections of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub count: u32,
    /// Requests that one worker scores at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub concurrency: u32,
    /// How long scoring takes, such as 2ms
    #[arg(long, value_name = "D", default_value = "0s")]
    pub service_time: String,
    /// First token of every subject, stream and key
    #[arg(long, value_name = "TOKEN", default_value = "")]
    pub prefix: String,
    /// A category whose requests are scored [default: the six that scenarios default to]
    #[arg(long = "category", value_name = "NAME")]
    pub categories: Vec<String>,
    /// Serve by what standard input says, for the harness that has started this process
    #[arg(long, hide = true, conflicts_with = "transport")]
    pub assigned: bool,
}
