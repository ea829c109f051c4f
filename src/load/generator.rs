//! A generator: one thread with its own runtime, connections, stripe of the schedule, account and recorder.
//!
//! Generators share nothing but the mailboxes; what they recorded is merged once, at the end.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use tokio::sync::Notify;

use super::account::Account;
use super::book::Book;
use super::collector::Collecting;
use super::defect::Defect;
use super::legs::Legs;
use super::live::Live;
use super::outcome::GeneratorOutcome;
use super::outlet::{Outlet, Sharing};
use super::sender::{Sender, Sending};
use super::{collector, pacer, unpaced};
use crate::clock::now_ns;
use crate::mailbox::Mailboxes;
use crate::metrics::Timeline;
use crate::payload::Payloads;
use crate::publishing::{self, PublishingOutcome};
use crate::route::Route;
use crate::schedule::{Schedule, Stripe};
use crate::scheduling::{Grant, keep_time};
use crate::schema::Correlation;
use crate::start_line::Place;
use crate::stop::{Stop, StopSignal};
use crate::timer::Timer;
use crate::transport::{GeneratorEnd, Producer, Transport, TransportError, Troubles};
use weighbridge_plan::Load;
use weighbridge_plan::route::Leg;
use weighbridge_record::terms::CompletedBy;

/// Waits this long after the last request is settled, so that duplicates still show.
const GRACE_NS: u64 = 50_000_000;

/// What all generators of a trial have in common.
#[derive(Clone)]
pub struct Shared {
    /// One, or those of the legs of a route.
    pub transports: Vec<Arc<dyn Transport>>,
    pub route: Option<Arc<Route>>,
    pub load: Load,
    pub completed_by: CompletedBy,
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
    /// Starts generator `index`. It connects, reports ready, sends from the start of the timeline, and tells how it gets
    /// on through `live`.
    pub fn start(index: u32, run: Shared, live: Live, place: Place) -> std::io::Result<Self> {
        let live = Arc::new(live);
        let shared = Arc::clone(&live);
        let thread = std::thread::Builder::new().name(format!("generator-{index}")).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                // Looks at the timer and the sockets often, however busy the tasks are.
                .event_interval(13)
                .build()
                .map_err(|error| TransportError::failed("starting a generator's runtime", error))?;
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, on_time(index, run, shared, place))
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

/// Body of the thread: a generator as prompt as the system lets it be.
async fn on_time(
    index: u32,
    run: Shared,
    live: Arc<Live>,
    place: Place,
) -> Result<GeneratorOutcome, TransportError> {
    let scheduling = keep_time(run.load.is_scheduled());
    let timer = Timer::start()
        .map_err(|error| TransportError::failed("starting the high-resolution timer", error))?;
    let outcome = generate(index, run, live, place, timer).await?;
    Ok(GeneratorOutcome { scheduling, ..outcome })
}

/// A generator in the current `LocalSet`: connects, waits for the start, sends, drains, closes the books.
pub async fn generate(
    index: u32,
    run: Shared,
    live: Arc<Live>,
    mut place: Place,
    timer: Timer,
) -> Result<GeneratorOutcome, TransportError> {
    let stripe = Stripe { index, count: run.load.generators };
    // Outcomes can't come before the first send, so the account is put in place once the timeline is known.
    let provisional = Timeline::new(0, 0, run.load.duration_ns, 0);
    let new_account = |timeline| {
        let (mailboxes, live) = (Arc::clone(&run.mailboxes), Arc::clone(&live));
        let (timeout_ns, completed_by) = (run.load.timeout_ns, run.completed_by);
        let lanes = run.load.ordered_lanes();
        Account::new(stripe, timeline, mailboxes, live, timeout_ns, completed_by, lanes)
            .with_legs(run.route.clone().map(|route| Legs::new(route, timeline)))
    };
    let account = Rc::new(RefCell::new(new_account(provisional)));
    let freed = Rc::new(Notify::new());
    let troubles = Troubles::default();
    let (ends, publishing) = match connect(index, &run, &account, &freed, &troubles, &timer).await {
        Ok(ends) => ends,
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
    if run.completed_by == CompletedBy::Delivery && !run.load.is_scheduled() {
        let (mailboxes, account, freed) =
            (Arc::clone(&run.mailboxes), Rc::clone(&account), Rc::clone(&freed));
        tokio::task::spawn_local(collector::read_mailbox(mailboxes, stripe.index, account, freed));
    }
    let mut producers = Vec::new();
    for (leg, GeneratorEnd { producer, collector }) in Leg::ALL.into_iter().zip(ends) {
        producers.push(producer);
        let Some(collector) = collector else { continue };
        let (account, mailboxes) = (Rc::clone(&account), Arc::clone(&run.mailboxes));
        let compares = run.route.as_ref().is_some_and(|route| route.on_failure().is_some());
        let collecting = Collecting {
            account,
            correlation: run.correlation,
            stripe,
            mailboxes,
            freed: Rc::clone(&freed),
            defect: run.defect,
            leg,
            compares,
        };
        tokio::task::spawn_local(collector::collect(collector, collecting));
    }
    let drains_first = run.route.as_ref().is_some_and(|route| route.drains_first());
    let outlet = outlet(producers, drains_first, &account)?;
    let payloads = Arc::clone(&run.payloads);
    let sending = Sending {
        timeline,
        timer,
        stop: run.stop.clone(),
        troubles: troubles.clone(),
        freed,
        defect: run.defect,
    };
    let mut sender = Sender::new(sending, Rc::clone(&account), outlet, payloads, &run.load);
    tokio::select! {
        biased;
        () = send_and_drain(&mut sender, &run, stripe) => {}
        // A path that takes nothing must not hold up a run that is to end at once.
        () = run.stop.reaches(Stop::Now) => {}
    }
    let mut summary = account.replace(new_account(provisional)).close();
    summary.note(troubles.noted());
    let (timer_lateness, markers) = (sender.sending.timer.lateness(), sender.markers());
    let scheduling = Grant::Ordinary;
    let (bursts, publishing) = (sender.into_bursts(), publishing.map(|outcome| outcome.borrow().clone()));
    Ok(GeneratorOutcome { summary, bursts, markers, scheduling, timer_lateness, publishing })
}

/// The ends of all legs, and what a policy of publishing comes to.
type Ends = (Vec<GeneratorEnd>, Option<Rc<RefCell<PublishingOutcome>>>);

/// Opens the ends of all legs.
async fn connect(
    index: u32,
    run: &Shared,
    account: &Rc<RefCell<Account>>,
    freed: &Rc<Notify>,
    troubles: &Troubles,
    timer: &Timer,
) -> Result<Ends, TransportError> {
    let (mut ends, mut publishing) = (Vec::new(), None);
    for (leg, transport) in Leg::ALL.into_iter().zip(&run.transports) {
        let book = Rc::new(Book { account: Rc::clone(account), freed: Rc::clone(freed), leg });
        // Only paths of one leg have a policy.
        ends.push(match &run.load.publishing {
            None => transport.generator(index, book, troubles).await?,
            Some(plan) => {
                let asked = publishing::Asked { plan, load: &run.load, generator: index };
                let opened = publishing::open(transport, asked, (book, troubles), timer.clone()).await?;
                publishing = Some(opened.outcome);
                opened.end
            }
        });
    }
    Ok((ends, publishing))
}

fn outlet(
    producers: Vec<Box<dyn Producer>>,
    drains_first: bool,
    account: &Rc<RefCell<Account>>,
) -> Result<Outlet, TransportError> {
    let mut producers = producers.into_iter();
    match (producers.next(), producers.next()) {
        (Some(only), None) => Ok(Outlet::Straight(only)),
        (Some(first), Some(second)) => {
            Ok(Outlet::Shared(Box::new(Sharing::new([first, second], drains_first, Rc::clone(account)))))
        }
        (None, _) => Err(TransportError::failed("a generator", "its path has no leg")),
    }
}

async fn send_and_drain(sender: &mut Sender, run: &Shared, stripe: Stripe) {
    let share = |window: u32| u64::from(window).div_ceil(u64::from(stripe.count));
    match Schedule::of(&run.load, run.seed, stripe) {
        Some(schedule) => pacer::run(schedule, sender).await,
        None => unpaced::run(share(run.load.window()), sender).await,
    }
    sender.pause().await;
    sender.end();
    drain(sender, run).await;
}

/// Waits until everything is accounted for, or until the deadline.
async fn drain(sender: &mut Sender, run: &Shared) {
    const LOOK_NS: u64 = 2_000_000;
    let deadline_ns = now_ns() + run.load.drain_ns;
    let mut busy = true;
    let mut quiet_since_ns = None;
    loop {
        sender.release().await;
        sender.tick();
        let now = now_ns();
        let open = sender.open();
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
        sender.sending.timer.sleep_ns(LOOK_NS).await;
    }
    if busy {
        run.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
