//! From a folder that is built aside to one that people see: the record first, then pages, then its name.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::files::{MEND_WRITE, failed, replace};
use super::journal::JOURNAL;
use super::name::{began, partial_name};
use super::pages::{Undrawn, draw};
use super::read::RECORD;
use crate::ReportError;
use weighbridge_record::result::RunResult;

/// Folders of one name that may exist before giving up on a free one.
const SAME_NAME_MAX: u32 = 10_000;

/// A run's folder in its place. Its record is there whatever else is missing.
#[derive(Debug)]
pub struct Written {
    pub folder: PathBuf,
    pub undrawn: Vec<Undrawn>,
    /// Why `latest` does not point at it; none also where a later run is the latest.
    pub unlinked: Option<ReportError>,
}

impl Written {
    /// What to look at: the page, or the record where the page is missing.
    pub fn shown(&self) -> PathBuf {
        let has_page = self.undrawn.iter().all(|page| page.name != PAGE);
        self.folder.join(if has_page { PAGE } else { "result.json" })
    }

    /// The page, unless it is missing.
    pub fn page(&self) -> Option<PathBuf> {
        Some(self.shown()).filter(|path| path.ends_with(PAGE))
    }
}

const PAGE: &str = "report.html";

/// Writes the record and the pages into `partial`, and moves it to `name`, or one like it, in `out_dir`.
pub fn settle(
    result: &RunResult,
    partial: &Path,
    out_dir: &Path,
    name: &str,
) -> Result<Written, ReportError> {
    let mut json = serde_json::to_vec_pretty(result).map_err(|source| ReportError::Json { source })?;
    json.push(b'\n');
    replace(&partial.join(RECORD), &json, MEND_WRITE)?;
    // All that it holds stands in the record by now. It is gone already where that was written before.
    let _ = fs::remove_file(partial.join(JOURNAL));
    let undrawn = draw(result, partial);
    let folder = rename_to_free(partial, out_dir, name)?;
    let unlinked = if is_latest(out_dir, name) { point_latest_at(out_dir, &folder).err() } else { None };
    Ok(Written { folder, undrawn, unlinked })
}

fn rename_to_free(partial: &Path, out_dir: &Path, name: &str) -> Result<PathBuf, ReportError> {
    for number in 1..=SAME_NAME_MAX {
        let folder = match number {
            1 => out_dir.join(name),
            _ => out_dir.join(format!("{name}-{number}")),
        };
        if folder.symlink_metadata().is_ok() {
            continue;
        }
        match fs::rename(partial, &folder) {
            Ok(()) => return Ok(folder),
            // Another run took the name between the look and the rename; rename never replaces a full folder.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
                ) => {}
            Err(source) => return Err(failed("rename the finished report to", &folder, MEND_WRITE, source)),
        }
    }
    let taken = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(failed("find a free name for", &out_dir.join(name), "remove old reports", taken))
}

/// Whether no run that began later is the latest: one that was killed may be made whole long after.
fn is_latest(out_dir: &Path, name: &str) -> bool {
    let target = fs::read_link(out_dir.join("latest")).ok();
    let latest = target.as_deref().and_then(Path::file_name).and_then(|name| began(&name.to_string_lossy()));
    latest.is_none_or(|latest| began(name).is_none_or(|began| latest <= began))
}

/// A link is made aside and renamed over the old one, so that `latest` always points somewhere.
fn point_latest_at(out_dir: &Path, folder: &Path) -> Result<(), ReportError> {
    let latest = out_dir.join("latest");
    let Some(target) = folder.file_name() else { return Ok(()) };
    let temporary = out_dir.join(partial_name("latest"));
    let _ = fs::remove_file(&temporary);
    symlink(target, &temporary).and_then(|()| fs::rename(&temporary, &latest)).map_err(|source| {
        let _ = fs::remove_file(&temporary);
        failed("point at the newest report", &latest, "remove what stands at `latest`", source)
    })
}
