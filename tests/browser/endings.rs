//! Nothing of a browser is left behind, however its test ends.

use std::path::Path;
use std::time::{Duration, Instant};

use procfs::process::{Process, all_processes};
use rustix::process::{Pid, Signal, kill_process};

use crate::driver::Browser;

/// Processes that name the profile on their command line; those that have ended name nothing.
fn processes_of(profile: &Path) -> Vec<i32> {
    let profile = profile.display().to_string();
    let names = |process: &Process| {
        process.cmdline().is_ok_and(|words| words.iter().any(|word| word.contains(&profile)))
    };
    let all = all_processes().expect("the list of processes").flatten();
    all.filter(names).map(|process| process.pid).collect()
}

fn expect_none_left(profile: &Path) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let left = processes_of(profile);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still there: {left:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_browser_ends_with_its_test() {
    let browser = Browser::start();
    let profile = browser.profile();
    assert!(!processes_of(&profile).is_empty(), "a browser runs");
    drop(browser);
    expect_none_left(&profile);
    assert!(!profile.exists(), "the profile is gone");
}

#[test]
fn a_browser_ends_with_a_test_that_panics() {
    let (tell, told) = std::sync::mpsc::channel();
    let panicked = std::thread::spawn(move || {
        let browser = Browser::start();
        tell.send(browser.profile()).expect("the test waits");
        // Not `panic!`, whose message would stand in the output of a suite that passes.
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(panicked.join().is_err());
    expect_none_left(&told.recv().expect("a profile"));
}

#[test]
fn a_browser_ends_with_its_chromedriver() {
    let browser = Browser::start();
    let id = Pid::from_raw(browser.chromedriver_id() as i32).expect("a process");
    kill_process(id, Signal::KILL).expect("killing chromedriver");
    expect_none_left(&browser.profile());
}
