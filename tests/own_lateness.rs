//! A record with a stall of the instrument in it: what its page says, and what it no longer says.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use weighbridge_record::compare::{Options, compare};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::pairs::between_paths;
use weighbridge_record::result::RunResult;
use weighbridge_record::terms::TransportKind;

/// In repetition 1 of redis-pubsub the generator stood still: p99.9 of send lag is 14.4 ms of a turnaround of 41.9 ms.
fn stalled() -> RunResult {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/own-stall.json.gz");
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn plain(page: &str) -> String {
    page.replace('\u{a0}', " ")
}

#[test]
fn a_stall_of_ours_is_not_printed_as_the_paths() {
    let page = plain(&weighbridge_report::html::render(&stalled()).unwrap());
    assert!(!page.contains("p99.9 of redis-pubsub is"), "the ratio of merged tails");
    let whose = "redis-pubsub, own lateness: ";
    let (_, told) = page.split_once(whose).expect("whose stall it was");
    let told = told.split('<').next().unwrap();
    assert!(told.contains("send lag p99.9 is 14.4 ms of 41.9 ms in repetition 1"), "{told}");
    assert!(page.contains("At p99 the transports lie between"), "p99 is the paths' and is compared");
}

#[test]
fn every_kind_of_output_carries_the_sign_and_the_reason() {
    let result = stalled();
    let terminal = plain(&weighbridge_report::terminal::summary(&result, false));
    let markdown = plain(&weighbridge_report::markdown::summary(&result));
    for (name, text) in [("terminal", &terminal), ("markdown", &markdown)] {
        let one_line = text.replace('\n', " ").replace("  ", " ");
        assert!(text.contains("ms*") || text.contains("ms\\*"), "{name}: {text}");
        assert!(one_line.contains("own lateness: send lag p99"), "{name}: {text}");
    }
}

/// Three repetitions of two paths, with p99 of send lag in one trial changed.
fn with_lag(lag_ns_p99: u64) -> RunResult {
    let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore];
    let mut result = Fixture { transports, repetitions: 3, seconds: 2, ..Fixture::default() }.build();
    let lag = result.trials[2].latency_ns.send_lag.as_mut().unwrap();
    lag.p99 = Some(lag_ns_p99);
    result.ratios = between_paths(&result.trials);
    result
}

/// Within what is borne, and beyond it.
const BORNE_NS: u64 = 90_000;
const BEYOND_NS: u64 = 2_500_000;

#[test]
fn a_figure_that_is_ours_in_one_repetition_makes_no_ratio_and_ranks_nothing() {
    let p99 = |result: &RunResult| {
        result.ratios.iter().filter(|ratio| ratio.figure == "latency_ns.turnaround.p99").count()
    };
    let (borne, beyond) = (with_lag(BORNE_NS), with_lag(BEYOND_NS));
    assert_eq!((p99(&borne), p99(&beyond)), (1, 0));
    // What it would have been judged by is replaced by what it can be.
    assert!(beyond.ratios.iter().any(|ratio| ratio.figure == "latency_ns.turnaround.p90"));
    assert!(borne.ratios.iter().all(|ratio| ratio.figure != "latency_ns.turnaround.p90"));
    let told = |result: &RunResult| plain(&weighbridge_report::markdown::summary(result));
    assert!(told(&borne).contains("p99 turnaround"), "{}", told(&borne));
    assert!(told(&beyond).contains("p90 turnaround") && !told(&beyond).contains("p99 turnaround"));
    assert!(told(&beyond).contains("are our own lateness and are not compared: of redis-streams"));
}

#[test]
fn a_record_with_ratios_of_what_is_ours_does_not_print_them() {
    let mut old = with_lag(BEYOND_NS);
    old.ratios = with_lag(BORNE_NS).ratios;
    let told = weighbridge_report::terminal::summary(&old, false);
    assert!(!told.contains("redis-streams' p99 is"), "{told}");
}

#[test]
fn two_runs_are_not_compared_in_what_is_ours() {
    let options = Options { tolerance_percent: 5.0, force: false };
    let left_out = |base: u64, new: u64| compare(&with_lag(base), &with_lag(new), options).unwrap().left_out;
    assert_eq!(left_out(BORNE_NS, BORNE_NS), Vec::<String>::new());
    let left_out = left_out(BORNE_NS, BEYOND_NS);
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert!(left_out[0].starts_with("redis-streams: p99 of the new run is own lateness"), "{left_out:?}");
}
