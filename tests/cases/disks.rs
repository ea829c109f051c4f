//! Report folders that can't take a report, from the start or from some moment on.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Ran, Run, entries};

/// A file system of its own.
struct Disk(TempDir);

impl Disk {
    /// None where this process may not mount one.
    fn of(bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let size = format!("size={bytes}");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        if !mount.as_ref().is_ok_and(|mount| mount.status.success()) {
            eprintln!("SKIPPED: this test mounts a tmpfs, which is for root: {mount:?}");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> String {
        self.0.path().display().to_string()
    }

    fn fill(&self) {
        let mut file =
            OpenOptions::new().append(true).create(true).open(self.0.path().join("ballast")).expect("a file");
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn make_read_only(&self) {
        let mounted = Command::new("mount").args(["-o", "remount,ro"]).arg(self.0.path()).status();
        assert!(mounted.expect("mount").success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn expect_not_measured(ran: &Ran, out: &str) {
    ran.expect_code(&[1]).expect_error(&["--out", out]);
    assert!(!ran.stderr.contains("1/1") && !ran.stderr.contains("ledger"), "{}", ran.stderr);
}

#[test]
fn a_disk_that_is_full_or_read_only_is_found_before_anything_is_measured() {
    let (Some(full), Some(read_only)) = (Disk::of(64 * 1024), Disk::of(64 * 1024)) else { return };
    full.fill();
    read_only.make_read_only();
    let file = tempfile::NamedTempFile::new().expect("a file");
    for out in [
        full.path(),
        read_only.path(),
        format!("{}/reports", read_only.path()),
        file.path().display().to_string(),
    ] {
        let words = [
            "run",
            "tests/cases/harness/short.toml",
            "--transport",
            "in-process",
            "--out",
            &out,
            "--calibrate",
        ];
        expect_not_measured(&Run::command(&words).end(), &out);
        let words = ["search", "capacity", "--transport", "in-process", "--out", &out];
        expect_not_measured(&Run::command(&words).end(), &out);
    }
}

#[test]
fn a_disk_that_fills_up_while_pages_are_written_keeps_record_summary_and_verdict() {
    let Some(disk) = Disk::of(96 * 1024) else { return };
    let unkept = ["--set", "thresholds.\"turnaround.p50\"=\"< 1us\"", "--out", &disk.path()];
    let run = Run::command(&["run", "tests/cases/harness/short.toml", "--transport", "in-process"]);
    let ran = run.with(&["--measure-again", "0"]).with(&unkept).end();
    // 100 where the machine was too busy.
    ran.expect_code(&[99, 100]).expect_error(&[
        "report.html is missing",
        "No space left",
        "weighbridge report",
    ]);
    assert!(ran.stdout.contains("in-process") && ran.stdout.contains("Record: "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("report.html"), "it is missing: {}", ran.stdout);
    let latest = Path::new(&disk.path()).join("latest");
    assert_eq!(weighbridge_report::folder::read(&latest).expect("a record").trials.len(), 1);
    let left = entries(&latest);
    assert!(left.iter().all(|name| !name.contains("partial")), "{left:?}");
}

#[test]
fn what_else_cannot_be_written_is_a_warning_and_no_more() {
    let unkept = ["--set", "thresholds.\"turnaround.p50\"=\"< 1us\""];
    let run = Run::short(&["in-process"]).with(&unkept).variable("GITHUB_STEP_SUMMARY", "/proc/nowhere/page");
    std::fs::create_dir_all(run.out().join("latest/kept")).expect("a folder");
    let out = run.out().to_owned();
    let ran = run.end();
    ran.expect_code(&[99, 100]).expect_error(&["$GITHUB_STEP_SUMMARY", "remove what stands at `latest`"]);
    assert!(ran.stdout.contains("in-process") && ran.stdout.contains("Report: "), "{}", ran.stdout);
    assert!(out.join("latest/kept").exists());
    let report = entries(&out).into_iter().find(|name| name.starts_with("20")).expect("a report");
    assert!(out.join(report).join("report.html").exists());
}

#[test]
fn a_page_of_a_comparison_does_not_overwrite_what_is_compared() {
    let runs = [Run::short(&["in-process"]).end(), Run::short(&["in-process"]).end()];
    let [base, new] = runs.each_ref().map(|ran| ran.latest());
    let words = |path: &Path| path.display().to_string();
    let link = new.join("other-name.html");
    std::os::unix::fs::symlink(base.join("result.json"), &link).expect("a link");
    for html in [base.join("result.json"), new.join("result.json"), new.join("../latest/result.json"), link] {
        let given = ["compare", &words(&base), &words(&new), "--force", "--html", &words(&html)];
        let ran = Run::command(&given).end();
        ran.expect_code(&[2]).expect_error(&["is a record that is compared", "--html"]);
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    }
    runs.iter().for_each(|ran| assert_eq!(ran.result().trials.len(), 1));
}
