//! One run in simulated time: the tasks of the instrument run until all of them wait, then the clock goes to whatever
//! comes next. One thread, one source of random numbers, so a seed says all.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio::task::LocalSet;
use weighbridge::clock::{hold_at, now_ns};
use weighbridge::payload::Payloads;
use weighbridge::schedule::{Schedule, Stripe};
use weighbridge::timer::Timer;

use crate::broker::Broker;
use crate::case::{Case, MS, START_NS};
use crate::collecting::CollectorSide;
use crate::history::History;
use crate::links::Links;
use crate::planted::Planted;
use crate::publishing::GeneratorSide;
use crate::serving::WorkerSide;

/// No run takes longer than this; one that does hangs.
const RUN_NS_MAX: u64 = 60_000 * MS;
/// Looks at tasks without rest before time goes on under them: somebody watches the clock.
const RESTLESS: u32 = 8;
const STEP_NS: u64 = 5_000;
const STEPS_MAX: u32 = 100_000;

type Then = Box<dyn FnOnce(&Rc<World>)>;

/// Something that is to happen.
struct Due {
    at_ns: u64,
    /// Of two at the same time, the one that was asked for first comes first.
    order: u64,
    then: Then,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ns, self.order).cmp(&(other.at_ns, other.order))
    }
}

/// All that is not the instrument: time, chance, the network, the broker.
pub struct World {
    pub case: Case,
    pub planted: Planted,
    pub payloads: Arc<Payloads>,
    pub timer: Timer,
    pub history: History,
    /// Intended times by the number of the request.
    pub intended_ns: Vec<u64>,
    pub links: RefCell<Links>,
    pub broker: RefCell<Broker>,
    pub generators: RefCell<Vec<GeneratorSide>>,
    pub workers: RefCell<Vec<WorkerSide>>,
    pub collector: RefCell<CollectorSide>,
    random: RefCell<Pcg64>,
    agenda: RefCell<BinaryHeap<Reverse<Due>>>,
    asked: Cell<u64>,
}

impl World {
    /// Holds this thread's clock at the start.
    pub fn new(case: Case, planted: Planted, payloads: Arc<Payloads>, tells: bool) -> Rc<Self> {
        hold_at(START_NS);
        let schedule = Schedule::of(&case.load, case.seed, Stripe::WHOLE).into_iter().flatten();
        let world = Rc::new(Self {
            planted,
            payloads,
            timer: Timer::held(),
            history: History::new(case.load.generators, tells),
            intended_ns: schedule.map(|offset_ns| START_NS + offset_ns).collect(),
            links: RefCell::default(),
            broker: RefCell::new(Broker::new(&case)),
            generators: RefCell::default(),
            workers: RefCell::new((0..case.workers).map(|_| WorkerSide::default()).collect()),
            collector: RefCell::default(),
            random: RefCell::new(Pcg64::seed_from_u64(case.seed.wrapping_add(0x5eed))),
            agenda: RefCell::default(),
            asked: Cell::new(0),
            case,
        });
        for (at_ns, trouble) in world.case.troubles.clone() {
            world.at(at_ns, move |world| world.befall(trouble));
        }
        world
    }

    /// A number below `end`, which is not 0.
    pub fn below(&self, end: u64) -> u64 {
        self.random.borrow_mut().random_range(0..end)
    }

    /// Whether it happens this time.
    pub fn happens(&self, of_a_thousand: u32) -> bool {
        of_a_thousand > 0 && self.below(1000) < u64::from(of_a_thousand)
    }

    pub fn latency_ns(&self) -> u64 {
        1 + self.below(self.case.latency_ns_max)
    }

    pub fn at(&self, at_ns: u64, then: impl FnOnce(&Rc<Self>) + 'static) {
        let order = self.asked.replace(self.asked.get() + 1);
        self.agenda.borrow_mut().push(Reverse(Due { at_ns, order, then: Box::new(then) }));
    }

    pub fn after(&self, ns: u64, then: impl FnOnce(&Rc<Self>) + 'static) {
        self.at(now_ns() + ns, then);
    }

    /// Whether a request waits longer for its end than its generator does.
    pub fn is_overdue(&self, request: u64) -> bool {
        let intended_ns = self.intended_ns.get(request as usize);
        intended_ns.is_some_and(|at_ns| at_ns + self.case.load.timeout_ns <= now_ns())
    }

    /// Runs until `is_over`.
    pub fn run(self: &Rc<Self>, tasks: &mut LocalSet, is_over: impl Fn() -> bool) {
        let rest = Rest::default();
        loop {
            self.settle(tasks, &rest);
            if is_over() {
                return;
            }
            self.advance();
        }
    }

    /// Runs the tasks until all of them wait.
    fn settle(&self, tasks: &mut LocalSet, rest: &Rest) {
        for round in 0..STEPS_MAX {
            rest.woken.0.store(false, Ordering::Relaxed);
            let ended = Pin::new(&mut *tasks).poll(&mut Context::from_waker(&rest.waker));
            self.history.note_looks();
            if ended.is_ready() || !rest.woken.0.load(Ordering::Relaxed) {
                return;
            }
            if round > RESTLESS {
                hold_at(now_ns() + STEP_NS);
                self.timer.wake_due();
            }
        }
        panic!("a task never waits");
    }

    /// Sets the clock to what comes next, or some time after it, and lets it happen.
    fn advance(self: &Rc<Self>) {
        let next_ns = self.agenda.borrow().peek().map(|Reverse(due)| due.at_ns);
        let next_ns = next_ns.into_iter().chain(self.timer.next_ns()).min();
        let next_ns = next_ns.expect("everybody waits, and nothing more will happen");
        let late_ns = if self.happens(250) { self.below(self.case.late_ns_max + 1) } else { 0 };
        hold_at(now_ns().max(next_ns + late_ns));
        assert!(now_ns() < START_NS + RUN_NS_MAX, "the run does not end");
        while let Some(then) = self.due() {
            then(self);
        }
        self.timer.wake_due();
    }

    fn due(&self) -> Option<Then> {
        let mut agenda = self.agenda.borrow_mut();
        let is_due = agenda.peek().is_some_and(|Reverse(due)| due.at_ns <= now_ns());
        if is_due { agenda.pop().map(|Reverse(due)| due.then) } else { None }
    }
}

/// Says whether any task was woken.
struct Rest {
    woken: Arc<Woken>,
    waker: Waker,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Default for Rest {
    fn default() -> Self {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        Self { waker: Waker::from(Arc::clone(&woken)), woken }
    }
}
