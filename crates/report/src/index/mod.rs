//! `index.html`: all runs of a folder, and how one scenario's figures moved from run to run.
//!
//! ```text
//! folder -> runs (each record read leanly) -> rows   -> index.html
//!                                          -> trends ->
//! ```
//!
//! A run that can't be read has a row that says why; nothing here stops at one.

mod record;
mod runs;
mod trends;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use askama::Template;

use self::runs::Run;
use self::trends::{TrendView, Trends};
use super::ReportError;
use super::claim::{At, Claim, What, of_all};
use super::claims::Placed;
use super::folder::{self, failed};
use super::html::{PAGE_BYTES_MAX, verdict};
use super::page::Frame;
use weighbridge_record::format;

/// Tells an index of ours from somebody's start page.
const MARK: &str = "<meta name=\"generator\" content=\"Weighbridge index\">";
/// The mark stands in the first lines.
const MARK_WITHIN_BYTES: u64 = 4096;

/// Rows of the table; older runs are counted.
const ROWS_MAX: usize = 2_000;
/// Trends drawn, most first; the first number that fits the size of a page is taken.
const TRENDS_MAX: [usize; 5] = [24, 12, 6, 3, 0];
/// Longer text of a record is cut in the table; its report has all of it.
const TEXT_CHARS_MAX: usize = 240;

const MEND_WRITE: &str = "free some space, or make the folder writable";
const MEND_READ: &str = "give the folder of a run, its result.json, or a folder of runs";

/// Writes `index.html` of a folder of runs anew. Returns its path. What stands there and was not made by
/// Weighbridge is left alone.
pub fn renew(dir: &Path) -> Result<PathBuf, ReportError> {
    let path = dir.join("index.html");
    if path.symlink_metadata().is_ok() && !made_by_us(&path) {
        return Err(ReportError::ForeignIndex { path });
    }
    let page = render(&runs_of(dir)?)?;
    folder::replace(&path, page.as_bytes(), MEND_WRITE)?;
    Ok(path)
}

/// Every sentence of the index of a folder of runs, with where it stands.
pub fn claims(dir: &Path) -> Result<Vec<Placed>, ReportError> {
    let runs = runs_of(dir)?;
    let trends = Trends::of(&runs, TRENDS_MAX[0])?;
    let notes = trends.notes(trends.views.len());
    let mut claims = vec![("summary".to_owned(), summary(&runs))];
    claims.extend(notes.into_iter().map(|note| ("note".to_owned(), note)));
    for trend in trends.views {
        claims.push(("trend".to_owned(), trend.note));
        let takeaways = trend.figures.into_iter().map(|view| (view.id, view.figure.takeaway));
        claims.extend(takeaways);
    }
    Ok(claims)
}

fn runs_of(dir: &Path) -> Result<Vec<Run>, ReportError> {
    runs::of_folder(dir).map_err(|source| failed("read", dir, MEND_READ, source))
}

/// The folder whose index lists this run: the one it lies in, if that has an index of ours, or none and the
/// run has the name that Weighbridge gave it. Any other folder is not ours to put an index into.
pub fn listing(run: &Path) -> Option<PathBuf> {
    // Through `latest`, and for `.`.
    let run = run.canonicalize().ok()?;
    let parent = run.parent()?;
    let index = parent.join("index.html");
    let named_by_us = || run.file_name().is_some_and(|name| folder::began(&name.to_string_lossy()).is_some());
    let ours = made_by_us(&index) || (index.symlink_metadata().is_err() && named_by_us());
    ours.then(|| parent.to_owned())
}

/// Whether a folder is one of runs: it holds one, or an index of ours.
pub fn is_folder_of_runs(dir: &Path) -> bool {
    made_by_us(&dir.join("index.html")) || runs::any(dir)
}

fn made_by_us(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(MARK_WITHIN_BYTES).read_to_end(&mut head));
    read.is_ok() && String::from_utf8_lossy(&head).contains(MARK)
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    frame: Frame,
    summary: Claim,
    scenarios: Vec<&'a str>,
    verdicts: Vec<&'static str>,
    rows: Vec<Row<'a>>,
    older: usize,
    trends: &'a [TrendView],
    /// Trends that were not drawn, and why.
    notes: Vec<Claim>,
    version: &'static str,
}

struct Row<'a> {
    began: String,
    folder: &'a str,
    /// Whether the name only repeats time and scenario.
    folder_is_ours: bool,
    href: Option<&'a str>,
    scenario: &'a str,
    question: String,
    offered: String,
    /// Class and word.
    verdict: (&'static str, &'static str),
    paths: Vec<&'static str>,
    brokers: String,
    /// Why the record can't be read; empty where it can.
    damage: String,
}

/// The page over runs that are sorted from the newest to the oldest.
fn render(runs: &[Run]) -> Result<String, ReportError> {
    let trends = Trends::of(runs, TRENDS_MAX[0])?;
    let mut text = String::new();
    for trends_max in TRENDS_MAX {
        let shown = trends.views.len().min(trends_max);
        let page = Page {
            frame: Frame::of_several_runs().with_script(include_str!("../../templates/index.js")),
            summary: summary(runs),
            scenarios: distinct(runs.iter().filter_map(Run::scenario)),
            verdicts: distinct(runs.iter().map(|run| verdict_of(run).1)),
            rows: runs.iter().take(ROWS_MAX).map(row).collect(),
            older: runs.len().saturating_sub(ROWS_MAX),
            trends: &trends.views[..shown],
            notes: trends.notes(shown),
            version: env!("CARGO_PKG_VERSION"),
        };
        text = page.render().map_err(|source| ReportError::Page { source })?;
        if text.len() < PAGE_BYTES_MAX {
            break;
        }
    }
    Ok(text)
}

fn row(run: &Run) -> Row<'_> {
    let record = run.record.as_ref().ok();
    Row {
        began: run.began.map_or_else(String::new, |began| began.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        folder: &run.folder,
        folder_is_ours: folder::began(&run.folder).is_some(),
        href: run.href.as_deref(),
        scenario: run.scenario().unwrap_or_default(),
        question: cut(record.map_or("", |record| &record.scenario.question)),
        offered: cut(record.map_or("", |record| &record.scenario.offered)),
        verdict: verdict_of(run),
        paths: record.map_or_else(Vec::new, |record| record.paths()),
        brokers: cut(&record.map_or_else(String::new, |record| record.brokers().join(", "))),
        damage: run.record.as_ref().err().map_or_else(String::new, |error| cut(&error.to_string())),
    }
}

fn verdict_of(run: &Run) -> (&'static str, &'static str) {
    run.record.as_ref().map_or(("bad", "unreadable"), |record| verdict(record.verdict))
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(TEXT_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn distinct<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut words: Vec<&str> = words.collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// `5 runs of 1 scenario: 2 passed, 3 aborted.`
fn summary(runs: &[Run]) -> Claim {
    if runs.is_empty() {
        return Claim::words("There is no run in this folder.");
    }
    let told = |count: usize, what: What| {
        Claim::default().figure(format::count(count as u64), count as f64, of_all(&At::Run, what))
    };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let verdicts = ["passed", "failed", "invalid", "aborted", "unreadable"].into_iter().filter_map(|word| {
        let count = runs.iter().filter(|run| verdict_of(run).1 == word).count();
        (count > 0).then(|| told(count, What::Runs(Some(word))).say(format!(" {word}")))
    });
    let scenarios = distinct(runs.iter().filter_map(Run::scenario)).len();
    told(runs.len(), What::Runs(None))
        .say(format!(" run{} of ", plural(runs.len())))
        .and(told(scenarios, What::Scenarios))
        .say(format!(" scenario{}: ", plural(scenarios)))
        .and(Claim::join(verdicts, ", "))
        .say(".")
}

#[cfg(test)]
mod tests;
