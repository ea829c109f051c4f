//! How a fault that has begun comes to its end.

use super::clock::Clock;
use crate::clock::now_ns;

/// Undoes a fault when it is dropped, once.
struct Undo<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for Undo<F> {
    fn drop(&mut self) {
        if let Some(undo) = self.0.take() {
            undo();
        }
    }
}

/// Leaves things as they are for so long, then has them undone; whatever ends this has them undone. Gives the time at
/// which they were.
pub async fn undone_after(lasting_ns: u64, clock: &mut Clock, undo: impl FnOnce()) -> u64 {
    let undo = Undo(Some(undo));
    clock.sleep_until(now_ns() + lasting_ns).await;
    drop(undo);
    now_ns()
}

/// Leaves it down for so long, then waits for its restart. Gives the time at which it was back; none if everything was
/// stopped before that.
pub async fn back_after<E: ToString>(
    down_ns: u64,
    clock: &mut Clock,
    restart: impl Future<Output = Result<(), E>>,
) -> Result<Option<u64>, String> {
    if !clock.sleep_until(now_ns() + down_ns).await {
        return Ok(None);
    }
    let Some(restarted) = clock.unless_stopped(restart).await else { return Ok(None) };
    restarted.map(|()| Some(now_ns())).map_err(|error| error.to_string())
}
