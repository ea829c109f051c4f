//! Weighbridge: a load-testing and benchmarking harness for message brokers.
pub mod broker;
pub mod clock;
pub mod ledger;
pub mod load;
pub mod mailbox;
pub mod metrics;
pub mod payload;
pub mod plan;
pub mod result;
pub mod schedule;
pub mod schema;
pub mod scorer;
pub mod terms;
pub mod timer;
pub mod transport;
pub mod worker;
