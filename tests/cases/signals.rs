//! Ends that nobody planned: Ctrl-C once and twice, and SIGKILL.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use weighbridge::result::Verdict;

use crate::harness::{Run, Running, entries, wait_for};

/// Load for half a minute; with `service` so long that nothing of it is back when it is stopped.
fn long(transport: &str, service: &str) -> Run {
    let service = format!("workers.service_time={service}");
    Run::short(&[transport]).with(&["--duration", "30s", "--set", &service, "--set", "load.drain=30s"])
}

fn signal(run: &Running, signal: Signal) {
    let id = Pid::from_raw(run.id() as i32).expect("a process id");
    kill_process(id, signal).expect("signalling the run");
}

/// Servers that the run has started, by process id.
fn brokers(run: &Running) -> Vec<i32> {
    let all = procfs::process::all_processes().expect("/proc");
    let stats = all.filter_map(|process| process.ok()?.stat().ok());
    let own = stats.filter(|stat| stat.ppid == run.id() as i32);
    own.filter(|stat| ["redis-server", "nats-server"].contains(&stat.comm.as_str())).map(|s| s.pid).collect()
}

fn is_alive(id: i32) -> bool {
    let stat = procfs::process::Process::new(id).and_then(|process| process.stat());
    // A zombie has ended, whoever is to wait for it.
    stat.is_ok_and(|stat| stat.state != 'Z')
}

/// Starts a run and waits until its broker runs and its load is on.
fn under_load(run: Run) -> (Running, Vec<i32>) {
    let run = run.start();
    let found = wait_for("a broker of the run", || Some(brokers(&run)).filter(|found| !found.is_empty()));
    std::thread::sleep(Duration::from_millis(1500));
    (run, found)
}

fn expect_gone(brokers: &[i32]) {
    wait_for("the brokers' end", || brokers.iter().all(|id| !is_alive(*id)).then_some(()));
}

#[test]
fn ctrl_c_once_drains_and_writes_a_partial_report() {
    for transport in ["redis-streams", "nats-core"] {
        let (run, brokers) = under_load(long(transport, "1ms"));
        signal(&run, Signal::INT);
        let ran = run.end();
        ran.expect_code(&[105]).expect_error(&["once more to stop at once"]);
        assert!(ran.took < Duration::from_secs(25), "it went on to the planned end: {:?}", ran.took);
        assert_eq!(ran.result().verdict, Verdict::Aborted);
        let trial = ran.trial();
        assert!(!trial.complete && !trial.valid, "a part passes for the whole");
        assert!(trial.ledger.completed > 0 && trial.ledger.lost == 0, "{:?}", trial.ledger);
        expect_gone(&brokers);
    }
}

#[test]
fn ctrl_c_twice_ends_the_run_at_once_and_leaves_no_broker() {
    for transport in ["redis-pubsub", "nats-jetstream"] {
        let (run, brokers) = under_load(long(transport, "20s"));
        signal(&run, Signal::INT);
        std::thread::sleep(Duration::from_millis(300));
        let second = Instant::now();
        signal(&run, Signal::INT);
        let ran = run.end();
        ran.expect_code(&[105]).expect_no_report();
        assert!(second.elapsed() < Duration::from_secs(5), "{transport}: {:?}", second.elapsed());
        expect_gone(&brokers);
    }
}

#[test]
fn a_killed_harness_leaves_no_broker_and_nothing_half_written() {
    for transport in ["redis-streams", "nats-jetstream"] {
        let run = long(transport, "1ms");
        let out = run.out().to_owned();
        let (run, brokers) = under_load(run);
        signal(&run, Signal::KILL);
        expect_gone(&brokers);
        assert_eq!(run.end().code, -1, "it ended by itself");
        assert_eq!(entries(Path::new(&out)), Vec::<String>::new());
    }
}
