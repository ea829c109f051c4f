//! What goes over a path: requests, deliveries, replies, arrivals. Bodies are opaque here.

use bytes::Bytes;

/// A request on its way out. `key` is the index of its category, which chooses the subject.
#[derive(Debug, Clone)]
pub struct Frame {
    pub sequence: u64,
    pub key: u16,
    pub body: Bytes,
}

/// A request as a worker receives it.
#[derive(Debug)]
pub struct Delivery {
    pub body: Bytes,
    pub receipt: Receipt,
    /// The broker has given the request up: it is reported, not scored.
    pub parked: bool,
}

/// What a transport needs to answer or acknowledge a delivery; opaque to the worker.
#[derive(Debug, Clone, Default)]
pub struct Receipt(pub Option<Bytes>);

/// A worker's answer to one delivery. Without a body the delivery is only acknowledged.
#[derive(Debug)]
pub struct Reply {
    /// Sequence number of the request; none where it can't be read.
    pub request: Option<u64>,
    pub key: u16,
    pub body: Option<Bytes>,
    pub receipt: Receipt,
}

/// Something that reached the collector.
#[derive(Debug)]
pub struct Arrival {
    pub body: Bytes,
    /// The request it answers, where the path itself says so.
    pub sequence: Option<u64>,
    /// The path refused the request: nobody will answer.
    pub refusal: Option<&'static str>,
}
