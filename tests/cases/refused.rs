//! Servers that refuse requests while the load is on, and loads that are refused before it: nothing of it passes.

use std::time::Duration;

use weighbridge_record::result::{DoubtKind, Verdict};
use weighbridge_report::answer;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, wait_for};

const FLAGS: [&str; 4] = ["--duration", "3s", "--set", "brokers.prefix=own"];

/// What must be said of a run that was refused most of its requests. A busy machine makes it invalid besides.
fn expect_not_passed(ran: &Ran) {
    ran.expect_code(&[99, 100]);
    let (result, trial) = (ran.result(), ran.trial());
    let ledger = &trial.ledger;
    assert!(ledger.rejected * 10 > ledger.attempted, "{ledger:?}");
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

#[test]
fn a_redis_that_is_out_of_memory_does_not_pass() {
    let server = Redis::start(&[]);
    let run = Run::short(&["redis-streams"]).with(&FLAGS).with(&["--redis-url", &server.url()]).start();
    let mut connection = server.connect();
    wait_for("the first results", || {
        let results: u32 =
            redis::cmd("XLEN").arg("own.prioritization.result").query(&mut connection).expect("XLEN");
        (results > 0).then_some(())
    });
    redis::cmd("CONFIG").arg(&["SET", "maxmemory", "1"]).exec(&mut connection).expect("CONFIG SET");
    expect_not_passed(&run.end());
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
    expect_not_passed(&ran);
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
