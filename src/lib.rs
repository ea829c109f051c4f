//! Weighbridge: a load-testing and benchmarking harness for message brokers.
//!
//! ```text
//! scenario -> plan -> session: for each trial
//!
//!   schedule -> load ==> transport ==> worker (scorer) ==> transport ==> load's collector
//!                \                        |                                /
//!                 \________ account: ledger + metrics <- mailbox _________/
//!
//! -> result -> report
//! ```
//!
//! Data goes one way: a scenario becomes a plan, a plan becomes trials, trials become a record, and a report
//! is made from the record alone.
//!
//! | Rooms | What is done there |
//! |---|---|
//! | [`cli`], [`commands`] | flags, verbs, exit codes |
//! | [`scenario`], [`plan`], [`terms`] | from a TOML file to a validated plan, in words that all modules share |
//! | [`schedule`], [`payload`], [`schema`], [`scorer`] | pure: when to send, what to send, how it is scored |
//! | [`load`], [`mailbox`], [`worker`] | generator and worker threads, and what the second tell the first |
//! | [`transport`] | one messaging path a file; moves opaque frames in batches |
//! | [`broker`] | servers of our own and of others |
//! | [`connect`], [`credentials`] | where servers are and how to get in; secrets kept out of sight |
//! | [`ledger`], [`metrics`], [`stats`] | what became of each request; latencies and counts; repetitions compared |
//! | [`search`] | pure: which rate to try next, and whether one was sustained |
//! | [`session`] | the one orchestrator: start, warm up, measure, drain, stop, judge, sum up |
//! | [`result`], [`report`] | the versioned record, and what people read |
//! | [`clock`], [`timer`], [`scheduling`] | monotonic time, and waking on it |
//! | [`environment`], [`doctor`] | the machine, as recorded and as judged |
//!
//! Threads: the main thread orchestrates and starts brokers. Each generator and each group of workers has a
//! thread with a single-threaded runtime and connections of its own. Generators share nothing but the
//! mailboxes; what they recorded is merged once, when they have ended.

pub mod calibrate;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod connect;
pub mod credentials;
mod crew;
pub mod doctor;
pub mod environment;
pub mod fault;
pub mod ledger;
pub mod load;
pub mod mailbox;
pub mod metrics;
mod path;
pub mod payload;
pub mod plan;
pub mod probe;
mod process;
pub mod scenario;
pub mod schedule;
pub mod scheduling;
pub mod schema;
pub mod scorer;
pub mod search;
pub mod session;
pub mod site;
pub mod start_line;
pub mod stop;
pub mod timer;
pub mod transport;
pub mod worker;

pub(crate) use weighbridge_record::{result, stats, terms};
