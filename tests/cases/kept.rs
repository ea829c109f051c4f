//! What was measured outlives what becomes of the run: a kill, a page that can't be drawn, a disk that is full.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rustix::process::Signal;
use serde::Serialize;
use weighbridge_record::result::{RunResult, Verdict};
use weighbridge_record::unfinished::RunHead;
use weighbridge_report::folder;

use crate::harness::{Ran, Run, entries, wait_for};

/// Trials that a run has on disk.
pub fn kept(out: &Path) -> Option<(PathBuf, usize)> {
    let hidden = entries(out).into_iter().find(|name| name.starts_with(".2"))?;
    let journal = std::fs::read_to_string(out.join(&hidden).join("journal.jsonl")).ok()?;
    let whole = journal.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    Some((out.join(&hidden), whole.filter(|line| line.starts_with("{\"trial\"")).count()))
}

/// What a run of one short trial in memory writes, in bytes.
struct Sizes {
    /// The journal's line before the first trial.
    head: u64,
    /// The journal's line of a trial.
    trial: u64,
    record: u64,
    page: u64,
}

/// Measured once: what fits under a limit follows from how long records are today.
static SIZES: LazyLock<Sizes> = LazyLock::new(|| {
    let ran = Run::short(&["in-process"]).end();
    ran.expect_measured();
    let (result, folder) = (ran.result(), ran.latest());
    let file = |name: &str| folder.join(name).metadata().expect("a file of the run").len();
    Sizes {
        head: json_bytes(&RunHead::of(&result)),
        trial: json_bytes(&result.trials[0]),
        record: file("result.json"),
        page: file("report.html"),
    }
});

fn json_bytes(value: &impl Serialize) -> u64 {
    serde_json::to_vec(value).expect("JSON").len() as u64
}

/// Starts a run and kills it when it has so many trials on disk. What it leaves stays with `out`.
fn killed_after(trials: usize, run: Run, out: &Path) -> PathBuf {
    let run = run.with(&["--out", &out.display().to_string()]).start();
    let path = wait_for("trials on disk", || kept(out).filter(|(_, kept)| *kept >= trials)).0;
    run.signal(Signal::KILL);
    assert_eq!(run.end().code, -1, "it ended by itself");
    path
}

/// Three trials in memory, each as long as those of other tests.
fn three(verb: &[&str]) -> Run {
    Run::command(verb).with(&["--transport", "in-process", "--measure-again", "0"])
}

fn report(path: &Path) -> Ran {
    let ran = Run::command(&["report", &path.display().to_string()]).end();
    ran.expect_code(&[0]);
    ran
}

fn record_of(ran: &Ran) -> RunResult {
    let page = Path::new(ran.stdout.lines().next().expect("a page"));
    assert!(std::fs::read_to_string(page).expect("a page").contains("</html>"));
    folder::read(page.parent().expect("a folder")).expect("a record")
}

#[test]
fn a_run_that_is_killed_after_its_second_trial_has_a_report_of_two() {
    let out = tempfile::tempdir().expect("a folder");
    let run = three(&["run", "tests/cases/harness/short.toml", "--repeat", "3"]);
    let left = killed_after(2, run, out.path());
    let next = three(&["run", "tests/cases/harness/short.toml"])
        .with(&["--out", &out.path().display().to_string()])
        .end();
    next.expect_measured().expect_error(&["a run that was killed left 2 trials", "weighbridge report"]);
    let told = next.stderr.lines().filter(|line| line.contains("killed")).collect::<Vec<_>>();
    assert!(told.len() == 1 && told[0].ends_with(&left.display().to_string()), "{told:?}");
    let result = record_of(&report(&left));
    assert_eq!((result.verdict, result.trials.len(), result.scenario.repeat), (Verdict::Aborted, 2, 3));
    assert_eq!((result.summary.len(), result.summary[0].repetitions), (1, 2));
    assert!(result.trials.iter().all(|trial| trial.complete && trial.ledger.check().is_ok()));
    assert!(!left.exists());
    let index = std::fs::read_to_string(out.path().join("index.html")).expect("an index");
    assert!(index.contains("1 aborted"));
}

#[test]
fn the_only_run_of_a_folder_is_found_by_its_folder() {
    let out = tempfile::tempdir().expect("a folder");
    killed_after(1, three(&["run", "tests/cases/harness/short.toml", "--repeat", "3"]), out.path());
    let ran = report(out.path());
    assert_eq!(record_of(&ran).trials.len(), 1);
    assert!(ran.stdout.trim_end().ends_with("index.html"), "{}", ran.stdout);
}

#[test]
fn a_search_that_is_killed_keeps_what_it_has_tried() {
    let out = tempfile::tempdir().expect("a folder");
    let search = three(&["search", "tests/cases/harness/short.toml", "--low", "100", "--high", "800"])
        .with(&["--set", "search.confirm=600ms", "--set", "load.duration=300ms"]);
    let left = killed_after(2, search, out.path());
    let result = record_of(&report(&left));
    assert_eq!((result.verdict, result.searches.len()), (Verdict::Aborted, 1));
    assert!(!result.searches[0].probes.is_empty() && result.trials.len() >= 2);
}

#[test]
fn a_page_that_cannot_be_written_costs_neither_record_nor_summary_nor_code() {
    let threshold = ["--set", "thresholds.\"turnaround.p50\"=\"< 1us\""];
    // Halfway between them: a page is several times as long as the record of one trial that is drawn on it.
    let Sizes { record, page, .. } = *SIZES;
    assert!(page > 2 * record, "no limit tells a page of {page} bytes from a record of {record}");
    let ran = Run::short(&["in-process"]).with(&threshold).with_files_up_to((record + page) / 2).end();
    // 100 where the machine was too busy.
    ran.expect_code(&[99, 100]).expect_error(&["report.html is missing", "weighbridge report"]);
    assert!(ran.stdout.contains("in-process") && ran.stdout.contains("Record: "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("report.html"), "it is missing: {}", ran.stdout);
    assert_eq!(ran.result().trials.len(), 1);
    let page = ran.latest().join("report.html");
    assert!(!page.exists());
    report(&ran.latest());
    assert!(page.exists());
}

#[test]
fn a_disk_that_is_full_ends_with_an_error_and_the_summary_and_keeps_what_fitted() {
    // Only the beginning fits, or some of the three. Trials differ in length, but none is twice another.
    let Sizes { head, trial, .. } = *SIZES;
    for (bytes, fitting) in [(head + trial / 2, 0..=0), (head + trial * 5 / 2, 1..=2)] {
        let run = Run::short(&["in-process"]).with(&["--repeat", "3"]).with_files_up_to(bytes);
        let out = run.out().to_owned();
        let ran = run.end();
        ran.expect_code(&[1]).expect_error(&["trial 3 is not on disk yet", "cannot write", "--out"]);
        assert!(ran.stdout.contains("in-process"), "{}", ran.stdout);
        let (left, kept) = kept(&out).expect("what is on disk");
        assert!(fitting.contains(&kept), "{kept} trials of about {trial} bytes in {bytes}");
        if kept > 0 {
            ran.expect_error(&[&format!("{kept} of 3 trials are on disk"), "weighbridge report"]);
            assert_eq!(record_of(&report(&left)).trials.len(), kept);
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_measured() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let out = file.path().display().to_string();
    let ran = Run::command(&["run", "quickstart", "--transport", "in-process", "--out", &out]).end();
    ran.expect_code(&[1]).expect_error(&["--out", &out]);
    assert!(!ran.stderr.contains("1/1"), "{}", ran.stderr);
}
