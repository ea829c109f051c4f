//! Weighbridge: a load-testing and benchmarking harness for message brokers.
pub mod credentials;
pub mod plan;
pub mod result;
pub mod scenario;
pub mod terms;
