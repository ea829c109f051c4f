//! One way of one connection: reads, keeps what may not leave yet, writes.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::band::{Band, Grant};
use super::conditions::{Conditions, Way};
use super::counters::Counters;
use super::queue::Queue;
use crate::clock::now_ns;
use crate::timer::{Sleep, Timer};

/// Read at a time, at most.
const READ_BYTES: usize = 256 * 1024;
/// Kept while nothing is delayed: what a receiver has not taken, or a limit does not let through.
const QUEUE_BYTES_MAX: usize = 256 * 1024;
/// Kept while bytes are delayed. More than this in a time of the delay is slowed down by it.
const DELAYED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What all pipes of one way share.
pub struct Lane {
    way: Way,
    timer: Timer,
    counters: Arc<Counters>,
    band: RefCell<Band>,
    scratch: RefCell<Box<[u8]>>,
}

impl Lane {
    pub fn new(way: Way, timer: Timer, counters: Arc<Counters>) -> Self {
        let scratch = vec![0; READ_BYTES].into_boxed_slice();
        Self { way, timer, counters, band: RefCell::default(), scratch: RefCell::new(scratch) }
    }
}

/// One way of one connection. Everything waits in its queue, at full speed for no longer than a write takes.
pub struct Pipe {
    lane: Rc<Lane>,
    queue: Queue,
    stage: Stage,
    grant: Option<Grant>,
    /// Wakes the task, and when.
    alarm: Option<(u64, Sleep)>,
    random: Pcg64,
}

#[derive(PartialEq, Eq)]
enum Stage {
    Open,
    /// The sender has sent its last byte; the end waits behind what is queued.
    Ending,
    /// The receiver was told so.
    Ended,
}

impl Pipe {
    /// `number` tells it from others: jitter is drawn from it.
    pub fn new(lane: &Rc<Lane>, number: u64) -> Self {
        Self {
            lane: Rc::clone(lane),
            queue: Queue::default(),
            stage: Stage::Open,
            grant: None,
            alarm: None,
            random: Pcg64::seed_from_u64(number),
        }
    }

    /// Moves what may be moved. Ready once the end was passed on; pending, the task is woken when more may move,
    /// but for a change of the conditions, which is the caller's to watch. An error of either side is the end of both.
    pub fn poll(
        &mut self,
        context: &mut Context<'_>,
        conditions: &Conditions,
        from: &mut ReadHalf<'_>,
        to: &mut WriteHalf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.stage != Stage::Ended {
            if conditions.is_cut(self.lane.way) {
                return Poll::Pending;
            }
            let read = self.read(context, conditions, from)?;
            let written = self.write(context, conditions, to)?;
            if !read && !written {
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once, if there is room; whether anything came, the end included.
    fn read(
        &mut self,
        context: &mut Context<'_>,
        conditions: &Conditions,
        from: &mut ReadHalf<'_>,
    ) -> io::Result<bool> {
        let most = if conditions.delays() { DELAYED_BYTES_MAX } else { QUEUE_BYTES_MAX };
        let room = most.saturating_sub(self.queue.len()).min(READ_BYTES);
        if self.stage != Stage::Open || room == 0 {
            return Ok(false);
        }
        let lane = Rc::clone(&self.lane);
        let mut scratch = lane.scratch.borrow_mut();
        let mut buffer = ReadBuf::new(&mut scratch[..room]);
        if Pin::new(from).poll_read(context, &mut buffer)?.is_pending() {
            return Ok(false);
        }
        if buffer.filled().is_empty() {
            self.stage = Stage::Ending;
        }
        let due_ns = self.due_ns(conditions);
        self.queue.push(buffer.filled(), due_ns);
        Ok(true)
    }

    /// When what comes now may leave; zero for at once.
    fn due_ns(&mut self, conditions: &Conditions) -> u64 {
        if !conditions.delays() {
            return 0;
        }
        let drawn_ns = self.random.random_range(0..=conditions.jitter_ns);
        now_ns().saturating_add(conditions.delay_ns).saturating_add(drawn_ns)
    }

    /// Writes all that may leave, and the end behind it; whether anything was written.
    fn write(
        &mut self,
        context: &mut Context<'_>,
        conditions: &Conditions,
        to: &mut WriteHalf<'_>,
    ) -> io::Result<bool> {
        let mut wrote = false;
        loop {
            let bytes = self.may_leave(context, conditions);
            if bytes == 0 {
                break;
            }
            let Poll::Ready(left) = Pin::new(&mut *to).poll_write(context, self.queue.front(bytes))? else {
                return Ok(wrote);
            };
            self.queue.left(left);
            self.spend(left);
            self.lane.counters.passed(self.lane.way, left);
            wrote = true;
        }
        if self.stage == Stage::Ending && self.queue.is_empty() {
            if Pin::new(to).poll_shutdown(context)?.is_pending() {
                return Ok(wrote);
            }
            self.stage = Stage::Ended;
            wrote = true;
        }
        Ok(wrote)
    }

    /// How many bytes may leave now. If none, the task is woken when some may.
    fn may_leave(&mut self, context: &mut Context<'_>, conditions: &Conditions) -> usize {
        if let Some(due_ns) = self.queue.waits_until_ns()
            && !self.is_reached(context, due_ns)
        {
            return 0;
        }
        self.queue.ripen(now_ns);
        let due = self.queue.due();
        let Some(bytes_per_s) = conditions.bytes_per_s else {
            self.grant = None;
            return due;
        };
        if due == 0 {
            return 0;
        }
        let valid = self.grant.filter(|grant| grant.bytes_per_s == bytes_per_s);
        let ask = || self.lane.band.borrow_mut().grant(due, bytes_per_s, now_ns());
        let grant = valid.unwrap_or_else(ask);
        self.grant = Some(grant);
        if self.is_reached(context, grant.at_ns) { grant.bytes } else { 0 }
    }

    fn spend(&mut self, bytes: usize) {
        if let Some(grant) = &mut self.grant {
            grant.bytes -= bytes.min(grant.bytes);
        }
        self.grant = self.grant.filter(|grant| grant.bytes > 0);
    }

    /// Whether it is that time; if not, the task is woken then.
    fn is_reached(&mut self, context: &mut Context<'_>, at_ns: u64) -> bool {
        let asleep = self.alarm.take().filter(|(set_ns, _)| *set_ns == at_ns);
        let mut sleep = asleep.map_or_else(|| self.lane.timer.sleep_until(at_ns), |(_, sleep)| sleep);
        let reached = Pin::new(&mut sleep).poll(context).is_ready();
        self.alarm = (!reached).then_some((at_ns, sleep));
        reached
    }
}
