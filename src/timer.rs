//! A high-resolution timer for one single-threaded runtime.
//!
//! tokio's own timer ticks in milliseconds and wakes 1 to 1.3 ms late at the median, which would be most of
//! every figure measured here. A `timerfd` in the runtime's own reactor wakes after some tens of microseconds.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::io;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::clock::now_ns;
use weighbridge_record::latency::Latency;

/// Handle to the timer; clones share it. Belongs to the thread that made it.
#[derive(Clone)]
pub struct Timer {
    inner: Rc<Inner>,
}

struct Inner {
    /// None where time is simulated.
    fd: Option<AsyncFd<OwnedFd>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    sleepers: BinaryHeap<Reverse<Sleeper>>,
    next_id: u64,
    /// Deadline the `timerfd` is set to; `u64::MAX` when it is not set.
    armed_ns: u64,
    /// How late those who waited were woken.
    late: Latency,
}

struct Sleeper {
    deadline_ns: u64,
    id: u64,
    shared: Rc<RefCell<Wake>>,
}

#[derive(Default)]
struct Wake {
    fired: bool,
    waker: Option<Waker>,
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.deadline_ns, self.id).cmp(&(other.deadline_ns, other.id))
    }
}

impl Timer {
    /// Starts the timer in the current `LocalSet`, and asks the kernel not to round this thread's waits.
    pub fn start() -> io::Result<Self> {
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        // SAFETY: an `OwnedFd` is open and names the same description until it is dropped, which `AsyncFd`,
        // its only owner, does last.
        let fd = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?;
        let state = RefCell::new(State { armed_ns: u64::MAX, ..State::default() });
        let inner = Rc::new(Inner { fd: Some(fd), state });
        let driver = Rc::downgrade(&inner);
        tokio::task::spawn_local(async move {
            while let Some(inner) = driver.upgrade() {
                if let Err(error) = inner.tick().await {
                    tracing::error!("the high-resolution timer failed: {error}");
                    return;
                }
            }
        });
        Ok(Self { inner })
    }

    /// A timer for a thread whose clock is held (see [`crate::clock::hold_at`]): who sets the clock wakes the
    /// sleepers.
    pub fn held() -> Self {
        Self { inner: Rc::new(Inner { fd: None, state: RefCell::default() }) }
    }

    /// When the next sleeper is to be woken; none where nobody sleeps.
    pub fn next_ns(&self) -> Option<u64> {
        self.inner.state.borrow_mut().next_ns()
    }

    /// Wakes everyone whose time has come.
    pub fn wake_due(&self) {
        self.inner.state.borrow_mut().wake_due(now_ns());
    }

    /// Sleeps until `deadline_ns` on [`crate::clock::now_ns`]; returns at once if that has passed.
    pub fn sleep_until(&self, deadline_ns: u64) -> Sleep {
        Sleep { timer: self.clone(), deadline_ns, shared: None }
    }

    /// How late this thread has been to wake those who waited.
    pub fn lateness(&self) -> Latency {
        self.inner.state.borrow().late.clone()
    }

    /// Sleeps for `ns` nanoseconds from now.
    pub fn sleep_ns(&self, ns: u64) -> Sleep {
        self.sleep_until(now_ns().saturating_add(ns))
    }
}

impl Inner {
    /// Waits for the timerfd once and wakes everyone whose time has come.
    async fn tick(&self) -> io::Result<()> {
        let Some(fd) = &self.fd else { return Ok(()) };
        let mut ready = fd.readable().await?;
        let mut expirations = [0_u8; 8];
        match rustix::io::read(fd.get_ref(), &mut expirations) {
            Ok(_) => {}
            Err(rustix::io::Errno::AGAIN) => ready.clear_ready(),
            Err(error) => return Err(error.into()),
        }
        drop(ready);
        let mut state = self.state.borrow_mut();
        state.armed_ns = u64::MAX;
        state.wake_due(now_ns());
        self.arm(&mut state)
    }

    /// Sets the timerfd to the earliest sleeper that is still wanted.
    fn arm(&self, state: &mut State) -> io::Result<()> {
        let (Some(fd), Some(next_ns)) = (&self.fd, state.next_ns()) else { return Ok(()) };
        if next_ns >= state.armed_ns {
            return Ok(());
        }
        state.armed_ns = next_ns;
        let value =
            Timespec { tv_sec: (next_ns / 1_000_000_000) as i64, tv_nsec: (next_ns % 1_000_000_000) as i64 };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(fd.get_ref(), TimerfdTimerFlags::ABSTIME, &once)?;
        Ok(())
    }
}

impl State {
    fn next_ns(&mut self) -> Option<u64> {
        // A sleeper whose future was dropped has the heap as its only owner.
        while self.sleepers.peek().is_some_and(|Reverse(next)| Rc::strong_count(&next.shared) == 1) {
            self.sleepers.pop();
        }
        self.sleepers.peek().map(|Reverse(next)| next.deadline_ns)
    }

    fn wake_due(&mut self, now: u64) {
        while let Some(Reverse(next)) = self.sleepers.peek() {
            if next.deadline_ns > now {
                break;
            }
            if let Some(Reverse(due)) = self.sleepers.pop() {
                if Rc::strong_count(&due.shared) > 1 {
                    self.late.record(now - due.deadline_ns);
                }
                let mut wake = due.shared.borrow_mut();
                wake.fired = true;
                if let Some(waker) = wake.waker.take() {
                    waker.wake();
                }
            }
        }
    }
}

/// Future of [`Timer::sleep_until`].
pub struct Sleep {
    timer: Timer,
    deadline_ns: u64,
    shared: Option<Rc<RefCell<Wake>>>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(shared) = &self.shared {
            let mut wake = shared.borrow_mut();
            if wake.fired {
                return Poll::Ready(());
            }
            wake.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        if now_ns() >= self.deadline_ns {
            return Poll::Ready(());
        }
        let shared = Rc::new(RefCell::new(Wake { fired: false, waker: Some(context.waker().clone()) }));
        self.shared = Some(Rc::clone(&shared));
        let inner = Rc::clone(&self.timer.inner);
        let mut state = inner.state.borrow_mut();
        let id = state.next_id;
        state.next_id += 1;
        state.sleepers.push(Reverse(Sleeper { deadline_ns: self.deadline_ns, id, shared }));
        if let Err(error) = inner.arm(&mut state) {
            // Setting a valid timerfd to a valid time does not fail; if it does, waking early beats hanging.
            tracing::error!("cannot set the high-resolution timer: {error}");
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn run_local<F: Future>(work: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, work)
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_deadlines_and_never_early() {
        run_local(async {
            let timer = Timer::start().unwrap();
            let start = now_ns();
            let order = Rc::new(RefCell::new(Vec::new()));
            let tasks: Vec<_> = [3_u64, 1, 2]
                .into_iter()
                .map(|rank| {
                    let (timer, order) = (timer.clone(), Rc::clone(&order));
                    tokio::task::spawn_local(async move {
                        let deadline = start + rank * 5_000_000;
                        timer.sleep_until(deadline).await;
                        assert!(now_ns() >= deadline);
                        order.borrow_mut().push(rank);
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(*order.borrow(), [1, 2, 3]);
        });
    }

    #[test]
    fn a_dropped_sleep_does_not_hold_up_the_others() {
        run_local(async {
            let timer = Timer::start().unwrap();
            let mut dropped = Box::pin(timer.sleep_ns(1_000_000));
            assert!(futures::poll!(&mut dropped).is_pending());
            drop(dropped);
            let start = now_ns();
            timer.sleep_ns(3_000_000).await;
            assert!(now_ns() >= start + 3_000_000);
        });
    }

    #[test]
    fn a_held_timer_wakes_when_it_is_told_that_the_time_has_come() {
        clock::hold_at(100);
        let timer = Timer::held();
        let mut sleep = Box::pin(timer.sleep_until(150));
        let mut context = Context::from_waker(Waker::noop());
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        assert_eq!(timer.next_ns(), Some(150));
        timer.wake_due();
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        clock::hold_at(150);
        timer.wake_due();
        assert!(sleep.as_mut().poll(&mut context).is_ready());
        assert_eq!(timer.next_ns(), None);
        clock::hold_at(0);
    }
}
