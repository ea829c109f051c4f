//! What a fault has made of this worker process: where it is to end, and how slow it is.
//!
//! A worker that is ended from outside ends anywhere; only the worker itself knows where in the life of a request it
//! stands. Nothing is ever set but in a process that does nothing else than work.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

use weighbridge_record::terms::Moment;

const NEVER: u8 = 0;

static ENDS_AT: AtomicU8 = AtomicU8::new(NEVER);
/// Thousandths; 0 is as long as was drawn.
static SLOWER: AtomicU64 = AtomicU64::new(0);

fn code(moment: Moment) -> u8 {
    1 + moment as u8
}

/// The next request that comes to this moment ends the process.
pub fn end_at(moment: Moment) {
    ENDS_AT.store(code(moment), Ordering::Relaxed);
}

/// Whether the process is to end at this moment, so that what comes before it has to be on its way.
#[inline]
pub fn ends_at(moment: Moment) -> bool {
    ENDS_AT.load(Ordering::Relaxed) == code(moment)
}

/// A request is at this moment of its life.
#[inline]
pub fn at(moment: Moment) {
    if ends_at(moment) {
        end();
    }
}

/// Whether it is to end once a request has been answered, so that what was written has to be on its way.
#[inline]
pub fn ends_when_answered() -> bool {
    ends_at(Moment::BeforeAck) || ends_at(Moment::AfterAck)
}

/// A request has been answered on a path that acknowledges nothing: what comes before and after an acknowledgement
/// is one moment there.
#[inline]
pub fn answered() {
    at(Moment::BeforeAck);
    at(Moment::AfterAck);
}

/// Ends the process with SIGKILL, as if from outside: nothing is written, closed or told any more.
#[cold]
fn end() -> ! {
    loop {
        // Fails never: a process may always signal itself.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

/// Scoring takes that many times as long from now on.
pub fn slow_down(factor: f64) {
    SLOWER.store((factor * 1e3).round() as u64, Ordering::Relaxed);
}

/// How long scoring takes where this was drawn.
#[inline]
pub fn slowed(service_ns: u64) -> u64 {
    match SLOWER.load(Ordering::Relaxed) {
        0 => service_ns,
        thousandths => (service_ns as f64 * thousandths as f64 / 1e3) as u64,
    }
}
