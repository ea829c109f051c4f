//! `weighbridge report`: render report.html again from result.json, or from what a killed run left, and the index
//! of the folder it lies in.

use std::path::{Path, PathBuf};

use super::keeping::tell_missing;
use super::{CommandError, Outcome, browser, print};
use crate::cli::Report;
use weighbridge_report::folder::{self, Written};
use weighbridge_report::{ReportError, index};

pub fn run(arguments: &Report) -> Result<Outcome, CommandError> {
    let mut pages: Vec<PathBuf> = Vec::new();
    let mut listings: Vec<PathBuf> = Vec::new();
    for path in &arguments.folders {
        if folder::is_unfinished(path) {
            let run = make_whole(path)?;
            list(&run.folder, &mut listings);
            pages.extend(run.page());
        } else if is_run(path) {
            pages.push(printed(folder::rerender(path)?)?);
            list(&if path.is_dir() { path.clone() } else { beside(path) }, &mut listings);
        } else {
            pages.extend(killed_runs(path)?);
            if !index::is_folder_of_runs(path) {
                return Err(ReportError::NoRuns { path: path.clone() }.into());
            }
            add(&mut listings, path.clone());
        }
    }
    // Afterwards, so that a folder of many runs is read once.
    for listing in &listings {
        pages.push(printed(index::renew(listing)?)?);
    }
    if arguments.open
        && let Some(page) = pages.first()
    {
        browser::open(page);
    }
    Ok(Outcome::Good)
}

fn printed(page: PathBuf) -> Result<PathBuf, CommandError> {
    print(&format!("{}\n", page.display()))?;
    Ok(page)
}

/// Makes a report of what a run measured before it was killed.
fn make_whole(path: &Path) -> Result<Written, CommandError> {
    let written = folder::make_whole(path)?;
    tell_missing(&written);
    printed(written.shown())?;
    Ok(written)
}

/// Makes reports of all killed runs in a folder of runs, as far as they can be made. Returns their pages.
fn killed_runs(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let mut pages = Vec::new();
    for left in folder::left(folder) {
        match make_whole(&left.path) {
            Ok(run) => pages.extend(run.page()),
            Err(CommandError::Report(error)) => tracing::error!("{error}"),
            Err(error) => return Err(error),
        }
    }
    Ok(pages)
}

/// Adds the index that lists this run, if there is to be one.
fn list(run: &Path, listings: &mut Vec<PathBuf>) {
    if let Some(listing) = index::listing(run) {
        add(listings, relative(listing));
    }
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
