//! Servers of our own, and what is done to them on purpose.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream};
use procfs::process::Process;
use weighbridge::clock::now_ns;
use weighbridge::fault::{Faults, Handles, aim};
use weighbridge::metrics::Timeline;
use weighbridge::probe::{Probe, Series, column};
use weighbridge::site::{Data, Options, Server, Site};
use weighbridge::start_line::StartLine;
use weighbridge_plan::{Brokers, End, FaultAction, FaultPlan};
use weighbridge_record::result::Fault;
use weighbridge_record::terms::{Action, BrokerKind, Durability};

use crate::harness::wait_for;

const SECOND_NS: u64 = 1_000_000_000;

async fn site(kinds: &[BrokerKind], durability: Durability) -> Site {
    let plan = Brokers::managed(durability);
    Site::start(kinds, &plan, &Options::default()).await.unwrap_or_else(|error| panic!("{error}"))
}

fn only_server(site: &Site) -> Arc<Server> {
    let mut servers = site.servers();
    assert_eq!(servers.len(), 1);
    servers.remove(0)
}

/// State of the server's process as the kernel has it; `T` is stopped.
fn state(server: &Server) -> Option<char> {
    let id = i32::try_from(server.id()?).ok()?;
    Some(Process::new(id).ok()?.stat().ok()?.state)
}

fn redis(site: &Site) -> redis::Connection {
    let address = site.nodes()[0].endpoint.address();
    let client = redis::Client::open(format!("redis://{address}")).expect("a URL");
    client.get_connection().expect("connecting to redis-server")
}

#[tokio::test]
async fn a_killed_redis_comes_back_on_its_port_with_its_data_or_without() {
    let site = site(&[BrokerKind::RedisServer], Durability::Sync).await;
    let server = only_server(&site);
    redis::cmd("SET").arg("kept").arg("1").exec(&mut redis(&site)).expect("SET");
    let before = server.id();
    server.restart(Data::Kept).await.expect("a restart");
    assert_ne!(server.id(), before);
    let kept: Option<u32> = redis::cmd("GET").arg("kept").query(&mut redis(&site)).expect("GET");
    assert_eq!(kept, Some(1));
    server.restart(Data::Gone).await.expect("a restart");
    let gone: Option<u32> = redis::cmd("GET").arg("kept").query(&mut redis(&site)).expect("GET");
    assert_eq!((gone, server.lives()), (None, 3));
    let left = site.stop(false);
    let log = String::from_utf8_lossy(&left.logs[0].1).into_owned();
    assert_eq!(log.matches("Ready to accept connections").count(), 3, "the log tells of every life:\n{log}");
    assert!(left.directories.is_empty() && !server.directory().exists());
}

#[tokio::test]
async fn a_killed_nats_comes_back_on_its_ports_with_its_data_or_without() {
    let site = site(&[BrokerKind::NatsServer], Durability::Sync).await;
    let server = only_server(&site);
    let url = format!("nats://{}", site.nodes()[0].endpoint.address());
    let context = jetstream::new(async_nats::connect(&url).await.expect("connecting"));
    let config = stream::Config {
        name: "KEPT".to_string(),
        storage: stream::StorageType::File,
        ..stream::Config::default()
    };
    context.create_stream(config).await.expect("a stream");
    context.publish("KEPT", "1".into()).await.expect("publishing").await.expect("an acknowledgement");
    let names = async || {
        let context = jetstream::new(async_nats::connect(&url).await.expect("connecting"));
        let mut stream = context.get_stream("KEPT").await.ok()?;
        Some(stream.info().await.expect("its state").state.messages)
    };
    server.restart(Data::Kept).await.expect("a restart");
    assert_eq!(names().await, Some(1));
    server.restart(Data::Gone).await.expect("a restart");
    assert_eq!(names().await, None);
    // Its figures are still asked for where they were: on the monitoring port of its first life.
    let ports = std::fs::read_dir(server.directory()).expect("its directory").flatten();
    let ports = ports.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "ports"));
    let mut known: Vec<String> =
        ports.map(|entry| std::fs::read_to_string(entry.path()).expect("a ports file")).collect();
    assert_eq!(known.len(), 3);
    known.dedup();
    assert_eq!(known.len(), 1, "{known:?}");
    site.stop(false);
}

#[tokio::test]
async fn nodes_of_a_kind_are_numbered_and_each_is_a_server_of_its_own() {
    let kinds = [BrokerKind::NatsServer, BrokerKind::RedisServer, BrokerKind::NatsServer];
    let site = site(&kinds, Durability::Memory).await;
    let names: Vec<&str> = site.nodes().iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["nats-server", "redis-server", "nats-server.2"]);
    let mut addresses: Vec<String> = site.nodes().iter().map(|node| node.endpoint.address()).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!((addresses.len(), site.servers().len(), site.tier_doubts().len()), (3, 3, 0));
    site.stop(false);
}

/// What the probes of a site see in a second and a half, of which `middle` takes some part.
async fn watched(site: &mut Site, middle: impl AsyncFnOnce(&[Arc<Server>])) -> Vec<Series> {
    let servers = site.servers();
    let mut line = StartLine::new();
    let probes = site.watch(&line, |_| Vec::new()).expect("threads");
    line.ready(probes.len() as u32).await.expect("probes are always ready");
    // Intervals of a tenth of a second.
    line.start(Timeline::new(now_ns(), 0, SECOND_NS, 0));
    tokio::time::sleep(Duration::from_millis(300)).await;
    middle(&servers).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    probes.into_iter().map(Probe::stop).collect()
}

#[tokio::test]
async fn a_server_that_stands_still_leaves_a_hole_and_holds_up_nobody() {
    let mut site = site(&[BrokerKind::RedisServer, BrokerKind::NatsServer], Durability::Memory).await;
    let seen = watched(&mut site, async |servers| {
        servers.iter().for_each(|server| server.pause().expect("a pause"));
        // Longer than the second after which a server is asked again, and than it is waited for.
        tokio::time::sleep(Duration::from_millis(1_600)).await;
        servers.iter().for_each(|server| server.resume().expect("going on"));
    });
    for series in &seen.await {
        let looks = series.at_ns().len();
        assert!(looks >= 8, "{looks} looks");
        let known = |name| (0..looks).filter(move |look| series.value(name, *look).is_some());
        assert_eq!(known(column::CPU_SECONDS).count(), looks, "/proc answers also for what stands still");
        let asked: Vec<usize> = known(column::NET_IN_BYTES).collect();
        assert!(
            asked.contains(&0) && asked.contains(&(looks - 1)) && asked.len() <= 3,
            "{asked:?} of {looks}"
        );
    }
    site.stop(false);
}

#[tokio::test]
async fn counters_go_on_over_the_lives_of_a_server() {
    let mut site = site(&[BrokerKind::RedisServer, BrokerKind::NatsServer], Durability::Memory).await;
    let seen = watched(&mut site, async |servers| {
        for server in servers {
            server.restart(Data::Kept).await.expect("a restart");
        }
        tokio::time::sleep(Duration::from_millis(900)).await;
    });
    for series in seen.await {
        for name in [column::CPU_SECONDS, column::DISK_WRITE_BYTES, column::NET_IN_BYTES] {
            let values: Vec<f64> =
                (0..series.at_ns().len()).filter_map(|look| series.value(name, look)).collect();
            assert!(values.len() >= 2 && values.is_sorted(), "{name}: {values:?}");
        }
    }
    site.stop(false);
}

/// A line of faults under way on a window of five seconds that has just begun.
async fn under_way(site: &Site, plans: &[FaultPlan]) -> Faults {
    let handles = Handles { servers: site.servers(), ..Handles::default() };
    let aimed = aim(plans, &handles).unwrap_or_else(|error| panic!("{error}"));
    let mut line = StartLine::new();
    let faults = Faults::start(aimed, || 0, line.place()).expect("a thread");
    line.ready(1).await.expect("faults are always ready");
    line.start(Timeline::new(now_ns(), 0, 5 * SECOND_NS, 0));
    faults
}

fn fault(at_ns: u64, action: FaultAction) -> FaultPlan {
    FaultPlan { at_ns, every_ns: None, action, target: None }
}

fn kinds(faults: &[Fault]) -> Vec<(Action, &str)> {
    faults.iter().map(|fault| (fault.action, fault.target.as_str())).collect()
}

#[tokio::test]
async fn a_pause_that_is_given_up_leaves_nothing_stopped() {
    let site = site(&[BrokerKind::RedisServer], Durability::Memory).await;
    let server = only_server(&site);
    let minute = [fault(0, FaultAction::Pause { lasting_ns: 60 * SECOND_NS })];
    for dropped in [false, true] {
        let faults = under_way(&site, &minute).await;
        wait_for("the server to stand still", || (state(&server) == Some('T')).then_some(()));
        let given_up = Instant::now();
        if dropped {
            drop(faults);
        } else {
            let report = faults.stop();
            assert_eq!(kinds(&report.faults), [(Action::PauseBroker, "redis-server")]);
            assert!(report.faults[0].end_s.is_some() && report.errors.is_empty(), "{report:?}");
        }
        assert!(given_up.elapsed() < Duration::from_secs(20), "it waited for the end of the pause");
        assert_ne!(state(&server), Some('T'));
        redis::cmd("PING").exec(&mut redis(&site)).expect("PING");
    }
    site.stop(false);
}

#[tokio::test]
async fn faults_strike_at_their_time_and_only_whom_they_are_meant_for() {
    let site = site(&[BrokerKind::RedisServer, BrokerKind::NatsServer], Durability::Memory).await;
    let target = |name: &str, plan: FaultPlan| FaultPlan { target: Some(name.to_string()), ..plan };
    let kill = FaultAction::End { how: End::Kill, down_ns: SECOND_NS / 5 };
    let pause = FaultAction::Pause { lasting_ns: SECOND_NS / 10 };
    let every = FaultPlan { every_ns: Some(SECOND_NS / 2), ..fault(SECOND_NS / 5, pause) };
    let plans = [target("redis-server", fault(SECOND_NS / 5, kill)), target("nats-server", every)];
    let faults = under_way(&site, &plans).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let report = faults.stop();
    assert_eq!(report.errors, Vec::<String>::new());
    let (killed, paused): (Vec<&Fault>, _) =
        report.faults.iter().partition(|fault| fault.action == Action::KillBroker);
    assert_eq!((killed.len(), killed[0].target.as_str()), (1, "redis-server"));
    assert!(killed[0].start_s >= 0.2 && killed[0].end_s.expect("it came back") >= killed[0].start_s + 0.2);
    assert!(paused.len() >= 2 && paused.iter().all(|fault| fault.target == "nats-server"), "{paused:?}");
    assert!(paused[1].start_s >= 0.7, "{paused:?}");
    let lives: Vec<u32> = site.servers().iter().map(|server| server.lives()).collect();
    assert_eq!(lives, [2, 1]);
    site.stop(false);
}

#[tokio::test]
async fn a_server_that_is_to_stay_down_beyond_the_trial_stays_down() {
    let site = site(&[BrokerKind::RedisServer], Durability::Memory).await;
    let server = only_server(&site);
    let kill = FaultAction::End { how: End::DropData, down_ns: 60 * SECOND_NS };
    let faults = under_way(&site, &[fault(0, kill)]).await;
    wait_for("the server's end", || server.id().is_none().then_some(()));
    let report = faults.stop();
    assert_eq!(
        (kinds(&report.faults), report.faults[0].end_s),
        (vec![(Action::DropData, "redis-server")], None)
    );
    site.stop(false);
}

#[tokio::test]
async fn a_fault_that_strikes_nobody_is_refused() {
    let pause = fault(0, FaultAction::Pause { lasting_ns: 1 });
    let told = |plan: &FaultPlan, servers: &[Arc<Server>]| {
        let handles = Handles { servers: servers.to_vec(), ..Handles::default() };
        match aim(std::slice::from_ref(plan), &handles) {
            Ok(_) => panic!("it was accepted"),
            Err(error) => error.to_string(),
        }
    };
    assert!(told(&pause, &[]).contains("never signalled"));
    let site = site(&[BrokerKind::RedisServer], Durability::Memory).await;
    let elsewhere = FaultPlan { target: Some("nats-server".to_string()), ..pause };
    let error = told(&elsewhere, &site.servers());
    assert!(error.contains("nats-server") && error.contains("redis-server"), "{error}");
    site.stop(false);
}
