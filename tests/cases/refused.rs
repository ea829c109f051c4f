//! Servers that refuse requests while the load is on, and loads that are refused before it: nothing of it passes.

use std::time::Duration;

use weighbridge_record::result::{DoubtKind, Verdict};
use weighbridge_report::answer;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, Running, wait_for};

const FLAGS: [&str; 4] = ["--duration", "3s", "--set", "brokers.prefix=own"];

/// What must be said of a run that was refused many of its requests with `word`. A busy machine makes it invalid
/// besides.
fn expect_not_passed(ran: &Ran, word: &str) {
    ran.expect_code(&[99, 100]);
    let (result, trial) = (ran.result(), ran.trial());
    let ledger = &trial.ledger;
    assert!(ledger.rejected * 10 > ledger.attempted, "{ledger:?}");
    assert!(trial.errors.iter().any(|error| error.message.contains(word)), "{word}: {:?}", trial.errors);
    assert!(trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::Unanswered), "{:?}", trial.doubts);
    let held = result.thresholds.iter().find(|outcome| outcome.expression == "ledger.unanswered == 0");
    let held = held.expect("an outcome");
    assert_eq!((held.passed, held.observed), (false, Some(ledger.unanswered() as f64)));
    if trial.valid {
        assert_eq!(result.verdict, Verdict::Failed);
        let told = answer(&result).sentence.text;
        assert!(told.contains("refused") && !told.contains("nothing was lost"), "{told}");
        assert!(!told.contains("answers"), "{told}");
    }
    let junit = std::fs::read_to_string(ran.latest().join("junit.xml")).expect("junit.xml");
    assert!(junit.contains("ledger.unanswered == 0") && junit.contains("<failure"), "{junit}");
    assert!(ran.stdout.contains("ledger.unanswered == 0"), "{}", ran.stdout);
}

/// A run over Redis Streams whose results flow.
fn over_streams(server: &Redis) -> Running {
    let run = Run::short(&["redis-streams"]).with(&FLAGS).with(&["--redis-url", &server.url()]).start();
    let mut connection = server.connect();
    wait_for("the first results", || {
        let results: u32 =
            redis::cmd("XLEN").arg("own.prioritization.result").query(&mut connection).expect("XLEN");
        (results > 0).then_some(())
    });
    run
}

#[test]
fn a_redis_that_is_out_of_memory_does_not_pass() {
    let server = Redis::start(&[]);
    let run = over_streams(&server);
    let mut limit = redis::cmd("CONFIG");
    limit.arg(&["SET", "maxmemory", "1"]).exec(&mut server.connect()).expect("CONFIG SET");
    expect_not_passed(&run.end(), "OOM");
}

#[test]
fn a_redis_that_could_not_save_for_a_while_does_not_pass() {
    let server = Redis::start(&[]);
    let run = over_streams(&server);
    server.fail_to_save();
    std::thread::sleep(Duration::from_secs(1));
    server.need_not_save();
    let ran = run.end();
    expect_not_passed(&ran, "MISCONF");
    assert!(ran.trial().ledger.completed > 0, "it was cleared up: {:?}", ran.trial().ledger);
    assert_eq!(server.keys(), Vec::<String>::new());
}

/// What stores nothing goes on: who comes to it is let in, and who has lost a connection comes back.
#[test]
fn a_redis_that_cannot_save_serves_what_stores_nothing() {
    let server = Redis::start(&[]);
    server.fail_to_save();
    let flags = ["--duration", "4s", "--set", "load.drain=3s", "--redis-url", &server.url()];
    let run = Run::short(&["redis-pubsub"]).with(&flags).start();
    server.wait_until_busy(400);
    redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal"]).exec(&mut server.connect()).expect("CLIENT KILL");
    let ran = run.end();
    ran.expect_code(&[0, 99, 100]);
    let trial = ran.trial();
    assert!(!trial.gaps.is_empty() && trial.gaps.iter().all(|gap| gap.end_s.is_some()), "{:?}", trial.gaps);
    let last = trial.series.iter().filter(|row| (3.0..4.0).contains(&row.t_s));
    let (sent, completed) = last.fold((0, 0), |(s, c), row| (s + row.sent, c + row.completed));
    assert!(sent > 0 && completed * 2 > sent, "{completed} of {sent}: {:?}", trial.errors);
    let refused = Run::short(&["redis-streams"]).with(&["--redis-url", &server.url()]).end();
    refused.expect_code(&[69]).expect_error(&["MISCONF"]).expect_no_report();
}

#[tokio::test]
async fn a_stream_that_is_full_does_not_pass() {
    let server = Nats::start("");
    let context = async_nats::jetstream::new(server.connect().await);
    let run = Run::short(&["nats-jetstream"]).with(&FLAGS).with(&["--nats-url", &server.url()]).start();
    // Once requests flow: the stream that the preflight makes is deleted again.
    let mut full = loop {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let Ok(mut stream) = context.get_stream("own_PRIORITY_REQUESTS").await else { continue };
        match stream.info().await {
            Ok(info) if info.state.last_sequence >= 20 => break info.config.clone(),
            _ => {}
        }
    };
    (full.max_bytes, full.discard) = (1, async_nats::jetstream::stream::DiscardPolicy::New);
    context.update_stream(full).await.expect("filling it");
    let ran = tokio::task::spawn_blocking(move || run.end()).await.expect("the run");
    expect_not_passed(&ran, "maximum bytes");
}

#[test]
fn a_rate_far_beyond_the_generator_ends_before_anything_is_measured() {
    let beyond = ["--rate", "1e8", "--duration", "200ms", "--warmup", "0s"];
    for (run, place) in [
        (Run::short(&["in-process"]).with(&beyond), "load.rate"),
        (Run::search(&["in-process"]).with(&["--low", "9e7", "--high", "1e8"]), "search.low"),
    ] {
        let ran = run.end();
        ran.expect_code(&[1])
            .expect_error(&["far more than this generator can send", place])
            .expect_no_report();
    }
}
