//! What syncing costs where a server of ours stores its data.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use weighbridge_record::result::Storage;

const SYNCS: usize = 15;
const BYTES: [u8; 4096] = [0x5a; 4096];
/// Of `statfs(2)`.
const TMPFS_MAGIC: u64 = 0x0102_1994;
const RAMFS_MAGIC: u64 = 0x8584_58f6;

/// Writes and syncs a file some times, and deletes it.
pub fn measure(directory: &Path) -> io::Result<Storage> {
    let path = directory.join("fsync-probe");
    let measured = syncs(&path);
    std::fs::remove_file(&path)?;
    let mut took_ns = measured?;
    took_ns.sort_unstable();
    let kind = rustix::fs::statfs(directory)?.f_type as u64 & u64::from(u32::MAX);
    let in_memory = matches!(kind, TMPFS_MAGIC | RAMFS_MAGIC);
    Ok(Storage { in_memory, forgets_unsynced: false, fsync_ns_p50: took_ns[SYNCS / 2] })
}

fn syncs(path: &Path) -> io::Result<Vec<u64>> {
    let mut file = File::create(path)?;
    let sync = |_| {
        let start = Instant::now();
        file.write_all(&BYTES)?;
        file.sync_data()?;
        Ok(start.elapsed().as_nanos() as u64)
    };
    (0..SYNCS).map(sync).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_in_memory_is_known_as_one_and_nothing_is_left_behind() {
        let shared = Path::new("/dev/shm");
        let directory = tempfile::Builder::new().tempdir_in(shared).unwrap();
        let storage = measure(directory.path()).unwrap();
        assert!(storage.in_memory && storage.fsync_ns_p50 > 0, "{storage:?}");
        assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        assert!(measure(Path::new("/nonexistent")).is_err());
    }
}
