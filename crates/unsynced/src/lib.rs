//! A file system in memory that loses at a power failure what was not synced, mounted for one process and its
//! children.
//!
//! ```text
//! FileSystem -> Mounting (between fork and exec of the process) -> Adapter (FUSE) -> Model
//!    |                                                                                 |
//!    +-- power_failure, set_capacity, syncs, space ------------------------------------+
//! ```
//!
//! The [`Model`] is pure and holds everything twice: as processes see it, and as a power failure leaves it. It keeps
//! the worst that is allowed: nothing becomes durable by itself, and whatever does is asked for. What asking for it
//! gives is what ext4 gives with `data=ordered`, its default (Linux, `Documentation/admin-guide/ext4.rst`; the text of
//! fsync(2) alone allows less):
//!
//! | Call | Durable when it returns |
//! |---|---|
//! | `fsync` of a file | its contents and size, its creation and its renaming: all its names, what they displaced, and the directories that lead to them |
//! | `fdatasync` of a file | its contents and size; its names if it has no durable one yet |
//! | a write with `O_DSYNC`, `O_SYNC` | as `fdatasync`, as `fsync`: the kernel tells a FUSE server of no range |
//! | `fsync` of a directory | its entries and its own name; not what lies in the files |
//! | a rename without any sync | nothing: the old name or the new one, whole, and what it displaced, whole |
//! | `truncate`, `unlink`, `close`, `sync`, `syncfs` | nothing |
//!
//! Harsher than ext4 in two points: an `fsync` there commits what happened to all other names as well, as there is one
//! journal; and after some seconds ext4 writes by itself. Modes, owners and times survive as they are.
//!
//! A mount stands in a mount namespace of the process that it is made for, and nowhere else. It ends with the last
//! process in there, however that ends, and leaves nothing behind; no other process sees it. So each life of a process
//! has a mount of its own on the same [`FileSystem`], with caches of its own.

mod adapter;
mod answers;
mod content;
mod file;
mod file_system;
mod model;
mod mounting;
mod names;
mod words;

pub use file_system::FileSystem;
pub use model::Model;
pub use mounting::{MountError, Mounting, Step, allowed};
pub use names::{Entry, Inode, ROOT};
pub use words::{Attributes, Kind, Refusal, Safety, Space, Status, Syncs, Unsynced};
