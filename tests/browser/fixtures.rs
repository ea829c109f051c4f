//! Records to make pages of: one measured of each committed scenario, and some that are made from those.
//!
//! `scripts/renew-fixtures.sh` measures them. Their figures mean nothing; their shapes are real.

use std::io::Read;
use std::path::{Path, PathBuf};

use weighbridge_record::promised;
use weighbridge_record::result::{Doubt, DoubtKind, ErrorGroup, Fault, RunResult, StageLatencies, Verdict};
use weighbridge_record::terms::Action;

/// A record with the name that findings get.
pub struct Record {
    pub name: String,
    pub result: RunResult,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/results")
}

fn fixture(scenario: &str) -> PathBuf {
    folder().join(format!("{scenario}.json.gz"))
}

/// The names of the scenarios that are committed: all that do nothing to their paths, and of the others those that were
/// measured for it; more are made up, see `faults`.
pub fn scenarios() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).expect("the scenarios");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let struck = std::fs::read_to_string(&path).expect("a scenario").contains("[[faults]]");
            (path.file_stem().expect("a name").to_string_lossy().into_owned(), struck)
        })
        .filter(|(name, struck)| !struck || fixture(name).exists())
        .map(|(name, _)| name)
        .collect();
    names.sort();
    names
}

pub fn measured(scenario: &str) -> RunResult {
    let path = fixture(scenario);
    let advice = "run scripts/renew-fixtures.sh";
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; {advice}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).expect("a packed record");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}; {advice}", path.display()))
}

/// All measured ones, and those that are made of them.
pub fn all() -> Vec<Record> {
    let mut records: Vec<Record> = scenarios()
        .into_iter()
        .map(|name| {
            let result = measured(&name);
            Record { name, result }
        })
        .collect();
    for (name, result) in
        [("invalid", invalid()), ("failed", failed()), ("faults", faults()), ("hostile", hostile())]
    {
        records.push(Record { name: name.to_owned(), result });
    }
    records.push(Record { name: "stopped".to_owned(), result: stopped() });
    records
}

/// A run that ranks nothing: the generator lagged behind on one transport.
pub fn invalid() -> RunResult {
    let mut result = measured("quickstart");
    result.verdict = Verdict::Invalid;
    let trial = &mut result.trials[0];
    trial.valid = false;
    trial.doubts.push(Doubt {
        kind: DoubtKind::GeneratorLagged,
        detail: "p99 send lag was 9.10 ms, more than a tenth of p99 turnaround".to_owned(),
    });
    for row in result.summary.iter_mut().filter(|row| row.path == trial.path) {
        row.valid_repetitions = 0;
        row.figures.clear();
    }
    result.ratios.clear();
    result
}

/// A run whose thresholds fail, with errors and losses.
pub fn failed() -> RunResult {
    let mut result = measured("quickstart");
    result.verdict = Verdict::Failed;
    for outcome in &mut result.thresholds {
        outcome.passed = false;
    }
    for (index, trial) in result.trials.iter_mut().enumerate() {
        trial.ledger.lost = 12;
        trial.ledger.duplicated = 3;
        let errors = ["timed out after 30 s", "connection reset by peer (os error 104)", "no responders"];
        trial.errors = errors
            .iter()
            .map(|message| ErrorGroup { message: (*message).to_owned(), count: 7 * (index as u64 + 1) })
            .collect();
    }
    result
}

/// A run of one transport that was stopped in its warm-up: what is measured over the window is missing.
pub fn stopped() -> RunResult {
    let mut result = measured("quickstart");
    result.verdict = Verdict::Aborted;
    result.trials.truncate(1);
    let trial = &mut result.trials[0];
    trial.valid = false;
    trial.complete = false;
    trial.doubts = vec![Doubt { kind: DoubtKind::Incomplete, detail: "stopped by a signal".to_owned() }];
    trial.series.retain(|row| row.t_s < 0.0);
    trial.breakdown.clear();
    trial.latency_ns = StageLatencies::default();
    result.thresholds.clear();
    result.ratios.clear();
    result.summary.clear();
    result
}

/// A run in which a broker was killed and a worker stopped.
pub fn faults() -> RunResult {
    let mut result = measured("spike");
    for trial in &mut result.trials {
        let fault = |action: Action, target: &str, start_s, end_s| Fault {
            end_s,
            lost: Some(40),
            recovered_s: end_s.map(|_| 0.4),
            ..Fault::begun(action, target, start_s)
        };
        trial.faults = vec![
            fault(Action::KillBroker, "broker", 0.8, Some(1.4)),
            fault(Action::PauseBroker, "broker 1", 1.9, Some(2.2)),
            fault(Action::PauseBroker, "broker 2", 2.0, None),
        ];
        trial.ledger.lost = 40;
        (trial.promises, trial.legal) = (promised::judge(trial), promised::legal(trial));
    }
    result
}

/// Markup that would set `window.planted` if it were taken as such.
pub const MARKUP: &str = concat!(
    "</script><script>window.planted='script'</script>",
    "\"><img src=x onerror=\"window.planted='handler'\">",
    "' onmouseover='window.planted=1' --><!-- ]]> {{ 7*7 }} &lt;b&gt;",
);

/// Written from right to left, with marks that turn the direction, and with characters of no width.
const TURNED: &str = "مرحبا \u{202e}desrever\u{202c} \u{200b}\u{200d}\u{feff}עולם";

/// Every text that a record takes over from elsewhere is as bad as it can be.
pub fn hostile() -> RunResult {
    let mut result = failed();
    let long = "w".repeat(5_000);
    let text = format!("{MARKUP} {TURNED} {long}");
    result.scenario.name = format!("{MARKUP}{TURNED}");
    for place in [
        &mut result.scenario.question,
        &mut result.scenario.source,
        &mut result.scenario.offered,
        &mut result.environment.command,
        &mut result.environment.os,
        &mut result.environment.cpu_model,
        &mut result.environment.placement,
        &mut result.environment.weighbridge_version,
        &mut result.thresholds[0].expression,
    ] {
        *place = text.clone();
    }
    result.scenario.reading = Some(text.clone());
    for trial in &mut result.trials {
        trial.doubts.push(Doubt { kind: DoubtKind::Shed, detail: text.clone() });
        trial.errors.push(ErrorGroup { message: text.clone(), count: 5 });
        let target = format!("{MARKUP}{long}");
        trial.faults = vec![Fault { end_s: Some(1.0), ..Fault::begun(Action::PauseBroker, &target, 0.5) }];
        for broker in &mut trial.brokers {
            broker.version = text.clone();
            broker.address = text.clone();
            broker.config.insert(text.clone(), text.clone());
        }
    }
    result
}

#[test]
fn every_scenario_has_a_fixture_that_is_a_record_of_today() {
    for name in scenarios() {
        let result = measured(&name);
        assert_eq!(result.scenario.name, name);
        assert!(!result.trials.is_empty(), "{name} has no trials");
    }
}

#[test]
fn every_fixture_has_a_scenario() {
    let known = scenarios();
    for entry in std::fs::read_dir(folder()).expect("the fixtures") {
        let file = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let name = file.strip_suffix(".json.gz").unwrap_or_else(|| panic!("{file} is no fixture"));
        assert!(known.iter().any(|scenario| scenario == name), "there is no scenario {name}");
    }
}

#[test]
fn some_fixtures_are_repeated() {
    let repeated = scenarios().iter().filter(|name| measured(name).scenario.repeat >= 3).count();
    assert!(repeated >= 2, "{repeated}");
}
