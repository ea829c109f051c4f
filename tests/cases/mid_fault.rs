//! The harness is killed with SIGKILL in the middle of a fault: nothing of it is left stopped, mounted or running.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Run, Running, wait_for};

/// Actions, and how each lasts for longer than the test.
const FAULTS: [(&str, &str); 6] = [
    ("pause-broker", "for = \"60s\""),
    ("kill-broker", "down_for = \"60s\""),
    ("stop-broker", "down_for = \"60s\""),
    ("drop-data", "down_for = \"60s\""),
    ("kill-worker", "down_for = \"60s\""),
    ("stop-reading", "for = \"60s\""),
];

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

fn expect_nothing_left(action: &str, lasting: &str) {
    let before = mounts();
    let fault = format!("faults=[{{ action = \"{action}\", at = \"300ms\", {lasting} }}]");
    let flags = ["--duration", "60s", "--set", "workers.kind=processes", "--set", &fault];
    let run = Run::short(&["redis-streams"]).with(&flags).start();
    // A server and two workers.
    let all = wait_for("all processes of the run", || {
        let found = children(&run);
        (found.len() == 3).then_some(found)
    });
    wait_for("the fault", || {
        let struck = all.iter().any(|id| matches!(state(*id), None | Some('T')));
        struck.then_some(())
    });
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
fn nothing_is_left_of_a_harness_that_is_killed_in_the_middle_of_a_fault() {
    for (action, lasting) in FAULTS {
        expect_nothing_left(action, lasting);
    }
}
