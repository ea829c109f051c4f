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
//! | [`broadcast`] | figures of a run for whoever looks on |
//! | [`schedule`], [`payload`], [`schema`], [`scorer`] | pure: when to send, what to send, how it is scored |
//! | [`load`], [`mailbox`], [`worker`], `crew` | generator and worker threads, and what the second tell the first |
//! | `publishing` | pools of connections and batches, between load and transport, where they are asked for |
//! | [`transport`], `path` | one messaging path a file; moves opaque frames in batches |
//! | [`site`], `process`, `probe`, [`fault`] | servers of our own and of others; what they use; what is done to them |
//! | [`connect`], [`proxy`] | the two functions that connect; a network with faults |
//! | [`ledger`], [`metrics`] | what became of each request; latencies and counts |
//! | `search` | pure: which rate to try next, and whether one was sustained |
//! | [`session`], [`stop`] | the one orchestrator: start, warm up, measure, drain, stop, judge, sum up |
//! | `clock`, `timer`, `scheduling`, `start_line` | monotonic time, and waking on it |
//! | `environment`, `doctor` | the machine, as recorded and as judged |
//!
//! What is asked stands in `weighbridge_plan`, from a TOML file to a validated plan; the words, the record and its
//! statistics in `weighbridge_record`; pages in `weighbridge_report`. Which room may know which is said in
//! ARCHITECTURE.md.
//!
//! Threads: the main thread orchestrates. Servers, generators, workers, probes and faults have threads of their
//! own. Generators share nothing but the mailboxes; what they recorded is merged once, when they have ended.

pub mod broadcast;
pub mod calibrate;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod connect;
pub mod crew;
mod doctor;
mod environment;
pub mod fault;
mod inference;
pub mod ledger;
pub mod load;
pub mod mailbox;
pub mod metrics;
mod open_files;
mod path;
pub mod payload;
pub mod probe;
mod process;
pub mod proxy;
mod publishing;
pub mod remains;
mod route;
mod sabotage;
pub mod schedule;
mod scheduling;
pub mod schema;
pub mod scorer;
mod search;
pub mod session;
mod shell;
pub mod site;
pub mod start_line;
pub mod stop;
pub mod timer;
pub mod transport;
pub mod worker;
