//! What can't be cleared up is named, with the command that deletes it, and the rest is cleared up all the same.

use async_nats::jetstream;
use futures::TryStreamExt;
use rustix::process::Signal;
use weighbridge_record::result::LeftBehind;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, Running, entries, wait_for};

const SECRET: &str = "hush-4711";

/// Two seconds of load, in which things happen to what the run has created.
fn start(transport: &str, flag: &str, url: &str) -> Running {
    let run = Run::short(&[transport]).with(&["--duration", "2s", flag, url]);
    run.with(&["--set", "load.drain=1s", "--set", "brokers.prefix=own-1"]).start()
}

/// What stays, named in the record, on standard error and in the summary, apart from the errors.
fn left(ran: &Ran) -> Vec<LeftBehind> {
    ran.expect_hidden(SECRET);
    let trial = ran.trial();
    for left in &trial.left_behind {
        let words = shlex::split(&left.command).expect("words of a shell");
        assert!(words.contains(&left.name), "{left}");
        ran.expect_error(&[&left.name, "to delete it"]);
        assert!(ran.stdout.contains(&left.command), "{}", ran.stdout);
        assert!(
            trial.errors.iter().all(|error| !error.message.contains("clearing up")),
            "{:?}",
            trial.errors
        );
    }
    let page = std::fs::read_to_string(ran.latest().join("report.html")).expect("a page");
    assert_eq!(page.contains("Left behind"), !trial.left_behind.is_empty());
    trial.left_behind
}

fn names(left: &[LeftBehind]) -> Vec<&str> {
    left.iter().map(|left| left.name.as_str()).collect()
}

#[tokio::test]
async fn a_stream_that_is_gone_keeps_nobody_from_deleting_the_other() {
    let server = Nats::start("");
    let context = jetstream::new(server.connect().await);
    let running = start("nats-jetstream", "--nats-url", &server.url());
    server.wait_until_busy(500);
    while context.delete_stream("own-1_PRIORITY_REQUESTS").await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let ran = running.end();
    assert_eq!(left(&ran), [], "{}", ran.stderr);
    let names: Vec<String> = context.stream_names().try_collect().await.expect("names");
    assert_eq!(names, Vec::<String>::new());
}

#[test]
fn what_a_server_that_is_down_keeps_is_named() {
    let mut redis = Redis::start(&[]);
    let running = start("redis-streams", "--redis-url", &redis.url());
    redis.wait_until_busy(400);
    redis.kill();
    let left = left(&running.end());
    assert_eq!(names(&left), ["own-1.prioritization.request", "own-1.prioritization.result"]);
    assert!(left.iter().all(|left| left.what == "key" && left.reason.contains("cannot reach")), "{left:?}");

    let mut nats = Nats::start("");
    let running = start("nats-jetstream", "--nats-url", &nats.url());
    nats.wait_until_busy(400);
    nats.kill();
    let left = self::left(&running.end());
    assert_eq!(names(&left), ["own-1_PRIORITY_REQUESTS", "own-1_PRIORITY_RESULTS"]);
    assert!(
        left.iter().all(|left| left.what == "stream" && left.reason.contains("cannot reach")),
        "{left:?}"
    );
}

#[test]
fn a_key_that_may_not_be_deleted_is_named_and_the_command_deletes_it() {
    let server = Redis::start(&[]);
    let set = |rights: &[&str]| {
        let words = ["SETUSER", "engine"].iter().chain(rights).collect::<Vec<_>>();
        redis::cmd("ACL").arg(words).exec(&mut server.connect()).expect("ACL SETUSER");
    };
    set(&["on", &format!(">{SECRET}"), "~*", "&*", "+@all"]);
    let running = start("redis-streams", "--redis-url", &server.url_of("engine", SECRET));
    server.wait_until_busy(400);
    set(&["-del"]);
    let left = left(&running.end());
    assert_eq!(names(&left), ["own-1.prioritization.request", "own-1.prioritization.result"]);
    assert!(left.iter().all(|left| left.reason.contains("NOPERM")), "{left:?}");
    for left in &left {
        let as_anybody = left.command.replace("--user engine --askpass", "");
        let deleted = std::process::Command::new("sh").args(["-c", &as_anybody]).output().expect("a shell");
        assert!(deleted.status.success(), "{deleted:?}");
    }
    assert_eq!(server.keys(), Vec::<String>::new());
}

#[test]
fn ctrl_c_twice_before_a_server_that_hangs_names_what_stays() {
    let server = Redis::start(&[]);
    let running = start("redis-streams", "--redis-url", &server.url());
    wait_for("keys of the run", || (server.keys().len() == 2).then_some(()));
    server.freeze();
    for _ in 0..2 {
        running.signal(Signal::INT);
        // Two signals that are pending at a time count as one.
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let ran = running.end();
    ran.expect_code(&[105]);
    ran.expect_error(&[
        "own-1.prioritization.request",
        "own-1.prioritization.result",
        "redis-cli -h 127.0.0.1",
    ]);
}

#[test]
fn ctrl_c_thrice_names_what_stays() {
    let server = Redis::start(&[]);
    let running = start("redis-streams", "--redis-url", &server.url());
    wait_for("keys of the run", || (server.keys().len() == 2).then_some(()));
    server.freeze();
    for _ in 0..3 {
        running.signal(Signal::INT);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let ran = running.end();
    ran.expect_code(&[105]).expect_error(&["own-1.prioritization.request", "redis-cli -h 127.0.0.1"]);
}

#[test]
fn ctrl_c_twice_leaves_no_folder_of_a_server() {
    for transport in ["redis-streams", "nats-core"] {
        let run = Run::short(&[transport]).with(&["--duration", "30s", "--set", "workers.service_time=20s"]);
        let scratch = run.scratch().to_owned();
        let running = run.start();
        wait_for("a folder of a server", || entries(&scratch).first().map(|_| ()));
        // Before the load and under it.
        std::thread::sleep(std::time::Duration::from_millis(if transport == "nats-core" { 1500 } else { 0 }));
        for _ in 0..2 {
            running.signal(Signal::INT);
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        let ran = running.end();
        ran.expect_code(&[105]);
        let folders = entries(&scratch);
        assert!(
            folders.iter().all(|folder| ran.stderr.contains(folder.as_str())),
            "{folders:?}: {}",
            ran.stderr
        );
        assert!(folders.is_empty(), "{folders:?}");
    }
}

/// The next run finds what a killed one left, and nothing else.
#[test]
fn the_folder_of_a_killed_run_is_deleted_by_the_next() {
    let temporary = tempfile::tempdir().expect("a folder");
    let shared = temporary.path().display().to_string();
    let theirs = temporary.path().join("weighbridge-redis-server-theirs");
    std::fs::create_dir(&theirs).expect("a folder");
    let run =
        |duration| Run::short(&["redis-streams"]).with(&["--duration", duration]).variable("TMPDIR", &shared);
    let (killed, alive) = (run("30s").start(), run("30s").start());
    let folders =
        || entries(temporary.path()).into_iter().filter(|name| !name.ends_with("theirs")).collect::<Vec<_>>();
    // Before its server speaks, the lock may not stand yet, or the server's process may hold it until it is exec'd.
    let speaks = |name: &String| {
        std::fs::metadata(temporary.path().join(name).join("server.log")).is_ok_and(|log| log.len() > 0)
    };
    wait_for("two servers", || (folders().iter().filter(|name| speaks(name)).count() == 2).then_some(()));
    killed.signal(Signal::KILL);
    killed.end();
    assert_eq!(folders().len(), 2, "SIGKILL leaves it");
    run("500ms").end().expect_measured();
    assert_eq!(folders().len(), 1, "that of the run that goes on");
    assert!(theirs.exists());
    alive.signal(Signal::INT);
    alive.signal(Signal::INT);
    drop(alive);
}
