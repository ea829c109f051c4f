//! A generator: one thread with its own runtime, connections, stripe of the schedule, account and recorder.
//!
//! Generators share nothing but the mailboxes; what they recorded is merged once, at the end.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use tokio::sync::Notify;

use super::account::{Account, Live};
use super::arenas::Arenas;
use super::defect::Defect;
use super::outcome::{Bursts, GeneratorOutcome};
use super::{collector, pacer, unpaced};
use crate::clock::{now_ns, rfc3339, unix_seconds};
use crate::mailbox::Mailboxes;
use crate::metrics::Timeline;
use crate::payload::Payloads;
use crate::plan::Load;
use crate::schedule::{Schedule, Stripe};
use crate::scheduling::keep_time;
use crate::schema::Correlation;
use crate::start_line::Place;
use crate::stop::{Stop, StopSignal};
use crate::terms::End;
use crate::timer::Timer;
use crate::transport::{Frame, Outcomes, Producer, Transport, TransportError};

/// Waits this long after the last request is settled, so that duplicates still show.
const GRACE_NS: u64 = 50_000_000;

/// What all generators of a trial have in common.
#[derive(Clone)]
pub struct Run {
    pub transport: Arc<dyn Transport>,
    pub load: Load,
    pub end: End,
    pub payloads: Arc<Payloads>,
    pub correlation: Correlation,
    pub seed: u64,
    pub mailboxes: Arc<Mailboxes>,
    pub stop: StopSignal,
    /// Generators that still have requests open; the one that collects waits for all.
    pub busy: Arc<AtomicU32>,
    pub defect: Defect,
}

/// A running generator thread.
pub struct Generator {
    pub live: Arc<Live>,
    thread: JoinHandle<Result<GeneratorOutcome, TransportError>>,
}

impl Generator {
    /// Starts generator `index`. It connects, reports ready, and sends from the start of the timeline.
    pub fn start(index: u32, run: Run, place: Place) -> std::io::Result<Self> {
        let live = Arc::new(Live::default());
        let shared = Arc::clone(&live);
        let thread = std::thread::Builder::new().name(format!("generator-{index}")).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                // Looks at the timer and the sockets often, however busy the tasks are.
                .event_interval(13)
                .build()
                .map_err(|error| TransportError::failed("starting a generator's runtime", error))?;
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, generate(index, run, shared, place))
        })?;
        Ok(Self { live, thread })
    }

    /// Waits for the thread; call it when the generator is known to be done, or accept to wait.
    pub fn join(self) -> Result<GeneratorOutcome, TransportError> {
        match self.thread.join() {
            Ok(outcome) => outcome,
            Err(_) => Err(TransportError::failed("a generator", "its thread panicked")),
        }
    }

    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

/// The sending side: gathers due requests into a batch and hands it to the transport.
pub struct Sender {
    pub timeline: Timeline,
    pub timer: Timer,
    pub stop: StopSignal,
    pub freed: Rc<Notify>,
    pub defect: Defect,
    account: Rc<RefCell<Account>>,
    producer: Box<dyn Producer>,
    payloads: Arc<Payloads>,
    max_in_flight: u64,
    /// Most requests of one batch.
    pub batch_max: u64,
    pub worth_waking: u32,
    arenas: Arenas,
    batch: Vec<Frame>,
    /// Intended times of the batch, in its order.
    intended_ns: Vec<u64>,
    bursts: Bursts,
    timestamp: [u8; 20],
    timestamp_until_ns: u64,
}

impl Sender {
    /// Opens a request and puts it into the batch, or sheds it if too many are in flight.
    #[inline]
    pub fn add(&mut self, intended_ns: u64, now: u64) {
        let intended_ns = if self.defect == Defect::MeasureFromSend { now } else { intended_ns };
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
                }
            }
            self.arenas.turn();
            if let Err(error) = self.producer.send(&mut self.batch).await {
                // What the batch still holds did not go out; what went before it may have.
                let mut account = self.account.borrow_mut();
                account.error(&error.to_string());
                for frame in self.batch.drain(..) {
                    account.indeterminate(frame.sequence, "a send failed");
                }
            }
        }
        // The connections write first, then the books are kept.
        tokio::task::yield_now().await;
        self.tick();
    }

    /// Tells the transport that nothing more is due for the moment.
    pub async fn pause(&mut self) {
        if let Err(error) = self.producer.pause().await {
            self.account.borrow_mut().error(&error.to_string());
        }
    }

    pub fn tick(&self) {
        self.account.borrow_mut().tick(now_ns(), &self.timeline);
    }

    pub fn in_flight(&self) -> u64 {
        self.account.borrow().in_flight()
    }
}

/// Books outcomes straight into the account.
struct Book {
    account: Rc<RefCell<Account>>,
    freed: Rc<Notify>,
}

impl Outcomes for Book {
    fn accepted(&self, sequences: &mut dyn Iterator<Item = u64>, at_ns: u64) {
        let mut account = self.account.borrow_mut();
        sequences.for_each(|sequence| account.accepted(sequence, at_ns));
        self.freed.notify_one();
    }

    fn rejected(&self, sequence: u64, reason: &str) {
        self.account.borrow_mut().rejected(sequence, reason, now_ns());
        self.freed.notify_one();
    }

    fn indeterminate(&self, sequence: u64, reason: &str) {
        self.account.borrow_mut().indeterminate(sequence, reason);
    }

    fn dropped(&self) {
        self.account.borrow_mut().dropped();
    }
}

/// Body of the thread: connect, wait for the start, send, drain, close the books.
async fn generate(
    index: u32,
    run: Run,
    live: Arc<Live>,
    mut place: Place,
) -> Result<GeneratorOutcome, TransportError> {
    let stripe = Stripe { index, count: run.load.generators };
    let scheduling = keep_time(run.load.is_scheduled());
    let timer = Timer::start()
        .map_err(|error| TransportError::failed("starting the high-resolution timer", error))?;
    // Outcomes can't come before the first send, so the account is put in place once the timeline is known.
    let provisional = Timeline::new(0, 0, run.load.duration_ns, 0);
    let new_account = |timeline| {
        let (mailboxes, live) = (Arc::clone(&run.mailboxes), Arc::clone(&live));
        Account::new(stripe, timeline, mailboxes, live, run.load.timeout_ns, run.end)
    };
    let account = Rc::new(RefCell::new(new_account(provisional)));
    let freed = Rc::new(Notify::new());
    let outcomes = Rc::new(Book { account: Rc::clone(&account), freed: Rc::clone(&freed) });
    let end = match run.transport.generator(index, outcomes).await {
        Ok(end) => end,
        Err(error) => {
            place.ready(Err(error.clone()));
            return Err(error);
        }
    };
    place.ready(Ok(()));
    let Some(timeline) = place.started().await else {
        return Err(TransportError::failed("a generator", "the trial was given up before its start"));
    };
    *account.borrow_mut() = new_account(timeline);
    if run.end == End::Delivery && !run.load.is_scheduled() {
        let (mailboxes, account, freed) =
            (Arc::clone(&run.mailboxes), Rc::clone(&account), Rc::clone(&freed));
        tokio::task::spawn_local(collector::read_mailbox(mailboxes, stripe.index, account, freed));
    }
    if let Some(collecting) = end.collector {
        let (account, mailboxes) = (Rc::clone(&account), Arc::clone(&run.mailboxes));
        let freed = Rc::clone(&freed);
        tokio::task::spawn_local(collector::collect(
            collecting,
            account,
            run.correlation,
            stripe,
            mailboxes,
            freed,
        ));
    }
    let mut sender = Sender {
        timeline,
        timer,
        stop: run.stop.clone(),
        freed,
        defect: run.defect,
        account: Rc::clone(&account),
        producer: end.producer,
        payloads: Arc::clone(&run.payloads),
        max_in_flight: u64::from(run.load.max_in_flight).div_ceil(u64::from(stripe.count)),
        batch_max: u64::from(run.load.batch),
        worth_waking: run.load.worth_waking(),
        arenas: Arenas::new(),
        batch: Vec::new(),
        intended_ns: Vec::new(),
        bursts: Bursts::new(),
        timestamp: [b'0'; 20],
        timestamp_until_ns: 0,
    };
    tokio::select! {
        biased;
        () = send_and_drain(&mut sender, &run, stripe) => {}
        // A path that takes nothing must not hold up a run that is to end at once.
        () = run.stop.reaches(Stop::Now) => {}
    }
    let summary = account.replace(new_account(provisional)).close();
    Ok(GeneratorOutcome { summary, bursts: sender.bursts, scheduling })
}

async fn send_and_drain(sender: &mut Sender, run: &Run, stripe: Stripe) {
    let share = |window: u32| u64::from(window).div_ceil(u64::from(stripe.count));
    match Schedule::of(&run.load, run.seed, stripe) {
        Some(schedule) => pacer::run(schedule, sender).await,
        None => unpaced::run(share(run.load.window()), sender).await,
    }
    sender.pause().await;
    drain(sender, run).await;
}

/// Waits until everything is accounted for, or until the deadline.
async fn drain(sender: &Sender, run: &Run) {
    const LOOK_NS: u64 = 2_000_000;
    let deadline_ns = now_ns() + run.load.drain_ns;
    let mut busy = true;
    let mut quiet_since_ns = None;
    loop {
        sender.tick();
        let now = now_ns();
        let open = sender.account.borrow().open();
        if busy && open == 0 {
            busy = false;
            run.busy.fetch_sub(1, Ordering::Relaxed);
        }
        if now >= deadline_ns {
            break;
        }
        if open == 0 && run.busy.load(Ordering::Relaxed) == 0 {
            let since = *quiet_since_ns.get_or_insert(now);
            if now >= since + GRACE_NS {
                break;
            }
        }
        sender.timer.sleep_ns(LOOK_NS).await;
    }
    if busy {
        run.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
