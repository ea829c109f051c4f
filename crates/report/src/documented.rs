//! What `docs/READING.md` says of the report: every doubt, every chart, and parts that the page really has.

use super::html::render;
use weighbridge_record::fixture::{Fixture, rate_sweep};
use weighbridge_record::result::{Doubt, DoubtKind, RunResult};
use weighbridge_record::terms::TransportKind;

const GUIDE: &str = include_str!("../../../docs/READING.md");

/// A run with something in every part of the page.
fn full_run() -> RunResult {
    let mut result = Fixture { repetitions: 3, seconds: 3, ..Fixture::default() }.build();
    result.trials[0].doubts = vec![Doubt { kind: DoubtKind::StealTime, detail: "9 %".to_owned() }];
    result
}

/// The texts between two marks.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split(close).next())
}

#[test]
fn every_doubt_is_told_with_what_to_do_about_it() {
    let schema = serde_json::Value::from(schemars::schema_for!(DoubtKind));
    let kinds: Vec<&str> =
        schema["oneOf"].as_array().unwrap().iter().filter_map(|kind| kind["const"].as_str()).collect();
    assert!(kinds.len() >= 18, "{kinds:?}");
    let (invalidating, others) = GUIDE.split_once("These do not:").unwrap();
    for name in kinds {
        let kind: DoubtKind = serde_json::from_value(name.into()).unwrap();
        let place = if kind.invalidates() { invalidating } else { others };
        assert!(
            place.contains(&format!("\n| `{name}` | ")),
            "`{name}` is missing, or under the wrong heading"
        );
    }
}

#[test]
fn every_chart_has_a_heading() {
    let by_size: Vec<_> =
        [64, 128].map(|bytes| [("payload.description_bytes".to_owned(), bytes.into())].into()).to_vec();
    let runs = [
        full_run(),
        rate_sweep(&[TransportKind::NatsCore]),
        Fixture { points: by_size, seconds: 1, ..Fixture::default() }.build(),
    ];
    let mut titles = Vec::new();
    for page in runs.iter().map(|run| render(run).unwrap()) {
        let headings = between(&page, "<h2 id=\"", '<').filter_map(|heading| heading.split_once("-title\">"));
        titles.extend(headings.map(|(_, title)| title.to_owned()));
    }
    titles.sort_unstable();
    titles.dedup();
    assert!(titles.len() >= 13, "{titles:?}");
    for title in titles {
        assert!(GUIDE.contains(&format!("\n### {title}\n")), "no heading for the chart `{title}`");
    }
}

#[test]
fn every_selector_of_the_guide_meets_the_page() {
    let page = render(&full_run()).unwrap();
    let classes: Vec<&str> =
        between(&page, "class=\"", '"').flat_map(|classes| classes.split_ascii_whitespace()).collect();
    let rows =
        GUIDE.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1)?.strip_prefix('`'));
    let selectors: Vec<&str> = rows.filter(|cell| cell.starts_with(['.', '#'])).collect();
    assert!(selectors.len() >= 10, "{selectors:?}");
    for step in selectors.iter().flat_map(|cell| cell.trim_end_matches('`').split(' ')) {
        let step = step.split(':').next().unwrap_or_default();
        let found = match (step.strip_prefix('.'), step.strip_prefix('#')) {
            (Some(class), _) => classes.contains(&class),
            (_, Some(id)) => page.contains(&format!("id=\"{id}\"")),
            _ => page.contains(&format!("<{step}")),
        };
        assert!(found, "`{step}` is not on the page");
    }
}
