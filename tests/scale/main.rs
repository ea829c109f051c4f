//! A report stays small and quick to make however long and wide the run was.

mod grown;

use std::time::{Duration, Instant};

use grown::{Size, grown};
use weighbridge_record::result::RunResult;
use weighbridge_report::html::{PAGE_BYTES_MAX, render};

fn example() -> RunResult {
    let text = std::fs::read_to_string("reports/example/result.json").expect("the committed example");
    serde_json::from_str(&text).expect("a record of this version")
}

/// Rendering takes about a second on an idle machine (`cargo bench --bench report`). The limit is wide, because
/// tests share their machine; what it catches is work that grows with the square of something.
const RENDERED_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn two_hundred_trials_with_an_hour_of_series_make_one_page() {
    for size in [
        Size { points: 8, repetitions: 5, seconds: 3_600 },
        Size { points: 5, repetitions: 8, seconds: 3_600 },
        Size { points: 1, repetitions: 40, seconds: 3_600 },
    ] {
        let record = grown(example(), size);
        assert_eq!(record.trials.len(), 200);
        let started = Instant::now();
        let page = render(&record).expect("a page");
        let took = started.elapsed();
        assert!(page.len() < PAGE_BYTES_MAX, "{size:?}: {} bytes", page.len());
        assert!(took < RENDERED_WITHIN, "{size:?}: {took:?}");
    }
}
