//! The runs of a folder: which of its entries are runs, when they began, where their reports are.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::record::{self, Record, RecordError};
use crate::folder;

/// One run folder.
#[derive(Debug)]
pub struct Run {
    /// Its name; bytes that are no text are replaced.
    pub folder: String,
    /// Its report, relative to the index; none where there is no report.
    pub href: Option<String>,
    /// From the record, else from the folder's name.
    pub began: Option<Timestamp>,
    pub record: Result<Record, RecordError>,
}

impl Run {
    pub fn scenario(&self) -> Option<&str> {
        self.record.as_ref().ok().map(|record| record.scenario.name.as_str())
    }
}

/// Every run of the folder, the newest first; those whose time is unknown come last.
pub fn of_folder(dir: &Path) -> io::Result<Vec<Run>> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if is_run(dir, &entry) {
            runs.push(run(&entry));
        }
    }
    runs.sort_by(|a, b| b.began.cmp(&a.began).then_with(|| b.folder.cmp(&a.folder)));
    Ok(runs)
}

/// Whether there is any, looking no further than needed.
pub fn any(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|entries| entries.flatten().any(|entry| is_run(dir, &entry)))
}

/// A folder with a record, or with the name of one that has lost its record. `latest` and other links to a
/// neighbour would list it twice.
fn is_run(dir: &Path, entry: &fs::DirEntry) -> bool {
    let (path, name) = (entry.path(), entry.file_name());
    let name = name.to_string_lossy();
    if name.starts_with('.') || !path.is_dir() {
        return false;
    }
    let linked = entry.file_type().is_ok_and(|kind| kind.is_symlink());
    let neighbour = || {
        let target = path.canonicalize().ok();
        target.as_deref().and_then(Path::parent) == dir.canonicalize().ok().as_deref()
    };
    if linked && neighbour() {
        return false;
    }
    path.join("result.json").exists() || folder::began(&name).is_some()
}

fn run(entry: &fs::DirEntry) -> Run {
    let (path, name) = (entry.path(), entry.file_name());
    let folder = name.to_string_lossy().into_owned();
    let record = record::read(&path.join("result.json"));
    let recorded = record.as_ref().ok().and_then(|record| record.environment.started_at.parse().ok());
    let began = recorded.or_else(|| folder::began(&folder));
    let has_report = path.join("report.html").is_file();
    let href = has_report.then(|| format!("{}/report.html", encoded(name.as_encoded_bytes())));
    Run { folder, href, began, record }
}

/// A name as one segment of a relative address; a colon would make a scheme of what stands before it.
fn encoded(name: &[u8]) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encode(name, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_stay_one_segment_of_a_relative_address() {
        assert_eq!(encoded(b"20260102T030405Z-quickstart"), "20260102T030405Z-quickstart");
        assert_eq!(encoded("a b?#%/\"<é".as_bytes()), "a%20b%3F%23%25%2F%22%3C%C3%A9");
        assert_eq!(encoded(b"javascript:x"), "javascript%3Ax");
    }
}
