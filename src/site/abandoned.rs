//! Folders of servers whose harness was killed: told by their name, their owner and a lock that nobody holds any
//! more. What was left for the user to look at has no lock, and stays.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use weighbridge_record::terms::BrokerKind;

/// How the name of each folder begins; the server's kind follows, and its number if it is not the first.
const PREFIX: &str = "weighbridge-";
/// In the folder of each server.
const LOCK: &str = "harness.lock";

/// Held as long as a folder is in use. The kernel lets go of it however the harness ends.
#[derive(Debug)]
pub struct Lock {
    _held: File,
    path: PathBuf,
}

impl Lock {
    pub fn take(folder: &Path) -> io::Result<Self> {
        let (path, making) = (folder.join(LOCK), folder.join("harness.lock.new"));
        let file = File::create_new(&making)?;
        file.try_lock()?;
        // From here on others see it, and see that it is held.
        fs::rename(&making, &path)?;
        Ok(Self { _held: file, path })
    }

    /// Leaves the folder to the user: no later run deletes it.
    pub fn give_away(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// How the name of the folder of server `name` begins.
pub fn prefix(name: &str) -> String {
    format!("{PREFIX}{name}-")
}

/// Deletes what killed runs of this user left among the temporary folders.
pub fn clear(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        // The lock is held until the folder is gone: of several runs that look at it, one deletes it.
        let Some(_lock) = abandoned(&path) else { continue };
        if let Err(error) = fs::remove_dir_all(&path) {
            tracing::warn!("a killed run left {}, which can't be deleted: {error}", path.display());
        }
    }
}

/// The lock of a folder of ours that nobody else holds.
fn abandoned(path: &Path) -> Option<File> {
    let server = path.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    if !BrokerKind::ALL.iter().any(|kind| server.starts_with(kind.name())) {
        return None;
    }
    let own = |path: &Path| {
        let found = fs::symlink_metadata(path).ok()?;
        (found.uid() == rustix::process::geteuid().as_raw()).then_some(found)
    };
    if !own(path)?.is_dir() || !own(&path.join(LOCK))?.is_file() {
        return None;
    }
    let lock = File::open(path.join(LOCK)).ok()?;
    lock.try_lock().ok()?;
    Some(lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(temporary: &Path, name: &str) -> PathBuf {
        let path = temporary.join(name);
        fs::create_dir_all(path.join("data")).unwrap();
        path
    }

    /// A process that another test starts has our lock as well, from its fork to its exec.
    fn clear_until(temporary: &Path, gone: &dyn Fn() -> bool) {
        for _ in 0..100 {
            clear(temporary);
            if gone() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    #[test]
    fn only_folders_whose_lock_nobody_holds_are_deleted() {
        let temporary = tempfile::tempdir().unwrap();
        let of = |name: &str| folder(temporary.path(), name);
        let abandoned = ["nats-server", "nats-server.2"].map(|name| of(&format!("{}aaaaaa", prefix(name))));
        abandoned.iter().for_each(|folder| drop(Lock::take(folder).unwrap()));
        let used = of("weighbridge-redis-server-bbbbbb");
        let lock = Lock::take(&used).unwrap();
        let kept = of("weighbridge-redis-server-cccccc");
        Lock::take(&kept).unwrap().give_away().unwrap();
        let being_made = of("weighbridge-redis-server-dddddd");
        fs::write(being_made.join("harness.lock.new"), "").unwrap();
        let other = of("weighbridge-report-eeeeee");
        drop(Lock::take(&other).unwrap());
        // A link of the right name leads elsewhere.
        let elsewhere = of("precious");
        drop(Lock::take(&elsewhere).unwrap());
        std::os::unix::fs::symlink(&elsewhere, temporary.path().join("weighbridge-nats-server-ffffff"))
            .unwrap();
        let gone = || abandoned.iter().all(|folder| !folder.exists());
        clear_until(temporary.path(), &gone);
        assert!(gone());
        for stays in [&used, &kept, &being_made, &other, &elsewhere] {
            assert!(stays.join("data").exists(), "{} was deleted", stays.display());
        }
        drop(lock);
        clear_until(temporary.path(), &|| !used.exists());
        assert!(!used.exists(), "its harness has ended");
    }
}
