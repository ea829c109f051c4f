//! A record with a stall of the instrument in it: what its page says, and what it no longer says.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use weighbridge_record::result::RunResult;

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
    assert!(page.contains("At p99 all transports lie within"), "p99 is the paths' and is compared");
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
