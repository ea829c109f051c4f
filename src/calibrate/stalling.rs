//! A path in memory that stands still once, for a known time: at its entry or at its exit.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use crate::clock::now_ns;
use crate::transport::{
    Consumer, Delivery, Frame, GeneratorEnd, Outcomes, Producer, Transport, TransportError, Troubles,
    WorkerEnd,
};
use weighbridge_record::result::LeftBehind;

/// Which end stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldUp {
    /// Sends are held up, so that requests go out late.
    Entry,
    /// Deliveries are held up, so that requests arrive late.
    Exit,
}

pub struct Stalling {
    inner: Arc<dyn Transport>,
    end: HeldUp,
    stall: Arc<Stall>,
}

/// When to stand still, told from the first frame that passes.
struct Stall {
    /// Monotonic time of the first frame; 0 before it.
    first_ns: AtomicU64,
    after_ns: u64,
    lasting_ns: u64,
}

impl Stall {
    /// How long this frame has to wait at `now`.
    fn left_ns(&self, now: u64) -> u64 {
        let first = match self.first_ns.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => now,
            Err(first) => first,
        };
        let (start, end) = (first + self.after_ns, first + self.after_ns + self.lasting_ns);
        if (start..end).contains(&now) { end - now } else { 0 }
    }

    /// Holds the whole thread up, as a library call that blocks would.
    fn block(&self) {
        let left_ns = self.left_ns(now_ns());
        if left_ns > 0 {
            std::thread::sleep(std::time::Duration::from_nanos(left_ns));
        }
    }
}

impl Stalling {
    /// Stands still for `lasting_ns`, `after_ns` after the first frame.
    pub fn new(inner: Arc<dyn Transport>, end: HeldUp, after_ns: u64, lasting_ns: u64) -> Self {
        let stall = Arc::new(Stall { first_ns: AtomicU64::new(0), after_ns, lasting_ns });
        Self { inner, end, stall }
    }
}

#[async_trait(?Send)]
impl Transport for Stalling {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        self.inner.prepare(longest_body_bytes).await
    }

    async fn generator(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let mut end = self.inner.generator(index, outcomes, troubles).await?;
        if self.end == HeldUp::Entry {
            end.producer = Box::new(StallingProducer { inner: end.producer, stall: Arc::clone(&self.stall) });
        }
        Ok(end)
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let mut end = self.inner.worker(index, troubles).await?;
        if self.end == HeldUp::Exit {
            end.consumer = Box::new(StallingConsumer { inner: end.consumer, stall: Arc::clone(&self.stall) });
        }
        Ok(end)
    }

    fn creates(&self) -> Vec<LeftBehind> {
        self.inner.creates()
    }

    async fn dismantle(&self, left: &mut Vec<LeftBehind>) {
        self.inner.dismantle(left).await;
    }
}

struct StallingProducer {
    inner: Box<dyn Producer>,
    stall: Arc<Stall>,
}

#[async_trait(?Send)]
impl Producer for StallingProducer {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        self.stall.block();
        self.inner.send(batch).await
    }
}

struct StallingConsumer {
    inner: Box<dyn Consumer>,
    stall: Arc<Stall>,
}

#[async_trait(?Send)]
impl Consumer for StallingConsumer {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        self.inner.receive(max, into).await?;
        self.stall.block();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{AtomicU64, Stall};

    #[test]
    fn a_frame_waits_for_what_is_left_of_the_stall() {
        let stall = Stall { first_ns: AtomicU64::new(0), after_ns: 100, lasting_ns: 50 };
        assert_eq!(stall.left_ns(1_000), 0, "the first frame sets the time");
        assert_eq!(stall.left_ns(1_099), 0);
        assert_eq!(stall.left_ns(1_110), 40);
        assert_eq!(stall.left_ns(1_150), 0);
    }
}
