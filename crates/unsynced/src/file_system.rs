//! The file system as whoever mounts it has it in hand.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::model::Model;
use super::mounting::{MountError, Mounting};
use super::words::{Attributes, Space, Syncs, Unsynced};

/// What it holds lives as long as this or a mount of it. Cheap to clone; all clones are the same one.
#[derive(Debug, Clone)]
pub struct FileSystem {
    model: Arc<Mutex<Model>>,
}

impl FileSystem {
    /// An empty one, whose root is this user's.
    pub fn new(capacity_bytes: u64) -> Self {
        let root = Attributes {
            permissions: 0o755,
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            modified: SystemTime::now(),
        };
        Self { model: Arc::new(Mutex::new(Model::new(capacity_bytes, root))) }
    }

    /// Lets the process that `command` starts find it at `directory`. Once it is started, [`Mounting::serve`] must be
    /// called: until then, whoever opens something there waits.
    pub fn mount_for(&self, command: &mut Command, directory: &Path) -> Result<Mounting, MountError> {
        Mounting::prepare(Arc::clone(&self.model), command, directory)
    }

    /// Makes all durable that is there, as if it had been there for long.
    pub fn sync_all(&self) {
        self.model().sync_all();
    }

    /// Takes back all that was not synced, and tells what that was. Mounts of before are stale.
    ///
    /// The processes that have it mounted must have been killed: they would be told of an error, and a power failure
    /// tells nobody.
    pub fn power_failure(&self) -> Unsynced {
        self.model().power_failure()
    }

    /// Empties it. Mounts of before are stale.
    pub fn clear(&self) {
        self.model().clear();
    }

    /// What was asked to become durable so far.
    pub fn syncs(&self) -> Syncs {
        self.model().syncs()
    }

    pub fn space(&self) -> Space {
        self.model().space()
    }

    /// May be less than what is used: then nothing can be added until it is more again.
    pub fn set_capacity(&self, capacity_bytes: u64) {
        self.model().set_capacity(capacity_bytes);
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
