//! Tests of the comparison's page: the sentence, what comes first, hostile text, addresses, size.

use super::*;
use weighbridge_record::compare::{Options, compare};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::terms::TransportKind;

const HOSTILE: &str = r#"</script><script>alert(1)</script>"onload='x' --><img src=x onerror=y>&"#;

fn run(repetitions: u32) -> RunResult {
    let transports = vec![TransportKind::RedisStreams, TransportKind::NatsJetstream];
    Fixture { transports, repetitions, seconds: 1, rate_per_s: 1_500, ..Fixture::default() }.build()
}

/// The p50 and p99 of one transport times a factor.
fn slowed(mut run: RunResult, factor: f64) -> RunResult {
    let slow = |trial: &&mut weighbridge_record::result::Trial| trial.path == TransportKind::RedisStreams;
    for trial in run.trials.iter_mut().filter(slow) {
        let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
        for ns in [&mut turnaround.p50, &mut turnaround.p99].into_iter().flatten() {
            *ns = (*ns as f64 * factor) as u64;
        }
    }
    run
}

fn page(base: &RunResult, new: &RunResult, force: bool) -> String {
    let comparison = compare(base, new, Options { tolerance_percent: 5.0, force }).unwrap();
    render(&comparison, base, new).unwrap()
}

fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split_once(from).unwrap().1.split_once(to).unwrap().0
}

#[test]
fn the_first_line_is_the_verdict_in_figures() {
    let slower = page(&run(5), &slowed(run(5), 1.3), false);
    assert_eq!(between(&slower, "<h1>", "</h1>"), "Regression: 2 of 8 figures are worse by more than 5 %.");
    assert!(slower.contains("2 of 6 ratios are shown to be worse by more than 5 %: redis-streams p50 1.30"));
    assert!(slower.contains("<span class=\"chip bad\">regression</span>"));
    let same = page(&run(5), &run(5), false);
    assert!(!between(&same, "<h1>", "</h1>").contains("Regression"));
    assert!(!same.contains("<span class=\"chip bad\">"));
}

#[test]
fn what_differs_comes_before_any_figure_and_what_was_forced_is_marked() {
    let mut new = run(3);
    new.environment.cores = 64;
    new.trials[0].brokers[0].version = "9.9.9".to_owned();
    let forced = page(&run(3), &new, true);
    let place = |text: &str| forced.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("environment.cores") < place("redis-server version"));
    assert!(place("redis-server version") < place("id=\"ratios-0\""));
    assert!(place("id=\"ratios-0\"") < place("id=\"curves-0\""));
    assert_eq!(forced.matches("forbids comparing").count(), 1);
    let same = page(&run(3), &run(3), false);
    assert!(same.contains("Nothing that is recorded") && !same.contains("forbids comparing"));
}

#[test]
fn curves_of_both_runs_lie_over_each_other() {
    let page = page(&run(3), &run(3), false);
    let curves = between(&page, "id=\"curves-0\"", "</article>");
    for path in ["redis-streams", "nats-jetstream"] {
        assert!(curves.contains(&format!("\"line s-{path}\"")), "{path}");
        assert!(curves.contains(&format!("\"line second s-{path}\"")), "{path}");
    }
}

#[test]
fn a_transport_of_one_run_is_named_as_not_compared() {
    let mut new = run(3);
    new.trials.retain(|trial| trial.path == TransportKind::RedisStreams);
    let page = page(&run(3), &new, false);
    assert!(page.contains("nats-jetstream: only in the base run"));
    assert!(!page.contains("s-nats-jetstream\""));
}

#[test]
fn hostile_text_stays_text() {
    let hostile = || {
        let mut run = run(3);
        HOSTILE.clone_into(&mut run.scenario.name);
        HOSTILE.clone_into(&mut run.run_id);
        for trial in &mut run.trials {
            trial.point = [(HOSTILE.to_owned(), HOSTILE.into())].into();
        }
        run
    };
    let mut new = hostile();
    HOSTILE.clone_into(&mut new.environment.cpu_model);
    HOSTILE.clone_into(&mut new.trials[0].brokers[0].version);
    new.environment.git_commit = Some(HOSTILE.to_owned());
    let page = page(&hostile(), &new, true);
    let scripts = super::tests::page(&run(3), &run(3), false).matches("<script").count();
    assert_eq!(page.matches("<script").count(), scripts);
    for forbidden in ["<script>alert", "\"onload=", "<img", "-->"] {
        assert!(!page.contains(forbidden), "{forbidden} reached the page");
    }
}

#[test]
fn the_page_names_no_outside_address() {
    let page = page(&run(3), &slowed(run(3), 2.0), false);
    for forbidden in ["http:", "https:", "//cdn", "url(", "@import", "src=", "<link"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(!page.contains("#01"), "a stand-in colour was left in the page");
}

#[test]
fn a_sweep_has_a_part_for_each_point_and_stays_under_the_size_of_a_page() {
    let points: Vec<Point> = (1..=12).map(|n| [("load.rate".to_owned(), (n * 100).into())].into()).collect();
    let fixture = Fixture { points, seconds: 1, rate_per_s: 300, repetitions: 3, ..Fixture::default() };
    let run = fixture.build();
    let page = page(&run, &run, false);
    assert_eq!(page.matches("<details class=\"point\"").count(), 12);
    assert_eq!(page.matches("<details class=\"point\" open").count(), 1);
    assert!(page.len() < PAGE_BYTES_MAX, "{}", page.len());
}

#[test]
fn records_without_histograms_have_ratios_and_no_curves() {
    let mut base = run(3);
    for trial in &mut base.trials {
        trial.latency_ns.turnaround.as_mut().unwrap().histogram.clear();
    }
    let page = page(&base, &run(3), false);
    assert!(page.contains("id=\"ratios-0\"") && !page.contains("id=\"curves-0\""));
}

/// Writes pages to look at: `WEIGHBRIDGE_PAGES=/tmp/pages cargo test --lib comparisons_to_look_at -- --ignored`.
#[test]
#[ignore = "writes files for people to look at"]
fn comparisons_to_look_at() {
    let Ok(dir) = std::env::var("WEIGHBRIDGE_PAGES") else { return };
    let dir = std::path::Path::new(&dir);
    std::fs::create_dir_all(dir).unwrap();
    let five = || Fixture { repetitions: 5, seconds: 2, ..Fixture::default() }.build();
    let mut other = slowed(five(), 1.3);
    // Curves of their own, so that both can be seen.
    let histograms: Vec<_> = other.trials.iter().map(|trial| trial.latency_ns.clone()).collect();
    for (index, trial) in other.trials.iter_mut().enumerate() {
        let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
        let neighbour = histograms[(index + 1) % histograms.len()].turnaround.as_ref().unwrap();
        turnaround.histogram.clone_from(&neighbour.histogram);
    }
    other.environment.cores = 16;
    other.trials[0].brokers[0].version = "8.0.2".to_owned();
    let points: Vec<Point> = (1..=3).map(|n| [("load.rate".to_owned(), (n * 100).into())].into()).collect();
    let sweep = Fixture { points, seconds: 1, repetitions: 3, ..Fixture::default() }.build();
    let pages = [
        ("regression", page(&five(), &other, true)),
        ("same", page(&five(), &five(), false)),
        ("few", page(&run(1), &slowed(run(1), 1.2), false)),
        ("sweep", page(&sweep, &slowed(sweep.clone(), 4.0), false)),
    ];
    for (name, page) in pages {
        std::fs::write(dir.join(format!("comparison-{name}.html")), page).unwrap();
    }
}
