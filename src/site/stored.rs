//! Where a server of ours stores its data: below the temporary folder, or on a file system of its own that forgets what
//! was not synced.

use procfs::{Current, Meminfo};
use weighbridge_unsynced::FileSystem;

use super::error::SiteError;

/// The most that such a file system takes.
const CAPACITY_BYTES_MAX: u64 = 16 << 30;
/// And the part of a machine's memory.
const MEMORY_SHARE: u64 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    Plain,
    /// In memory, where a power failure and a full disk can be had: [`weighbridge_unsynced`].
    Forgetting,
}

/// Whether this machine allows [`Stored::Forgetting`]. Starts no server.
pub fn can_forget() -> Result<(), SiteError> {
    weighbridge_unsynced::allowed().map_err(SiteError::Forgetting)
}

pub fn file_system(stored: Stored) -> Option<FileSystem> {
    (stored == Stored::Forgetting).then(|| FileSystem::new(capacity_bytes()))
}

/// Half of the memory, at most.
pub fn capacity_bytes() -> u64 {
    let memory = Meminfo::current().map_or(CAPACITY_BYTES_MAX, |memory| memory.mem_total / MEMORY_SHARE);
    memory.min(CAPACITY_BYTES_MAX)
}
