//! Servers of our own on a file system that forgets what was not synced: what is left when the plug is pulled, and what
//! a full disk does.

use std::sync::Arc;

use async_nats::jetstream::{self, stream};
use weighbridge::site::{Data, Options, Server, Site, Stored};
use weighbridge_plan::Brokers;
use weighbridge_record::result::{DoubtKind, Kept, Trial};
use weighbridge_record::terms::{Action, BrokerKind, Durability, TransportKind};

use crate::harness::library::{self, planned};
use crate::harness::{machine_can_forget, wait_for};

const MESSAGES: u64 = 200;

/// Workers are slower than what is offered, so that confirmed requests wait.
const SCENARIO: &str = r#"
name = "plug"
question = "What is left?"
transports = ["redis-streams", "nats-jetstream"]
[load]
executor = "constant-arrival-rate"
rate = 400
warmup = "500ms"
duration = "4s"
drain = "20s"
timeout = "30s"
[workers]
count = 1
concurrency = 2
service_time = { distribution = "exponential", mean = "10ms" }
"#;

/// A server on such a file system; none on a machine that can't have one and says so.
async fn site(kind: BrokerKind, durability: Durability) -> Option<(Site, Arc<Server>)> {
    if !machine_can_forget() {
        return None;
    }
    let plan = Brokers::managed(durability);
    let started = Site::start_stored(&[kind], &plan, &[], &|_| Stored::Forgetting, &Options::default()).await;
    let site = started.unwrap_or_else(|error| panic!("{error}"));
    let storage = site.nodes()[0].storage.expect("it is measured");
    assert!(storage.forgets_unsynced && storage.in_memory && storage.fsync_ns_p50 > 0, "{storage:?}");
    let server = Arc::clone(&site.servers()[0]);
    let seen = std::fs::read_dir(server.directory().join("data")).expect("its folder");
    assert_eq!(seen.count(), 0, "only the server sees its data");
    Some((site, server))
}

fn redis(site: &Site) -> redis::Connection {
    let address = site.nodes()[0].endpoint.address();
    let client = redis::Client::open(format!("redis://{address}")).expect("a URL");
    client.get_connection().expect("connecting to redis-server")
}

fn add(site: &Site) {
    let mut connection = redis(site);
    for number in 0..MESSAGES {
        redis::cmd("XADD").arg("s").arg("*").arg("n").arg(number).exec(&mut connection).expect("XADD");
    }
}

fn stored_by_redis(site: &Site) -> u64 {
    redis::cmd("XLEN").arg("s").query(&mut redis(site)).expect("XLEN")
}

async fn nats(site: &Site) -> jetstream::Context {
    let url = format!("nats://{}", site.nodes()[0].endpoint.address());
    jetstream::new(async_nats::connect(&url).await.expect("connecting"))
}

async fn publish(site: &Site) {
    let context = nats(site).await;
    let config = stream::Config {
        name: "S".to_string(),
        storage: stream::StorageType::File,
        ..stream::Config::default()
    };
    context.create_stream(config).await.expect("a stream");
    for _ in 0..MESSAGES {
        context.publish("S", "text".into()).await.expect("publishing").await.expect("an acknowledgement");
    }
}

async fn stored_by_nats(site: &Site) -> u64 {
    let Ok(mut stream) = nats(site).await.get_stream("S").await else { return 0 };
    stream.info().await.expect("its state").state.messages
}

/// A trial with a backlog and one fault, a second into its window.
fn struck(transport: TransportKind, durability: Durability, action: Action) -> Trial {
    let scenario = format!(
        "{SCENARIO}[brokers]\ndurability = \"{durability}\"\n[[faults]]\nat = \"1s\"\naction = \"{action}\"\n"
    );
    let trial = library::trial(&planned(&scenario), transport);
    assert!(trial.ledger.check() == Ok(()), "{transport}: {:?}", trial.ledger);
    assert_eq!(trial.faults.len(), 1, "{transport}: {:?}", trial.errors);
    trial
}

#[test]
fn what_was_acknowledged_survives_a_power_failure_where_it_was_synced() {
    if !machine_can_forget() {
        return;
    }
    for transport in [TransportKind::RedisStreams, TransportKind::NatsJetstream] {
        let trial = struck(transport, Durability::Sync, Action::PowerFailure);
        let fault = &trial.faults[0];
        assert_eq!(fault.action, Action::PowerFailure);
        assert_eq!(fault.lost_acknowledged, Some(0), "{transport}: {fault:?}");
        assert!(fault.end_s.is_some() && fault.in_flight.is_some_and(|count| count > 50), "{fault:?}");
        assert!(trial.brokers[0].storage.is_some_and(|storage| storage.forgets_unsynced));
    }
}

#[test]
fn what_was_acknowledged_is_lost_by_a_power_failure_where_it_was_not_synced() {
    if !machine_can_forget() {
        return;
    }
    for transport in [TransportKind::RedisStreams, TransportKind::NatsJetstream] {
        let trial = struck(transport, Durability::Os, Action::PowerFailure);
        let fault = &trial.faults[0];
        assert!(fault.lost_acknowledged.is_some_and(|lost| lost > 50), "{transport}: {fault:?}");
        assert!(fault.end_s.is_some(), "{fault:?}");
        // Streams and consumers were there before the load began: they are not lost with it.
        assert!(fault.first_completion_s.is_some(), "{transport}: {fault:?}");
    }
}

#[test]
fn a_full_disk_passes() {
    if !machine_can_forget() {
        return;
    }
    let trial = struck(TransportKind::RedisStreams, Durability::Os, Action::FillDisk);
    let fault = &trial.faults[0];
    assert_eq!((fault.action, fault.lost_acknowledged), (Action::FillDisk, Some(0)), "{fault:?}");
    assert!(fault.end_s.is_some_and(|end_s| end_s >= 2.0), "{fault:?}");
    assert!(trial.ledger.rejected > 0 && trial.ledger.lost == 0, "{:?}", trial.ledger);
    let told = trial.errors.iter().any(|error| error.message.contains("MISCONF"));
    assert!(told, "{:?}", trial.errors);
}

/// A stream whose log could not be written once is silent until a restart: it takes nothing, and refuses nothing.
/// Requests that were confirmed stay stored, and none of their results can be.
#[test]
fn a_full_disk_silences_the_streams_of_nats_and_breaks_no_promise() {
    if !machine_can_forget() {
        return;
    }
    let trial = struck(TransportKind::NatsJetstream, Durability::Os, Action::FillDisk);
    let (fault, ledger) = (&trial.faults[0], &trial.ledger);
    assert_eq!((fault.action, fault.first_completion_s), (Action::FillDisk, None), "{fault:?}");
    assert!(fault.end_s.is_some_and(|end_s| end_s >= 2.0), "{fault:?}");
    assert!(ledger.completed > 0 && ledger.lost_requests > 0 && ledger.rejected == 0, "{ledger:?}");
    assert!(trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::Unanswered), "{:?}", trial.doubts);
    let broken = trial.promises.iter().filter(|promise| promise.verdict == Kept::Broken);
    assert_eq!(broken.count(), 0, "{:?}", trial.promises);
}

/// Pulls the plug and starts the server again on what is left.
async fn pull(server: &Server) {
    server.power_failure().expect("a file system of its own");
    assert_eq!(server.id(), None);
    server.restart(Data::Kept).await.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn redis_that_syncs_before_it_acknowledges_loses_nothing() {
    let Some((site, server)) = site(BrokerKind::RedisServer, Durability::Sync).await else { return };
    add(&site);
    pull(&server).await;
    assert_eq!(stored_by_redis(&site), MESSAGES);
    site.stop(false);
}

#[tokio::test]
async fn redis_that_never_syncs_loses_what_it_acknowledged_but_not_when_it_is_only_killed() {
    let Some((site, server)) = site(BrokerKind::RedisServer, Durability::Os).await else { return };
    add(&site);
    server.restart(Data::Kept).await.expect("a restart");
    assert_eq!(stored_by_redis(&site), MESSAGES, "a process that is killed loses nothing that it wrote");
    // What was read back from the file was never synced either.
    pull(&server).await;
    assert_eq!(stored_by_redis(&site), 0);
    add(&site);
    server.restart(Data::Gone).await.expect("a restart");
    assert_eq!(stored_by_redis(&site), 0);
    site.stop(false);
}

#[tokio::test]
async fn jetstream_that_syncs_always_loses_nothing() {
    let Some((site, server)) = site(BrokerKind::NatsServer, Durability::Sync).await else { return };
    publish(&site).await;
    pull(&server).await;
    assert_eq!(stored_by_nats(&site).await, MESSAGES);
    site.stop(false);
}

#[tokio::test]
async fn jetstream_that_syncs_every_two_minutes_loses_what_it_acknowledged() {
    let Some((site, server)) = site(BrokerKind::NatsServer, Durability::Os).await else { return };
    publish(&site).await;
    assert_eq!(stored_by_nats(&site).await, MESSAGES);
    pull(&server).await;
    assert!(stored_by_nats(&site).await < MESSAGES);
    site.stop(false);
}

#[tokio::test]
async fn a_full_disk_stops_writes_until_there_is_room_again() {
    let Some((site, server)) = site(BrokerKind::RedisServer, Durability::Lazy).await else { return };
    let mut connection = redis(&site);
    let text = "x".repeat(10_000);
    let mut set = || redis::cmd("SET").arg("key").arg(&text).exec(&mut connection);
    set().expect("SET");
    server.fill_disk().expect("a file system of its own");
    // It refuses writes after one has failed in the background.
    wait_for("a refusal", || set().is_err().then_some(()));
    server.free_disk().expect("a file system of its own");
    wait_for("room", || set().is_ok().then_some(()));
    site.stop(false);
}

#[tokio::test]
async fn a_server_on_a_plain_disk_has_no_plug_to_pull() {
    let plan = Brokers::managed(Durability::Memory);
    let kinds = [BrokerKind::RedisServer];
    let site = Site::start(&kinds, &plan, &Options::default()).await.expect("a server");
    let server = Arc::clone(&site.servers()[0]);
    assert!(server.power_failure().is_err() && server.fill_disk().is_err() && server.free_disk().is_err());
    assert!(server.id().is_some(), "it was not touched");
    site.stop(false);
}
