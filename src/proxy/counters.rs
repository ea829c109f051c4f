//! What went through the proxy.

use std::sync::atomic::{AtomicU64, Ordering};

use super::conditions::Way;
use weighbridge_record::result::ProxyRecord;

/// Counted by the proxy's thread, read by any.
#[derive(Debug, Default)]
pub struct Counters {
    accepted: AtomicU64,
    to_server_bytes: AtomicU64,
    to_client_bytes: AtomicU64,
    reset: AtomicU64,
}

impl Counters {
    /// Counts a connection, and numbers it from 0.
    pub fn accepted(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed)
    }

    pub fn passed(&self, way: Way, bytes: usize) {
        let counter = match way {
            Way::ToServer => &self.to_server_bytes,
            Way::ToClient => &self.to_client_bytes,
        };
        counter.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn reset(&self) {
        self.reset.fetch_add(1, Ordering::Relaxed);
    }

    pub fn read(&self) -> ProxyRecord {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ProxyRecord {
            connections: read(&self.accepted),
            to_server_bytes: read(&self.to_server_bytes),
            to_client_bytes: read(&self.to_client_bytes),
            reset: read(&self.reset),
        }
    }
}
