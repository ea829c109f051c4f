//! Tests of the whole page: hostile text, outside addresses, size, sweeps, invalid runs.

use super::*;
use weighbridge_record::fixture::{Fixture, rate_sweep, with_outage};
use weighbridge_record::result::{Doubt, DoubtKind, ErrorGroup, LeftBehind};
use weighbridge_record::terms::TransportKind;

const HOSTILE: &str = r#"</script><script>alert(1)</script>"onload='x' --><img src=x onerror=y>&"#;

#[test]
fn prose_that_is_not_about_the_run_is_marked() {
    let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
    assert!(!render(&result).unwrap().contains("in place of what the scenario says"));
    result.scenario.changed = vec!["--rate 500".to_owned(), "--duration 1s".to_owned()];
    let page = render(&result).unwrap();
    assert!(page.contains("Measured with --rate 500 --duration 1s in place of what the scenario says"));
}

#[test]
fn hostile_text_stays_text() {
    let mut result = Fixture { seconds: 2, ..Fixture::default() }.build();
    let scripts = render(&result).unwrap().matches("<script").count();
    result.scenario.name = HOSTILE.to_owned();
    result.scenario.question = HOSTILE.to_owned();
    result.scenario.reading = Some(HOSTILE.to_owned());
    result.scenario.source = HOSTILE.to_owned();
    result.scenario.changed = vec![HOSTILE.to_owned()];
    result.environment.command = HOSTILE.to_owned();
    result.thresholds[0].expression = HOSTILE.to_owned();
    for trial in &mut result.trials {
        trial.point = [(HOSTILE.to_owned(), HOSTILE.into())].into();
        trial.doubts = vec![Doubt { kind: DoubtKind::Shed, detail: HOSTILE.to_owned() }];
        trial.errors = vec![ErrorGroup { message: HOSTILE.to_owned(), count: 3 }];
        let hostile = || HOSTILE.to_owned();
        let (what, name, server, reason, command) = (hostile(), hostile(), hostile(), hostile(), hostile());
        trial.left_behind = vec![LeftBehind { what, name, server, reason, command }];
        for broker in &mut trial.brokers {
            broker.version = HOSTILE.to_owned();
            broker.config.insert(HOSTILE.to_owned(), HOSTILE.to_owned());
        }
    }
    let page = render(&result).unwrap();
    assert_eq!(page.matches("<script").count(), scripts);
    for forbidden in ["<script>alert", "\"onload=", "<img", "-->"] {
        assert!(!page.contains(forbidden), "{forbidden} reached the page");
    }
    assert!(page.contains("alert(1)"), "the text itself is still shown");
}

#[test]
fn the_page_names_no_outside_address() {
    let page = render(&Fixture { seconds: 2, ..Fixture::default() }.build()).unwrap();
    for forbidden in ["http:", "https:", "//cdn", "url(", "@import", "src=", "<link"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_run_has_its_figures_and_they_are_labelled() {
    let page = render(&Fixture { seconds: 3, ..Fixture::default() }.build()).unwrap();
    for id in ["percentiles-0", "rates-0", "backlog-0", "corrected-0", "send-lag-0", "resources-0"] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        assert!(page.contains(&format!("aria-labelledby=\"{id}-title {id}-takeaway\"")), "{id}");
    }
    assert!(!page.contains("#01"), "a stand-in colour was left in the page");
}

#[test]
fn an_invalid_run_shows_a_banner_and_no_ranking() {
    let mut result = Fixture { seconds: 2, ..Fixture::default() }.build();
    result.verdict = Verdict::Invalid;
    result.trials[0].valid = false;
    result.trials[0].doubts =
        vec![Doubt { kind: DoubtKind::RateNotReached, detail: "91 % of the rate was sent".to_owned() }];
    let page = render(&result).unwrap();
    assert!(page.contains("rate_not_reached: 91 % of the rate was sent"));
    assert!(!page.contains("answers fastest"));
}

#[test]
fn banners_of_a_sweep_name_the_point_of_each_doubt() {
    let points = [500, 700].map(|rate| [("load.rate".to_owned(), rate.into())].into()).to_vec();
    let transports = vec![TransportKind::NatsCore];
    let fixture = Fixture { transports, points, seconds: 1, rate_per_s: 500, ..Fixture::default() };
    let mut result = fixture.build();
    result.trials[1].valid = false;
    let doubt = |kind, detail: &str| Doubt { kind, detail: detail.to_owned() };
    result.trials[1].doubts =
        vec![doubt(DoubtKind::RateNotReached, "91 %"), doubt(DoubtKind::Swapping, "3 pages")];
    let page = render(&result).unwrap();
    assert!(
        page.contains("<li>nats-core, repetition 1 at load.rate = 700: rate_not_reached: 91 %</li>"),
        "{page}"
    );
    assert!(page.contains("<li>swapping: 3 pages (nats-core at load.rate = 700)</li>"), "{page}");
}

#[test]
fn a_sweep_has_a_section_for_every_point_and_only_the_last_valid_is_open() {
    let points = [500, 1000, 1500].map(|rate| [("load.rate".to_owned(), rate.into())].into()).to_vec();
    let page =
        render(&Fixture { points, seconds: 2, rate_per_s: 400, ..Fixture::default() }.build()).unwrap();
    assert_eq!(page.matches("<details class=\"point\"").count(), 3);
    assert_eq!(page.matches("<details class=\"point\" open").count(), 1);
    assert!(page.contains("id=\"percentiles-2\""));
    assert!(page.contains("id=\"rates-0\""), "a short sweep has every chart at every point");
}

#[test]
fn a_long_sweep_has_charts_over_time_at_one_point_only() {
    let page = render(&rate_sweep(&[TransportKind::NatsCore, TransportKind::NatsJetstream])).unwrap();
    assert!(page.contains("id=\"hockey-stick-all\""));
    assert!(!page.contains("id=\"sweep-all\""));
    assert_eq!(page.matches("id=\"percentiles-").count() / 3, 8, "each has an id, a title and a takeaway");
    assert_eq!(page.matches("id=\"rates-4\"").count(), 1);
    assert_eq!(page.matches("id=\"rates-").count() / 3, 1);
    assert_eq!(page.matches("/s invalid</small>").count(), 3, "invalid trials are marked in the table");
    assert!(page.contains("are drawn for load.rate = 20\u{a0}000 only"));
}

#[test]
fn a_long_sweep_stays_under_the_size_of_a_page() {
    let points = (1..=12).map(|n| [("load.rate".to_owned(), (n * 100).into())].into()).collect();
    let result =
        Fixture { points, seconds: 40, rate_per_s: 30, repetitions: 2, ..Fixture::default() }.build();
    let page = render(&result).unwrap();
    assert!(page.len() < PAGE_BYTES_MAX, "{}", page.len());
}

#[test]
fn nothing_scheduled_is_said_beside_the_latencies() {
    let page = render(&Fixture { scheduled: false, seconds: 2, ..Fixture::default() }.build()).unwrap();
    assert!(page.contains("not corrected for coordinated omission"));
    assert!(!page.contains("id=\"corrected-0\""));
}

#[test]
fn a_run_without_trials_still_renders() {
    let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
    result.trials.clear();
    result.summary.clear();
    assert!(render(&result).unwrap().contains("Nothing was measured."));
}

/// Writes pages to look at: `WEIGHBRIDGE_PAGES=/tmp/pages cargo test --lib pages_to_look_at -- --ignored`.
#[test]
#[ignore = "writes files for people to look at"]
fn pages_to_look_at() {
    let Ok(dir) = std::env::var("WEIGHBRIDGE_PAGES") else { return };
    let dir = std::path::Path::new(&dir);
    std::fs::create_dir_all(dir).unwrap();
    let points = [1, 2, 4, 8, 16].map(|count| [("workers.count".to_owned(), count.into())].into()).to_vec();
    let hockey_stick = rate_sweep(&TransportKind::ALL[..5]);
    let mut invalid = Fixture { seconds: 4, ..Fixture::default() }.build();
    invalid.verdict = Verdict::Invalid;
    invalid.trials[1].valid = false;
    invalid.trials[1].doubts =
        vec![Doubt { kind: DoubtKind::GeneratorLagged, detail: "p99 send lag was 9.10 ms.".to_owned() }];
    invalid.trials[1].ledger.lost = 12;
    invalid.thresholds[1].passed = false;
    let runs = [
        ("plain", Fixture::default().build()),
        (
            "repeated",
            Fixture { repetitions: 3, transports: TransportKind::ALL.to_vec(), ..Fixture::default() }.build(),
        ),
        ("sweep", Fixture { points, ..Fixture::default() }.build()),
        ("hockey-stick", hockey_stick),
        ("saturate", Fixture { scheduled: false, ..Fixture::default() }.build()),
        ("invalid", invalid),
        ("outage", with_outage(Fixture { seconds: 12, ..Fixture::default() }.build())),
    ];
    for (name, result) in runs {
        std::fs::write(dir.join(format!("{name}.html")), render(&result).unwrap()).unwrap();
    }
}
