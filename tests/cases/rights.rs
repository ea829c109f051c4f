//! Who may not do what the run needs is told so before anything is measured, and no secret is shown.

use crate::harness::Run;
use crate::harness::brokers::{Nats, Redis};

const SECRET: &str = "hush-4711";

fn refused(transport: &str, flag: &str, url: &str, words: &[&str]) {
    let ran = Run::short(&[transport]).with(&[flag, url, "--set", "brokers.prefix=own"]).end();
    ran.expect_code(&[69]).expect_error(words).expect_hidden(SECRET).expect_no_report();
}

fn accepted(transport: &str, flag: &str, url: &str) {
    let ran = Run::short(&[transport]).with(&[flag, url, "--set", "brokers.prefix=own"]).end();
    ran.expect_measured().expect_hidden(SECRET);
    let ledger = ran.trial().ledger;
    assert!(ledger.completed > 0 && ledger.completed == ledger.attempted, "{ledger:?}");
}

#[test]
fn redis_with_a_wrong_password_or_none_refuses_the_run() {
    let server = Redis::start(&["--requirepass", "the-right-one"]);
    refused("redis-pubsub", "--redis-url", &server.url_of("", SECRET), &["check user and password"]);
    refused("redis-streams", "--redis-url", &server.url(), &["NOAUTH"]);
}

#[test]
fn a_redis_user_without_a_right_is_told_which_and_one_with_all_is_served() {
    let server = Redis::start(&[]);
    for (transport, rights, words) in [
        ("redis-pubsub", "~* resetchannels +@all", &["PUBLISH", "channel"]),
        ("redis-pubsub", "~* &own* +@all -subscribe", &["SUBSCRIBE", "no permissions"]),
        ("redis-streams", "~other* &* +@all", &["own.prioritization.request", "key"]),
        ("redis-streams", "~own* &* +@all -xreadgroup", &["XREADGROUP", "no permissions"]),
        ("redis-streams", "~own* &* +@all -xack", &["XACK", "no permissions"]),
    ] {
        grant(&server, rights);
        refused(transport, "--redis-url", &server.url_of("engine", SECRET), words);
        assert_eq!(server.keys(), Vec::<String>::new(), "{rights}");
    }
    for (transport, rights) in [("redis-pubsub", "resetkeys &own* +@all"), ("redis-streams", "~own* +@all")] {
        grant(&server, rights);
        accepted(transport, "--redis-url", &server.url_of("engine", SECRET));
    }
}

/// Gives the user `engine` these rights and no others.
fn grant(server: &Redis, rights: &str) {
    let mut command = redis::cmd("ACL");
    command.arg("SETUSER").arg("engine").arg("reset").arg("on").arg(format!(">{SECRET}"));
    rights.split(' ').for_each(|right| _ = command.arg(right));
    command.exec(&mut server.connect()).expect("ACL SETUSER");
}

#[test]
fn nats_with_a_wrong_password_or_none_refuses_the_run() {
    let server = Nats::start("authorization { user: engine, password: the-right-one }");
    for transport in ["nats-core", "nats-jetstream"] {
        refused(transport, "--nats-url", &server.url_of("engine", SECRET), &["check user and password"]);
        refused(transport, "--nats-url", &server.url(), &["asks for credentials"]);
    }
}

#[test]
fn a_server_that_the_environment_names_part_by_part_is_measured_and_its_password_hidden() {
    let conf = format!("authorization {{ user: engine, password: \"{SECRET}\" }}");
    let nats = Nats::start(&conf);
    let redis = Redis::start(&["--requirepass", SECRET]);
    let port = |url: String| url.rsplit_once(':').expect("a port").1.to_owned();
    let run = |transport: &str, kind: &str, port: &str, user: &str, password: &str| {
        let run = Run::short(&[transport]).with(&["--set", "brokers.prefix=own"]);
        let variable = |part: &str| format!("{kind}_{part}");
        let run = run.variable(&variable("HOST"), "127.0.0.1").variable(&variable("PORT"), port);
        run.variable(&variable("USERNAME"), user).variable(&variable("PASSWORD"), password).end()
    };
    for (transport, kind, port, user) in
        [("nats-core", "NATS", port(nats.url()), "engine"), ("redis-streams", "REDIS", port(redis.url()), "")]
    {
        let ran = run(transport, kind, &port, user, SECRET);
        ran.expect_measured().expect_hidden(SECRET);
        assert!(ran.trial().brokers.iter().all(|broker| !broker.managed), "{transport}");
        let wrong = run(transport, kind, &port, user, "hush-4712");
        wrong.expect_code(&[69]).expect_error(&["check user and password"]).expect_hidden("hush-4712");
        wrong.expect_no_report();
    }
    let mistaken = run("nats-core", "NATS", "many", "engine", SECRET);
    mistaken.expect_error(&["NATS_HOST, NATS_PORT"]).expect_hidden(SECRET).expect_no_report();
}

#[test]
fn a_nats_user_who_may_not_publish_or_subscribe_is_told_the_subject() {
    let users = "authorization { users: [
        { user: dumb, password: \"SECRET\", permissions: { publish: { deny: \"own.prioritization.>\" } } }
        { user: deaf, password: \"SECRET\", permissions: { subscribe: { deny: \"own.prioritization.>\" } } }
        { user: idle, password: \"SECRET\", permissions: { publish: { deny: \"$JS.ACK.>\" } } }
        { user: whole, password: \"SECRET\" }
    ] }";
    let server = Nats::start(&users.replace("SECRET", SECRET));
    for (user, transport, word) in [
        ("dumb", "nats-core", "own.prioritization.request"),
        ("dumb", "nats-jetstream", "own.prioritization.request"),
        ("dumb", "nats-request", "own.prioritization.sync"),
        ("deaf", "nats-core", "own.prioritization.request"),
        ("deaf", "nats-request", "own.prioritization.sync"),
        ("idle", "nats-jetstream", "$JS.ACK"),
    ] {
        refused(transport, "--nats-url", &server.url_of(user, SECRET), &[word, "grant the user"]);
    }
    accepted("nats-jetstream", "--nats-url", &server.url_of("whole", SECRET));
}

/// Every kind of character that a URL can't hold as it is.
const ODD: &str = "p@s/s:w%r#d?\"&";
const ODD_ENCODED: &str = "p%40s%2Fs%3Aw%25r%23d%3F%22%26";

#[test]
fn a_password_of_odd_characters_is_percent_decoded_on_both_brokers() {
    let redis = Redis::start(&["--requirepass", ODD]);
    for transport in ["redis-pubsub", "redis-streams"] {
        accepted_hiding(transport, "--redis-url", &redis.url_of("", ODD_ENCODED), &[ODD, ODD_ENCODED]);
    }
    let user = r#"authorization { user: "an@na", password: "p@s/s:w%r#d?\"&" }"#;
    let nats = Nats::start(user);
    for transport in ["nats-core", "nats-jetstream", "nats-request"] {
        accepted_hiding(transport, "--nats-url", &nats.url_of("an%40na", ODD_ENCODED), &[ODD, ODD_ENCODED]);
    }
}

#[test]
fn a_token_before_the_host_is_sent_to_nats() {
    let server = Nats::start(r#"authorization { token: "to/ken@4711" }"#);
    let url = format!("nats://to%2Fken%404711@{}", server.address);
    accepted_hiding("nats-core", "--nats-url", &url, &["to/ken@4711", "to%2Fken%404711"]);
    let wrong = format!("nats://{SECRET}@{}", server.address);
    refused("nats-core", "--nats-url", &wrong, &["check the token"]);
}

fn accepted_hiding(transport: &str, flag: &str, url: &str, secrets: &[&str]) {
    let ran = Run::short(&[transport]).with(&[flag, url]).end();
    ran.expect_measured();
    secrets.iter().for_each(|secret| _ = ran.expect_hidden(secret));
    let ledger = ran.trial().ledger;
    assert!(ledger.completed > 0 && ledger.completed == ledger.attempted, "{ledger:?}");
}
