//! Every way to be let in and to be sure of the server, on servers that somebody else runs: good ones are measured,
//! bad ones refused before any load, with what to mend.

use nkeys::KeyPair;
use weighbridge::site::accounts::Accounts;
use weighbridge::site::authority::Authority;
use weighbridge::site::rights::{self, Served};
use weighbridge_plan::BaseSubjects;
use weighbridge_record::terms::{DeliveryMode, TransportKind};

use crate::harness::brokers::{Nats, Redis};
use crate::harness::papers::{Papers, of_servers};
use crate::harness::{Ran, Run};

/// What is wrong with a server's certificate, and what is said of it.
const BAD: [(&str, &str); 4] = [
    ("untrusted", "the issuer of its certificate is not trusted: name the issuer's with"),
    ("expired", "its certificate has expired"),
    ("early", "not valid yet"),
    ("misnamed", "its certificate is for another name"),
];

fn run(transport: &str, arguments: &[&str]) -> Ran {
    Run::short(&[transport]).with(&["--set", "brokers.prefix=own"]).with(arguments).end()
}

fn measured(transport: &str, arguments: &[&str]) {
    let ran = run(transport, arguments);
    ran.expect_measured();
    let ledger = ran.trial().ledger;
    assert!(ledger.completed > 0 && ledger.completed == ledger.attempted, "{arguments:?}: {ledger:?}");
}

fn refused(transport: &str, arguments: &[&str], words: &[&str]) {
    let ran = run(transport, arguments);
    ran.expect_code(&[69]).expect_error(words).expect_no_report();
}

#[test]
fn nats_servers_show_certificates_and_only_good_ones_are_measured() {
    let (papers, authority) = (Papers::new(), Authority::new().expect("an authority"));
    let issuers = papers.file("ca.pem", &authority.certificate());
    for (name, issued) in of_servers(&authority) {
        let [certificate, key] = papers.issued(name, &issued);
        let server = Nats::start(&format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}"));
        let url = format!("tls://{}", server.address);
        let arguments = ["--nats-url", &url, "--nats-ca", &issuers];
        match BAD.iter().find(|(bad, _)| *bad == name) {
            Some((_, words)) => refused("nats-core", &arguments, &[words]),
            None => {
                for transport in ["nats-core", "nats-jetstream", "nats-request"] {
                    measured(transport, &arguments);
                }
                measured("nats-core", &[&arguments[..], &["--set", "workers.kind=processes"]].concat());
                refused("nats-core", &arguments[..2], &[BAD[0].1, "--nats-ca"]);
            }
        }
    }
    let plain = Nats::start("");
    let url = format!("tls://{}", plain.address);
    refused("nats-core", &["--nats-url", &url, "--nats-ca", &issuers], &["write nats:// where it has none"]);
}

#[test]
fn redis_servers_show_certificates_and_only_good_ones_are_measured() {
    let (papers, authority) = (Papers::new(), Authority::new().expect("an authority"));
    let issuers = papers.file("ca.pem", &authority.certificate());
    for (name, issued) in of_servers(&authority) {
        let [certificate, key] = papers.issued(name, &issued);
        let server = Redis::start_encrypted(&[
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            "no",
            "--tls-ca-cert-file",
            &issuers,
        ]);
        let arguments = ["--redis-url", &server.encrypted_url(), "--redis-ca", &issuers];
        match BAD.iter().find(|(bad, _)| *bad == name) {
            Some((_, words)) => refused("redis-pubsub", &arguments, &[words]),
            None => {
                for transport in ["redis-pubsub", "redis-streams"] {
                    measured(transport, &arguments);
                }
                measured("redis-streams", &[&arguments[..], &["--set", "workers.kind=processes"]].concat());
                refused("redis-streams", &arguments[..2], &[BAD[0].1, "--redis-ca"]);
                let plain =
                    ["--redis-url", &server.url().replace("redis://", "rediss://"), "--redis-ca", &issuers];
                let wrong = server.encrypted_url().replace("rediss://", "redis://");
                refused("redis-pubsub", &["--redis-url", &wrong], &["wants TLS: then write rediss://"]);
                refused("redis-pubsub", &plain, &["where it has no TLS, write redis://"]);
            }
        }
    }
}

#[test]
fn where_both_sides_show_certificates_ours_must_be_from_an_issuer_that_the_server_trusts() {
    let (papers, authority) = (Papers::new(), Authority::new().expect("an authority"));
    let issuers = papers.file("ca.pem", &authority.certificate());
    let [certificate, key] =
        papers.issued("server", &authority.server(&["127.0.0.1"]).expect("a certificate"));
    let [ours, our_key] = papers.issued("client", &authority.client().expect("a certificate"));
    let stranger = Authority::new().and_then(|stranger| stranger.client()).expect("a certificate");
    let [strange, strange_key] = papers.issued("stranger", &stranger);
    let nats = Nats::start(&format!(
        "tls {{ cert_file: \"{certificate}\", key_file: \"{key}\", ca_file: \"{issuers}\", verify: true }}"
    ));
    let redis = Redis::start_encrypted(&[
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &issuers,
    ]);
    let nats_url = format!("tls://{}", nats.address);
    for (kind, url, transports) in [
        ("nats", nats_url, ["nats-core", "nats-jetstream"]),
        ("redis", redis.encrypted_url(), ["redis-pubsub", "redis-streams"]),
    ] {
        let flag = |part: &str| format!("--{kind}-{part}");
        let flags = [flag("url"), flag("ca"), flag("cert"), flag("key")];
        let with = |certificate: &str, key: &str| {
            [&flags[0], &url, &flags[1], &issuers, &flags[2], certificate, &flags[3], key].map(str::to_owned)
        };
        let measured = |transport: &str, with: &[String]| {
            measured(transport, &with.iter().map(String::as_str).collect::<Vec<_>>());
        };
        let refused = |transport: &str, with: &[String], words: &[&str]| {
            refused(transport, &with.iter().map(String::as_str).collect::<Vec<_>>(), words);
        };
        for transport in transports {
            measured(transport, &with(&ours, &our_key));
            refused(transport, &with(&strange, &strange_key), &["does not accept our certificate"]);
            refused(
                transport,
                &with(&ours, &our_key)[..4],
                &["asks for a certificate of ours", &flag("cert")],
            );
        }
        refused(transports[0], &with(&ours, &strange_key), &[]);
    }
}

#[test]
fn a_nats_user_with_a_key_or_a_credentials_file_is_let_in_and_no_other() {
    let papers = Papers::new();
    let (user, other) = (KeyPair::new_user(), KeyPair::new_user());
    let seed = |name: &str, key: &KeyPair| papers.file(name, &key.seed().expect("a seed"));
    let (right, wrong) = (seed("user.nk", &user), seed("other.nk", &other));
    let server = Nats::start(&format!("authorization {{ users: [ {{ nkey: {} }} ] }}", user.public_key()));
    for transport in ["nats-core", "nats-jetstream", "nats-request"] {
        measured(transport, &["--nats-url", &server.url(), "--nats-nkey", &right]);
    }
    measured(
        "nats-core",
        &["--nats-url", &server.url(), "--nats-nkey", &right, "--set", "workers.kind=processes"],
    );
    refused(
        "nats-core",
        &["--nats-url", &server.url(), "--nats-nkey", &wrong],
        &["check the key", "NATS_NKEY"],
    );
    refused("nats-core", &["--nats-url", &server.url()], &["asks for credentials"]);

    let (accounts, others) = (Accounts::new().expect("accounts"), Accounts::new().expect("accounts"));
    let right = papers.file("right.creds", &accounts.credentials);
    let wrong = papers.file("wrong.creds", &others.credentials);
    let broken = papers.file("broken.creds", "hush");
    let server = Nats::start(&accounts.settings());
    for transport in ["nats-core", "nats-jetstream", "nats-request"] {
        measured(transport, &["--nats-url", &server.url(), "--nats-creds", &right]);
    }
    measured(
        "nats-core",
        &["--nats-url", &server.url(), "--nats-creds", &right, "--set", "workers.kind=processes"],
    );
    refused(
        "nats-core",
        &["--nats-url", &server.url(), "--nats-creds", &wrong],
        &["check the file", "NATS_CREDS"],
    );
    refused(
        "nats-core",
        &["--nats-url", &server.url(), "--nats-creds", &broken],
        &["credentials file can't be used"],
    );
}

/// Measures on a server that is started for it.
fn on_our_own(transport: &str, settings: &[&str]) {
    let set: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    let ran = Run::short(&[transport]).with(&set).end();
    ran.expect_measured();
    let trial = ran.trial();
    assert!(trial.ledger.completed > 0 && trial.ledger.completed == trial.ledger.attempted, "{settings:?}");
    let [broker] = &trial.brokers[..] else { panic!("one server") };
    let told = [format!("brokers.tls={}", broker.tls), format!("brokers.auth={}", broker.auth)];
    for setting in settings.iter().filter(|setting| setting.contains("tls=") || setting.contains("auth=")) {
        assert!(told.iter().any(|told| told == setting), "{setting}: {told:?}");
    }
}

#[test]
fn servers_of_ours_are_encrypted_and_guarded_as_the_scenario_says() {
    for transport in ["redis-pubsub", "redis-streams", "nats-core", "nats-jetstream", "nats-request"] {
        on_our_own(transport, &["brokers.tls=tls", "brokers.auth=password"]);
        on_our_own(transport, &["brokers.tls=mutual", "brokers.auth=acl"]);
        if transport.starts_with("nats") {
            for auth in ["token", "nkey", "credentials"] {
                on_our_own(transport, &[&format!("brokers.auth={auth}")]);
            }
        }
    }
    on_our_own(
        "nats-jetstream",
        &["brokers.auth=credentials", "workers.kind=processes", "brokers.tls=mutual"],
    );
    for transport in ["redis-streams", "nats-jetstream"] {
        on_our_own(transport, &["brokers.auth=acl", "brokers.delivery=exactly-once", "brokers.prefix=own"]);
    }
}

#[test]
fn what_a_server_does_not_know_and_what_another_says_is_refused_with_the_scenario() {
    let refused = |transport: &str, arguments: &[&str], words: &[&str]| {
        run(transport, arguments).expect_code(&[104]).expect_error(words).expect_no_report();
    };
    for auth in ["token", "nkey", "credentials"] {
        refused("redis-streams", &["--set", &format!("brokers.auth={auth}")], &["doesn't know it"]);
    }
    for setting in ["brokers.tls=mutual", "brokers.auth=password"] {
        let named = ["--nats-url", "nats://127.0.0.1:9", "--set", setting];
        refused("nats-core", &named, &["servers that are started here"]);
    }
    refused("nats-core", &["--nats-ca", "ca.pem"], &["--nats-ca", "--nats-url"]);
    let gone = ["--nats-url", "nats://127.0.0.1:9", "--nats-ca", "gone.pem"];
    refused("nats-core", &gone, &["gone.pem can't be read"]);
}

/// Neither a right too few nor one too many.
#[test]
fn a_redis_user_needs_each_right_that_it_is_given() {
    let server = Redis::start(&[]);
    for (transport, delivery) in [
        (TransportKind::RedisPubsub, DeliveryMode::AtLeastOnce),
        (TransportKind::RedisStreams, DeliveryMode::ExactlyOnce),
    ] {
        let served = Served {
            transports: vec![transport],
            prefix: "own".to_owned(),
            bases: BaseSubjects::default(),
            delivery,
            domain: None,
        };
        let rules = rights::redis(&served);
        let granted = |rules: &[String]| {
            let mut admin = server.connect();
            // A script that is known is not loaded again, and a key that could not be deleted is in the way.
            for words in [&["SCRIPT", "FLUSH"][..], &["FLUSHALL"]] {
                words[1..]
                    .iter()
                    .fold(&mut redis::cmd(words[0]), |cmd, word| cmd.arg(word))
                    .exec(&mut admin)
                    .expect("a reset");
            }
            let mut command = redis::cmd("ACL");
            command.arg("SETUSER").arg("engine").arg("reset").arg("on").arg(">hush");
            rules.iter().for_each(|rule| _ = command.arg(rule));
            command.exec(&mut admin).expect("ACL SETUSER");
            let (url, delivery) = (server.url_of("engine", "hush"), format!("brokers.delivery={delivery}"));
            run(transport.name(), &["--redis-url", &url, "--set", &delivery])
        };
        granted(&rules).expect_measured();
        for right in rules.iter().filter(|rule| !rule.starts_with("reset") && !rule.starts_with('-')) {
            let others: Vec<_> = rules.iter().filter(|rule| *rule != right).cloned().collect();
            let code = granted(&others).code;
            // Nothing is answered or deleted before there is a load.
            let later = ["+del", "+hsetnx"].contains(&right.as_str());
            assert!(code == 69 || later && code != 0, "{transport} without {right}: {code}");
        }
    }
}
