//! Readers that leave, devices that are full, and text that would steer the terminal: no measurement is lost, no
//! verdict changes, and no escape sequence comes through.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use rustix::process::Signal;
use weighbridge_record::result::Verdict;

use crate::harness::{Ran, Run, entries, wait_for};

const UNKEPT: [&str; 2] = ["--set", "thresholds.\"turnaround.p50\"=\"< 1us\""];

/// The exit code of the command, whatever the rest of the line ends with.
fn piped(run: Run, rest: &str) -> Ran {
    run.by(&format!("\"$0\" \"$@\" {rest}; exit ${{PIPESTATUS[0]}}")).end()
}

#[test]
fn whoever_reads_may_leave_or_be_full_and_the_verdict_stays() {
    for rest in [
        "-q | true",
        "| true",
        "2>&1 | true",
        "2>&1 | head -1",
        "2>/dev/full",
        ">/dev/full",
        ">/dev/full 2>&1",
    ] {
        let ran = piped(Run::short(&["in-process"]).with(&UNKEPT).variable("WEIGHBRIDGE_LOG", "debug"), rest);
        // 100 where the machine was too busy.
        assert!([99, 100].contains(&ran.code), "{rest}: exit {}\n{}", ran.code, ran.stderr);
        assert_eq!(ran.result().trials.len(), 1, "{rest}");
        assert!(!ran.stderr.contains("panicked"), "{rest}: {}", ran.stderr);
    }
}

#[test]
fn the_next_scenario_is_measured_though_nobody_reads() {
    let run = Run::short(&["in-process"]).with(&["tests/cases/harness/short.toml", "-q"]);
    let out = run.out().to_owned();
    let ran = piped(run, "| true");
    ran.expect_measured();
    assert_eq!(entries(&out).iter().filter(|name| name.starts_with("20")).count(), 2, "{:?}", entries(&out));
}

#[test]
fn a_summary_that_cannot_be_printed_is_told() {
    let ran = piped(Run::short(&["in-process"]), ">/dev/full");
    ran.expect_measured().expect_error(&["writing to standard output", "No space left"]);
    // Where the output is all there is, it is a failure.
    let ran = piped(Run::command(&["schema", "scenario"]), ">/dev/full");
    ran.expect_code(&[1]).expect_error(&["No space left"]);
    piped(Run::command(&["schema", "scenario"]), "| true").expect_code(&[0]);
}

#[test]
fn a_mistake_is_told_by_the_code_also_where_nobody_reads() {
    let broken = tempfile::NamedTempFile::with_suffix(".toml").expect("a file");
    let path = broken.path().display().to_string();
    for rest in ["| true", "2>&1 | true", "2>/dev/full"] {
        piped(Run::command(&["validate", "quickstart", &path]), rest).expect_code(&[104]);
        piped(Run::command(&["run", &path]), rest).expect_code(&[104]);
        piped(Run::command(&["run", "quickstart", "--no-such-flag"]), rest).expect_code(&[2]);
    }
}

#[test]
fn ctrl_c_after_the_reader_has_left_still_leaves_a_report() {
    let run = Run::short(&["in-process"]).with(&["--duration", "30s", "--repeat", "2"]);
    let out = run.out().to_owned();
    let mut run = run.start();
    wait_for("the run", || entries(&out).iter().any(|name| name.starts_with(".2")).then_some(()));
    run.is_left();
    std::thread::sleep(std::time::Duration::from_millis(500));
    run.signal(Signal::INT);
    let ran = run.end();
    ran.expect_code(&[105]);
    assert_eq!(ran.result().verdict, Verdict::Aborted);
}

/// A text that would set the terminal's title, clear it, and colour what follows.
const STEERING: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r";

fn expect_harmless(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!text.chars().any(steers), "{text:?}");
    }
}

#[test]
fn what_a_scenario_holds_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let short = std::fs::read_to_string("tests/cases/harness/short.toml").expect("the scenario");
    let escaped = "\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\r";
    let with = |old: &str, new: &str| short.replace(old, new);
    let cases = [
        ("question", with("come back?", &format!("come{escaped} back?")), 0),
        ("key", format!("\"{escaped}\" = 1\n{short}"), 104),
        ("value", with("\"nats-core\"", &format!("\"{escaped}\"")), 104),
        ("raw", with("come back?", &format!("come{STEERING} back?")), 104),
        ("threshold", format!("{short}[thresholds]\n\"turnaround.p50\" = \"< 5{escaped}s\"\n"), 104),
        ("sweep", format!("{short}[sweep]\n\"load.{escaped}\" = [1]\n"), 104),
    ];
    for (name, text, code) in cases {
        let path = folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, text).expect("writing a scenario");
        let path = path.display().to_string();
        let ran = Run::command(&["validate", &path]).end();
        assert_eq!(ran.code, code, "{name}: {}", ran.stderr);
        expect_harmless(&ran);
        if code != 0 {
            expect_harmless(&Run::command(&["run", &path]).end());
        }
    }
    expect_harmless(&Run::command(&["list", "--scenarios", &folder.path().display().to_string()]).end());
    let set = format!("load.rate={STEERING}");
    expect_harmless(&Run::command(&["validate", "quickstart", "--set", &set]).end());
    expect_harmless(&Run::command(&["validate", &format!("no{STEERING}where")]).end());
    let path = folder.path().join("question.toml").display().to_string();
    let ran = Run::scenario(&path).with(&["--transport", "in-process"]).end();
    ran.expect_measured();
    expect_harmless(&ran);
}

/// A server that answers everything with one line. It ends with the test's process.
fn answering(line: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, line) = (stream.expect("a connection"), line.clone());
            std::thread::spawn(move || {
                let _ = stream.write_all(line.as_bytes());
                let mut asked = [0; 1024];
                while stream.read(&mut asked).is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(line.as_bytes());
                }
            });
        }
    });
    address
}

#[test]
fn what_a_server_answers_cannot_steer_the_terminal() {
    let redis = format!("redis://:x@{}", answering(format!("-ERR no {} entry\r\n", STEERING.trim())));
    let nats = format!("nats://{}", answering(format!("-ERR 'no {} entry'\r\n", STEERING.trim())));
    for (transport, flag, url) in
        [("redis-pubsub", "--redis-url", &redis), ("nats-core", "--nats-url", &nats)]
    {
        let ran = Run::short(&[transport]).with(&[flag, url]).end();
        assert!(![0, 100].contains(&ran.code), "{transport} was measured");
        expect_harmless(&ran);
        expect_harmless(&Run::command(&["doctor", flag, url]).end());
    }
}

/// What a command shows on a terminal of a kind.
fn on_terminal(kind: &str, command: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_weighbridge");
    let mut script = Command::new("script");
    script
        .args(["-qec", &format!("{binary} {command}"), "/dev/null"])
        .env("TERM", kind)
        .env_remove("NO_COLOR");
    let ran = script.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("script, of util-linux");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[test]
fn a_dumb_terminal_gets_no_escape_sequences() {
    let out = tempfile::tempdir().expect("a folder");
    let run =
        format!("run tests/cases/harness/short.toml --transport in-process --out {}", out.path().display());
    for command in [run.as_str(), "doctor --redis-server /nonexistent/server", "validate nowhere"] {
        assert!(on_terminal("xterm", command).contains('\u{1b}'), "{command}");
        let dumb = on_terminal("dumb", command);
        assert!(!dumb.is_empty() && !dumb.contains('\u{1b}'), "{command}: {dumb:?}");
    }
}
