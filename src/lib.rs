//! Weighbridge: a load-testing and benchmarking harness for message brokers.
pub mod plan;
pub mod report;
pub mod result;
pub mod terms;
