//! A run: the instrument's generators and workers in a world, and what both sides say of it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, LazyLock};

use tokio::task::{JoinHandle, LocalSet};
use weighbridge::load::{Defect, GeneratorOutcome, Shared, generate};
use weighbridge::mailbox::{Mailboxes, Post};
use weighbridge::metrics::Timeline;
use weighbridge::payload::Payloads;
use weighbridge::schema::Correlation;
use weighbridge::start_line::StartLine;
use weighbridge::stop::StopSignal;
use weighbridge::transport::{Transport, TransportError, Troubles};
use weighbridge::worker::{Scoring, Serving, serve};
use weighbridge_plan::Payload;
use weighbridge_record::result::LedgerTotals;
use weighbridge_record::terms::CompletedBy;

use crate::case::{Case, START_NS};
use crate::history::Event;
use crate::planted::{Mail, Planted};
use crate::transport::{Simulated, enter};
use crate::world::World;

const CATEGORIES: [&str; 2] = ["INFRASTRUCTURE", "SECURITY"];

/// Bodies are the same in all runs.
static PAYLOADS: LazyLock<Arc<Payloads>> = LazyLock::new(|| {
    let payload = Payload {
        description_bytes: vec![16],
        categories: CATEGORIES.map(|name| (name.to_owned(), 1.0)).into(),
        requester_roles: vec![("IT_ADMIN".to_owned(), 1.0)],
    };
    Arc::new(Payloads::new(&payload, 1, correlation()))
});

fn correlation() -> Correlation {
    Correlation::new(0xabcd_ef01)
}

/// What a run comes to.
pub struct Run {
    pub case: Case,
    pub intended_ns: Vec<u64>,
    /// Everything that happened.
    pub events: Vec<(u64, Event)>,
    /// What the instrument makes of it.
    pub each: Vec<LedgerTotals>,
    pub merged: GeneratorOutcome,
    pub worker_breaks: usize,
}

/// What each generator brings home, once it has ended.
type Outcomes = Rc<RefCell<Vec<Option<Result<GeneratorOutcome, TransportError>>>>>;

/// Tasks of the instrument, and what they bring home.
struct Tasks {
    set: LocalSet,
    generators: Vec<JoinHandle<()>>,
    workers: Vec<JoinHandle<()>>,
    outcomes: Outcomes,
    troubles: Troubles,
}

/// Runs a case; a panic or an error says why there is no result. Needs a runtime with timers around it.
pub fn run(case: Case, planted: Planted, tells: bool) -> Result<Run, String> {
    let world = World::new(case, planted, Arc::clone(&PAYLOADS), tells);
    enter(Some(Rc::clone(&world)));
    let mut tasks = start(&world);
    let (set, generators) = (&mut tasks.set, &tasks.generators);
    world.run(set, || generators.iter().all(JoinHandle::is_finished));
    enter(None);
    if tasks.workers.iter().any(JoinHandle::is_finished) {
        return Err("a worker ended".to_owned());
    }
    let mut outcomes = Vec::new();
    for outcome in tasks.outcomes.take() {
        outcomes.push(outcome.ok_or("a generator panicked")?.map_err(|error| error.to_string())?);
    }
    let each = outcomes.iter().map(|outcome| outcome.summary.totals).collect();
    let merged = planted.merge(outcomes).ok_or("no generator ran")?;
    let worker_breaks = tasks.troubles.noted().breaks.len();
    let (case, intended_ns) = (world.case.clone(), world.intended_ns.clone());
    Ok(Run { case, intended_ns, events: world.history.take(), each, merged, worker_breaks })
}

fn start(world: &Rc<World>) -> Tasks {
    let (case, transport) = (&world.case, Arc::new(Simulated));
    let generators = case.load.generators;
    let mailboxes = Arc::new(Mailboxes::new(generators, None));
    let outcomes: Vec<Option<Result<GeneratorOutcome, TransportError>>> =
        (0..generators).map(|_| None).collect();
    let mut tasks = Tasks {
        set: LocalSet::new(),
        generators: Vec::new(),
        workers: Vec::new(),
        outcomes: Rc::new(RefCell::new(outcomes)),
        troubles: Troubles::default(),
    };
    let post = Arc::new(Mail { mailboxes: Arc::clone(&mailboxes), planted: world.planted });
    tasks.start_workers(world, &post);
    let shared = Shared {
        transports: vec![transport],
        route: None,
        load: case.load.clone(),
        completed_by: case.completed_by,
        payloads: Arc::clone(&world.payloads),
        correlation: correlation(),
        seed: case.seed,
        mailboxes,
        stop: StopSignal::default(),
        busy: Arc::new(AtomicU32::new(generators)),
        defect: Defect::None,
    };
    tasks.start_generators(world, &shared);
    tasks
}

impl Tasks {
    fn start_workers(&mut self, world: &Rc<World>, post: &Arc<Mail>) {
        let case = &world.case;
        let categories = CATEGORIES.map(str::to_owned).into();
        let serving = Serving {
            scoring: Rc::new(Scoring { correlation: Some(correlation()), categories }),
            service_time: case.service_time,
            seed: case.seed,
            concurrency: case.concurrency,
            results: case.completed_by == CompletedBy::Result,
            worker: 0,
            replies_to_sender: false,
            scorer: None,
            post: Arc::clone(post) as Arc<dyn Post>,
            timer: world.timer.clone(),
        };
        for worker in 0..case.workers {
            let (serving, troubles) = (Serving { worker, ..serving.clone() }, self.troubles.clone());
            self.workers.push(self.set.spawn_local(async move {
                if let Ok(end) = Simulated.worker(worker, &troubles).await {
                    // It ends only with an error, and that it ended is enough to fail.
                    drop(serve(end, serving).await);
                }
            }));
        }
    }

    fn start_generators(&mut self, world: &Rc<World>, shared: &Shared) {
        let line = Rc::new(StartLine::new());
        line.start(Timeline::new(START_NS, 0, shared.load.duration_ns, 0));
        for index in 0..shared.load.generators {
            let (world, shared, line) = (Rc::clone(world), shared.clone(), Rc::clone(&line));
            let outcomes = Rc::clone(&self.outcomes);
            self.generators.push(self.set.spawn_local(async move {
                let (live, timer) = (world.history.live(index), world.timer.clone());
                let outcome = generate(index, shared, live, line.place(), timer).await;
                world.history.add(Event::Closed { generator: index });
                outcomes.borrow_mut()[index as usize] = Some(outcome);
            }));
        }
    }
}
