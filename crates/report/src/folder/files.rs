//! Writing files so that nobody reads half of one, and what to say where that fails.

use std::fs;
use std::io;
use std::path::Path;

use crate::ReportError;

pub const MEND_OPEN: &str = "choose a folder you may write to with --out";
pub const MEND_WRITE: &str = "free some space, or choose a folder you may write to with --out";

/// Writes a file aside and renames it over the old one, so that nobody reads half of it.
pub fn replace(path: &Path, bytes: &[u8], mend: &'static str) -> Result<(), ReportError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.partial-{}", std::process::id()));
    let replaced = fs::write(&temporary, bytes)
        .map_err(|source| failed("write", path, mend, source))
        .and_then(|()| fs::rename(&temporary, path).map_err(|source| failed("replace", path, mend, source)));
    if replaced.is_err() {
        // The first error is the one to report; what can't be removed now is removed as stale later.
        let _ = fs::remove_file(&temporary);
    }
    replaced
}

pub fn failed(action: &'static str, path: &Path, mend: &'static str, source: io::Error) -> ReportError {
    ReportError::File { action, path: path.to_owned(), mend, source }
}

/// A name that stays within the folder and isn't hidden there.
pub fn plain_file_name(name: &str) -> Result<&str, ReportError> {
    let path = Path::new(name);
    if path.file_name().is_some_and(|file| file == name) && !name.starts_with('.') {
        Ok(name)
    } else {
        Err(ReportError::FileName { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for name in ["../x", "a/b", "", "..", ".hidden", "a/"] {
            assert!(plain_file_name(name).is_err(), "{name}");
        }
    }
}
