//! Scenarios that are none, each refused with the code for it, and numbers at the edge of what is taken.

use std::time::Duration;

use rustix::process::Signal;
use weighbridge_record::result::Verdict;

use crate::harness::{Run, entries, wait_for};

fn pipe(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("pipe.toml").display().to_string();
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo").success());
    path
}

#[test]
fn whatever_is_no_scenario_exits_with_104() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("writing a file");
        path.display().to_string()
    };
    let cases = [
        ("nowhere".to_string(), "there is no scenario `nowhere`"),
        ("/nowhere/else.toml".to_string(), "No such file"),
        (folder.path().display().to_string(), "can't read the scenario"),
        (file("latin.toml", b"name = \"caf\xe9\"\n"), "UTF-8"),
        (file("large.toml", &vec![b'#'; (1 << 20) + 1]), "larger than 1 MiB"),
        ("/dev/zero".to_string(), "larger than 1 MiB"),
        (file("empty.toml", b""), "missing key"),
    ];
    for (reference, words) in &cases {
        for verb in ["run", "validate", "search"] {
            Run::command(&[verb, reference]).end().expect_code(&[104]).expect_error(&[words]);
        }
    }
    let both = Run::command(&["validate", &cases[3].0, "quickstart"]).end();
    both.expect_code(&[104]);
    assert!(both.stdout.contains("quickstart: "), "the others are explained: {}", both.stdout);
}

#[test]
fn a_pipe_without_a_writer_is_given_up_and_one_with_a_writer_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = pipe(&folder);
    let ran = Run::command(&["validate", &path]).end();
    ran.expect_code(&[104]).expect_error(&["nothing has come out of", "pipe.toml"]);
    assert!(ran.took < Duration::from_secs(30), "{:?}", ran.took);
    let fed = Run::command(&["validate"]).by("\"$0\" \"$@\" <(cat scenarios/quickstart.toml)").end();
    fed.expect_code(&[0]);
}

#[test]
fn a_signal_before_anything_is_measured_ends_the_run_with_105() {
    let folder = tempfile::tempdir().expect("a folder");
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        // The scenario is waited for, so that nothing else has begun.
        let run = Run::scenario(&pipe(&folder)).start();
        wait_for("the listener", || {
            let tasks =
                procfs::process::Process::new(run.id() as i32).and_then(|process| process.tasks()).ok()?;
            let names = tasks.filter_map(|task| task.ok()?.stat().ok()).map(|stat| stat.comm);
            names.into_iter().any(|name| name == "signals").then_some(())
        });
        run.signal(signal);
        let ran = run.end();
        ran.expect_code(&[105]).expect_no_report();
        assert!(ran.took < Duration::from_secs(4), "it waited for its scenario: {:?}", ran.took);
        std::fs::remove_file(folder.path().join("pipe.toml")).expect("removing the pipe");
    }
}

#[test]
fn a_terminal_that_closes_leaves_a_partial_report_unless_nohup_has_said_otherwise() {
    let begun = |run: Run| {
        let out = run.out().to_owned();
        let run = run.start();
        wait_for("the run", || entries(&out).iter().any(|name| name.starts_with(".2")).then_some(()));
        std::thread::sleep(Duration::from_millis(500));
        run.signal(Signal::HUP);
        run.end()
    };
    let ran = begun(Run::short(&["in-process"]).with(&["--duration", "30s"]));
    ran.expect_code(&[105]);
    assert_eq!(ran.result().verdict, Verdict::Aborted);
    let ran =
        begun(Run::short(&["in-process"]).with(&["--duration", "3s"]).by("trap '' HUP; exec \"$0\" \"$@\""));
    ran.expect_measured();
}

#[test]
fn the_largest_seed_is_taken_and_its_repetitions_have_seeds_of_their_own() {
    let run = Run::short(&["in-process"]).with(&["--seed", "18446744073709551615", "--repeat", "2"]);
    let ran = run.end();
    ran.expect_measured();
    let result = ran.result();
    assert_eq!((result.scenario.seed, result.trials.len()), (u64::MAX, 2));
    assert!(result.environment.command.contains("--seed 18446744073709551615"));
}

#[test]
fn of_very_many_mistakes_some_are_told_and_all_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("many.toml");
    let keys: String = (0..20_000).map(|number| format!("zz{number}zz = 1\n")).collect();
    let short = std::fs::read_to_string("tests/cases/harness/short.toml").expect("the scenario");
    std::fs::write(&path, format!("{keys}{short}")).expect("writing a scenario");
    let ran = Run::command(&["validate", &path.display().to_string()]).end();
    ran.expect_code(&[104]).expect_error(&["20000 errors in scenario", "19980 more are not shown"]);
    assert_eq!(ran.stderr.matches("unknown key").count(), 20);
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
}

#[test]
fn a_duration_with_a_blank_is_explained() {
    let ran = Run::short(&["in-process"]).with(&["--duration", "5 s"]).end();
    ran.expect_code(&[104]).expect_error(&["`5 s` has a blank in it: write \"5s\""]);
}
