//! Whether a run can be kept, asked before hours are spent on it.

use std::fs;
use std::path::Path;

use super::files::{MEND_OPEN, MEND_WRITE, failed};
use super::name::partial_name;
use crate::ReportError;

/// A block of most file systems: what holds a few bytes has room for one.
const PROBE_BYTES: usize = 4096;

/// Writes into `out_dir` and takes it away again, and the folder too if it wasn't there.
pub fn probe(out_dir: &Path) -> Result<(), ReportError> {
    let was_there = out_dir.exists();
    fs::create_dir_all(out_dir).map_err(|source| failed("create the folder", out_dir, MEND_OPEN, source))?;
    let path = out_dir.join(partial_name("probe"));
    let written = fs::write(&path, [0; PROBE_BYTES]);
    // What can't be removed now is removed as stale later.
    let _ = fs::remove_file(&path);
    if !was_there {
        let _ = fs::remove_dir(out_dir);
    }
    written.map_err(|source| failed("write into", out_dir, MEND_WRITE, source))
}

#[cfg(test)]
mod tests {
    use super::probe;

    #[test]
    fn a_folder_that_can_be_written_is_left_as_it_was() {
        let out = tempfile::tempdir().unwrap();
        probe(out.path()).unwrap();
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
        let inner = out.path().join("reports");
        probe(&inner).unwrap();
        assert!(!inner.exists());
    }

    #[test]
    fn what_is_no_folder_is_named_with_its_mend() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = probe(file.path()).unwrap_err().to_string();
        assert!(error.contains("--out") && error.contains(&file.path().display().to_string()), "{error}");
    }
}
