//! The limit of open files: a connection is one, so many workers meet it long before they meet anything else.

use std::error::Error;
use std::io;

use rustix::process::{Resource, getrlimit};

/// Files of the harness itself in a trial of one generator: runtimes, timers, probes, logs.
const OWN: u64 = 40;
/// What is suggested is a multiple of this, so that it need not be raised again for one worker more.
const STEP: u64 = 1_000;

/// Files that this process may have open; none where that is not limited.
pub fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// The limit, where it is too low for so many connections.
pub fn short_of(connections: u64) -> Option<u64> {
    limit().filter(|limit| *limit < connections + OWN)
}

/// The `ulimit -n` that so many connections need.
pub fn enough_for(connections: u64) -> u64 {
    (connections + OWN).div_ceil(STEP) * STEP
}

/// What to do, where something failed because no further file may be opened.
pub fn mend(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    let mut by_cause = false;
    while let Some(error) = cause {
        by_cause |= error.downcast_ref().is_some_and(is_exhausted);
        cause = error.source();
    }
    // Libraries hide the cause, or wait in vain for what they could not open.
    let by_trying = || std::fs::File::open("/dev/null").is_err_and(|error| is_exhausted(&error));
    (by_cause || by_trying()).then(|| match limit() {
        Some(limit) => format!(
            "all {limit} files that this process may open are in use: raise the limit of open files with `ulimit -n`, \
             or lower `workers.count`"
        ),
        None => "no further file can be opened on this machine".to_owned(),
    })
}

fn is_exhausted(error: &io::Error) -> bool {
    let codes = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(rustix::io::Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("a connection failed")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn an_error_for_want_of_files_names_the_limit_and_no_other_does() {
        let of = |code: rustix::io::Errno| mend(&Wrapped(io::Error::from_raw_os_error(code.raw_os_error())));
        let told = of(rustix::io::Errno::MFILE).unwrap();
        assert!(told.contains("`ulimit -n`"), "{told}");
        assert_eq!(of(rustix::io::Errno::CONNREFUSED), None);
    }

    #[test]
    fn as_many_connections_as_files_are_too_many() {
        let limit = limit().unwrap_or(u64::MAX / 2);
        assert_eq!(short_of(1), None);
        assert_eq!(short_of(limit), Some(limit));
        assert!(enough_for(limit) > limit);
    }
}
