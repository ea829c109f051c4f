//! `weighbridge doctor` as a health check: healthy, unhealthy and absent brokers, and what is in force.

use serde_json::Value;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::papers::Papers;
use crate::harness::{Ran, Run};

fn doctor(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let command = Run::command(&[&["doctor", "--json"], arguments].concat());
    variables.iter().fold(command, |command, (name, value)| command.variable(name, value)).end()
}

fn brokers(ran: &Ran) -> Vec<Value> {
    let told: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr));
    assert_eq!(told["healthy"] == Value::Bool(true), ran.code == 0, "{told}");
    told["brokers"].as_array().expect("a list").clone()
}

/// Status of Redis and of NATS.
fn statuses(ran: &Ran) -> [String; 2] {
    let brokers = brokers(ran);
    [0, 1].map(|index| brokers[index]["status"].as_str().expect("a status").to_owned())
}

#[test]
fn healthy_unhealthy_and_absent_brokers_are_told_apart() {
    let healthy = doctor(&[], &[]);
    healthy.expect_code(&[0]);
    assert_eq!(statuses(&healthy), ["healthy", "healthy"]);
    let nats = &brokers(&healthy)[1];
    assert!(nats["jetstream_enabled"] == true && nats["streams"] == 0 && nats["error"].is_null(), "{nats}");

    // Nothing listens on port 1.
    let absent = doctor(&["--redis-url", "redis://127.0.0.1:1", "--nats-url", "nats://127.0.0.1:1"], &[]);
    absent.expect_code(&[69]);
    assert_eq!(statuses(&absent), ["absent", "absent"]);

    let (redis, nats) =
        (Redis::start(&["--requirepass", "right"]), Nats::start("authorization { token: right }"));
    let locked = doctor(&["--redis-url", &redis.url(), "--nats-url", &nats.url()], &[]);
    locked.expect_code(&[69]);
    assert_eq!(statuses(&locked), ["unhealthy", "unhealthy"]);
}

#[test]
fn a_server_that_stands_still_is_unhealthy_within_the_deadline() {
    let redis = Redis::start(&[]);
    redis.freeze();
    let ran = doctor(&["--redis-url", &redis.url(), "--deadline", "3s"], &[]);
    ran.expect_code(&[69]);
    assert_eq!(statuses(&ran), ["unhealthy", "healthy"]);
    // Five times as long as it is given, for a busy machine.
    assert!(ran.took.as_secs() < 15, "{:?}", ran.took);
}

#[test]
fn nats_without_jetstream_is_unhealthy_unless_none_is_wanted() {
    let nats = Nats::start("accounts { A: { users: [ { user: a, password: hush } ] } }");
    let url = nats.url_of("a", "hush");
    let ran = doctor(&["--nats-url", &url], &[]);
    ran.expect_code(&[69]).expect_hidden("hush");
    let told = &brokers(&ran)[1];
    assert!(
        told["status"] == "unhealthy" && told["error"].as_str().unwrap().contains("JETSTREAM_ENABLED"),
        "{told}"
    );
    let unwanted = doctor(&["--nats-url", &url], &[("JETSTREAM_ENABLED", "false")]);
    unwanted.expect_code(&[0]);
    assert_eq!(brokers(&unwanted)[1]["jetstream_enabled"], false);
}

#[test]
fn what_is_in_force_is_told_with_where_it_comes_from_and_no_secret() {
    let (papers, nats) = (Papers::new(), Nats::start("authorization { user: engine, password: hush-4711 }"));
    let (host, port) = nats.address.split_once(':').expect("an address");
    let file = papers.file(".env", &format!("NATS_HOST={host}\nNATS_PORT=1\nNATS_PASSWORD='hush-4711'\n"));
    let ran = doctor(&["--env-file", &file], &[("NATS_PORT", port), ("NATS_USERNAME", "engine")]);
    ran.expect_code(&[0]).expect_hidden("hush-4711");
    let told: Value = serde_json::from_str(&ran.stdout).expect("a document");
    let found = |name: &str| {
        let settings = told["configuration"].as_array().expect("a list");
        let setting = settings.iter().find(|setting| setting["name"] == name).expect(name);
        (setting["value"].as_str().unwrap().to_owned(), setting["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(found("NATS_PORT"), (port.to_owned(), "environment".to_owned()), "it goes before the file");
    assert_eq!(found("NATS_PASSWORD"), ("***".to_owned(), format!("file {file}")));
    let by_flag = doctor(&["--env-file", &file, "--nats-url", "nats://127.0.0.1:1"], &[]);
    assert!(by_flag.stdout.contains(&format!("file {file}, not in force")), "{}", by_flag.stdout);
    let broken = papers.file("broken.env", "NATS_HOST=h\nhush-4711 is no line\n");
    let ran = doctor(&["--env-file", &broken], &[]);
    ran.expect_code(&[2]).expect_error(&["line 2"]).expect_hidden("hush-4711");
}

#[test]
fn a_context_of_the_nats_command_line_names_a_server() {
    let (papers, nats) =
        (tempfile::tempdir().expect("a folder"), Nats::start("authorization { token: hush-4711 }"));
    let folder = papers.path().join("nats/context");
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = format!("{{\"url\": \"{}\", \"token\": \"hush-4711\"}}", nats.url());
    std::fs::write(folder.join("mine.json"), text).expect("writing a context");
    let configuration = papers.path().display().to_string();
    let run = |flags: &[&str], variables: &[(&str, &str)]| {
        let run = Run::short(&["nats-core"]).with(&["--set", "brokers.prefix=own"]).with(flags);
        let run = run.variable("XDG_CONFIG_HOME", &configuration);
        variables.iter().fold(run, |run, (name, value)| run.variable(name, value)).end()
    };
    for ran in [run(&["--nats-context", "mine"], &[]), run(&[], &[("NATS_CONTEXT", "mine")])] {
        ran.expect_measured().expect_hidden("hush-4711");
        assert!(!ran.trial().brokers[0].managed);
    }
    // A flag goes before the environment, the URL of the environment before the context of it.
    run(&["--nats-context", "mine"], &[("NATS_URL", "nats://127.0.0.1:1")]).expect_measured();
    run(&[], &[("NATS_CONTEXT", "mine"), ("NATS_URL", "nats://127.0.0.1:1")]).expect_code(&[69]);
    run(&["--nats-context", "other"], &[]).expect_code(&[2]).expect_error(&["other", "nats context ls"]);
}
