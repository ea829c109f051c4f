//! Somebody else's server: what was there stays as it was, and nothing of a run is left.

use async_nats::jetstream::{self, stream};
use futures::TryStreamExt;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run};

/// Runs with the names of the engine itself.
fn unprefixed(transport: &str, flag: &str, url: &str) -> Ran {
    Run::short(&[transport]).with(&[flag, url, "--set", "brokers.prefix=\"\""]).end()
}

#[test]
fn a_redis_key_that_exists_is_neither_used_nor_deleted() {
    let server = Redis::start(&[]);
    let mut connection = server.connect();
    for (key, command) in [
        ("prioritization.request", "SET prioritization.request precious"),
        ("prioritization.result", "XADD prioritization.result 1-1 subject theirs data precious"),
        // A consumer group comes with the stream it belongs to.
        ("prioritization.request", "XGROUP CREATE prioritization.request priority-workers 0 MKSTREAM"),
    ] {
        let mut words = command.split(' ');
        let mut create = redis::cmd(words.next().expect("a command"));
        words.for_each(|word| _ = create.arg(word));
        create.exec(&mut connection).expect(command);
        let dump = |connection: &mut redis::Connection| -> Vec<u8> {
            redis::cmd("DUMP").arg(key).query(connection).expect("DUMP")
        };
        let before = dump(&mut connection);
        let ran = unprefixed("redis-streams", "--redis-url", &server.url());
        ran.expect_code(&[1]).expect_error(&[key, "exists already", "brokers.prefix"]).expect_no_report();
        assert_eq!(server.keys(), [key], "{command}");
        assert_eq!(dump(&mut connection), before, "{command}");
        redis::cmd("DEL").arg(key).exec(&mut connection).expect("DEL");
    }
}

#[tokio::test]
async fn a_nats_stream_that_exists_is_neither_used_nor_deleted() {
    let server = Nats::start("");
    let context = jetstream::new(server.connect().await);
    for (name, subject, transports) in [
        ("PRIORITY_REQUESTS", "prioritization.request.*", &["nats-jetstream", "nats-core"][..]),
        ("PRIORITY_RESULTS", "prioritization.result.*", &["nats-jetstream", "nats-core"]),
        // Only the name is the same: the first of our two streams is already there when it is found.
        ("PRIORITY_RESULTS", "elsewhere", &["nats-jetstream"]),
        ("THEIRS", "prioritization.>", &["nats-jetstream", "nats-core", "nats-request"]),
    ] {
        let subjects = vec![subject.to_string()];
        let config = stream::Config { name: name.to_string(), subjects, ..stream::Config::default() };
        context.create_stream(config).await.expect("creating a stream");
        let precious = context.publish(subject.replace(['*', '>'], "THEIRS"), "precious".into()).await;
        precious.expect("publishing").await.expect("an acknowledgement");
        for transport in transports {
            let ran = unprefixed(transport, "--nats-url", &server.url());
            ran.expect_code(&[1]).expect_error(&[name, "exists already", "brokers.prefix"]);
            ran.expect_no_report();
            let names: Vec<String> = context.stream_names().try_collect().await.expect("names");
            assert_eq!(names, [name], "{transport} and {subject}");
            let mut theirs = context.get_stream(name).await.expect("the stream");
            let state = &theirs.info().await.expect("its state").state;
            assert_eq!((state.messages, state.last_sequence), (1, 1), "{transport} and {subject}");
        }
        context.delete_stream(name).await.expect("deleting the stream");
    }
}

#[test]
fn nothing_of_a_run_is_left_on_an_external_redis() {
    let server = Redis::start(&[]);
    redis::cmd("SET").arg("theirs").arg("precious").exec(&mut server.connect()).expect("SET");
    for transport in ["redis-streams", "redis-pubsub"] {
        Run::short(&[transport]).with(&["--redis-url", &server.url()]).end().expect_measured();
        assert_eq!(server.keys(), ["theirs"], "{transport}");
    }
}

#[tokio::test]
async fn nothing_of_a_run_is_left_on_an_external_nats() {
    let server = Nats::start("");
    let context = jetstream::new(server.connect().await);
    let subjects = vec!["theirs".to_string()];
    let config = stream::Config { name: "THEIRS".to_string(), subjects, ..stream::Config::default() };
    context.create_stream(config).await.expect("creating a stream");
    for transport in ["nats-jetstream", "nats-core"] {
        Run::short(&[transport]).with(&["--nats-url", &server.url()]).end().expect_measured();
        let names: Vec<String> = context.stream_names().try_collect().await.expect("names");
        assert_eq!(names, ["THEIRS"], "{transport}");
    }
}
