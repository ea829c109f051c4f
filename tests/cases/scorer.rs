//! Workers that ask a scoring service, held against a small one of the test's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use weighbridge_record::result::{ScorerCalls, Trial};
use weighbridge_record::terms::Stage;

use crate::harness::Run;

const SCORE: &str = r#"{"urgency_level":"HIGH","priority_score":7.5}"#;

/// What the service makes of the request with this number, from 0; none: it says nothing and keeps the connection.
type Answers = fn(u64, &Value) -> Option<(u16, String)>;

/// A service that listens until the test ends.
struct Service {
    url: String,
    asked: Arc<AtomicU64>,
}

impl Service {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/score", listener.local_addr().expect("its address"));
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let count = Arc::clone(&count);
                std::thread::spawn(move || serve(stream, &count, answers));
            }
        });
        Self { url, asked }
    }
}

/// Answers one connection, request by request, until its client is gone.
fn serve(mut stream: TcpStream, asked: &AtomicU64, answers: Answers) {
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle"));
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body).expect("a whole body");
        let request = serde_json::from_slice(&body).expect("JSON");
        let Some((status, answer)) = answers(asked.fetch_add(1, Ordering::Relaxed), &request) else {
            std::thread::sleep(Duration::from_secs(5));
            return;
        };
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", answer.len());
        if stream.write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

const SCENARIO: &str = r#"
name = "scorer"
question = "What does the service make of it?"
transports = ["nats-core"]
[load]
executor = "constant-arrival-rate"
arrivals = "uniform"
rate = 100
warmup = "0s"
duration = "1s"
cooldown = "0s"
[workers]
kind = "http"
url = "URL"
timeout = "1s"
[thresholds]
"ledger.unanswered" = ">= 0"
"#;

fn asked(service: &Service, transport: &str, set: &[&str]) -> Trial {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), SCENARIO.replace("URL", &service.url)).unwrap();
    let mut run = Run::scenario(&file.path().display().to_string()).with(&["--transport", transport]);
    for change in set {
        run = run.with(&["--set", change]);
    }
    let ran = run.variable("WEIGHBRIDGE_SCORER_KEY", "geheim").end();
    ran.expect_measured().expect_hidden("geheim");
    ran.trial()
}

fn calls(trial: &Trial) -> ScorerCalls {
    trial.workers.as_ref().and_then(|workers| workers.scorer.as_ref()).expect("a scorer").calls
}

#[test]
fn every_request_is_scored_by_the_service_on_every_path() {
    let service = Service::start(|_, request| {
        let named = request["correlation_id"].is_string() && request["title"].is_string();
        Some(if named { (200, SCORE.to_owned()) } else { (400, String::new()) })
    });
    for transport in ["redis-pubsub", "redis-streams", "nats-core", "nats-jetstream", "nats-request"] {
        let before = service.asked.load(Ordering::Relaxed);
        let trial = asked(&service, transport, &[]);
        let ledger = &trial.ledger;
        assert_eq!(
            (ledger.completed, ledger.lost),
            (ledger.attempted, 0),
            "{transport}: {ledger:?} {:?}",
            trial.errors
        );
        assert_eq!(ledger.delivered, ledger.attempted, "{transport}");
        assert_eq!(service.asked.load(Ordering::Relaxed) - before, ledger.attempted, "{transport}");
        let clean = ScorerCalls { calls: ledger.attempted, ..ScorerCalls::default() };
        assert_eq!(calls(&trial), clean, "{transport}");
        assert!(trial.latency_ns.get(Stage::Service).is_some(), "{transport}: the call is the service");
    }
}

#[test]
fn a_chat_completion_is_asked_in_openais_format() {
    let service = Service::start(|_, request| {
        let content = format!("Here it is: {SCORE}");
        let told =
            request["model"] == "small" && request["messages"][1]["content"].as_str()?.contains("\"title\"");
        let answer = json!({ "choices": [{ "message": { "role": "assistant", "content": content } }] });
        Some(if told { (200, answer.to_string()) } else { (400, String::new()) })
    });
    let trial = asked(&service, "nats-core", &["workers.format=openai", "workers.model=small"]);
    assert_eq!(trial.ledger.completed, trial.ledger.attempted, "{:?}", trial.errors);
    let scorer = trial.workers.and_then(|workers| workers.scorer).expect("a scorer");
    assert_eq!(scorer.model.as_deref(), Some("small"));
}

/// Of ten requests each: an error of the server once, no answer once, garbage once, a refusal once.
#[test]
fn failures_are_told_by_class_and_what_may_pass_is_asked_again() {
    let service = Service::start(|number, _| match number % 25 {
        3 => Some((503, String::new())),
        9 => None,
        14 => Some((200, "I think it is urgent".to_owned())),
        20 => Some((422, String::new())),
        _ => Some((200, SCORE.to_owned())),
    });
    for (transport, errors) in [("nats-core", "worker: no score"), ("nats-request", "worker: no score")] {
        let trial = asked(&service, transport, &["workers.timeout=300ms"]);
        let (calls, ledger) = (calls(&trial), &trial.ledger);
        let classes = [calls.server_error, calls.timeout, calls.malformed, calls.client_error];
        assert!(classes.iter().all(|count| *count >= 3), "{transport}: {calls:?}");
        assert_eq!(calls.retried, calls.server_error + calls.timeout, "{transport}: {calls:?}");
        assert_eq!(calls.calls, ledger.attempted + calls.retried, "{transport}");
        assert_eq!(calls.unscored, calls.malformed + calls.client_error, "{transport}: {calls:?}");
        assert_eq!((ledger.rejected, ledger.lost), (calls.unscored, 0), "{transport}: {ledger:?}");
        let counted = |wording: &str| {
            trial.errors.iter().find(|error| error.message.contains(wording)).map(|error| error.count)
        };
        assert_eq!(counted(errors), Some(calls.unscored), "{transport}: {:?}", trial.errors);
        assert_eq!(counted("status 503"), Some(calls.server_error), "{transport}: {:?}", trial.errors);
        assert_eq!(counted("no answer in time"), Some(calls.timeout), "{transport}: {:?}", trial.errors);
    }
}

#[test]
fn a_service_that_is_not_there_ends_the_run_before_any_load() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), SCENARIO.replace("URL", &format!("http://{free}/"))).unwrap();
    let ran = Run::scenario(&file.path().display().to_string()).end();
    ran.expect_code(&[69]).expect_error(&["the scoring service (workers.url) is not there", "refused"]);
    ran.expect_no_report();
    let text = SCENARIO.replace("URL", "http://192.0.2.1/");
    std::fs::write(file.path(), text).unwrap();
    let ran = Run::scenario(&file.path().display().to_string()).end();
    ran.expect_error(&["192.0.2.1", "--allow-host"]).expect_no_report();
}
