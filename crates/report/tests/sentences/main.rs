//! Every sentence of a page, worked out again from `result.json` by other code: over what was measured and what is
//! made up. And the sentences that were once wrong, each held against the rule that forbids it.

mod check;
mod curve;
mod intervals;
mod once_wrong;
mod oracle;
mod records;

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use weighbridge_record::fixture::{
    Fixture, client_drops, rate_sweep, refused_half, shed_in_a_stall, with_outage,
};
use weighbridge_record::result::RunResult;
use weighbridge_record::terms::TransportKind;
use weighbridge_report::claims;

/// Random records that CI holds every sentence against.
const RECORDS: u64 = 1_000;

/// The sentences of a record that don't follow from it.
fn wrong(result: &RunResult) -> Vec<String> {
    let record = oracle::Record { json: serde_json::to_value(result).unwrap() };
    let placed = claims(result).unwrap();
    assert!(placed.len() > 1, "a page has sentences");
    placed
        .iter()
        .filter_map(|(place, claim)| Some(format!("{place}: {}", check::wrong(&record, claim)?)))
        .collect()
}

fn measured() -> Vec<(String, RunResult)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/results");
    let mut records: Vec<(String, RunResult)> = fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let mut text = String::new();
            GzDecoder::new(fs::File::open(file.path()).unwrap()).read_to_string(&mut text).unwrap();
            (file.file_name().into_string().unwrap(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    records.sort_by(|a, b| a.0.cmp(&b.0));
    records
}

#[test]
fn sentences_about_what_was_measured_follow_from_the_record() {
    let records = measured();
    assert!(records.len() > 10, "every scenario has one");
    for (name, result) in records {
        let wrong = wrong(&result);
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn sentences_about_made_up_states_follow_from_the_record() {
    let transports = &TransportKind::ALL[..5];
    let fixtures = [
        Fixture::default().build(),
        Fixture { repetitions: 5, ..Fixture::default() }.build(),
        with_outage(Fixture { repetitions: 3, ..Fixture::default() }.build()),
        refused_half(),
        shed_in_a_stall(),
        client_drops(),
        rate_sweep(transports),
    ];
    for result in fixtures {
        let wrong = wrong(&result);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn sentences_about_random_records_follow_from_them() {
    let count = std::env::var("RECORDS").map_or(RECORDS, |count| count.parse().unwrap());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for first in 0..threads as u64 {
            scope.spawn(move || {
                for seed in (first..count).step_by(threads) {
                    let wrong = wrong(&records::record(seed));
                    assert!(wrong.is_empty(), "record {seed}:\n{}", wrong.join("\n"));
                }
            });
        }
    });
}
