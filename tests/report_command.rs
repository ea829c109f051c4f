//! `weighbridge report` as people use it: which pages it makes, and where it makes none. Needs no broker.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};

const MINIMAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/result-minimal.json");

/// A run folder with nothing but its record.
fn write_run(dir: &Path, name: &str, day: u32) -> PathBuf {
    let mut run: Value = serde_json::from_str(&fs::read_to_string(MINIMAL).unwrap()).unwrap();
    run["environment"]["started_at"] = json!(format!("2026-01-{day:02}T03:04:05Z"));
    run["run_id"] = json!(name);
    let folder = dir.join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("result.json"), run.to_string()).unwrap();
    folder
}

fn report(here: &Path, arguments: &[&Path]) -> assert_cmd::assert::Assert {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weighbridge"));
    command.current_dir(here).arg("report").args(arguments).assert()
}

fn printed(ended: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(ended.get_output().stdout.clone()).unwrap()
}

#[test]
fn without_a_folder_the_index_of_reports_is_renewed_and_forgets_what_was_deleted() {
    let here = tempfile::tempdir().unwrap();
    let reports = here.path().join("reports");
    let first = write_run(&reports, "20260101T030405Z-a", 1);
    write_run(&reports, "20260102T030405Z-b", 2);
    assert_eq!(printed(&report(here.path(), &[]).code(0)), "reports/index.html\n");
    let index = || fs::read_to_string(reports.join("index.html")).unwrap();
    assert!(index().contains("2026-01-01") && index().contains("2026-01-02"));
    assert!(!first.join("report.html").exists(), "runs are not rendered again");
    fs::remove_dir_all(first).unwrap();
    report(here.path(), &[]).code(0);
    assert!(!index().contains("2026-01-01") && index().contains("2026-01-02"));
}

#[test]
fn a_run_is_rendered_again_and_the_index_beside_it_renewed() {
    let here = tempfile::tempdir().unwrap();
    let run = write_run(here.path(), "20260101T030405Z-a", 1);
    let other = write_run(here.path(), "20260102T030405Z-b", 2);
    let ended = report(here.path(), &[&run, &other.join("result.json")]).code(0);
    assert!(run.join("report.html").exists() && other.join("report.html").exists());
    assert!(printed(&ended).ends_with("index.html\n"), "{}", printed(&ended));
    assert_eq!(printed(&ended).lines().count(), 3, "one index for both");
    let index = fs::read_to_string(here.path().join("index.html")).unwrap();
    assert!(index.contains("href=\"20260102T030405Z-b/report.html\""), "written before the index is");
}

#[test]
fn a_folder_that_is_not_one_of_runs_gets_no_index() {
    let here = tempfile::tempdir().unwrap();
    let copy = write_run(here.path(), "copy", 1);
    report(here.path(), &[&copy]).code(0);
    assert!(copy.join("report.html").exists());
    assert!(!here.path().join("index.html").exists());
    let empty = here.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let ended = report(here.path(), &[&empty]).code(1);
    let complaint = String::from_utf8(ended.get_output().stderr.clone()).unwrap();
    assert!(complaint.contains("holds neither"), "{complaint}");
    assert!(!empty.join("index.html").exists());
}

#[test]
fn a_run_lists_itself_and_is_whole_without_the_list() {
    let here = tempfile::tempdir().unwrap();
    let run = |out: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weighbridge"));
        command.current_dir(here.path()).args(["run", "quickstart", "--transport", "in-process", "--quiet"]);
        command.args([
            "--rate",
            "200",
            "--duration",
            "1s",
            "--warmup",
            "100ms",
            "--measure-again",
            "0",
            "--out",
        ]);
        let ended = command.arg(out).output().unwrap();
        // On a busy machine so short a run fails thresholds or is invalid; either way it was delivered.
        assert!(matches!(ended.status.code(), Some(0 | 99 | 100)), "{ended:?}");
        assert!(out.join("latest/report.html").exists() && out.join("latest/badge.svg").exists());
        String::from_utf8(ended.stderr).unwrap()
    };
    let listed = here.path().join("listed");
    assert!(!run(&listed).contains("not renewed"));
    assert!(fs::read_to_string(listed.join("index.html")).unwrap().contains("1 run of 1 scenario"));
    let foreign = here.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("index.html"), "<h1>Home</h1>").unwrap();
    let complaint = run(&foreign);
    assert!(complaint.contains("not renewed") && complaint.contains("left alone"), "{complaint}");
    assert_eq!(fs::read_to_string(foreign.join("index.html")).unwrap(), "<h1>Home</h1>");
}

#[test]
fn the_committed_example_is_what_this_version_makes_of_its_record() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/example");
    // Read as the command reads it: what an older version judged is judged anew.
    let page =
        weighbridge_report::html::render(&weighbridge_report::folder::read(&example).unwrap()).unwrap();
    let committed = fs::read_to_string(example.join("report.html")).unwrap();
    let mend = "`weighbridge report reports/example`, then `make pictures`, which show it";
    assert!(page == committed, "reports/example/report.html is stale: {mend}");
}
