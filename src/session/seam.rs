//! The seam of a route, tried on the real servers before the load: whether what is published reaches a worker.
//!
//! Each leg is prepared under names of its own, one worker listens, and one message goes out on each subject that the
//! requests will take. Before them goes one on a subject of the other form (see `brokers.subjects`), on the same connection:
//! whoever still publishes there is heard or not as that message is. What was created is deleted again.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::error::RunError;
use crate::path::Wiring;
use crate::transport::{Frame, Outcomes, Targets, Transport, TransportError, Troubles, Unknown};
use weighbridge_record::result::SeamCheck;
use weighbridge_record::terms::TransportKind;

/// Longest that a message may take to a worker that listens already.
const HEARD_WITHIN: Duration = Duration::from_secs(3);
/// Messages that are taken at once.
const TAKEN_MAX: usize = 64;

/// Tries the legs, one after the other. An error if requests of one would reach nobody.
pub async fn check(
    legs: impl Iterator<Item = &Wiring>,
    targets: &Targets,
) -> Result<Vec<SeamCheck>, RunError> {
    let mut checks = Vec::new();
    // The floor in memory has no server, and no subjects.
    for wiring in legs.filter(|wiring| wiring.transport.broker().is_some()) {
        let (wiring, targets) = (apart(wiring), targets.clone());
        let tried = tokio::task::spawn_blocking(move || on_own_runtime(&wiring, &targets)).await;
        checks.extend(tried.map_err(|error| RunError::failed("trying the subjects of a leg", error))??);
    }
    match checks.iter().find(|check| check.used && check.delivered < check.published) {
        Some(deaf) => Err(RunError::Unheard(Box::new(deaf.clone()))),
        None => Ok(checks),
    }
}

/// One publishing connection and one worker, under names that nobody uses.
fn apart(wiring: &Wiring) -> Wiring {
    let mut limits = wiring.limits;
    (limits.generators, limits.connections) = (1, 1);
    limits.worker_channels = limits.worker_channels.min(1);
    Wiring { names: wiring.names.apart(), limits, ..wiring.clone() }
}

/// The ends of a transport live in the one thread that has opened them.
fn on_own_runtime(wiring: &Wiring, targets: &Targets) -> Result<Vec<SeamCheck>, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| RunError::failed("starting a runtime", error))?;
    Ok(tokio::task::LocalSet::new().block_on(&runtime, tried(wiring, targets))?)
}

async fn tried(wiring: &Wiring, targets: &Targets) -> Result<Vec<SeamCheck>, TransportError> {
    let listening = wiring.build(targets)?;
    let publishing = Wiring { names: wiring.names.and_other_form(), ..wiring.clone() }.build(targets)?;
    listening.prepare(0).await?;
    let heard = heard(wiring, &*listening, &*publishing).await;
    let mut left = listening.creates();
    listening.dismantle(&mut left).await;
    match left.first() {
        Some(left) => Err(TransportError::failed("clearing up after trying the subjects", &left.reason)),
        None => Ok(checks(wiring, &heard?)),
    }
}

/// The keys of the messages that came to the worker.
async fn heard(
    wiring: &Wiring,
    listening: &dyn Transport,
    publishing: &dyn Transport,
) -> Result<BTreeSet<u16>, TransportError> {
    let troubles = Troubles::default();
    let mut worker = listening.worker(0, &troubles).await?;
    let mut generator = publishing.generator(0, Rc::new(Unasked), &troubles).await?;
    let keys = wiring.names.keys();
    let frame = |key: u16| {
        let body = Bytes::copy_from_slice(&key.to_be_bytes());
        Frame { sequence: u64::from(key), key, body }
    };
    let other = has_forms(wiring.transport).then_some(keys.end);
    let mut batch = other.into_iter().chain(keys.clone()).map(frame).collect();
    generator.producer.send(&mut batch).await?;
    let mut heard = BTreeSet::new();
    let listen = async {
        let mut deliveries = Vec::new();
        while !keys.clone().all(|key| heard.contains(&key)) {
            worker.consumer.receive(TAKEN_MAX, &mut deliveries).await?;
            let key = |body: Bytes| body.as_ref().try_into().ok().map(u16::from_be_bytes);
            heard.extend(deliveries.drain(..).filter_map(|delivery| key(delivery.body)));
        }
        Ok::<(), TransportError>(())
    };
    // What has not come by then does not come.
    tokio::time::timeout(HEARD_WITHIN, listen).await.unwrap_or(Ok(()))?;
    Ok(heard)
}

/// Whether the subject of a request depends on its category.
fn has_forms(transport: TransportKind) -> bool {
    transport != TransportKind::NatsRequest
}

fn checks(wiring: &Wiring, heard: &BTreeSet<u16>) -> Vec<SeamCheck> {
    let (transport, keys) = (wiring.transport, wiring.names.keys());
    let delivered = keys.clone().filter(|key| heard.contains(key)).count() as u64;
    let names = &wiring.names;
    let subject = if has_forms(transport) { names.shape(names.subjects()) } else { names.sync_shape() };
    let used = SeamCheck { transport, subject, used: true, published: keys.len() as u64, delivered };
    let other = has_forms(transport).then(|| SeamCheck {
        transport,
        subject: names.shape(names.subjects().other()),
        used: false,
        published: 1,
        delivered: u64::from(heard.contains(&keys.end)),
    });
    [used].into_iter().chain(other).collect()
}

/// What brokers say of these messages is not asked: who hears of them is.
struct Unasked;

impl Outcomes for Unasked {
    fn accepted(&self, _sequences: &mut dyn Iterator<Item = u64>, _at_ns: u64) {}

    fn rejected(&self, _sequence: u64, _reason: &str) {}

    fn indeterminate(&self, _sequence: u64, _reason: &str) {}

    fn broken(&self, _over: &dyn Fn(u64) -> bool, _unknown: Unknown) {}
}
