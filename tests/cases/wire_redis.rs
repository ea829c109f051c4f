//! What a plain Redis client sees of a run: the guide's channels, bodies, streams and consumer group.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{Commands, Value};

use crate::harness::brokers::Redis;
use crate::harness::guide::Seen;
use crate::harness::{Run, wait_for};

fn run(transport: &str, server: &Redis) -> Run {
    let own = ["--set", "brokers.prefix=own", "--redis-url", &server.url()];
    Run::short(&[transport]).with(&own)
}

/// Everything published on the server until it has been silent for `quiet`, once `started` was told.
fn overhear(mut connection: redis::Connection, ready: &mpsc::Sender<()>) -> Vec<(String, Vec<u8>)> {
    let mut subscription = connection.as_pubsub();
    subscription.psubscribe("own.*").expect("PSUBSCRIBE");
    subscription.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    ready.send(()).expect("the test waits");
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut heard = Vec::new();
    loop {
        match subscription.get_message() {
            Ok(message) => {
                let body: Vec<u8> = message.get_payload().expect("a body");
                heard.push((message.get_channel_name().to_string(), body));
            }
            // Silence before the load is on is no end.
            Err(error) if error.is_timeout() && heard.len() < 10 && Instant::now() < deadline => {}
            Err(_) => return heard,
        }
    }
}

#[test]
fn pubsub_speaks_on_the_guides_channels_in_the_guides_words() {
    let server = Redis::start(&[]);
    let (ready, subscribed) = mpsc::channel();
    let connection = server.connect();
    let listener = std::thread::spawn(move || overhear(connection, &ready));
    subscribed.recv().expect("the listener");
    let ran = run("redis-pubsub", &server).end();
    ran.expect_measured();
    let mut seen = Seen::default();
    for (channel, body) in listener.join().expect("the listener") {
        if channel.ends_with(".preflight") {
            continue;
        }
        if let Some(category) = channel.strip_prefix("own.prioritization.request.") {
            seen.request(Some(category), &body);
        } else if let Some(category) = channel.strip_prefix("own.prioritization.result.") {
            seen.result(Some(category), &body);
        } else {
            panic!("{channel} is none of the guide's");
        }
    }
    let completed = ran.trial().ledger.completed as usize;
    assert!(completed > 0);
    assert_eq!(seen.matched(), (completed, completed), "the wire and the ledger");
}

/// Long enough for a run to come to its load.
const BEGINS_WITHIN: Duration = Duration::from_secs(20);

/// Reads a stream from its beginning until it is gone; entries as field and value. It is there for a moment, and empty,
/// when the run tries what it may do.
fn read_to_the_end(mut connection: redis::Connection, key: &str) -> Vec<Vec<(String, Vec<u8>)>> {
    let mut position = "0".to_string();
    let mut entries = Vec::new();
    let options = StreamReadOptions::default().count(100).block(20);
    let exists = |connection: &mut redis::Connection| -> bool { connection.exists(key).expect("EXISTS") };
    wait_for("the stream", || exists(&mut connection).then_some(()));
    let began = Instant::now();
    while exists(&mut connection) || entries.is_empty() && began.elapsed() < BEGINS_WITHIN {
        // A key that is deleted under a blocked read just ends it.
        let Ok(Some(reply)) =
            connection.xread_options::<_, _, Option<StreamReadReply>>(&[key], &[&position], &options)
        else {
            continue;
        };
        for entry in reply.keys.into_iter().flat_map(|stream| stream.ids) {
            position.clone_from(&entry.id);
            let bytes = |value: Value| redis::from_redis_value(value).expect("a value in bytes");
            entries.push(entry.map.into_iter().map(|(name, value)| (name, bytes(value))).collect());
        }
    }
    entries
}

/// Subject and data of an entry, which has no other field.
fn parts(entry: Vec<(String, Vec<u8>)>) -> (String, Vec<u8>) {
    let mut fields: BTreeMap<_, _> = entry.into_iter().collect();
    let (subject, data) = (fields.remove("subject"), fields.remove("data"));
    assert!(fields.is_empty(), "private fields: {fields:?}");
    (String::from_utf8(subject.expect("a subject")).expect("text"), data.expect("data"))
}

#[test]
fn streams_carry_subject_and_data_of_the_guide_and_share_work_in_a_group() {
    let server = Redis::start(&[]);
    let running = run("redis-streams", &server).start();
    let reader = |key: &'static str| {
        let connection = server.connect();
        std::thread::spawn(move || read_to_the_end(connection, key))
    };
    let requests = reader("own.prioritization.request");
    let results = reader("own.prioritization.result");
    let mut connection = server.connect();
    let groups = wait_for("the workers of the group", || {
        let info: redis::RedisResult<redis::streams::StreamInfoGroupsReply> =
            connection.xinfo_groups("own.prioritization.request");
        info.ok().filter(|info| info.groups.iter().any(|group| group.consumers == 2))
    });
    assert_eq!(groups.groups.len(), 1);
    assert_eq!(groups.groups[0].name, "priority-workers");
    let ran = running.end();
    ran.expect_measured();
    let mut seen = Seen::default();
    for entry in requests.join().expect("the reader of requests") {
        let (subject, data) = parts(entry);
        let category = subject.strip_prefix("own.prioritization.request.");
        seen.request(Some(category.expect("the guide's subject")), &data);
    }
    for entry in results.join().expect("the reader of results") {
        let (subject, data) = parts(entry);
        let category = subject.strip_prefix("own.prioritization.result.");
        seen.result(Some(category.expect("the guide's subject")), &data);
    }
    // Acknowledged requests are deleted, perhaps before this reader came by, and the results at the end.
    let (results, matched) = seen.matched();
    assert!(results > 0 && matched > 0, "{results} results, {matched} with their request");
}
