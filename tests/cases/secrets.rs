//! Passwords of every odd character, given in every way, stand nowhere afterwards.

use std::path::Path;

use nkeys::KeyPair;
use procfs::process::{Process, all_processes};
use weighbridge::site::accounts::Accounts;
use weighbridge_record::terms::BrokerKind;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::papers::Papers;
use crate::harness::{Run, entries, wait_for};

/// Of a password like this every part that is left between two odd characters would be found by this word.
const SECRET: &str = "hush-";

/// What a URL may hold as it is.
const ODD: &str = "hush-1\"hush-2 hush-3'hush-4@hush-5:hush-6%hush-7ähush-8\\hush-9😀hush-10";

/// What it may not: the URL can't be read.
const BREAKING: [&str; 6] =
    ["hush-1/hush-2", "hush-1#hush-2", "hush-1?hush-2", "hush-1\nhush-2", "hush-1\thush-2", "hush-1/hush@-2"];

const SCENARIO: &str = "tests/cases/harness/short.toml";

fn url(kind: BrokerKind, password: &str, address: &str) -> String {
    match kind {
        BrokerKind::RedisServer => format!("redis://:{password}@{address}"),
        BrokerKind::NatsServer => format!("nats://engine:{password}@{address}"),
    }
}

fn names(kind: BrokerKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        BrokerKind::RedisServer => ("--redis-url", "REDIS_URL", "redis_url"),
        BrokerKind::NatsServer => ("--nats-url", "NATS_URL", "nats_url"),
    }
}

/// Text in quotes, for TOML as for JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

/// A scenario whose URL stands in its value, in a comment and in its question.
fn scenario(folder: &Path, key: &str, url: &str) -> String {
    let text = std::fs::read_to_string(SCENARIO).expect("the scenario");
    let asked = quoted(&format!("Does every request of {url} come back?"));
    let text = text.replace("\"Does every request come back?\"", &asked);
    let comment = url.replace(['\n', '\t'], " ");
    let path = folder.join("own.toml");
    let text = format!("# was {comment}\n{text}\n[brokers]\n{key} = {} # or {comment}\n", quoted(url));
    std::fs::write(&path, text).expect("writing a scenario");
    path.display().to_string()
}

/// The same URL from every source.
fn runs(kind: BrokerKind, url: &str, transport: &str, folder: &Path) -> Vec<(&'static str, Run)> {
    let (flag, variable, key) = names(kind);
    let short = || Run::short(&[transport]);
    let set = |value: String| short().with(&["--set", &value]);
    let own = Run::scenario(&scenario(folder, key, url)).with(&["--transport", transport]);
    let changed =
        Run::scenario(&scenario(folder, key, url)).with(&["--transport", transport, "--rate", "100"]);
    vec![
        ("flag", short().with(&[flag, url])),
        ("flag with =", short().with(&[&format!("{flag}={url}")])),
        ("variable", short().variable(variable, url)),
        ("--set with a bare word", set(format!("brokers.{key}={url}"))),
        ("--set with a string", set(format!("brokers.{key}={}", quoted(url)))),
        ("--set with a table", set(format!("brokers={{ {key} = {} }}", quoted(url)))),
        ("file", own),
        ("file with a flag over it", changed),
    ]
}

#[test]
fn a_password_of_odd_characters_stands_nowhere_whatever_gave_it() {
    let folder = tempfile::tempdir().expect("a folder");
    for kind in [BrokerKind::RedisServer, BrokerKind::NatsServer] {
        let url = url(kind, ODD, "127.0.0.1:1");
        for (source, run) in runs(kind, &url, "in-process", folder.path()) {
            let ran = run.end();
            assert!([0, 100].contains(&ran.code), "{source}: {}", ran.stderr);
            ran.expect_hidden(SECRET);
            let record = ran.result();
            let told = format!("{} {}", record.environment.command, record.scenario.source);
            assert!(told.contains("***") || source == "variable", "{source}: {told}");
        }
    }
}

#[test]
fn a_url_that_a_character_breaks_is_named_by_its_source_and_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    for kind in [BrokerKind::RedisServer, BrokerKind::NatsServer] {
        let (flag, variable, key) = names(kind);
        for password in BREAKING {
            let url = url(kind, password, "127.0.0.1:1");
            for (source, run) in runs(kind, &url, "in-process", folder.path()) {
                let ran = run.end();
                assert_eq!(ran.code, 104, "{source}: {}", ran.stderr);
                ran.expect_hidden("ush").expect_no_report();
                let place = match source {
                    "variable" => variable,
                    "flag" | "flag with =" => flag,
                    "file" | "file with a flag over it" => "own.toml:",
                    _ => "--set brokers",
                };
                assert!(ran.stderr.contains(place), "{source}: {}", ran.stderr);
            }
        }
        // Neither is a slip in the key, nor a value that is no TOML.
        let url = url(kind, ODD, "127.0.0.1:1");
        let slips = [
            format!("brokers.{key}x={url}"),
            format!("brokers.{key}=[\"{url}"),
            format!("{key}={url}"),
            format!("sweep.brokers.{key}=[{}]", quoted(&url)),
            format!("name={url}"),
            format!("transports=[{}]", quoted(&url)),
            url.clone(),
        ];
        for slip in slips {
            let ran = Run::short(&[]).with(&["--set", &slip]).end();
            ran.expect_code(&[104]).expect_hidden(SECRET).expect_no_report();
        }
    }
}

#[test]
fn a_broken_file_does_not_show_its_url() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("broken.toml");
    let url = url(BrokerKind::RedisServer, ODD, "127.0.0.1:1");
    // Quotes within quotes are no TOML.
    std::fs::write(&path, format!("[brokers]\nredis_url = \"{url}\"\nnats_url = \"hush-11\nname = 1\n"))
        .expect("writing a scenario");
    for verb in ["validate", "run", "search"] {
        let ran = Run::command(&[verb, &path.display().to_string()]).end();
        ran.expect_code(&[104]).expect_error(&["broken.toml:2"]).expect_hidden(SECRET);
    }
    let listed = Run::command(&["list", "--scenarios", &folder.path().display().to_string()]).end();
    listed.expect_code(&[0]).expect_hidden(SECRET);
}

#[test]
fn a_word_in_the_wrong_place_is_not_repeated_either() {
    let url = url(BrokerKind::RedisServer, ODD, "127.0.0.1:1");
    for (words, code) in [
        (vec![url.as_str()], 2),
        (vec!["run", &url], 104),
        (vec!["list", &url], 2),
        (vec!["run", "quickstart", "--duration", &url], 104),
        (vec!["run", "quickstart", "--rate", &url], 2),
        (vec!["run", "quickstart", "--transport", &url], 2),
    ] {
        Run::command(&words).end().expect_code(&[code]).expect_hidden(SECRET);
    }
    let doctor = Run::command(&["doctor"]).variable("NATS_URL", "nats://hush-1/hush-2@h").end();
    doctor.expect_code(&[2]).expect_error(&["the environment variable NATS_URL"]).expect_hidden(SECRET);
}

#[test]
fn servers_that_ask_for_such_a_password_are_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Redis::start(&["--requirepass", ODD]);
    let address = redis.url().replace("redis://", "");
    // NATS takes `$` and quotes in its own way; what the URL encodes is the same for both.
    let nats = Nats::start(&format!("authorization {{ user: engine, password: {} }}", quoted(ODD)));
    let encoded: String = ODD.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for (kind, transport, address) in [
        (BrokerKind::RedisServer, "redis-pubsub", &address),
        (BrokerKind::NatsServer, "nats-core", &nats.address),
    ] {
        for password in [ODD, &encoded] {
            let url = url(kind, password, address);
            for (source, run) in runs(kind, &url, transport, folder.path()) {
                if !["flag", "variable", "file"].contains(&source) {
                    continue;
                }
                let ran = run.end();
                assert!([0, 100].contains(&ran.code), "{source}: {}", ran.stderr);
                ran.expect_hidden(SECRET).expect_hidden(&encoded);
                let ledger = ran.trial().ledger;
                assert!(ledger.completed > 0 && ledger.completed == ledger.attempted, "{ledger:?}");
            }
        }
    }
}

/// What the command lines of a process's children say.
fn children(id: u32) -> Vec<String> {
    let processes = all_processes().expect("/proc").filter_map(Result::ok);
    let own = processes.filter(|process| process.stat().is_ok_and(|stat| stat.ppid == id as i32));
    own.filter_map(|process: Process| process.cmdline().ok()).map(|words| words.join(" ")).collect()
}

#[test]
fn servers_that_are_started_are_not_told_the_password_of_others() {
    let url = url(BrokerKind::RedisServer, ODD, "127.0.0.1:1");
    let run =
        Run::short(&["nats-core"]).variable("REDIS_URL", &url).with(&["--set", &format!("name={url}x")]);
    run.end().expect_code(&[104]).expect_hidden(SECRET);
    let run = Run::short(&["nats-core"]).variable("REDIS_URL", &url).start();
    let lines = wait_for("a server of the run", || {
        Some(children(run.id())).filter(|lines| lines.iter().any(|line| line.contains("nats-server")))
    });
    assert!(lines.iter().all(|line| !line.contains(SECRET)), "{lines:?}");
    run.end().expect_measured().expect_hidden(SECRET);
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    let empty = |run: Run| {
        let names = [
            "REDIS_URL",
            "NATS_URL",
            "WEIGHBRIDGE_REDIS_SERVER",
            "WEIGHBRIDGE_NATS_SERVER",
            "WEIGHBRIDGE_LOG",
        ];
        names.iter().fold(run, |run, name| run.variable(name, ""))
    };
    empty(Run::short(&["in-process"])).end().expect_measured();
    empty(Run::command(&["list"])).end().expect_code(&[0]);
    let ran = empty(Run::short(&["redis-pubsub"])).end();
    ran.expect_measured();
    // It was started, not reached.
    assert!(ran.trial().brokers.iter().all(|broker| broker.managed), "{:?}", ran.trial().brokers);
}

/// What was made for a server of ours to let clients in stands in files of its folder and nowhere else.
#[test]
fn secrets_that_are_made_for_a_run_stand_in_no_process_listing_and_in_no_report() {
    for (transport, auth, file) in [
        ("redis-streams", "password", "redis.conf"),
        ("redis-pubsub", "acl", "redis.conf"),
        ("nats-core", "password", "nats.conf"),
        ("nats-jetstream", "token", "nats.conf"),
    ] {
        let setting = format!("brokers.auth={auth}");
        let run = Run::short(&[transport]).with(&["--set", &setting, "--set", "workers.kind=processes"]);
        let scratch = run.scratch().to_owned();
        let running = run.with(&["--duration", "2s"]).start();
        let secrets = wait_for("secrets of a server", || {
            let folder = entries(&scratch).into_iter().find(|name| name.contains("-server"))?;
            let settings = std::fs::read_to_string(scratch.join(folder).join(file)).ok()?;
            let found = secrets_of(&settings);
            (!found.is_empty()).then_some(found)
        });
        // The server and the workers, which are told by a pipe.
        let listed = wait_for("worker processes", || {
            let found = children(running.id());
            (found.len() > 1).then_some(found)
        });
        let ran = running.end();
        ran.expect_measured();
        for secret in secrets {
            assert!(!listed.iter().any(|line| line.contains(&secret)), "{transport}: {listed:?}");
            ran.expect_hidden(&secret);
        }
    }
}

/// Words of as many hexadecimal digits as a secret has.
fn secrets_of(settings: &str) -> Vec<String> {
    let words = settings.split(|c: char| !c.is_ascii_alphanumeric());
    let is_secret = |word: &&str| word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
    words.filter(is_secret).map(str::to_owned).collect()
}

/// Keys and credentials are in files of the user's, whose contents stand nowhere else.
#[test]
fn what_the_files_of_a_user_hold_stands_nowhere() {
    let papers = Papers::new();
    let (key, accounts) = (KeyPair::new_user(), Accounts::new().expect("accounts"));
    let seed = key.seed().expect("a seed");
    let by_key = Nats::start(&format!("authorization {{ users: [ {{ nkey: {} }} ] }}", key.public_key()));
    let by_jwt = Nats::start(&accounts.settings());
    let jwt = accounts.credentials.lines().nth(1).expect("a JWT").to_owned();
    let seed_of_jwt =
        accounts.credentials.lines().find(|line| line.starts_with("SU")).expect("a seed").to_owned();
    let file = papers.file(".env", &format!("NATS_TOKEN={SECRET}4711\n"));
    for (server, flag, text) in
        [(&by_key, "--nats-nkey", &seed), (&by_jwt, "--nats-creds", &accounts.credentials)]
    {
        let path = papers.file("file", text);
        let run = Run::short(&["nats-core"]).with(&["--nats-url", &server.url(), flag, &path]);
        let run = run.with(&["--env-file", &file, "--set", "workers.kind=processes", "--duration", "1s"]);
        let running = run.start();
        let listed = wait_for("worker processes", || {
            let found = children(running.id());
            (!found.is_empty()).then_some(found)
        });
        let ran = running.end();
        ran.expect_measured();
        for secret in [&seed, &jwt, &seed_of_jwt, &format!("{SECRET}4711")] {
            assert!(!listed.iter().any(|line| line.contains(secret.as_str())), "{listed:?}");
            ran.expect_hidden(secret);
        }
    }
}
