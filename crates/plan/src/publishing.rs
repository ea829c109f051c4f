//! What stands between a due request and a connection: a pool, a batch.

use serde::{Deserialize, Serialize};

use weighbridge_record::terms::{Flush, Pool};

/// Connections at which the harness stops the guide's pool, over all generators: nothing else would before the
/// process or the server runs out of files.
pub const POOL_MAX: u32 = 500;

/// How publishers use their connections, where that is more than handing over what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publishing {
    pub pool: Pool,
    pub flush: Flush,
    /// Requests that make a batch full.
    pub batch: u32,
    /// How long the first of a batch waits for others; none: until it is full.
    pub linger_ns: Option<u64>,
}

impl Publishing {
    /// Whether requests that were sent in their order can be expected to be stored in it.
    pub fn keeps_order(&self) -> bool {
        self.pool == Pool::Shared && self.flush != Flush::Guide
    }

    /// The most connections that a generator of `generators` opens, whose pool is to have `connections`.
    pub fn connections_max(&self, connections: u32, generators: u32) -> u32 {
        match self.pool {
            Pool::Shared | Pool::Checkout | Pool::Fresh => connections,
            Pool::Guide => (POOL_MAX / generators).max(1),
        }
    }
}
