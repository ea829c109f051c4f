//! Asks the scheduler to let this thread in soon after it wakes, without more CPU time than others.
//!
//! On a busy machine a thread that wakes waits for the running one's time slice, which is milliseconds:
//! more than most figures measured here. Linux 6.12 and later let a thread ask for short slices of its own,
//! and let a waking thread with shorter slices in at once. A better `nice` value would do that too, but
//! would also take CPU time from the broker under test.

use std::io;

/// The shortest slice that the kernel grants.
const SLICE_NS: u64 = 100_000;

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

/// Requests short slices for the calling thread. Older kernels accept the call and ignore the wish.
pub fn request_short_slices() -> io::Result<()> {
    let attributes = SchedAttr {
        size: size_of::<SchedAttr>() as u32,
        policy: libc::SCHED_OTHER as u32,
        // The nice value stays what it is.
        nice: rustix::process::getpriority_process(None)?,
        runtime_ns: SLICE_NS,
        ..SchedAttr::default()
    };
    // SAFETY: the kernel reads `size` bytes at the pointer, which is the struct's own size.
    let outcome = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_thread_may_ask_for_short_slices() {
        std::thread::spawn(|| super::request_short_slices().unwrap()).join().unwrap();
    }
}
