//! One trial: a site, a path, a crew and a load, and the faults that strike them. Each starts, is ready, stops,
//! and brings home what it has to tell.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use super::error::RunError;
use super::holdings;
use super::probes::Probes;
use super::progress::{Progress, Sight};
use super::record::{Loaded, assemble};
use super::seam;
use super::settings::Settings;
use super::spec::TrialSpec;
use super::watch::watch_over;
use crate::clock::now_ns;
use crate::crew::{Crew, CrewReport, External, Place, Published, WorkOrder};
use crate::fault::{Faults, Handles, aim};
use crate::load::{Generators, Shared};
use crate::mailbox::{Mailboxes, Post};
use crate::metrics::Timeline;
use crate::path::{Leg, Wiring};
use crate::payload::{Payloads, longest_bytes};
use crate::route::Route;
use crate::schema::Correlation;
use crate::site::{Site, Stored};
use crate::start_line::StartLine;
use crate::stop::{Stop, StopSignal};
use crate::transport::{Targets, Transport};
use weighbridge_plan::{FaultPlan, PointPlan};
use weighbridge_record::result::{Held, LeftBehind, SeamCheck, Trial};
use weighbridge_record::terms::{BrokerKind, CompletedBy};

/// From the last connection to the first request.
const LEAD_NS: u64 = 50_000_000;
/// Longest that clearing up may take in a run that is to end at once: the process has a second, in which the trial
/// is to be kept as well.
const CLEAR_WITHIN: Duration = Duration::from_millis(500);

/// Name of who wrote it, and what it wrote.
type Logs = Vec<(String, Vec<u8>)>;

/// A trial's record and what its servers left behind.
pub struct Measured {
    pub trial: Trial,
    /// Of servers, and of external workers where something went wrong.
    pub logs: Logs,
    pub kept: Vec<PathBuf>,
}

/// Measures one trial on a fresh site.
pub async fn measure(
    spec: &TrialSpec<'_>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Measured, RunError> {
    let brokers = &spec.point.brokers;
    let (kinds, transports) = (spec.path.brokers(), spec.path.legs().collect::<Vec<_>>());
    let faults = &spec.point.faults;
    let stored = |name: &str| {
        let forgets = |fault: &FaultPlan| fault.needs_own_file_system() && fault.is_meant_for(name);
        if faults.iter().any(forgets) { Stored::Forgetting } else { Stored::Plain }
    };
    let starting = Site::start_stored(&kinds, brokers, &transports, &stored, &settings.brokers);
    let mut site = unless_stopped(&settings.stop, starting).await??;
    let servers = site.servers();
    settings.remains.set_folders(servers.iter().map(|server| server.directory().to_path_buf()).collect());
    let outcome = on_site(&mut site, spec, settings, progress).await;
    // Who stopped the run does not look for a failure.
    let left = site.stop(outcome.as_ref().is_err_and(|error| !matches!(error, RunError::Stopped)));
    settings.remains.set_folders(Vec::new());
    match outcome {
        Ok((trial, of_workers)) => {
            let logs = left.logs.into_iter().chain(of_workers).collect();
            Ok(Measured { trial, logs, kept: left.directories })
        }
        Err(error) => {
            for directory in left.directories {
                tracing::warn!("the broker's directory is kept: {}", directory.display());
            }
            Err(error)
        }
    }
}

async fn on_site(
    site: &mut Site,
    spec: &TrialSpec<'_>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<(Trial, Logs), RunError> {
    site.link(&spec.point.faults)?;
    let nonce = nonce();
    let prefix = prefix(spec.point, site.is_external(), nonce);
    let targets = site.targets();
    let built = |wiring: Wiring| Ok(Leg { transport: wiring.build(&targets)?, wiring });
    let legs = Wiring::legs(spec.point, spec.path, &prefix).into_iter().map(built);
    let mut legs = legs.collect::<Result<Vec<_>, RunError>>()?;
    let mut publishers = None;
    // Only paths of one leg have one.
    if let (Some(command), [leg]) = (&spec.point.load.command, &mut legs[..]) {
        let (path, wiring) = (Arc::clone(&leg.transport), leg.wiring.clone());
        let published = Arc::new(Published::new(path, wiring, targets, command.clone()));
        leg.transport = Arc::clone(&published) as Arc<dyn Transport>;
        publishers = Some(published);
    }
    let parts = Parts { publishers, ..Parts::new(spec, settings, legs, nonce) };
    parts.measure(site, progress).await
}

/// Measures one trial on a transport that `wrap` makes of the one in memory.
pub async fn measure_wrapped<T: Transport + 'static>(
    spec: &TrialSpec<'_>,
    settings: &Settings,
    progress: &dyn Progress,
    wrap: impl FnOnce(Arc<dyn Transport>) -> T,
) -> Result<Trial, RunError> {
    let wiring = Wiring::of(spec.point, spec.path.last(), "");
    let transport = Arc::new(wrap(wiring.build(&Targets::default())?));
    let parts = Parts::new(spec, settings, vec![Leg { wiring, transport }], nonce());
    parts.measure(&mut Site::default(), progress).await.map(|(trial, _)| trial)
}

/// Random bits of a ULID: no message of another trial carries them.
pub(super) fn nonce() -> u32 {
    ulid::Ulid::generate().random() as u32
}

/// Set by the scenario, else empty on servers of our own and one per trial on others. It is a token of the
/// subject of its own, so that rights can be granted to `prefix.>`.
pub(super) fn prefix(point: &PointPlan, is_external: bool, nonce: u32) -> String {
    match &point.brokers.prefix {
        Some(prefix) if prefix.is_empty() => String::new(),
        Some(prefix) => format!("{prefix}."),
        None if is_external => format!("wb{nonce:08x}."),
        None => String::new(),
    }
}

/// What the parts of a trial share.
struct Parts<'a> {
    spec: &'a TrialSpec<'a>,
    settings: &'a Settings,
    legs: Vec<Leg>,
    /// Who publishes in our place.
    publishers: Option<Arc<Published>>,
    route: Option<Arc<Route>>,
    correlation: Correlation,
    payloads: Arc<Payloads>,
    mailboxes: Arc<Mailboxes>,
}

impl<'a> Parts<'a> {
    fn new(spec: &'a TrialSpec<'a>, settings: &'a Settings, legs: Vec<Leg>, nonce: u32) -> Self {
        let (point, correlation) = (spec.point, Correlation::new(nonce));
        let payloads = Arc::new(Payloads::new(&point.payload, spec.seed, correlation));
        let waits_for_delivery = !point.load.is_scheduled() && point.completed_by() == CompletedBy::Delivery;
        let wakes_at = waits_for_delivery.then(|| point.load.worth_waking() as usize);
        let mailboxes = Arc::new(Mailboxes::new(point.load.generators, wakes_at));
        let workers = point.workers.work().map_or(0, |work| work.count);
        let route = point.route.clone();
        let route = route.map(|plan| Arc::new(Route::new(plan, spec.seed, workers).over(spec.path)));
        Self { spec, settings, legs, publishers: None, route, correlation, payloads, mailboxes }
    }

    /// Prepares the path, puts the load on it, clears it up.
    async fn measure(&self, site: &mut Site, progress: &dyn Progress) -> Result<(Trial, Logs), RunError> {
        let seam = self.seam(site).await?;
        let mut created = Vec::new();
        for leg in &self.legs {
            if let Err(error) = leg.transport.prepare(longest_bytes(&self.spec.point.payload)).await {
                // What the legs before it have created is deleted.
                self.clear_up(created).await;
                return Err(error.into());
            }
            // On a site of ours it ends with the site.
            created.push(if site.is_external() { leg.transport.creates() } else { Vec::new() });
            self.settings.remains.set_stored(created.concat());
        }
        let loaded = self.load(site, progress).await;
        let loaded = match loaded {
            Ok(loaded) => Ok(Loaded { left: self.left().await, seam, ..loaded }),
            Err(error) => Err(error),
        };
        // Also after a failure: what this run created is deleted.
        let left_behind = self.clear_up(created).await;
        self.settings.remains.set_stored(Vec::new());
        left_behind.iter().for_each(|left| tracing::error!("{left}"));
        let mut loaded = loaded?;
        let publishers = loaded.publishers.as_mut().map(|publishers| std::mem::take(&mut publishers.logs));
        let logs = [std::mem::take(&mut loaded.crew.logs), publishers.unwrap_or_default()].concat();
        let trial = Trial { left_behind, ..assemble(self.spec, loaded) };
        let is_sound = trial.valid && trial.ledger.unanswered() == 0;
        Ok((trial, if is_sound { Logs::new() } else { logs }))
    }

    async fn load(&self, site: &mut Site, progress: &dyn Progress) -> Result<Loaded, RunError> {
        let stop = &self.settings.stop;
        let failed = |what| move |error: std::io::Error| RunError::failed(what, error);
        let connections = self.legs.iter().map(|leg| leg.wiring.connections(self.spec.point)).sum();
        let mut line = StartLine::waiting_for(connections);

        let crews = self.crews(&site.targets(), &line)?;
        unless_stopped(stop, line.ready(crews.iter().map(Crew::count).sum())).await??;
        for external in crews.iter().filter_map(Crew::external) {
            unless_stopped(stop, external.ready(|words| progress.waits(words))).await??;
        }
        let load = Generators::start(&self.run(), progress.wants_tallies(), &line);
        let load = load.map_err(failed("starting a generator thread"))?;
        unless_stopped(stop, line.ready(load.count())).await??;
        let paced = self.spec.point.load.is_scheduled();
        let probes = Probes::start(site, &line, paced, |kind| self.streams(kind));
        let probes = probes.map_err(failed("starting a probe"))?;
        let workers = crews.iter().flat_map(Crew::workers).collect();
        let handles = Handles { servers: site.servers(), links: site.links(), workers };
        let aimed = aim(&self.spec.point.faults, &handles)?;
        let faults = Faults::start(aimed, load.in_flight(), line.place());
        let faults = faults.map_err(failed("starting the faults"))?;
        unless_stopped(stop, line.ready(probes.count() + 1)).await??;

        // Also what the ends have made when they connected, such as a collector's consumer.
        site.servers().iter().for_each(|server| server.settle_data());
        let timeline = self.timeline();
        line.start(timeline);
        progress.load_started(self.spec, sight(timeline, &load, site, &probes));
        let ((), held) = tokio::join!(
            watch_over(self.spec, &load, progress, timeline),
            holdings::at_seams(&self.legs, self.route.as_deref(), (&load, timeline)),
        );
        let complete = stop.get() == Stop::No;
        let threads = load.count() + crews.iter().map(Crew::threads).sum::<u32>();

        let faults = faults.stop();
        let mut crew = CrewReport::default();
        crews.into_iter().for_each(|one| crew.merge(one.stop()));
        let load = load.stop()?;
        let publishers = self.publishers.as_ref().map(|publishers| publishers.stop());
        let seen = probes.stop();
        let (records, tier_doubts) = (site.records(), site.tier_doubts());
        let (left, seam) = (Vec::new(), Vec::new());
        Ok(Loaded {
            load,
            crew,
            publishers,
            faults,
            seen,
            records,
            tier_doubts,
            threads,
            held,
            left,
            seam,
            complete,
        })
    }

    /// The names of what the legs store on a kind of server.
    fn streams(&self, kind: BrokerKind) -> Vec<String> {
        let legs = self.legs.iter().filter(|leg| leg.wiring.transport.broker() == Some(kind));
        legs.flat_map(|leg| leg.transport.creates()).map(|stored| stored.name).collect()
    }

    /// Whether what the legs of a route publish is heard.
    async fn seam(&self, site: &Site) -> Result<Vec<SeamCheck>, RunError> {
        match self.route {
            Some(_) => {
                let legs = self.legs.iter().map(|leg| &leg.wiring);
                unless_stopped(&self.settings.stop, seam::check(legs, &site.targets())).await?
            }
            None => Ok(Vec::new()),
        }
    }

    /// Asked only where it tells what was lost from what was not worked off.
    async fn left(&self) -> Vec<Vec<Held>> {
        let point = self.spec.point;
        // A publisher that publishes again may leave more than anybody works off.
        let plain = point.faults.is_empty() && self.route.is_none() && point.load.publishing.is_none();
        match plain {
            true => Vec::new(),
            false => holdings::now(&self.legs, point).await,
        }
    }

    /// Workers for each leg.
    fn crews(&self, targets: &Targets, line: &StartLine) -> Result<Vec<Crew>, RunError> {
        let crew = |(leg, Leg { wiring, transport }): (usize, &Leg)| {
            if let Some(asked) = self.spec.point.workers.external() {
                return Ok(Crew::External(External::start(asked, wiring, transport, targets)?));
            }
            let order = WorkOrder::of(self.spec.point, leg as u32, wiring, self.correlation, self.spec.seed);
            let served = |order: WorkOrder| WorkOrder {
                service_time: self.settings.defect.served(order.service_time),
                ..order
            };
            let post = Arc::clone(&self.mailboxes) as Arc<dyn Post>;
            let crew = Crew::start(order.map(served), &Place { transport, targets }, post, line);
            crew.map_err(|error| RunError::failed("starting a worker", error))
        };
        self.legs.iter().enumerate().map(crew).collect()
    }

    fn run(&self) -> Shared {
        let load = &self.spec.point.load;
        Shared {
            transports: self.legs.iter().map(|leg| Arc::clone(&leg.transport)).collect(),
            route: self.route.clone(),
            load: load.clone(),
            completed_by: self.spec.point.completed_by(),
            payloads: Arc::clone(&self.payloads),
            correlation: self.correlation,
            seed: self.spec.seed,
            mailboxes: Arc::clone(&self.mailboxes),
            stop: self.settings.stop.clone(),
            busy: Arc::new(AtomicU32::new(load.generators)),
            defect: self.settings.defect,
        }
    }

    fn timeline(&self) -> Timeline {
        let load = &self.spec.point.load;
        Timeline::new(now_ns() + LEAD_NS, load.warmup_ns, load.duration_ns, load.cooldown_ns)
    }

    /// Deletes what the legs have created, and gives back what stays.
    async fn clear_up(&self, created: Vec<Vec<LeftBehind>>) -> Vec<LeftBehind> {
        let mut left = created;
        if left.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        let given_up = async {
            self.settings.stop.reaches(Stop::Now).await;
            tokio::time::sleep(CLEAR_WITHIN).await;
        };
        let dismantled = async {
            for (leg, left) in self.legs.iter().zip(&mut left) {
                leg.transport.dismantle(left).await;
            }
        };
        tokio::select! {
            () = dismantled => {}
            () = given_up => {}
        }
        left.concat()
    }
}

/// What others may look at while the load is on.
fn sight(timeline: Timeline, load: &Generators, site: &Site, probes: &Probes) -> Sight {
    let names = site.nodes().iter().map(|node| node.name.clone());
    Sight { timeline, live: load.live().cloned().collect(), nodes: names.zip(probes.latest()).collect() }
}

/// What a future gives, unless the run is to end at once before that.
async fn unless_stopped<T>(stop: &StopSignal, future: impl Future<Output = T>) -> Result<T, RunError> {
    tokio::select! {
        given = future => Ok(given),
        () = stop.reaches(Stop::Now) => Err(RunError::Stopped),
    }
}
