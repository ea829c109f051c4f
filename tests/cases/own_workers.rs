//! Workers of somebody else's: processes that know only the guide's schemas and the clients from PyPI, started by a
//! command or by a user.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use weighbridge_record::result::{DoubtKind, Trial};
use weighbridge_record::terms::Stage;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, entries, wait_for};

const OWN: &str = "examples/python/own-workers.toml";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Where `make witness` puts the clients from PyPI.
fn packages() -> String {
    let packages = format!("{ROOT}/target/witness");
    assert!(
        std::fs::exists(&packages).unwrap(),
        "this test needs nats-py and redis; install them with `make witness`"
    );
    packages
}

fn run(transports: &[&str], set: &[&str]) -> Run {
    let mut run = Run::scenario(OWN).variable("PYTHONPATH", &packages());
    for transport in transports {
        run = run.with(&["--transport", transport]);
    }
    for change in ["load.warmup=500ms", "load.duration=2s"].iter().chain(set) {
        run = run.with(&["--set", change]);
    }
    run
}

fn of_shell(script: &str) -> String {
    format!("workers.command={}", serde_json::json!(["sh", "-c", script]))
}

/// What is known of a trial is there, and what nobody told is not.
fn expect_answered(trial: &Trial) {
    let (ledger, path) = (&trial.ledger, trial.path);
    assert_eq!(
        (ledger.completed, ledger.lost),
        (ledger.attempted, 0),
        "{path}: {ledger:?} {:?}",
        trial.errors
    );
    for untold in ["delivered", "lost_requests", "redelivered", "reordered", "parked"] {
        assert_eq!(ledger.count(untold), None, "{path}: {untold}");
    }
    for stage in [Stage::Delivery, Stage::Service, Stage::Transit] {
        assert!(trial.latency_ns.get(stage).is_none(), "{path}: {}", stage.name());
    }
    assert!(trial.latency_ns.get(Stage::Turnaround).is_some(), "{path}");
    assert_eq!((trial.rates.delivered_per_s, trial.breakdown.len()), (None, 0), "{path}");
}

#[test]
fn python_workers_of_the_guide_answer_a_thousand_a_second_on_every_path() {
    let ran = run(&[], &["load.duration=3s"]).end();
    ran.expect_measured();
    let trials = ran.result().trials;
    assert_eq!(trials.len(), 5);
    for trial in &trials {
        expect_answered(trial);
        assert!(trial.ledger.attempted > 3_000, "{}: {:?}", trial.path, trial.ledger);
        let workers = trial.workers.as_ref().expect("workers of somebody else's");
        assert_eq!((workers.count, workers.started), (4, Some(4)));
        assert!(workers.cpu_seconds.is_some_and(|seconds| seconds > 0.0), "{workers:?}");
    }
}

#[test]
fn one_of_twenty_is_killed_and_comes_back_and_nothing_is_lost() {
    let fault =
        "faults=[{ action = \"kill-worker\", target = \"worker.7\", at = \"500ms\", down_for = \"300ms\" }]";
    let set = ["workers.count=20", "load.rate=200", "load.duration=6s", "brokers.ack_wait=1s", fault];
    let ran = run(&["redis-streams"], &set).end();
    ran.expect_measured();
    let trial = ran.trial();
    expect_answered(&trial);
    let [fault] = &trial.faults[..] else { panic!("{:?} {:?}", trial.faults, trial.errors) };
    assert_eq!(fault.target, "worker.7");
    assert!(fault.end_s.is_some(), "it is not back: {:?}", trial.errors);
    assert_eq!((fault.redelivered, fault.duplicated), (None, Some(trial.ledger.duplicated)));
    assert_eq!(trial.workers.and_then(|workers| workers.started), Some(21));
}

#[test]
fn a_command_that_cannot_be_started_ends_the_run_before_any_load() {
    let missing = run(&["nats-core"], &["workers.command=[\"./no-such-worker\"]"]).end();
    missing.expect_code(&[69]).expect_error(&["`./no-such-worker` (workers.command) can't be started"]);
    missing.expect_no_report();
    let failing = run(&["nats-core"], &[&of_shell("echo no model here >&2; exit 3")]).end();
    failing.expect_code(&[69]).expect_error(&[
        "ended before it was ready",
        "exit status: 3",
        "no model here",
    ]);
    failing.expect_no_report();
}

#[test]
fn a_worker_that_ends_in_the_trial_makes_it_invalid_and_leaves_its_log() {
    let script = "echo ready; sleep 1; echo out of memory >&2; exit 9";
    let set = [&of_shell(script), "workers.count=1", "load.drain=500ms"];
    let ran = run(&["nats-core"], &set).end();
    ran.expect_code(&[100]);
    let trial = ran.trial();
    assert!(trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::EndedEarly), "{:?}", trial.doubts);
    assert!(trial.errors.iter().any(|error| error.message.contains("exit status: 9")), "{:?}", trial.errors);
    assert_eq!(trial.ledger.count("lost_requests"), None, "nobody tells whether it had them");
    let log =
        entries(&ran.latest()).into_iter().find(|name| name.ends_with("worker.1.log")).expect("its log");
    let log = std::fs::read_to_string(ran.latest().join(log)).unwrap();
    assert_eq!(log, "ready\nout of memory\n");
}

#[test]
fn a_password_reaches_the_worker_and_nobody_else() {
    let redis = Redis::start(&["--requirepass", "ge:h@im"]);
    let ran = run(&["redis-pubsub"], &["workers.count=1", "load.rate=200"])
        .variable("REDIS_URL", &redis.url_of("default", "ge%3Ah%40im"))
        .end();
    ran.expect_measured().expect_hidden("h@im").expect_hidden("h%40im");
    expect_answered(&ran.trial());
    let nats = Nats::start("authorization { user: engine, password: \"ge:h@im\" }");
    let ran = run(&["nats-core"], &["workers.count=1", "load.rate=200"])
        .variable("NATS_URL", &nats.url_of("engine", "ge%3Ah%40im"))
        .end();
    ran.expect_measured().expect_hidden("h@im").expect_hidden("h%40im");
    expect_answered(&ran.trial());
}

#[test]
fn a_worker_shows_the_certificate_that_was_made_for_the_run() {
    let set = ["brokers.tls=mutual", "brokers.auth=password", "workers.count=1", "load.rate=200"];
    let ran = run(&["redis-streams", "nats-jetstream"], &set).end();
    ran.expect_measured();
    ran.result().trials.iter().for_each(expect_answered);
}

/// Kills a run whose workers are processes of a known name; none of them is left.
#[test]
fn no_worker_outlives_a_harness_that_is_killed() {
    let alone = format!("{}", 100_000 + std::process::id());
    let running = run(&["nats-core"], &[&of_shell(&format!("echo ready; exec sleep {alone}"))]).start();
    let sleeping = || {
        let all = procfs::process::all_processes().expect("reading /proc").flatten();
        let arguments = all.filter_map(|process| process.cmdline().ok());
        arguments.filter(|words| *words == ["sleep", alone.as_str()]).count()
    };
    wait_for("four workers", || (sleeping() == 4).then_some(()));
    running.signal(Signal::KILL);
    drop(running);
    wait_for("the end of the workers", || (sleeping() == 0).then_some(()));
}

/// Name and value.
type Variable<'a> = (&'a str, &'a str);

/// A worker that somebody starts by hand, again and again until its stream is there.
struct ByHand {
    command: Command,
    child: Option<Child>,
}

impl ByHand {
    fn new(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new("python3");
        command.arg(format!("{ROOT}/examples/python/worker.py")).env("PYTHONPATH", packages());
        command.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { command, child: None }
    }

    fn is_kept_running(&mut self) {
        let ended = |child: &mut Child| child.try_wait().expect("watching a worker").is_some();
        if self.child.as_mut().is_none_or(ended) {
            self.child = Some(self.command.spawn().expect("starting python3"));
        }
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A run without a command, for which a worker is started by hand once it waits.
fn by_hand(transport: &str, url: (&str, &str), variables: &[(&str, &str)]) -> Ran {
    let scenario = std::fs::read_to_string(format!("{ROOT}/{OWN}")).unwrap();
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    let lines = scenario.lines().filter(|line| !line.starts_with("command"));
    std::fs::write(file.path(), lines.collect::<Vec<_>>().join("\n")).unwrap();
    let mut run = Run::scenario(&file.path().display().to_string()).variable(url.0, url.1);
    for change in ["load.duration=1s", "load.rate=200", "workers.count=1", "brokers.prefix=own"] {
        run = run.with(&["--set", change]);
    }
    let running = run.with(&["--transport", transport]).start();
    let mut worker = ByHand::new(&[&[url, ("WEIGHBRIDGE_TRANSPORT", transport)], variables].concat());
    // The run waits for a worker, and says so.
    std::thread::sleep(Duration::from_secs(1));
    let ended = std::thread::spawn(move || running.end());
    while !ended.is_finished() {
        worker.is_kept_running();
        std::thread::sleep(Duration::from_millis(200));
    }
    ended.join().expect("the run")
}

#[test]
fn workers_that_a_user_starts_by_hand_are_waited_for() {
    let (nats, redis) = (Nats::start(""), Redis::start(&[]));
    let (nats_url, redis_url) = (nats.url(), redis.url());
    let subjects = ("WEIGHBRIDGE_REQUESTS", "own.prioritization.request.*");
    let results = ("WEIGHBRIDGE_RESULTS", "own.prioritization.result.{category}");
    let durable = ("WEIGHBRIDGE_GROUP", "priority-workers");
    let queue = ("WEIGHBRIDGE_GROUP", "weighbridge");
    let cases: [(&str, Variable<'_>, Vec<Variable<'_>>); 5] = [
        ("nats-core", ("NATS_URL", &nats_url), vec![subjects, results, queue]),
        (
            "nats-request",
            ("NATS_URL", &nats_url),
            vec![("WEIGHBRIDGE_REQUESTS", "own.prioritization.sync"), queue],
        ),
        (
            "nats-jetstream",
            ("NATS_URL", &nats_url),
            vec![subjects, results, durable, ("WEIGHBRIDGE_STREAM", "own_PRIORITY_REQUESTS")],
        ),
        ("redis-pubsub", ("REDIS_URL", &redis_url), vec![subjects, results]),
        (
            "redis-streams",
            ("REDIS_URL", &redis_url),
            vec![
                ("WEIGHBRIDGE_REQUESTS", "own.prioritization.request"),
                ("WEIGHBRIDGE_RESULTS", "own.prioritization.result"),
                ("WEIGHBRIDGE_RESULT_SUBJECT", "own.prioritization.result.{category}"),
                durable,
            ],
        ),
    ];
    for (transport, url, variables) in cases {
        let ran = by_hand(transport, url, &variables);
        ran.expect_measured();
        ran.expect_error(&["waiting for 1 external worker with", transport]);
        let trial = ran.trial();
        expect_answered(&trial);
        let workers = trial.workers.expect("workers of somebody else's");
        assert_eq!((workers.started, workers.cpu_seconds), (None, None), "{transport}");
    }
}
