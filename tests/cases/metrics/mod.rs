//! Figures of a run for Prometheus: scraped while it goes on, read by Prometheus' own parser, held against the record.
//! What the page beside them shows is looked at in `tests/browser`.

mod scrape;

use std::net::TcpListener;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use weighbridge_record::result::{LedgerTotals, RunResult};

use crate::harness::{Run, Running};
use scrape::Scrape;

const ANY_PORT: [&str; 2] = ["--metrics", "127.0.0.1:0"];
/// Between two scrapes.
const EVERY: Duration = Duration::from_millis(40);

/// All scrapes of a run, from its first moment to its last, and what it recorded.
struct Watched {
    scrapes: Vec<Scrape>,
    result: RunResult,
}

/// Scrapes a run until nobody answers.
fn watch(run: Run) -> Watched {
    let mut running = run.with(&ANY_PORT).start();
    let texts = texts(&mut running);
    let ran = running.end();
    ran.expect_measured();
    Watched { scrapes: scrape::read(&texts), result: ran.result() }
}

fn texts(running: &mut Running) -> Vec<String> {
    let url = running.told("Metrics: ");
    let mut texts = Vec::new();
    while let Ok(mut answer) = ureq::get(&url).call() {
        let kind = answer.headers()["content-type"].to_str().expect("words").to_owned();
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        texts.extend(answer.body_mut().read_to_string());
        std::thread::sleep(EVERY);
    }
    texts
}

/// Four trials: two paths, each twice.
static RUN: LazyLock<Watched> =
    LazyLock::new(|| watch(Run::short(&["nats-jetstream", "redis-streams"]).with(&["--repeat", "2"])));

fn requests(scrape: &Scrape, count: &str, path: &str) -> f64 {
    scrape.value(&format!("weighbridge_requests_{count}_total"), &[("path", path), ("scenario", "short")])
}

#[test]
fn counters_only_rise_over_all_trials() {
    assert!(RUN.scrapes.len() > 20, "{}", RUN.scrapes.len());
    for pair in RUN.scrapes.windows(2) {
        let fallen = pair[1].counters_below(&pair[0]);
        assert!(fallen.is_empty(), "{fallen:?}");
    }
    let mut planted = RUN.scrapes[20].clone();
    planted.lower("weighbridge_requests_sent_total");
    assert!(!planted.counters_below(&RUN.scrapes[20]).is_empty(), "a counter that fell is seen");
}

#[test]
fn the_last_scrape_says_what_the_record_says() {
    // The run waits for it, so all books are closed.
    let last = RUN.scrapes.last().expect("a scrape");
    for path in ["nats-jetstream", "redis-streams"] {
        let mut books = LedgerTotals::default();
        let trials = RUN.result.trials.iter().filter(|trial| trial.path.to_string() == path);
        trials.for_each(|trial| books.merge(&trial.ledger));
        for (name, count) in books.fields() {
            assert_eq!(requests(last, name, path), count.unwrap() as f64, "{path}: {name}");
        }
        let turnarounds = last.value("weighbridge_turnaround_seconds_count", &[("path", path)]);
        assert_eq!(turnarounds, books.completed as f64);
        let beyond = last.value("weighbridge_turnaround_seconds_bucket", &[("path", path), ("le", "+Inf")]);
        assert_eq!(beyond, turnarounds);
        assert_eq!(last.sum("weighbridge_trials_total", &[("path", path)]), 2.0);
    }
    assert!(last.names().all(|name| name != "weighbridge_requests_in_flight"), "nothing is under way");
}

#[test]
fn figures_of_the_trial_are_told_while_its_load_is_on() {
    let early = RUN.scrapes.iter().find(|scrape| {
        scrape.find("weighbridge_trial_order", &[]) == Some(1.0)
            && requests(scrape, "completed", "nats-jetstream") > 20.0
    });
    let early = early.expect("a scrape of the first trial");
    let completed = requests(early, "completed", "nats-jetstream");
    assert!(completed < requests(RUN.scrapes.last().unwrap(), "completed", "nats-jetstream"));
    assert!(requests(early, "sent", "nats-jetstream") >= completed);
    assert_eq!(early.value("weighbridge_trials_planned", &[]), 4.0);
    let (elapsed, planned) = (
        early.value("weighbridge_trial_elapsed_seconds", &[]),
        early.value("weighbridge_trial_planned_seconds", &[]),
    );
    assert!(elapsed > 0.0 && (planned - 1.3).abs() < 1e-9, "{elapsed} of {planned} s");
    let node = [("node", "nats-server")];
    assert!(early.value("weighbridge_broker_rss_bytes", &node) > 1e6);
    let used = RUN.scrapes.last().unwrap().value("weighbridge_broker_net_in_bytes_total", &node);
    assert!(used > 1e4, "{used}");
}

#[test]
fn a_search_has_a_point_for_each_rate_and_does_not_know_how_many() {
    let watched = watch(Run::search(&["in-process"]));
    let last = watched.scrapes.last().expect("a scrape");
    for trial in &watched.result.trials {
        let rate = trial.point["load.rate"].as_f64().expect("a rate");
        let point = format!("load.rate={rate}");
        assert!(last.value("weighbridge_requests_completed_total", &[("point", &point)]) > 0.0, "{point}");
    }
    assert!(watched.scrapes.iter().all(|scrape| scrape.find("weighbridge_trials_planned", &[]).is_none()));
}

#[test]
fn a_port_in_use_is_refused_by_name_before_any_load() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for run in [Run::short(&["in-process"]), Run::search(&["in-process"])] {
        let ran = run.with(&["--metrics", &address]).end();
        ran.expect_code(&[1]).expect_error(&[&address, "in use"]).expect_no_report();
    }
    let ran = Run::short(&["in-process"]).with(&[&format!("--live={address}")]).end();
    ran.expect_code(&[1]).expect_error(&[&address, "in use"]).expect_no_report();
    let ran = Run::short(&["in-process"]).with(&["--metrics", "here"]).end();
    ran.expect_code(&[2]).expect_error(&["here", "9464"]).expect_no_report();
}

#[test]
fn one_server_has_figures_and_page_unless_they_are_to_stand_apart() {
    let fetched =
        |url: &str| ureq::get(url).call().expect("an answer").body_mut().read_to_string().expect("text");
    for (live, together) in [("--live", true), ("--live=localhost:0", false)] {
        let mut running = Run::short(&["in-process"]).with(&ANY_PORT).with(&[live]).start();
        let metrics = running.told("Metrics: ");
        let page = running.told("Live: ");
        assert!(fetched(&page).contains("A run as it happens"));
        assert!(fetched(&metrics).is_empty() || fetched(&metrics).contains("weighbridge_"));
        assert_eq!(format!("{page}metrics") == metrics, together, "{page} and {metrics}");
        running.end().expect_measured();
    }
    let mut running = Run::short(&["in-process"]).with(&["--live", "-q"]).start();
    let page = running.told("Live: ");
    assert!(page.starts_with("http://127.0.0.1:"), "{page}");
    assert!(fetched(&page).contains("A run as it happens"));
    running.end().expect_measured();
}

/// Names of metrics in a text that no scrape has. One that ends in `_` stands for all that begin so.
fn unknown(text: &str, scrapes: &[Scrape]) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| word.starts_with("weighbridge_"));
    let known = |name: &str| {
        let mut of_run = scrapes.iter().flat_map(Scrape::names);
        of_run.any(|known| known == name || (name.ends_with('_') && known.starts_with(name)))
    };
    // The name of a histogram is that of none of its samples.
    let whole = |name: &str| known(name) || known(&format!("{name}_count"));
    names.filter(|name| !whole(name)).map(str::to_owned).collect()
}

fn document(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a document")
}

#[test]
fn the_dashboard_and_the_documents_name_only_what_is_served() {
    let scrapes = &RUN.scrapes[..];
    for name in ["deploy/grafana/weighbridge.json", "deploy/grafana/README.md", "docs/METRICS.md"] {
        assert_eq!(unknown(&document(name), scrapes), Vec::<String>::new(), "{name}");
    }
    assert_eq!(unknown("rate(weighbridge_requests_sent[1m])", scrapes), ["weighbridge_requests_sent"]);
}

#[test]
fn the_documents_name_all_that_is_served() {
    let text = document("docs/METRICS.md");
    let named = |name: &str| name.starts_with("weighbridge_broker_") || text.contains(&format!("`{name}`"));
    let whole = |name: &'static str| {
        ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name)
    };
    let served = RUN.scrapes.iter().flat_map(Scrape::names).map(whole);
    assert_eq!(served.filter(|name| !named(name)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_dashboard_is_a_document_whose_panels_all_ask_for_something() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&document("deploy/grafana/weighbridge.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() >= 8);
    for panel in panels {
        let targets = panel["targets"].as_array().expect("targets");
        assert!(!targets.is_empty(), "{}", panel["title"]);
        for target in targets {
            assert!(target["expr"].as_str().is_some_and(|expr| expr.contains("weighbridge_")), "{target}");
        }
    }
}
