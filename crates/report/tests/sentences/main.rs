//! Every sentence of a page, worked out again from `result.json` by other code: over what was measured and what is
//! made up. And the sentences that were once wrong, each held against the rule that forbids it.

mod check;
mod curve;
mod intervals;
mod once_wrong;
mod once_wrong_of_several;
mod one_record;
mod oracle;
mod records;
mod runs;
mod several;
mod student;
mod two_runs;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Mutex;

use flate2::read::GzDecoder;
use serde_json::Value;
use weighbridge_record::compare::{Options, compare};
use weighbridge_record::fixture::{
    Fixture, client_drops, rate_sweep, refused_half, shed_in_a_stall, with_outage, with_publishing,
};
use weighbridge_record::result::RunResult;
use weighbridge_record::terms::{Flush, Pool, TransportKind};
use weighbridge_report::{Placed, claims, comparison_claims, index_claims};

use check::Source;
use runs::Runs;
use two_runs::TwoRuns;

/// Random records that CI holds every sentence against.
const RECORDS: u64 = 1_000;
/// Random pairs of records, and random folders of them.
const PAIRS: u64 = 250;
const FOLDERS: u64 = 250;

/// The sentences that don't follow from their source.
fn refused(source: &impl Source, placed: &[Placed]) -> Vec<String> {
    placed
        .iter()
        .filter_map(|(place, claim)| Some(format!("{place}: {}", check::wrong(source, claim)?)))
        .collect()
}

fn json(result: &RunResult) -> Value {
    serde_json::to_value(result).unwrap()
}

/// The sentences of a record that don't follow from it.
fn wrong(result: &RunResult) -> Vec<String> {
    let placed = claims(result).unwrap();
    assert!(placed.len() > 1, "a page has sentences");
    refused(&oracle::Record { json: json(result) }, &placed)
}

/// The sentences of two records held against each other, and those that don't follow; none where they can't be.
fn compared(base: &RunResult, new: &RunResult, tolerance_percent: f64) -> Option<(Vec<Placed>, Vec<String>)> {
    let comparison = compare(base, new, Options { tolerance_percent, force: true }).ok()?;
    let placed = comparison_claims(&comparison, base, new).unwrap();
    let wrong = refused(&TwoRuns::of(json(base), json(new), tolerance_percent), &placed);
    Some((placed, wrong))
}

/// The list of runs, as it would be of a folder, and what it says.
fn listed(runs: &[Option<RunResult>]) -> (Runs, Vec<Placed>) {
    let folder = tempfile::tempdir().unwrap();
    for (index, run) in runs.iter().enumerate() {
        let path = folder.path().join(format!("run-{index}"));
        fs::create_dir(&path).unwrap();
        let text = run.as_ref().map_or_else(|| "{".to_owned(), |run| serde_json::to_string(run).unwrap());
        fs::write(path.join("result.json"), text).unwrap();
    }
    let json = runs.iter().map(|run| run.as_ref().map(json)).collect();
    (Runs::of(json), index_claims(folder.path()).unwrap())
}

/// What was said at all, so that no kind of sentence goes unheard.
#[derive(Default)]
struct Said(Mutex<Vec<String>>);

impl Said {
    fn add(&self, placed: &[Placed]) {
        self.0.lock().unwrap().extend(placed.iter().map(|(_, claim)| claim.text.clone()));
    }

    fn expect(self, kinds: &[&str]) {
        let said = self.0.into_inner().unwrap();
        let missing = kinds.iter().filter(|kind| !said.iter().any(|text| text.contains(**kind)));
        assert_eq!(missing.collect::<Vec<_>>(), [&""; 0], "nothing of the kind was said");
    }
}

/// Does it for every number, on all cores.
fn for_each(count: u64, check: impl Fn(u64) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for first in 0..threads as u64 {
            let check = &check;
            scope.spawn(move || (first..count).step_by(threads).for_each(check));
        }
    });
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
        with_publishing(Fixture::default().build(), Pool::Guide, Flush::OneByOne),
        with_publishing(Fixture { repetitions: 3, ..Fixture::default() }.build(), Pool::Guide, Flush::Guide),
        with_publishing(Fixture::default().build(), Pool::Checkout, Flush::Together),
    ];
    for result in fixtures {
        let wrong = wrong(&result);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn sentences_about_random_records_follow_from_them() {
    let count = std::env::var("RECORDS").map_or(RECORDS, |count| count.parse().unwrap());
    for_each(count, |seed| {
        let wrong = wrong(&records::record(seed));
        assert!(wrong.is_empty(), "record {seed}:\n{}", wrong.join("\n"));
    });
}

#[test]
fn sentences_about_two_measured_records_follow_from_both() {
    let records: Vec<(String, RunResult)> =
        measured().into_iter().map(|(name, result)| (name, several::sound(result))).collect();
    let mut count = 0;
    for (name, base) in &records {
        let mut slower = base.clone();
        for turnaround in slower.trials.iter_mut().filter_map(|trial| trial.latency_ns.turnaround.as_mut()) {
            records::scale(turnaround, 1.5);
        }
        for new in [base, &slower].into_iter().chain(records.iter().map(|(_, other)| other).take(2)) {
            let Some((_, wrong)) = compared(base, new, 5.0) else { continue };
            assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
            count += 1;
        }
    }
    assert!(count >= 2 * records.len(), "each with itself and with a changed copy");
}

#[test]
fn sentences_about_two_random_records_follow_from_both() {
    let said = Said::default();
    for_each(PAIRS, |seed| {
        let (base, new, tolerance_percent) = several::pair(seed);
        let Some((placed, wrong)) = compared(&base, &new, tolerance_percent) else { return };
        assert!(wrong.is_empty(), "pair {seed}:\n{}", wrong.join("\n"));
        said.add(&placed);
    });
    said.expect(&[
        "Regression: ",
        "Inconclusive: ",
        " wholly beyond it",
        "No regression: ",
        "are shown to be worse",
        " could be: ",
        "or better.",
        "The curves lie close",
        "The curves lie farthest apart",
        "Too few samples to compare",
    ]);
}

#[test]
fn sentences_about_a_folder_follow_from_its_runs() {
    let said = Said::default();
    for_each(FOLDERS, |seed| {
        let (runs, placed) = listed(&several::folder(seed));
        let wrong = refused(&runs, &placed);
        assert!(wrong.is_empty(), "folder {seed}:\n{}", wrong.join("\n"));
        said.add(&placed);
    });
    said.expect(&[
        "There is no run",
        " unreadable",
        " moved most: ",
        " moved least: ",
        " moved by a twentieth",
        "Fewer than two valid runs",
        " no other run of the scenario has",
    ]);
    let measured = measured().into_iter().flat_map(|(_, result)| {
        let mut later = result.clone();
        later.run_id.push('2');
        "2030-01-01T00:00:00Z".clone_into(&mut later.environment.started_at);
        [Some(result), Some(later)]
    });
    let (runs, placed) = listed(&measured.collect::<Vec<_>>());
    assert!(placed.len() > 10);
    assert_eq!(refused(&runs, &placed), [""; 0]);
}
