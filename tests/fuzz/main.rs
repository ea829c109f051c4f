//! Whatever is handed in from outside, read without a panic: scenario files, records, correlation ids, URLs.
//!
//! Every input is tried as it is and as a list of edits to a text of the committed corpus, of its bytes and of what it
//! is built of; see `edits`. `make test` tries the corpus and some hundreds of inputs more, `make fuzz` millions.
//! Whatever once made one of them fail goes into the corpus.

mod corpus;
mod edits;

use std::cell::OnceCell;
use std::path::PathBuf;

use corpus::Corpus;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use weighbridge::schema::{Correlation, PriorityRequest};
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_plan::scenario::{Overrides, explain, plan};
use weighbridge_record::compare::{self, compare};
use weighbridge_record::terms::BrokerKind;
use weighbridge_report::{compare_page, compare_text, folder, html, index};

/// Longest input: two bytes that choose a text, and seven edits.
const INPUT_BYTES_MAX: usize = 58;
/// How many inputs each target gets; without it, as many as a test can wait for, and the same ones every time.
const INPUTS: &str = "FUZZ_INPUTS";

/// Tries the corpus, then inputs: as they are, and as edits.
fn try_all(corpus: &Corpus, few: u32, target: impl Fn(&[u8])) {
    corpus.texts().for_each(&target);
    let asked = std::env::var(INPUTS).ok();
    let inputs = asked.as_ref().map_or(few, |count| count.parse().expect("a number of inputs"));
    // Inputs are not kept by the library: what fails goes into the corpus.
    let config = Config { cases: inputs, failure_persistence: None, ..Config::default() };
    let mut runner = match asked {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let tried = runner.run(&vec(any::<u8>(), 0..=INPUT_BYTES_MAX), |input| {
        target(&input);
        target(&edits::edited(corpus, &input));
        Ok(())
    });
    if let Err(TestError::Fail(reason, input)) = &tried {
        let text = edits::edited(corpus, input);
        panic!("{reason}\ninput: {input:?}\ntext: {}", String::from_utf8_lossy(&text));
    }
    assert!(tried.is_ok(), "{tried:?}");
}

#[test]
fn no_scenario_file_makes_it_panic() {
    let mut corpus = Corpus::of("scenarios");
    corpus.add_all("scenarios", "toml");
    corpus.add_blocks("docs", "toml");
    try_all(&corpus, 300, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        match plan("fuzz.toml", &text, &Overrides::default()) {
            Ok(plan) => assert!(!explain(&plan).is_empty()),
            Err(errors) => assert!(!errors.summary().is_empty()),
        }
    });
}

#[test]
fn no_record_makes_it_panic() {
    let mut corpus = Corpus::of("records");
    corpus.add_all("tests/data", "json");
    let runs = tempfile::tempdir().expect("a folder");
    let run = runs.path().join("20260102T030405Z-quickstart");
    std::fs::create_dir(&run).expect("the folder of a run");
    let record = run.join("result.json");
    let sound = OnceCell::new();
    try_all(&corpus, 100, |bytes| {
        std::fs::write(&record, bytes).expect("writing a record");
        if let Ok(result) = folder::read(&run) {
            let known = sound.get_or_init(|| result.clone());
            let _ = html::render(&result);
            if let Ok(comparison) =
                compare(known, &result, compare::Options { tolerance_percent: 5.0, force: true })
            {
                compare_text::text(&comparison);
                let _ = compare_page::render(&comparison, known, &result);
            }
        }
        let _ = index::renew(runs.path());
    });
}

#[test]
fn no_correlation_id_makes_it_panic_or_reads_as_another() {
    let ours = Correlation::new(0xdead_beef);
    let corpus = Corpus::of("ids");
    try_all(&corpus, 2_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for sequence in [ours.read(&text), ours.read_last_field(bytes)].into_iter().flatten() {
            let id = format!("req_deadbeef_{sequence:012}");
            assert!(text.contains(&id), "{text} is no {id}");
        }
        if let Ok(request) = PriorityRequest::parse(bytes) {
            assert!(!request.correlation_id.is_empty());
        }
    });
}

#[test]
fn no_url_makes_it_panic_or_is_repeated_in_its_error() {
    let corpus = Corpus::of("urls");
    try_all(&corpus, 2_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for kind in [BrokerKind::RedisServer, BrokerKind::NatsServer] {
            match Endpoint::parse(kind, &text) {
                Ok(endpoint) => {
                    assert!(!endpoint.servers.is_empty() && !endpoint.address().is_empty());
                    let (shown, host) = (format!("{endpoint:?}"), &endpoint.servers[0].host);
                    assert!(host.contains("geheim") || !shown.contains("geheim"), "{shown}");
                }
                Err(error) => assert!(!error.to_string().contains("geheim"), "{error}"),
            }
        }
    });
}

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
