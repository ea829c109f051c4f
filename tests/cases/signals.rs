//! Ends that nobody planned: Ctrl-C once, twice and thrice, and SIGKILL.

use std::path::Path;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use futures::TryStreamExt;
use rustix::process::Signal;
use serde_json::Value;
use weighbridge_record::result::{SearchOutcome, Verdict};

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, Running, entries, wait_for};

/// Requests that the half minute asks for.
const PLANNED: u64 = 6_000;

/// Load for half a minute; with `service` so long that nothing of it is back when it is stopped.
fn long(transport: &str, service: &str) -> Run {
    let service = format!("workers.service_time={service}");
    Run::short(&[transport]).with(&["--duration", "30s", "--set", &service, "--set", "load.drain=30s"])
}

/// Servers that the run has started, by process id.
fn brokers(run: &Running) -> Vec<i32> {
    let all = procfs::process::all_processes().expect("/proc");
    let stats = all.filter_map(|process| process.ok()?.stat().ok());
    let own = stats.filter(|stat| stat.ppid == run.id() as i32);
    own.filter(|stat| ["redis-server", "nats-server"].contains(&stat.comm.as_str())).map(|s| s.pid).collect()
}

fn is_alive(id: i32) -> bool {
    let stat = procfs::process::Process::new(id).and_then(|process| process.stat());
    // A zombie has ended, whoever is to wait for it.
    stat.is_ok_and(|stat| stat.state != 'Z')
}

/// Starts a run and waits until its broker runs and its load is on.
fn under_load(run: Run) -> (Running, Vec<i32>) {
    let scratch = run.scratch().to_owned();
    let run = run.start();
    let found = wait_for("load on a broker of the run", || {
        let found = brokers(&run);
        let messages = redis_messages(*found.first()?).or_else(|| nats_messages(&scratch));
        // The preflight sends a few.
        messages.filter(|count| *count > 50).map(|_| found)
    });
    (run, found)
}

/// Messages that the Redis process `id` has taken, if it is one.
fn redis_messages(id: i32) -> Option<u64> {
    let words = procfs::process::Process::new(id).ok()?.cmdline().ok()?;
    // The server shows its address instead of its arguments: `redis-server 127.0.0.1:6379`.
    let port: u16 = words.join(" ").trim().rsplit_once(':')?.1.parse().ok()?;
    let mut connection = redis::Client::open(("127.0.0.1", port)).ok()?.get_connection().ok()?;
    let info: String = redis::cmd("INFO").arg("commandstats").query(&mut connection).ok()?;
    let calls = |command: &str| -> Option<u64> {
        let rest = info.split_once(&format!("cmdstat_{command}:calls="))?.1;
        rest.split_once(',')?.0.parse().ok()
    };
    Some(calls("xadd").unwrap_or(0) + calls("publish").unwrap_or(0))
}

/// Messages that the NATS server with its folder in `scratch` has taken.
fn nats_messages(scratch: &Path) -> Option<u64> {
    let folder = scratch.join(entries(scratch).into_iter().find(|name| name.contains("nats-server"))?);
    let ports = folder.join(entries(&folder).into_iter().find(|name| name.ends_with(".ports"))?);
    let ports: Value = serde_json::from_slice(&std::fs::read(ports).ok()?).ok()?;
    let varz = format!("{}/varz", ports["monitoring"][0].as_str()?);
    let varz = ureq::get(varz).call().ok()?.body_mut().read_to_string().ok()?;
    serde_json::from_str::<Value>(&varz).ok()?["in_msgs"].as_u64()
}

fn expect_gone(brokers: &[i32]) {
    wait_for("the brokers' end", || brokers.iter().all(|id| !is_alive(*id)).then_some(()));
}

#[test]
fn ctrl_c_once_drains_and_writes_a_partial_report() {
    for transport in ["redis-streams", "nats-core"] {
        let (run, brokers) = under_load(long(transport, "1ms"));
        run.signal(Signal::INT);
        let ran = run.end();
        ran.expect_code(&[105]).expect_error(&["once more to stop within a second"]);
        assert_eq!(ran.result().verdict, Verdict::Aborted);
        let trial = ran.trial();
        assert!(!trial.complete && !trial.valid, "a part passes for the whole");
        assert!(trial.ledger.attempted < PLANNED / 2, "it went on to the planned end: {:?}", trial.ledger);
        assert!(trial.ledger.completed > 0 && trial.ledger.lost == 0, "{:?}", trial.ledger);
        expect_gone(&brokers);
    }
}

/// Signals a run so many times, and waits for its end. It is given 105 and little time, though what is out takes
/// 20 s to come back.
fn stop_at_once(run: Running, times: u32) -> Ran {
    for _ in 0..times {
        run.signal(Signal::INT);
        // Two signals that are pending at a time count as one.
        std::thread::sleep(Duration::from_millis(500));
    }
    let last = Instant::now();
    let ran = run.end();
    ran.expect_code(&[105]);
    let took = last.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    ran
}

#[test]
fn ctrl_c_twice_ends_the_run_at_once_and_leaves_no_broker() {
    for transport in ["redis-pubsub", "nats-jetstream"] {
        let (run, brokers) = under_load(long(transport, "20s"));
        let ran = stop_at_once(run, 2);
        expect_gone(&brokers);
        let trial = ran.kept();
        assert!(!trial.complete && !trial.valid && trial.ledger.lost > 0, "{:?}", trial.ledger);
    }
}

#[test]
fn ctrl_c_a_third_time_ends_the_process() {
    let (run, brokers) = under_load(long("redis-streams", "20s"));
    stop_at_once(run, 3);
    expect_gone(&brokers);
}

#[test]
fn ctrl_c_twice_leaves_nothing_on_an_external_redis() {
    let server = Redis::start(&[]);
    redis::cmd("SET").arg("theirs").arg("precious").exec(&mut server.connect()).expect("SET");
    let run = long("redis-streams", "20s").with(&["--redis-url", &server.url()]).start();
    wait_for("keys of the run", || (server.keys().len() > 1).then_some(()));
    std::thread::sleep(Duration::from_millis(500));
    stop_at_once(run, 2);
    assert_eq!(server.keys(), ["theirs"]);
}

#[tokio::test]
async fn ctrl_c_twice_leaves_nothing_on_an_external_nats() {
    let server = Nats::start("");
    let context = jetstream::new(server.connect().await);
    let run = long("nats-jetstream", "20s").with(&["--nats-url", &server.url()]).start();
    let streams = async || -> Vec<String> { context.stream_names().try_collect().await.expect("names") };
    while streams().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop_at_once(run, 2);
    assert_eq!(streams().await, Vec::<String>::new());
}

/// A terminal that is closed sends one SIGHUP; what a drain would wait for comes back within it.
#[tokio::test]
async fn sighup_leaves_nothing_on_external_servers() {
    let (redis, nats) = (Redis::start(&[]), Nats::start(""));
    let context = jetstream::new(nats.connect().await);
    for (transport, flag, url) in
        [("redis-streams", "--redis-url", redis.url()), ("nats-jetstream", "--nats-url", nats.url())]
    {
        let run = long(transport, "1ms").with(&[flag, &url]).start();
        match transport {
            "redis-streams" => redis.wait_until_busy(400),
            _ => nats.wait_until_busy(500),
        }
        run.signal(Signal::HUP);
        let ran = run.end();
        ran.expect_code(&[105]);
        assert!(!ran.kept().complete, "{transport}");
    }
    assert_eq!(redis.keys(), Vec::<String>::new());
    let streams: Vec<String> = context.stream_names().try_collect().await.expect("names");
    assert_eq!(streams, Vec::<String>::new());
}

#[test]
fn ctrl_c_twice_ends_a_run_whose_broker_hangs() {
    let server = Redis::start(&[]);
    let run = long("redis-streams", "1ms").with(&["--redis-url", &server.url()]).start();
    wait_for("keys of the run", || (server.keys().len() == 2).then_some(()));
    server.freeze();
    stop_at_once(run, 2);
}

#[test]
fn a_search_that_is_interrupted_leaves_a_partial_report() {
    let run = Run::search(&["redis-streams"]).with(&["--duration", "30s", "--low", "200"]);
    let (run, brokers) = under_load(run);
    run.signal(Signal::INT);
    let ran = run.end();
    ran.expect_code(&[105]);
    let result = ran.result();
    assert_eq!((result.verdict, result.trials.len()), (Verdict::Aborted, 1));
    let search = &result.searches[0];
    assert_eq!((search.outcome, search.rate_per_s), (SearchOutcome::Stopped, None));
    assert!(search.probes.is_empty(), "what was cut short shows nothing");
    expect_gone(&brokers);
}

#[test]
fn a_harness_killed_in_its_first_trial_leaves_no_broker_and_no_report() {
    for transport in ["redis-streams", "nats-jetstream"] {
        let run = long(transport, "1ms");
        let out = run.out().to_owned();
        let (run, brokers) = under_load(run);
        run.signal(Signal::KILL);
        expect_gone(&brokers);
        assert_eq!(run.end().code, -1, "it ended by itself");
        // What is hidden is removed by the next run.
        assert!(entries(&out).iter().all(|name| name.starts_with('.')), "{:?}", entries(&out));
    }
}
