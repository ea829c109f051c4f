//! `result.json` as another program would read it: valid, in balance, and with histograms that say the same.

use std::io::Cursor;

use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use weighbridge_record::result::{LatencySummary, RunResult};
use weighbridge_record::terms::{Stage, TransportKind};

use crate::harness::Run;

/// The figures of the histogram that stands beside them, which keeps three digits.
fn expect_same_figures(name: &str, summary: &LatencySummary) {
    let bytes = base64::engine::general_purpose::STANDARD.decode(&summary.histogram).expect("base64");
    let histogram: Histogram<u64> =
        Deserializer::new().deserialize(&mut Cursor::new(bytes)).expect("V2 deflate");
    assert_eq!(histogram.len(), summary.count, "{name}");
    for (quantile, printed) in [
        (0.5, summary.p50),
        (0.9, summary.p90),
        (0.99, summary.p99),
        (0.999, summary.p999),
        (0.9999, summary.p9999),
        (1.0, summary.max),
    ] {
        let above = (1.0 - quantile) * summary.count as f64 + 1e-6;
        if quantile < 1.0 && above < 10.0 {
            assert_eq!(printed, None, "{name} {quantile}: fewer than ten samples lie above it");
            continue;
        }
        assert_eq!(printed, Some(histogram.value_at_quantile(quantile)), "{name} {quantile}");
    }
    assert_eq!(summary.min, Some(histogram.min()), "{name}");
}

#[test]
fn the_quickstart_prints_a_record_that_keeps_its_schema_its_ledger_and_its_histograms() {
    let flags = ["--rate", "300", "--duration", "1s", "--warmup", "200ms", "--json", "--quiet"];
    let mut run = Run::scenario("quickstart").with(&flags);
    for transport in TransportKind::ALL {
        run = run.with(&["--transport", transport.name()]);
    }
    let ran = run.end();
    // 99: so few samples have no p99, and a figure that can't be observed doesn't pass.
    ran.expect_code(&[0, 99, 100]);
    let schema = Run::command(&["schema", "result"]).end().json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let record = ran.json();
    let errors: Vec<String> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let result: RunResult = serde_json::from_value(record).expect("a record");
    let measured: Vec<_> = result.trials.iter().map(|trial| trial.path).collect();
    assert_eq!(measured, TransportKind::ALL);
    for trial in &result.trials {
        let ledger = &trial.ledger;
        assert_eq!(ledger.check(), Ok(()), "{}", trial.path);
        assert!(ledger.attempted > 0, "{}", trial.path);
        assert_eq!((ledger.lost, ledger.unexpected, ledger.duplicated), (0, 0, 0), "{}", trial.path);
        for stage in Stage::ALL {
            if let Some(summary) = trial.latency_ns.get(stage) {
                expect_same_figures(&format!("{} {}", trial.path, stage.name()), summary);
            }
        }
        let turnaround = trial.latency_ns.get(Stage::Turnaround).expect("turnaround");
        let offered = trial.rates.offered_per_s.expect("a scheduled load") * trial.window_s;
        assert_eq!(turnaround.count as f64, offered.round(), "{}: nothing was lost", trial.path);
    }
}

#[test]
fn the_same_seed_attempts_the_same_requests_on_every_path() {
    let run = Run::short(&["in-process", "redis-pubsub", "nats-core"]).with(&["--seed", "7"]);
    let ran = run.end();
    ran.expect_measured();
    let attempted: Vec<u64> = ran.result().trials.iter().map(|trial| trial.ledger.attempted).collect();
    assert!(attempted[0] > 0 && attempted.iter().all(|count| *count == attempted[0]), "{attempted:?}");
}
