//! The harness is killed with SIGKILL in the middle of a fault: nothing of it is left stopped, mounted or running.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Run, Running, machine_can_forget, wait_for};

/// Actions that end or stop a process, and how each lasts for longer than the test.
const ON_PROCESSES: [(&str, &str); 6] = [
    ("pause-broker", "for = \"60s\""),
    ("kill-broker", "down_for = \"60s\""),
    ("stop-broker", "down_for = \"60s\""),
    ("drop-data", "down_for = \"60s\""),
    ("kill-worker", "down_for = \"60s\""),
    ("stop-reading", "for = \"60s\""),
];
/// Those that nobody sees from without.
const UNSEEN: [(&str, &str); 5] = [
    ("partition", "for = \"60s\""),
    ("delay", "delay = \"20ms\", for = \"60s\""),
    ("throttle", "bytes_per_s = 2000, for = \"60s\""),
    ("reset", "every = \"100ms\""),
    ("slow-worker", "factor = 4, for = \"60s\""),
];
/// Those for which a server gets a file system of ours.
const ON_DISKS: [(&str, &str); 2] = [("fill-disk", "for = \"60s\""), ("power-failure", "down_for = \"60s\"")];
/// Of a run's first seconds, so that a fault that nobody sees is under way even where the machine is busy.
const AWHILE: Duration = Duration::from_secs(3);

/// Processes whose parent is the run, or was when they were found.
fn children(run: &Running) -> Vec<i32> {
    let all = procfs::process::all_processes().expect("/proc");
    let stats = all.filter_map(|process| process.ok()?.stat().ok());
    stats.filter(|stat| stat.ppid == run.id() as i32 && stat.state != 'Z').map(|stat| stat.pid).collect()
}

fn state(id: i32) -> Option<char> {
    procfs::process::Process::new(id).ok()?.stat().ok().map(|stat| stat.state).filter(|state| *state != 'Z')
}

fn mounts() -> String {
    std::fs::read_to_string("/proc/self/mountinfo").expect("mounts")
}

/// Kills the harness when the fault is under way: when `seen`, once a process is gone or stopped, else after a while.
fn expect_nothing_left(action: &str, lasting: &str, seen: bool) {
    let before = mounts();
    let fault = format!("faults=[{{ action = \"{action}\", at = \"300ms\", {lasting} }}]");
    let flags = ["--duration", "60s", "--set", "workers.kind=processes", "--set", &fault];
    let run = Run::short(&["redis-streams"]).with(&flags).start();
    // A server and two workers.
    let all = wait_for("all processes of the run", || {
        let found = children(&run);
        (found.len() == 3).then_some(found)
    });
    match seen {
        false => std::thread::sleep(AWHILE),
        true => wait_for("the fault", || {
            let struck = all.iter().any(|id| matches!(state(*id), None | Some('T')));
            struck.then_some(())
        }),
    }
    // It lasts by now, whatever else belongs to its beginning.
    std::thread::sleep(Duration::from_millis(100));
    let now = children(&run);
    run.signal(Signal::KILL);
    assert_eq!(run.end().code, -1, "{action}: it ended by itself");
    wait_for("the end of all processes", || {
        all.iter().chain(&now).all(|id| state(*id).is_none()).then_some(())
    });
    assert_eq!(mounts(), before, "{action}");
}

#[test]
fn nothing_is_left_of_a_harness_that_is_killed_while_a_process_is_down() {
    for (action, lasting) in ON_PROCESSES {
        expect_nothing_left(action, lasting, true);
    }
}

#[test]
fn nothing_is_left_of_a_harness_that_is_killed_while_the_network_or_a_worker_fails() {
    for (action, lasting) in UNSEEN {
        expect_nothing_left(action, lasting, false);
    }
}

#[test]
fn nothing_is_left_of_a_harness_that_is_killed_while_a_disk_fails() {
    if !machine_can_forget() {
        return;
    }
    for (action, lasting) in ON_DISKS {
        expect_nothing_left(action, lasting, action == "power-failure");
    }
}
