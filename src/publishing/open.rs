//! Puts a policy between a generator and its transport.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::answers::{OfPool, OfShared};
use super::awaited::Awaited;
use super::desk::{Desk, Source};
use super::gathering::Gathering;
use super::outcome::PublishingOutcome;
use super::pool::{Opener, Pool};
use super::publisher::{Batcher, Due, Publisher};
use super::told::{Carriers, Told};
use crate::timer::Timer;
use crate::transport::{Collector, GeneratorEnd, Outcomes, Returns, Transport, TransportError, Troubles};
use weighbridge_plan::{Load, Publishing};
use weighbridge_record::terms;

/// Longest that a client waits for a confirmation: the default of NATS clients, and longer than a Redis server that
/// still lives takes.
const CONFIRMED_WITHIN_NS: u64 = 5_000_000_000;

/// What is asked of a policy.
pub struct Asked<'a> {
    pub plan: &'a Publishing,
    pub load: &'a Load,
    /// Of so many as `load` has.
    pub generator: u32,
}

/// The ends of a generator, with the policy between.
pub struct Opened {
    pub end: GeneratorEnd,
    /// What it comes to, while it runs.
    pub outcome: Rc<RefCell<PublishingOutcome>>,
}

/// Opens the connections that are to be there before the first request, and starts to wait for it. Needs a `LocalSet`.
pub async fn open(
    transport: &Arc<dyn Transport>,
    asked: Asked<'_>,
    (book, troubles): (Rc<dyn Outcomes>, &Troubles),
    timer: Timer,
) -> Result<Opened, TransportError> {
    let Asked { plan, load, generator } = asked;
    let (awaited, returns) = (Rc::<Awaited>::default(), transport.returns());
    let told = (Rc::clone(&book), troubles);
    let (source, collector) = match plan.pool {
        terms::Pool::Shared => shared(transport, generator, told, &awaited).await?,
        terms::Pool::Checkout | terms::Pool::Fresh | terms::Pool::Guide => {
            pooled(transport, (plan, load, generator), told, &awaited).await?
        }
    };
    let opened = match &source {
        Source::Shared(_) => u64::from(load.connections),
        Source::Pool(pool) => pool.opened(),
    };
    let outcome = Rc::new(RefCell::new(PublishingOutcome { opened, ..PublishingOutcome::default() }));
    let due = Rc::<Due>::default();
    let desk = Rc::new(Desk {
        source,
        awaited,
        returns,
        patience_ns: match returns {
            Returns::Answered => load.timeout_ns,
            Returns::AtOnce | Returns::Confirmed { .. } => CONFIRMED_WITHIN_NS.min(load.timeout_ns),
        },
        book,
        troubles: troubles.clone(),
        timer,
        outcome: Rc::clone(&outcome),
        markers: Cell::default(),
    });
    let gathering = Gathering::new(plan);
    let (flush, pending) = (plan.flush, Rc::default());
    let batcher = Batcher { desk: Rc::clone(&desk), due: Rc::clone(&due), flush, gathering, pending };
    tokio::task::spawn_local(batcher.run());
    Ok(Opened { end: GeneratorEnd { producer: Box::new(Publisher { due, desk }), collector }, outcome })
}

type Ends = (Source, Option<Box<dyn Collector>>);

async fn shared(
    transport: &Arc<dyn Transport>,
    generator: u32,
    (book, troubles): (Rc<dyn Outcomes>, &Troubles),
    awaited: &Rc<Awaited>,
) -> Result<Ends, TransportError> {
    let returns = transport.returns();
    let told = Told { book, awaited: Rc::clone(awaited), returns, carriers: None };
    let end = transport.generator(generator, Rc::new(told), troubles).await?;
    let heard =
        |collector| Box::new(OfShared { collector, awaited: Rc::clone(awaited) }) as Box<dyn Collector>;
    let collector = match returns {
        Returns::Answered => end.collector.map(heard),
        Returns::AtOnce | Returns::Confirmed { .. } => end.collector,
    };
    Ok((Source::Shared(Rc::new(Mutex::new(end.producer))), collector))
}

async fn pooled(
    transport: &Arc<dyn Transport>,
    (plan, load, generator): (&Publishing, &Load, u32),
    (book, troubles): (Rc<dyn Outcomes>, &Troubles),
    awaited: &Rc<Awaited>,
) -> Result<Ends, TransportError> {
    let returns = transport.returns();
    let (answers, answered) = async_channel::unbounded();
    let collector = match returns {
        Returns::Answered => {
            let of_pool = OfPool { answers: answered, awaited: Rc::clone(awaited) };
            Some(Box::new(of_pool) as Box<dyn Collector>)
        }
        Returns::AtOnce | Returns::Confirmed { .. } => {
            transport.collector(generator, Rc::clone(&book), troubles).await?
        }
    };
    let opener = Opener {
        transport: Arc::clone(transport),
        generator,
        book,
        troubles: troubles.clone(),
        awaited: Rc::clone(awaited),
        carriers: Rc::new(Carriers::new(load.generators)),
        returns,
        answers,
    };
    let pool = match plan.pool {
        terms::Pool::Guide => {
            let most = plan.connections_max(load.connections, load.generators);
            Pool::of_the_guide(opener, load.connections, most)
        }
        terms::Pool::Fresh => Pool::fresh(opener, load.connections),
        terms::Pool::Shared | terms::Pool::Checkout => Pool::bounded(opener, load.connections).await?,
    };
    Ok((Source::Pool(pool), collector))
}
