//! The command line: verbs, flags and their help. No behaviour.

mod brokers;
mod compare;
pub mod env_file;
mod listen;
mod pair;
mod repeat;
mod url_of;
mod worker;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use weighbridge_plan::Repeat;
use weighbridge_record::terms::TransportKind;

use compare::{COMPARE_HELP, tolerance};
use pair::PAIR_HELP;
use worker::WORKER_HELP;

pub use brokers::{Brokers, Given};
pub use compare::Compare;
pub use listen::ANY_PORT;
pub use pair::SideServers;
pub use repeat::{Enough, Repetitions};
pub use worker::Worker;

/// Weighs message brokers: the same load on Redis and NATS, every request accounted for.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  weighbridge list                                  what can be asked
  weighbridge run quickstart                        measure, then open reports/latest/report.html
  weighbridge run quickstart --transport nats-core --rate 500 --duration 10s
  weighbridge search capacity                       the highest rate that each path sustains
  weighbridge pair quickstart --transport nats-core --new workers.count=8
  weighbridge validate my-scenario.toml             check a file without running it

Exit codes:
  0 good, 1 failed at run time, 2 usage, 69 broker unavailable, 99 a threshold failed or a regression shown,
  100 the measurement is invalid, 104 invalid scenario, 105 aborted by a signal";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios and write a report for each
    #[command(after_help = RUN_HELP)]
    Run(Run),
    /// Find the highest rate at which a scenario keeps its thresholds
    #[command(after_help = SEARCH_HELP)]
    Search(Search),
    /// Hold two settings of a scenario against each other, in one run
    #[command(after_help = PAIR_HELP)]
    Pair(Pair),
    /// List the scenarios with their questions
    List(List),
    /// Parse, plan and explain scenarios; run nothing
    Validate(Validate),
    /// Hold a run against an earlier one: has anything become worse?
    #[command(after_help = COMPARE_HELP)]
    Compare(Compare),
    /// Render report.html again from result.json, and the index of all runs
    #[command(after_help = REPORT_HELP)]
    Report(Report),
    /// Hold the instrument against known answers: stalls, queues, the floor, pacing, the ledger
    Calibrate(Calibrate),
    /// Say what this machine has, and what a run here can be trusted for
    Doctor(Doctor),
    /// Answer requests on a path, in a process of its own
    #[command(after_help = WORKER_HELP)]
    Worker(Worker),
    /// Print the JSON Schema of a document
    Schema(Schema),
    /// Print a completion script for a shell
    Completions(Completions),
}

const RUN_HELP: &str = "\
Examples:
  weighbridge run quickstart
  weighbridge run baseline-latency --transport nats-core --transport redis-pubsub --repeat 5
  weighbridge run baseline-latency --repeat auto --budget 15m --margin 3
  weighbridge run throughput --set payload.description_bytes=1024 --json > result.json
  NATS_URL=nats://127.0.0.1:4222 weighbridge run quickstart --transport nats-core
  weighbridge run baseline-latency --metrics 9464    figures on http://127.0.0.1:9464/metrics meanwhile
  weighbridge run baseline-latency --live            a page to look on; --live=9465 names its port

Without a scenario, lists them. Results go to standard output, progress to standard error.
Press Ctrl-C once to stop sending and get a partial report, twice to end within a second.
Several scenarios end with the worst of their exit codes.";

#[derive(Debug, Args)]
pub struct Run {
    /// Names in the scenarios folder, or paths of TOML files
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub brokers: Brokers,
    #[command(flatten)]
    pub conduct: Conduct,
    /// Calibrate first, and put the checks into the report
    #[arg(long)]
    pub calibrate: bool,
    #[command(flatten)]
    pub folder: Folder,
}

/// How trials are carried out, and where their report goes.
#[derive(Debug, Args)]
pub struct Conduct {
    /// Folder for the report folders
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
    /// Times that a trial is measured again if the machine disturbed it
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub measure_again: u32,
    /// Print result.json instead of the summary
    #[arg(long)]
    pub json: bool,
    /// Print the percentile curves as well, in text
    #[arg(long, conflicts_with = "json")]
    pub plot: bool,
    /// Open the report in the browser
    #[arg(long)]
    pub open: bool,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
    /// Serve figures for Prometheus on http://ADDR/metrics while the run goes on; ADDR is PORT, of this machine
    /// alone, or HOST:PORT
    #[arg(long, value_name = "ADDR", value_parser = listen::address)]
    pub metrics: Option<String>,
    /// Serve a page that shows what happens as it happens, on a free port of this machine alone, or on ADDR, PORT or
    /// HOST:PORT
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, default_missing_value = ANY_PORT,
        value_parser = listen::address)]
    pub live: Option<String>,
}

const SEARCH_HELP: &str = "\
Examples:
  weighbridge search capacity --transport nats-core
  weighbridge search quickstart --low 1000 --high 20000 --set thresholds.turnaround.p99='< 30ms'
  weighbridge search capacity --precision 0.05 --json > result.json
  weighbridge search capacity --metrics 9464

Doubles the rate from LOW until a probe fails or HIGH is reached, halves the gap until it is narrow,
and confirms the answer with a longer run. A rate is sustained if every threshold of the scenario
holds, nothing is lost, shed or refused, the backlog does not grow and the generator kept up.
LOW, HIGH and PRECISION default to [search] of the scenario; without that, to its rate, a hundred
times its rate, and 0.1.

Exit codes: 0 a rate was confirmed for every transport, 99 none was for one of them, 100 the
measurement at LOW is invalid, 105 aborted by a signal";

#[derive(Debug, Args)]
pub struct Search {
    /// Name in the scenarios folder, or path of a TOML file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Requests per second to begin with
    #[arg(long, value_name = "N")]
    pub low: Option<f64>,
    /// Requests per second to end at
    #[arg(long, value_name = "N")]
    pub high: Option<f64>,
    /// Relative width of the bracket to stop at, between 0 and 1
    #[arg(long, value_name = "P")]
    pub precision: Option<f64>,
    #[command(flatten)]
    pub trial: TrialChanges,
    #[command(flatten)]
    pub brokers: Brokers,
    #[command(flatten)]
    pub conduct: Conduct,
    #[command(flatten)]
    pub folder: Folder,
}

#[derive(Debug, Args)]
pub struct Pair {
    /// Name in the scenarios folder, or path of a TOML file; without a sweep
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Set a key of the scenario on the base side (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub base: Vec<String>,
    /// Set a key of the scenario on the new side (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub new: Vec<String>,
    #[command(flatten)]
    pub side_servers: SideServers,
    /// Pairs, each a trial of either side, or auto: until every ratio is settled or has a narrow interval
    #[arg(long, value_name = "N|auto", default_value = "5")]
    pub repeat: Repeat,
    #[command(flatten)]
    pub enough: Enough,
    /// Change for the worse that is put up with, from 0 to under 100
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = tolerance)]
    pub tolerance: f64,
    /// Requests per second
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    #[command(flatten)]
    pub trial: TrialChanges,
    #[command(flatten)]
    pub brokers: Brokers,
    #[command(flatten)]
    pub conduct: Conduct,
    #[command(flatten)]
    pub folder: Folder,
}

/// What a scenario says, changed for this run.
#[derive(Debug, Args)]
pub struct Changes {
    /// Requests per second
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    #[command(flatten)]
    pub repetitions: Repetitions,
    #[command(flatten)]
    pub trial: TrialChanges,
}

/// What a scenario says of each trial, changed for this run.
#[derive(Debug, Args)]
pub struct TrialChanges {
    /// Measure only this transport (repeatable)
    #[arg(long = "transport", value_name = "T")]
    pub transports: Vec<TransportKind>,
    /// Length of the measured window, for example 10s
    #[arg(long, value_name = "D")]
    pub duration: Option<String>,
    /// Length of the warm-up, for example 1s
    #[arg(long, value_name = "D")]
    pub warmup: Option<String>,
    /// Seed of schedule, payloads and service times
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Set any key of the scenario, for example workers.count=8 (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Folder {
    /// Folder in which scenarios are looked up by name
    #[arg(long = "scenarios", value_name = "DIR", default_value = "scenarios")]
    pub path: PathBuf,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub folder: Folder,
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Names in the scenarios folder, or paths of TOML files
    #[arg(value_name = "SCENARIO", required = true)]
    pub scenarios: Vec<String>,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub folder: Folder,
}

const REPORT_HELP: &str = "\
Examples:
  weighbridge report                              renew reports/index.html, say after deleting runs
  weighbridge report reports/latest --open        render a run's report.html again and look at it
  weighbridge report reports/2026*                render many again
  weighbridge report base-reports change-reports  an index for each folder of runs

DIR is the folder of a run (or its result.json), or a folder of runs. What runs that were killed have left
there, in hidden folders, is made into reports of the trials they had measured. With a run, the index of the
folder it lies in is renewed as well, if that folder has an index made by Weighbridge, or none and
the run has the name that Weighbridge gave it. An index.html made by others is never replaced.";

#[derive(Debug, Args)]
pub struct Report {
    /// Folders of runs, folders of a run, or result.json files
    #[arg(value_name = "DIR", default_value = "reports")]
    pub folders: Vec<PathBuf>,
    /// Open the page, the first of several, in the browser
    #[arg(long)]
    pub open: bool,
}

#[derive(Debug, Args)]
pub struct Calibrate {
    #[command(flatten)]
    pub brokers: Brokers,
    /// Run only these checks (repeatable)
    #[arg(long, value_name = "GROUP")]
    pub only: Vec<CheckGroup>,
    /// Print the checks as JSON
    #[arg(long)]
    pub json: bool,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
    /// Make a known error on purpose; calibration must then fail
    #[arg(long, value_name = "D", hide = true)]
    pub defect: Option<Defect>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckGroup {
    Ledger,
    Pacing,
    Floor,
    Service,
    Stall,
    Queue,
}

/// Errors that calibration must notice.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Defect {
    MeasureFromSend,
    SkipLate,
    AddMillisecond,
    ShortService,
    LateCollector,
    BrokenMerge,
}

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub brokers: Brokers,
    /// Print one JSON document in place of text
    #[arg(long)]
    pub json: bool,
    /// Longest that a broker may take to answer all that it is asked
    #[arg(long, value_name = "D", default_value = "20s")]
    pub deadline: String,
}

#[derive(Debug, Args)]
pub struct Schema {
    /// Which document
    #[arg(value_name = "KIND")]
    pub kind: SchemaKind,
    /// Print a reference for people instead, in Markdown; only for `scenario`
    #[arg(long)]
    pub markdown: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SchemaKind {
    /// A scenario file
    Scenario,
    /// result.json
    Result,
    /// What `compare --json` prints
    Comparison,
    /// The body of a request
    Request,
    /// The body of a reply
    Reply,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    pub shell: clap_complete::Shell,
}
