//! The sending side of a generator: from a due request to the transport.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;

use super::account::Account;
use super::arenas::Arenas;
use super::defect::Defect;
use super::outlet::{Outlet, Unsent};
use crate::clock::{now_ns, rfc3339, unix_seconds};
use crate::metrics::{Bursts, Timeline};
use crate::payload::Payloads;
use crate::stop::StopSignal;
use crate::timer::Timer;
use crate::transport::{Frame, Troubles};
use weighbridge_plan::Load;
use weighbridge_plan::route::Takes;

/// What the sender and whoever tells it when to send share.
pub(super) struct Sending {
    pub timeline: Timeline,
    pub timer: Timer,
    pub stop: StopSignal,
    /// What befalls the connections.
    pub troubles: Troubles,
    /// Told when a request has ended.
    pub freed: Rc<Notify>,
    pub defect: Defect,
}

/// Gathers due requests into a batch and hands it to the transport.
pub(super) struct Sender {
    pub sending: Sending,
    /// Most requests of one batch.
    pub batch_max: u64,
    pub worth_waking: u32,
    account: Rc<RefCell<Account>>,
    outlet: Outlet,
    payloads: Arc<Payloads>,
    max_in_flight: u64,
    arenas: Arenas,
    batch: Vec<Frame>,
    /// Intended times of the batch, in its order.
    intended_ns: Vec<u64>,
    /// The legs that its requests take, where there are two.
    takes: Vec<Takes>,
    bursts: Bursts,
    timestamp: [u8; 20],
    timestamp_until_ns: u64,
}

impl Sender {
    pub fn new(
        sending: Sending,
        account: Rc<RefCell<Account>>,
        outlet: Outlet,
        payloads: Arc<Payloads>,
        load: &Load,
    ) -> Self {
        Self {
            sending,
            batch_max: u64::from(load.batch),
            worth_waking: load.worth_waking(),
            account,
            outlet,
            payloads,
            max_in_flight: u64::from(load.max_in_flight).div_ceil(u64::from(load.generators)),
            arenas: Arenas::new(),
            batch: Vec::new(),
            intended_ns: Vec::new(),
            takes: Vec::new(),
            bursts: Bursts::new(),
            timestamp: [b'0'; 20],
            timestamp_until_ns: 0,
        }
    }

    /// Opens a request and puts it into the batch, or sheds it if too many are in flight.
    #[inline]
    pub fn add(&mut self, intended_ns: u64, now: u64) {
        let intended_ns = if self.sending.defect == Defect::MeasureFromSend { now } else { intended_ns };
        let mut account = self.account.borrow_mut();
        let sequence = account.attempt(intended_ns);
        if account.in_flight() > self.max_in_flight {
            account.shed(sequence, intended_ns, now);
            return;
        }
        drop(account);
        if now >= self.timestamp_until_ns {
            self.timestamp.copy_from_slice(rfc3339(unix_seconds()).as_bytes());
            self.timestamp_until_ns = now + 100_000_000;
        }
        let (key, body) = self.payloads.write(sequence, &self.timestamp, self.arenas.current());
        self.batch.push(Frame { sequence, key, body });
        self.intended_ns.push(intended_ns);
    }

    /// Stamps the batch as sent and hands it over.
    pub async fn flush(&mut self) {
        if !self.batch.is_empty() {
            self.bursts.record(self.batch.len() as u64);
            let at_ns = now_ns();
            {
                let mut account = self.account.borrow_mut();
                for (frame, intended_ns) in self.batch.iter().zip(self.intended_ns.drain(..)) {
                    account.sent(frame.sequence, intended_ns, at_ns);
                    self.takes.extend(account.shared_out(frame.sequence, intended_ns, at_ns));
                }
            }
            self.arenas.turn();
            let sent = self.outlet.send(&mut self.batch, &mut self.takes).await;
            self.note(sent);
        } else {
            self.release().await;
        }
        // The connections write first, then the books are kept.
        tokio::task::yield_now().await;
        self.tick();
    }

    /// Sends what has waited for a leg to be drained, if it is.
    pub async fn release(&mut self) {
        let sent = self.outlet.release().await;
        self.note(sent);
    }

    fn note(&self, sent: Result<(), Unsent>) {
        let Err(Unsent { error, leg, left }) = sent else { return };
        let mut account = self.account.borrow_mut();
        account.error(&error.to_string());
        for sequence in left {
            account.indeterminate_over(leg, sequence, "a send failed", now_ns());
        }
    }

    /// Tells the transport that nothing more is due for the moment.
    pub async fn pause(&mut self) {
        if let Err(error) = self.outlet.pause().await {
            self.account.borrow_mut().error(&error.to_string());
        }
    }

    /// Nothing will be due any more.
    pub fn end(&mut self) {
        self.outlet.end();
    }

    pub fn tick(&self) {
        self.account.borrow_mut().tick(now_ns(), &self.sending.timeline);
    }

    pub fn in_flight(&self) -> u64 {
        self.account.borrow().in_flight()
    }

    /// Requests whose end is not known.
    pub fn open(&self) -> u64 {
        self.account.borrow().open()
    }

    /// Messages published beside the requests.
    pub fn markers(&self) -> u64 {
        self.outlet.markers()
    }

    /// Sizes of the batches that were handed over.
    pub fn into_bursts(self) -> Bursts {
        self.bursts
    }
}
