//! The words that model and adapter share.

use std::time::SystemTime;

use super::names::Inode;

/// What can't be done, as processes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such file or directory")]
    Missing,
    #[error("the name is taken")]
    Taken,
    #[error("it is a directory")]
    IsDirectory,
    #[error("it is no directory")]
    NotDirectory,
    #[error("the directory is not empty")]
    NotEmpty,
    #[error("a directory can't be moved below itself")]
    BelowItself,
    #[error("no space is left")]
    NoSpace,
    #[error("a file that large can't be")]
    TooLarge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
}

/// What a power failure leaves as it is: no broker relies on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    pub permissions: u16,
    pub uid: u32,
    pub gid: u32,
    pub modified: SystemTime,
}

/// What is known of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    pub inode: Inode,
    pub kind: Kind,
    pub size: u64,
    /// Room that it takes.
    pub used_bytes: u64,
    pub links: u32,
    pub attributes: Attributes,
}

/// What a write has done when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// It is seen.
    Seen,
    /// All is as after `fdatasync`: `O_DSYNC`.
    Data,
    /// All is as after `fsync`: `O_SYNC`.
    Whole,
}

/// What was asked to become durable, since the file system was made. The kernel may follow a write with `O_SYNC` or
/// `O_DSYNC` by a sync of its own, and hand on one that spans pages in several: so they are counted as they come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Syncs {
    pub fsync: u64,
    pub fdatasync: u64,
    /// Writes through descriptors opened with `O_SYNC` or `O_DSYNC`.
    pub sync_writes: u64,
    pub directory: u64,
}

/// What is seen and not durable: a power failure takes it back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsynced {
    /// In whole pages.
    pub bytes: u64,
    /// Entries of directories: made, removed or renamed.
    pub names: u64,
}

/// Room, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    pub capacity_bytes: u64,
    pub used_bytes: u64,
}
