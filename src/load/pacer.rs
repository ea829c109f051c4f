//! Open loop: sends every request at its intended time, whatever became of the others.
//!
//! The pacer wakes, takes all requests that are due, and hands the transport one batch. A late request is
//! sent late and recorded late; nothing is skipped.

use super::coalesce::Coalescer;
use super::defect::Defect;
use super::sender::Sender;
use crate::clock::now_ns;
use crate::schedule::Schedule;
use crate::stop::Stop;

/// What a generator that skips late requests calls late.
const LATE_NS: u64 = 2_000_000;

/// Runs the schedule to its end, or until the run is stopped.
pub async fn run(schedule: Schedule, sender: &mut Sender) {
    let start_ns = sender.sending.timeline.start_ns();
    let mut intended = schedule.map(|offset_ns| start_ns + offset_ns).peekable();
    let mut coalescer = Coalescer::default();
    while let Some(next_ns) = intended.peek().copied() {
        let due_ns = coalescer.wake_at(next_ns);
        if now_ns() < due_ns && sleep_or_stop(sender, due_ns).await {
            return;
        }
        if sender.sending.stop.get() != Stop::No {
            return;
        }
        let now = now_ns();
        let mut burst = 0;
        // No more at once, so that connections get their turn while the pacer catches up.
        while burst < sender.batch_max
            && let Some(due) = intended.next_if(|time| *time <= now)
        {
            burst += 1;
            if sender.sending.defect == Defect::SkipLate && now - due > LATE_NS {
                continue;
            }
            sender.add(due, now);
        }
        coalescer.woke(due_ns, now, burst as usize);
        sender.flush().await;
        if intended.peek().is_none_or(|next| *next > now) {
            sender.pause().await;
        }
    }
}

/// Sleeps in steps, so that a stop is seen within 100 ms. Returns whether to stop.
async fn sleep_or_stop(sender: &Sender, due_ns: u64) -> bool {
    const STEP_NS: u64 = 100_000_000;
    loop {
        let step_ns = due_ns.min(now_ns() + STEP_NS);
        sender.sending.timer.sleep_until(step_ns).await;
        if step_ns == due_ns {
            return false;
        }
        if sender.sending.stop.get() != Stop::No {
            return true;
        }
        sender.tick();
    }
}
