//! What a dead worker left pending in a Redis stream, and who takes it over.

use std::time::Duration;

use redis::Commands;
use weighbridge::transport::{Limits, Names, Targets, Troubles, build};
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::{BrokerKind, CompletedBy, DeliveryMode, Durability, Subjects, TransportKind};

use crate::harness::brokers::Redis;

const STREAM: &str = "prioritization.request";
const LEFT: usize = 10;

fn limits() -> Limits {
    Limits {
        max_in_flight: 100,
        connections: 1,
        generators: 1,
        worker_concurrency: 16,
        service_ns_mean: 0,
        completed_by: CompletedBy::Result,
        prefetch: None,
        ack_wait_ns: 30_000_000_000,
        max_deliver: 3,
        delivery: DeliveryMode::AtLeastOnce,
        worker_channels: 0,
    }
}

/// Leaves entries pending for a consumer that is gone, as if for a minute.
fn leave_pending(connection: &mut redis::Connection) {
    for number in 0..LEFT {
        let fields = [("subject", "x".to_string()), ("data", number.to_string())];
        let _: String = connection.xadd(STREAM, "*", &fields).expect("XADD");
    }
    let mut read = redis::cmd("XREADGROUP");
    read.arg(&["GROUP", "priority-workers", "ghost", "COUNT", "100", "STREAMS", STREAM, ">"]);
    let read: redis::streams::StreamReadReply = read.query(connection).expect("XREADGROUP");
    let ids: Vec<String> = read.keys[0].ids.iter().map(|entry| entry.id.clone()).collect();
    let mut claim = redis::cmd("XCLAIM");
    claim.arg(&[STREAM, "priority-workers", "ghost", "0"]).arg(&ids).arg("IDLE").arg(60_000);
    claim.exec(connection).expect("XCLAIM");
}

#[test]
fn a_worker_reclaims_no_more_than_it_has_room_for() {
    let server = Redis::start(&[]);
    let endpoint = Endpoint::parse(BrokerKind::RedisServer, &server.url()).expect("a URL");
    let targets = Targets { redis: Some(endpoint), ..Targets::default() };
    let (kind, names) =
        (TransportKind::RedisStreams, Names::new("", ["NETWORK".to_string()], Subjects::ByCategory));
    let transport = build(kind, &targets, names, limits(), Durability::Memory).expect("a broker");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let reclaimed = tokio::task::LocalSet::new().block_on(&runtime, async {
        transport.prepare(100).await.expect("preparing");
        leave_pending(&mut server.connect());
        let mut worker = transport.worker(0, &Troubles::default()).await.expect("a worker");
        let mut deliveries = Vec::new();
        // It looks for what others left every five seconds.
        let receiving = worker.consumer.receive(3, &mut deliveries);
        let received = tokio::time::timeout(Duration::from_secs(30), receiving).await;
        received.expect("something is reclaimed").expect("a connection");
        deliveries.len()
    });
    assert_eq!(reclaimed, 3);
}
