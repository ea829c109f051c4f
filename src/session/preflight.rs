//! What is looked at before the first trial: whatever would refuse the last one must not cost the others' time.
//!
//! What a server of ours takes is known from its settings; on a server that somebody else runs every path is prepared,
//! with the longest body that goes over it, and cleared up again. Servers are started for it only where a route asks
//! whether its subjects are heard.

use std::time::Duration;

use super::error::RunError;
use super::seam;
use super::settings::Settings;
use super::trial::{nonce, prefix};
use crate::open_files;
use crate::path::Wiring;
use crate::payload::longest_bytes;
use crate::site::{self, Site, Stored};
use crate::transport::{Targets, TransportError};
use weighbridge_plan::{FaultPlan, Plan, PointPlan};
use weighbridge_record::terms::{BrokerKind, Path};

/// Longest that a scoring service may take to let us connect.
const SCORER_WITHIN: Duration = Duration::from_secs(2);
/// Connections that prepare a path, and look at its server.
const WATCHING: u64 = 4;
/// Those of this process for each that goes through a proxy of ours: its own, and the two of the proxy.
const THROUGH_PROXY: u64 = 3;

pub async fn preflight(plan: &Plan, settings: &Settings) -> Result<(), RunError> {
    site::clear_abandoned();
    servers_are_there(plan, settings).await?;
    for (point, path, _, kind) in legs(plan, |_| String::new()) {
        // Whoever runs another server knows its limits, and says so when the path is tried.
        if point.brokers.endpoint(kind).is_none() {
            fits(point, kind)?;
            takes_all(point, path, kind)?;
        }
    }
    scorers_are_there(plan, settings).await?;
    open_files_suffice(plan)?;
    for path in Tried::all(plan) {
        path.try_out().await?;
    }
    routes_are_heard(plan, settings).await
}

/// Tries the seam of every path of a route at the first point; a sweep does not move over subjects but by a trial.
async fn routes_are_heard(plan: &Plan, settings: &Settings) -> Result<(), RunError> {
    let Some(point) = plan.points.first().filter(|point| point.route.is_some()) else { return Ok(()) };
    for path in plan.paths_at(point) {
        let (kinds, transports) = (path.brokers(), path.legs().collect::<Vec<_>>());
        let plain = |_: &str| Stored::Plain;
        let starting = Site::start_stored(&kinds, &point.brokers, &transports, &plain, &settings.brokers);
        let site = starting.await?;
        let legs = Wiring::legs(point, path, &prefix(point, site.is_external(), nonce()));
        let heard = seam::check(legs.iter(), &site.targets()).await;
        site.stop(false);
        heard?;
    }
    Ok(())
}

/// Every path at every point.
fn paths(plan: &Plan) -> impl Iterator<Item = (&PointPlan, Path)> {
    plan.points.iter().flat_map(|point| plan.paths_at(point).map(move |path| (point, path)))
}

/// Every leg of a path over a server, at every point.
fn legs(plan: &Plan, prefix: impl Fn(&PointPlan) -> String) -> Vec<(&PointPlan, Path, Wiring, BrokerKind)> {
    let of_path = |(point, path): (_, Path)| {
        let over_server = move |wiring: Wiring| {
            let kind = wiring.transport.broker()?;
            Some((point, path, wiring, kind))
        };
        Wiring::legs(point, path, &prefix(point)).into_iter().filter_map(over_server)
    };
    paths(plan).flat_map(of_path).collect()
}

/// The trial with the most connections against the limit of this process.
fn open_files_suffice(plan: &Plan) -> Result<(), RunError> {
    let connections = |(point, path): (&PointPlan, Path)| {
        let proxied = point.faults.iter().any(|fault| fault.action.is_of_network());
        let each = if proxied { THROUGH_PROXY } else { 1 };
        let of_legs = Wiring::legs(point, path, "");
        (of_legs.iter().map(|leg| leg.connections(point)).sum::<u64>() * each, path)
    };
    let Some((connections, path)) = paths(plan).map(connections).max_by_key(|(count, _)| *count) else {
        return Ok(());
    };
    match open_files::short_of(connections) {
        Some(limit) => Err(RunError::OpenFiles { path, connections, limit }),
        None => Ok(()),
    }
}

async fn servers_are_there(plan: &Plan, settings: &Settings) -> Result<(), RunError> {
    // A sweep may move over brokers, but seldom does.
    let mut seen = Vec::new();
    for (point, kind) in
        paths(plan).flat_map(|(point, path)| path.brokers().into_iter().map(move |kind| (point, kind)))
    {
        let asked = (kind, point.brokers.endpoint(kind));
        if !seen.contains(&asked) {
            seen.push(asked);
            site::preflight(kind, &point.brokers, &settings.brokers).await?;
        }
    }
    if plan.points.iter().flat_map(|point| &point.faults).any(FaultPlan::needs_own_file_system) {
        site::can_forget()?;
    }
    Ok(())
}

/// Whether every scoring service may be asked, and somebody listens there.
async fn scorers_are_there(plan: &Plan, settings: &Settings) -> Result<(), RunError> {
    let mut seen = Vec::new();
    for service in plan.points.iter().filter_map(|point| point.workers.service()) {
        if seen.contains(&&service.address) {
            continue;
        }
        seen.push(&service.address);
        site::check_host(&service.address, &settings.brokers.allowed_hosts)?;
        let connecting = tokio::net::TcpStream::connect(&service.address);
        let reached = match tokio::time::timeout(SCORER_WITHIN, connecting).await {
            Ok(reached) => reached.map(drop).map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} s", SCORER_WITHIN.as_secs())),
        };
        reached.map_err(|reason| RunError::Scorer { address: service.address.clone(), reason })?;
    }
    Ok(())
}

/// Whether a server of ours takes the longest body of a point.
fn fits(point: &PointPlan, broker: BrokerKind) -> Result<(), TransportError> {
    let body_bytes = longest_bytes(&point.payload);
    match site::body_limit(broker).filter(|(_, most)| body_bytes > *most) {
        Some((setting, limit_bytes)) => {
            Err(TransportError::TooLarge { broker, setting, body_bytes, limit_bytes })
        }
        None => Ok(()),
    }
}

/// Whether a server of ours takes all connections of a path, and those that watch it.
fn takes_all(point: &PointPlan, path: Path, broker: BrokerKind) -> Result<(), RunError> {
    let of_legs = Wiring::legs(point, path, "");
    let on_server = of_legs.iter().filter(|leg| leg.transport.broker() == Some(broker));
    let connections = on_server.map(|leg| leg.connections(point)).sum::<u64>() + WATCHING;
    match site::connection_limit(broker).filter(|(_, most)| connections > *most) {
        Some((setting, limit)) => Err(RunError::Connections { path, broker, setting, connections, limit }),
        None => Ok(()),
    }
}

/// A path on somebody else's server, to be prepared as a trial would.
#[derive(PartialEq)]
struct Tried {
    wiring: Wiring,
    targets: Targets,
    body_bytes: usize,
}

impl Tried {
    /// Each once: most points of a sweep differ in nothing that a server could refuse.
    fn all(plan: &Plan) -> Vec<Self> {
        let nonce = nonce();
        let mut all: Vec<Self> = Vec::new();
        for (point, _, wiring, kind) in legs(plan, |point| prefix(point, true, nonce)) {
            let Some(endpoint) = point.brokers.endpoint(kind) else { continue };
            let tried = Self {
                wiring,
                targets: Targets::only(endpoint.clone()),
                body_bytes: longest_bytes(&point.payload),
            };
            if !all.contains(&tried) {
                all.push(tried);
            }
        }
        all
    }

    async fn try_out(&self) -> Result<(), TransportError> {
        let transport = self.wiring.build(&self.targets)?;
        transport.prepare(self.body_bytes).await?;
        let mut left = transport.creates();
        transport.dismantle(&mut left).await;
        left.iter().for_each(|left| tracing::error!("{left}"));
        match left.first() {
            Some(left) => Err(TransportError::failed("clearing up after the preflight", &left.reason)),
            None => Ok(()),
        }
    }
}
