//! Closed loop and saturation: nothing is scheduled; a request goes out when one has ended.
//!
//! There is no intended time but the moment of sending, so latencies from here hide stalls. The trial
//! carries a doubt that says so.

use super::sender::Sender;
use crate::clock::now_ns;
use crate::stop::Stop;

/// How often timeouts are looked at while nothing ends.
const LOOK_NS: u64 = 10_000_000;

/// Keeps `window` requests in flight until the load ends, or until the run is stopped.
pub async fn run(window: u64, sender: &mut Sender) {
    let worth_waking = u64::from(sender.worth_waking);
    let (start_ns, end_ns) = (sender.sending.timeline.start_ns(), sender.sending.timeline.load_end_ns());
    sender.sending.timer.sleep_until(start_ns).await;
    let timer = sender.sending.timer.clone();
    let mut look = std::pin::pin!(timer.sleep_ns(LOOK_NS));
    // Whether timeouts were looked for since the last batch.
    let mut looked = false;
    loop {
        let now = now_ns();
        if now >= end_ns || sender.sending.stop.get() != Stop::No {
            return;
        }
        if sender.sending.troubles.cut_off() {
            // Nothing that is sent now would get anywhere, and each would make room for the next at once.
            timer.sleep_ns(LOOK_NS).await;
            sender.tick();
            continue;
        }
        let free = window.saturating_sub(sender.in_flight()).min(sender.batch_max);
        // Few at a time would cost a wake-up each; but what is lost must not hold up the rest for long.
        if free < if looked { 1 } else { worth_waking } {
            looked = false;
            sender.pause().await;
            tokio::select! {
                () = sender.sending.freed.notified() => {}
                () = &mut look => {
                    sender.tick();
                    look.set(timer.sleep_ns(LOOK_NS));
                    looked = true;
                }
            }
            continue;
        }
        looked = false;
        for _ in 0..free {
            sender.add(now, now);
        }
        sender.flush().await;
    }
}
