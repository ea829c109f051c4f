//! `weighbridge report`: render report.html again from result.json, and the index of the folder it lies in.

use std::path::{Path, PathBuf};

use super::{CommandError, Outcome, browser, print};
use crate::cli::Report;
use weighbridge_report::{ReportError, folder, index};

pub fn run(arguments: &Report) -> Result<Outcome, CommandError> {
    let mut pages: Vec<PathBuf> = Vec::new();
    let mut listings: Vec<PathBuf> = Vec::new();
    for path in &arguments.folders {
        if !is_run(path) {
            if !index::is_folder_of_runs(path) {
                return Err(ReportError::NoRuns { path: path.clone() }.into());
            }
            add(&mut listings, path.clone());
            continue;
        }
        let page = folder::rerender(path)?;
        print(&format!("{}\n", page.display()))?;
        let run = if path.is_dir() { path.clone() } else { beside(path) };
        if let Some(listing) = index::listing(&run) {
            add(&mut listings, relative(listing));
        }
        pages.push(page);
    }
    // Afterwards, so that a folder of many runs is read once.
    for listing in &listings {
        let page = index::renew(listing)?;
        print(&format!("{}\n", page.display()))?;
        pages.push(page);
    }
    if arguments.open
        && let Some(page) = pages.first()
    {
        browser::open(page);
    }
    Ok(Outcome::Good)
}

/// What isn't there is taken for a run, whose reading then says what is missing.
fn is_run(path: &Path) -> bool {
    !path.is_dir() || path.join("result.json").exists()
}

fn beside(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn add(listings: &mut Vec<PathBuf>, listing: PathBuf) {
    let same = |known: &PathBuf| known.canonicalize().ok() == listing.canonicalize().ok();
    if !listings.iter().any(same) {
        listings.push(listing);
    }
}

/// As short as it was given, where it lies below the working directory.
fn relative(listing: PathBuf) -> PathBuf {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| listing.strip_prefix(here).map(Path::to_owned).ok());
    below.filter(|below| below != Path::new("")).unwrap_or(listing)
}
