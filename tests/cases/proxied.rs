//! Clients of both brokers through the proxy, with real servers behind it.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use futures::StreamExt;
use weighbridge::proxy::{Cut, Proxy};

use crate::harness::brokers::{Nats, Redis};

const PATIENCE: Duration = Duration::from_secs(20);

fn in_front_of(address: &str) -> Proxy {
    Proxy::start(address.parse().expect("an address")).expect("a proxy")
}

fn ping(connection: &mut redis::Connection) -> redis::RedisResult<String> {
    redis::cmd("PING").query(connection)
}

#[test]
fn redis_answers_through_it_and_is_silent_during_a_partition() {
    let server = Redis::start(&[]);
    let proxy = in_front_of(server.url().trim_start_matches("redis://"));
    let client = redis::Client::open(format!("redis://{}", proxy.address())).expect("a URL");
    let connect = || client.get_connection_with_timeout(PATIENCE).expect("a connection");
    let mut connection = connect();
    assert_eq!(ping(&mut connection).expect("an answer"), "PONG");
    // Large values are cut into many chunks.
    let value = vec![7_u8; 3_000_000];
    let () = redis::cmd("SET").arg("key").arg(&value).query(&mut connection).expect("an answer");
    let limit = proxy.throttle(NonZeroU64::new(30_000_000).expect("a limit"));
    let read: Vec<u8> = redis::cmd("GET").arg("key").query(&mut connection).expect("an answer");
    assert!(read == value, "it comes back as it was stored");
    drop(limit);

    let partition = proxy.partition(Cut::Both);
    std::thread::sleep(Duration::from_millis(100));
    connection.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    assert!(ping(&mut connection).expect_err("nobody answers").is_timeout());
    drop(partition);
    assert_eq!(ping(&mut connect()).expect("an answer"), "PONG");
}

#[test]
fn nats_publishes_through_it_and_its_client_comes_back_after_a_reset() {
    let server = Nats::start("");
    let proxy = in_front_of(&server.address);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = async_nats::ConnectOptions::new().ignore_discovered_servers();
        let client = options.connect(format!("nats://{}", proxy.address())).await.expect("a connection");
        let mut messages = client.subscribe("subject").await.expect("a subscription");
        let next = async |messages: &mut async_nats::Subscriber| {
            let heard = tokio::time::timeout(PATIENCE, messages.next()).await;
            heard.expect("a message in time").expect("a message").payload
        };
        let delay = proxy.delay(20_000_000, 0);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let start = Instant::now();
        client.publish("subject", "late".into()).await.expect("a publish");
        assert_eq!(next(&mut messages).await, "late");
        assert!(start.elapsed() >= Duration::from_millis(40), "there and back: {:?}", start.elapsed());
        drop(delay);

        proxy.reset();
        // Until the client is back, and has subscribed again, it hears nothing.
        let again = async {
            loop {
                client.publish("subject", "again".into()).await.expect("a publish");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let heard = tokio::select! {
            heard = next(&mut messages) => heard,
            () = again => unreachable!("it publishes for ever"),
        };
        assert_eq!(heard, "again");
    });
    let passed = proxy.passed();
    assert_eq!((passed.connections, passed.reset), (2, 1));
}
