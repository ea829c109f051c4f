//! Asks the kernel's scheduler to let threads that keep time in as soon as they wake.
//!
//! On a busy machine a thread that wakes waits for the running one's time slice, which is milliseconds:
//! more than most figures measured here. How much a paced generator has to do is fixed by its rate, so a
//! real-time priority gives it no more CPU time than it would get anyway, only sooner; without pacing it
//! would starve the broker, so it is not asked for then. Where the system forbids it, short time slices
//! (Linux 6.12 and later) are the next best.

use std::io;

use serde::{Deserialize, Serialize};

/// The shortest slice that the kernel grants.
const SLICE_NS: u64 = 100_000;
const LOWEST_REAL_TIME: u32 = 1;
/// What this thread starts does not inherit its priority.
const RESET_ON_FORK: u64 = 1;

/// What the scheduler granted a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grant {
    Ordinary,
    ShortSlices,
    RealTime,
}

impl Grant {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::ShortSlices => "short time slices",
            Self::RealTime => "real-time (SCHED_RR, priority 1)",
        }
    }
}

/// Asks for the best that the system grants the calling thread; `paced` if its work is bounded by a schedule.
pub fn keep_time(paced: bool) -> Grant {
    if paced && set(libc::SCHED_RR, LOWEST_REAL_TIME, 0).is_ok() {
        return Grant::RealTime;
    }
    match set(libc::SCHED_OTHER, 0, SLICE_NS) {
        Ok(()) => Grant::ShortSlices,
        Err(error) => {
            tracing::debug!("no short time slices: {error}");
            Grant::Ordinary
        }
    }
}

/// `struct sched_attr` of `sched_setattr(2)`, first version.
#[repr(C)]
#[derive(Default)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime_ns: u64,
    deadline_ns: u64,
    period_ns: u64,
}

fn set(policy: i32, priority: u32, runtime_ns: u64) -> io::Result<()> {
    let attributes = SchedAttr {
        size: size_of::<SchedAttr>() as u32,
        policy: policy as u32,
        flags: RESET_ON_FORK,
        // The nice value stays what it is.
        nice: rustix::process::getpriority_process(None)?,
        priority,
        runtime_ns,
        ..SchedAttr::default()
    };
    // SAFETY: the kernel reads `size` bytes at the pointer, which is the struct's own size.
    let outcome = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::{Grant, keep_time};

    #[test]
    fn a_thread_without_a_schedule_never_gets_real_time() {
        let granted = std::thread::spawn(|| keep_time(false)).join().unwrap();
        assert_ne!(granted, Grant::RealTime);
    }

    #[test]
    fn a_paced_thread_gets_the_best_that_the_system_grants() {
        let granted = std::thread::spawn(|| keep_time(true)).join().unwrap();
        assert!(granted >= Grant::ShortSlices, "{granted:?}");
    }
}
