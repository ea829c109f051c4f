//! Tests of the index: what is listed, what is drawn, whose page is replaced.

use super::record::Record;
use super::*;
use weighbridge_record::fixture::Fixture;
use weighbridge_record::result::{RunResult, Verdict};
use weighbridge_record::terms::TransportKind;

const HOSTILE: &str = r#"</script><script>alert(1)</script>"onload='x' --><img src=x onerror=y>&"#;

fn result(day: u32) -> RunResult {
    let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
    let fixture = Fixture { transports, seconds: 1, rate_per_s: 1_500, ..Fixture::default() };
    let mut result = fixture.build();
    result.environment.started_at = format!("2026-01-{day:02}T03:04:05Z");
    result.run_id = format!("RUN{day}");
    result
}

fn listed(result: &RunResult) -> Run {
    let record: Record = serde_json::from_value(serde_json::to_value(result).unwrap()).unwrap();
    Run {
        folder: format!("{}-{}", result.environment.started_at, result.scenario.name),
        href: Some("x/report.html".to_owned()),
        began: result.environment.started_at.parse().ok(),
        record: Ok(record),
    }
}

/// Newest first, as a folder is listed.
fn page(results: &[RunResult]) -> String {
    let mut runs: Vec<Run> = results.iter().map(listed).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.began));
    render(&runs).unwrap()
}

fn rows(page: &str) -> usize {
    page.matches("<tr data-scenario=").count()
}

fn takeaways(page: &str) -> String {
    let takeaway = |part: &str| part.split_once('>')?.1.split_once('<').map(|(text, _)| text.to_owned());
    let parts = page.split("<p class=\"takeaway\"").skip(1);
    parts.filter_map(takeaway).collect::<Vec<_>>().join("\n").replace('\u{a0}', " ")
}

#[test]
fn every_run_of_a_folder_is_listed_once_and_the_newest_comes_first() {
    let out = tempfile::tempdir().unwrap();
    for day in [1, 2] {
        folder::write(&result(day), out.path()).unwrap();
    }
    fs::create_dir(out.path().join("not-a-run")).unwrap();
    let page = fs::read_to_string(renew(out.path()).unwrap()).unwrap();
    assert_eq!(rows(&page), 2, "latest and foreign folders have no row");
    let place =
        |day: &str| page.find(&format!("href=\"202601{day}T030405Z-quickstart/report.html\"")).unwrap();
    assert!(place("02") < place("01"));
    assert!(page.contains("nats-server") && page.contains("<option value=\"quickstart\">"));
}

#[test]
fn a_deleted_run_is_gone_when_the_index_is_renewed() {
    let out = tempfile::tempdir().unwrap();
    let first = folder::write(&result(1), out.path()).unwrap().folder;
    folder::write(&result(2), out.path()).unwrap();
    renew(out.path()).unwrap();
    fs::remove_dir_all(first).unwrap();
    let page = fs::read_to_string(renew(out.path()).unwrap()).unwrap();
    assert_eq!(rows(&page), 1);
    assert!(!page.contains("20260101"), "{page}");
    fs::remove_dir_all(out.path().join("20260102T030405Z-quickstart")).unwrap();
    assert!(is_folder_of_runs(out.path()), "an index of ours is renewed to the end");
    assert!(fs::read_to_string(renew(out.path()).unwrap()).unwrap().contains("There is no run"));
    let left: Vec<_> = fs::read_dir(out.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("partial")), "{left:?}");
}

#[test]
fn a_record_that_cannot_be_read_has_a_row_that_says_why() {
    let out = tempfile::tempdir().unwrap();
    folder::write(&result(1), out.path()).unwrap();
    let broken = [
        ("20260102T000000Z-cut", Some("{\"schema_version\": 1, \"verdict\": \"pas")),
        ("20260103T000000Z-future", Some("{\"schema_version\": 99, \"laid_out\": \"anew\"}")),
        ("20260104T000000Z-lost", None),
    ];
    for (name, text) in broken {
        fs::create_dir(out.path().join(name)).unwrap();
        if let Some(text) = text {
            fs::write(out.path().join(name).join("result.json"), text).unwrap();
        }
    }
    let page = fs::read_to_string(renew(out.path()).unwrap()).unwrap();
    assert_eq!(rows(&page), 4);
    for reason in [
        "result.json is damaged or no result of Weighbridge: EOF",
        "result.json has layout version 99, this build reads 2; there is no report.html",
        "result.json is missing; there is no report.html",
        "4 runs of 1 scenario: 1 passed, 3 unreadable.",
    ] {
        assert!(page.contains(reason), "{reason}");
    }
}

#[test]
fn text_from_records_and_names_of_folders_stay_text() {
    let out = tempfile::tempdir().unwrap();
    let plain = fs::read_to_string(renew(out.path()).unwrap()).unwrap().matches("<script").count();
    for day in [1, 2] {
        let mut hostile = result(day);
        hostile.verdict = Verdict::Failed;
        for text in [
            &mut hostile.scenario.name,
            &mut hostile.scenario.question,
            &mut hostile.scenario.offered,
            &mut hostile.scenario.source,
            &mut hostile.environment.cpu_model,
        ] {
            HOSTILE.clone_into(text);
        }
        for trial in &mut hostile.trials {
            HOSTILE.clone_into(&mut trial.brokers[0].version);
            trial.point = [(HOSTILE.to_owned(), HOSTILE.into())].into();
        }
        folder::write(&hostile, out.path()).unwrap();
    }
    let odd = out.path().join("a \"b\" <script>alert(1)");
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("result.json"), HOSTILE).unwrap();
    fs::write(odd.join("report.html"), "").unwrap();
    let page = fs::read_to_string(renew(out.path()).unwrap()).unwrap();
    // Two trends with one panel each bring their hover values.
    assert_eq!(page.matches("<script").count(), plain + 2);
    for forbidden in ["<script>alert", "\"onload=", "<img", "-->"] {
        assert!(!page.contains(forbidden), "{forbidden} reached the page");
    }
    assert!(page.contains("href=\"a%20%22b%22%20%3Cscript%3Ealert%281%29/report.html\""));
}

#[test]
fn the_index_names_no_outside_address() {
    let page = page(&[result(1), result(2)]);
    assert!(page.contains("id=\"trend-p99-0\""));
    for forbidden in ["http:", "https:", "//cdn", "url(", "@import", "src=", "<link"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_page_of_somebody_else_is_left_alone() {
    let out = tempfile::tempdir().unwrap();
    let run = folder::write(&result(1), out.path()).unwrap().folder;
    fs::write(out.path().join("index.html"), "<h1>Home</h1>").unwrap();
    let error = renew(out.path()).unwrap_err().to_string();
    assert!(error.contains("index.html") && error.contains("left alone"), "{error}");
    assert_eq!(fs::read_to_string(out.path().join("index.html")).unwrap(), "<h1>Home</h1>");
    assert_eq!(listing(&run), None);
}

#[test]
fn only_a_folder_of_ours_gets_an_index_for_a_run_in_it() {
    let out = tempfile::tempdir().unwrap();
    let run = folder::write(&result(1), out.path()).unwrap().folder;
    let here = out.path().canonicalize().unwrap();
    assert_eq!(listing(&run), Some(here.clone()), "the run has the name that we gave it");
    assert_eq!(listing(&out.path().join("latest")), Some(here));
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    fs::create_dir(&copy).unwrap();
    fs::copy(run.join("result.json"), copy.join("result.json")).unwrap();
    assert_eq!(listing(&copy), None);
    renew(elsewhere.path()).unwrap();
    assert!(listing(&copy).is_some(), "an index of ours is there");
    assert!(!is_folder_of_runs(&run));
}

#[test]
fn runs_of_one_load_make_a_trend_and_a_single_run_makes_none() {
    assert!(!page(&[result(1)]).contains("class=\"trend\""));
    let mut slower = result(3);
    for trial in slower.trials.iter_mut().filter(|trial| trial.path == TransportKind::RedisStreams) {
        trial.latency_ns.turnaround.as_mut().unwrap().p99 = Some(9_000_000);
    }
    let page = page(&[result(1), result(2), slower]);
    assert_eq!(page.matches("class=\"trend\"").count(), 1);
    insta::assert_snapshot!(takeaways(&page), @r"
    The p99 turnaround of redis-streams moved most: 5.86 ms to 9.00 ms over 3 valid runs, 9.00 ms in the newest of them. That of nats-core moved least: 2.65 ms throughout.
    No completed rate moved by a twentieth: the widest is redis-streams, 1 499/s throughout over 3 valid runs.
    ");
}

#[test]
fn an_invalid_run_is_hollow_and_in_no_takeaway() {
    let mut invalid = result(3);
    invalid.verdict = Verdict::Invalid;
    for trial in &mut invalid.trials {
        trial.latency_ns.turnaround.as_mut().unwrap().p99 = Some(900_000_000);
    }
    let sound = page(&[result(1), result(2)]);
    let page = page(&[result(1), result(2), invalid]);
    assert_eq!(takeaways(&page), takeaways(&sound));
    assert_eq!(page.matches("hollow s-nats-core").count(), 2, "one in each of the two charts");
    assert!(!sound.contains("hollow s-"));
    assert!(page.contains("900\u{a0}ms, invalid"));
}

#[test]
fn another_rate_is_another_trend_and_a_copy_is_no_second_run() {
    let other = |day| {
        let mut other = result(day);
        other.scenario.source = other.scenario.source.replace("2000", "500");
        other
    };
    let split = page(&[result(1), result(2), other(3), other(4)]);
    assert_eq!(split.matches("class=\"trend\"").count(), 2);
    assert!(split.contains("load.rate = 500") && split.contains("load.rate = 2000"));
    let single = page(&[result(1), result(2), other(3)]);
    assert_eq!(single.matches("class=\"trend\"").count(), 1);
    assert!(single.contains("1 run of quickstart put a load"));
    assert!(!page(&[result(1), result(1)]).contains("class=\"trend\""));
    let renamed = |day| {
        let mut renamed = result(day);
        renamed.scenario.source = format!("repeat = {day}\n{}", renamed.scenario.source);
        renamed
    };
    assert!(page(&[renamed(1), renamed(2)]).contains("class=\"trend\""), "repetitions change no load");
}

#[test]
fn a_search_is_listed_and_in_no_trend() {
    let search = |day| {
        let mut search = result(day);
        search.searches = vec![weighbridge_record::result::SearchRecord {
            path: TransportKind::NatsCore.into(),
            objective: weighbridge_record::terms::Objective::HighestSustainedRate,
            outcome: weighbridge_record::result::SearchOutcome::None,
            rate_per_s: None,
            low_per_s: None,
            high_per_s: None,
            precision: 0.1,
            from_per_s: 1.0,
            to_per_s: 2.0,
            probes: Vec::new(),
        }];
        search
    };
    let page = page(&[search(1), search(2)]);
    assert_eq!(rows(&page), 2);
    assert!(page.contains("Searches choose their rates themselves") && !page.contains("class=\"trend\""));
}

#[test]
fn the_lean_record_reads_the_figures_of_the_whole_one() {
    let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
    let fixture = Fixture { transports, seconds: 1, rate_per_s: 1_500, repetitions: 3, ..Fixture::default() };
    let mut whole = fixture.build();
    whole.trials[0].valid = false;
    whole.summary.clear();
    let run = listed(&whole);
    let lean = run.record.as_ref().unwrap();
    for entry in crate::groups::groups(&whole).iter().flat_map(|group| &group.entries) {
        let point = &entry.trials[0].point;
        let figure = |path| entry.figure(path).map(|estimate| estimate.median);
        let p99 = lean.p99_ns(point, entry.path).map(|measured| measured.value);
        assert_eq!(p99, figure("latency_ns.turnaround.p99"));
        let rate = lean.completed_per_s(point, entry.path).map(|measured| measured.value);
        assert_eq!(rate, figure("rates.completed_per_s"));
    }
}

#[test]
fn a_tail_that_is_our_own_lateness_counts_in_no_trend() {
    let transports = vec![TransportKind::NatsCore];
    let mut whole = Fixture { transports, seconds: 1, rate_per_s: 1_500, ..Fixture::default() }.build();
    let p99 = |whole: &RunResult| {
        let trial = &whole.trials[0];
        listed(whole).record.unwrap().p99_ns(&trial.point, trial.path).unwrap()
    };
    assert!(p99(&whole).valid);
    let value = whole.trials[0].latency_ns.turnaround.as_ref().unwrap().p99.unwrap();
    whole.trials[0].latency_ns.send_lag.as_mut().unwrap().p99 = Some(value / 5);
    assert!(!p99(&whole).valid);
}

#[test]
fn thousands_of_runs_stay_under_the_size_of_a_page() {
    let first = listed(&result(1));
    let began = first.began.unwrap();
    let text = serde_json::to_string(&result(1)).unwrap();
    let runs: Vec<Run> = (0..2_500_i64)
        .rev()
        .map(|hour| {
            let mut record: Record = serde_json::from_str(&text).unwrap();
            record.run_id = hour.to_string();
            record.scenario.name = format!("scenario-{}", hour % 40);
            let began = Some(began + jiff::SignedDuration::from_hours(hour));
            Run {
                folder: hour.to_string(),
                href: Some("x/report.html".to_owned()),
                began,
                record: Ok(record),
            }
        })
        .collect();
    let page = render(&runs).unwrap();
    assert!(page.len() < PAGE_BYTES_MAX, "{}", page.len());
    assert_eq!(rows(&page), ROWS_MAX);
    assert!(page.contains("500 older runs are not listed") && page.contains("trends are left out"));
}

/// Writes pages to look at: `WEIGHBRIDGE_PAGES=/tmp/pages cargo test --lib indexes_to_look_at -- --ignored`.
#[test]
#[ignore = "writes files for people to look at"]
fn indexes_to_look_at() {
    let Ok(dir) = std::env::var("WEIGHBRIDGE_PAGES") else { return };
    let dir = std::path::Path::new(&dir);
    fs::create_dir_all(dir).unwrap();
    let mut results = Vec::new();
    let base = Fixture { seconds: 1, rate_per_s: 1_500, ..Fixture::default() }.build();
    for day in 1..=28_u32 {
        let mut run = base.clone();
        run.environment.started_at = format!("2026-01-{day:02}T03:04:05Z");
        run.run_id = format!("RUN{day}");
        for (index, trial) in run.trials.iter_mut().enumerate() {
            let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
            let wave = 1.0
                + 0.1 * f64::from(day * (index as u32 + 2)).sin()
                + if day > 20 { 0.02 * f64::from(day) } else { 0.0 };
            turnaround.p99 = turnaround.p99.map(|ns| (ns as f64 * wave) as u64);
            trial.valid = !(day + index as u32).is_multiple_of(11);
        }
        if day.is_multiple_of(9) {
            run.verdict = Verdict::Invalid;
        }
        if day.is_multiple_of(3) {
            run.scenario.source = run.scenario.source.replace("2000", "500");
            "500 requests/s, Poisson arrivals, for 10 s".clone_into(&mut run.scenario.offered);
        }
        results.push(run);
    }
    let points = [1, 2, 4].map(|n| [("workers.count".to_owned(), n.into())].into()).to_vec();
    for day in 1..=3 {
        let mut run = Fixture { points: points.clone(), seconds: 1, ..Fixture::default() }.build();
        run.environment.started_at = format!("2025-12-{day:02}T03:04:05Z");
        run.run_id = format!("SWEEP{day}");
        "workers-scaling".clone_into(&mut run.scenario.name);
        results.push(run);
    }
    fs::write(dir.join("index-many.html"), page(&results)).unwrap();
}
