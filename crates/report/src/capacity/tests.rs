//! Tests of the words for a search, in a terminal and on a page.

use super::*;
use crate::{html, terminal};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::result::{BacklogGrowth, Doubt, DoubtKind};
use weighbridge_record::terms::{Objective, Path, TransportKind};

/// Three transports, each with a probe that passed, one that failed and a confirmation, where it has one.
fn searched() -> RunResult {
    let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore, TransportKind::NatsRequest];
    let mut result = Fixture { transports, seconds: 2, repetitions: 3, ..Fixture::default() }.build();
    result.trials.sort_by_key(|trial| (trial.path, trial.repetition));
    for (index, trial) in result.trials.iter_mut().enumerate() {
        trial.order = index as u32 + 1;
        trial.point = [("load.rate".to_owned(), (1_000 * (index + 1)).into())].into();
    }
    // A probe above the capacity is mostly invalid as a trial.
    result.trials[4].valid = false;
    result.trials[4].doubts =
        vec![Doubt { kind: DoubtKind::RateNotReached, detail: "sent 80 % of it".to_owned() }];
    result.thresholds.clear();
    result.ratios.clear();
    let shed = Reason::Unsent { unsent: 1_200, attempted: 64_000 };
    let p99 = Reason::Threshold {
        expression: "turnaround.p99 < 20ms".to_owned(),
        observed: Some(61e6),
        samples: 9_000,
    };
    let late = Doubt { kind: DoubtKind::GeneratorLagged, detail: "send lag p99 is 9 ms".to_owned() };
    result.searches = vec![
        record(
            TransportKind::RedisStreams.into(),
            SearchOutcome::None,
            &[(2_000.0, false, Some(p99.clone()))],
            0,
        ),
        record(
            TransportKind::NatsCore.into(),
            SearchOutcome::Found,
            &[(128_000.0, false, None), (139_000.0, false, Some(shed)), (128_000.0, true, None)],
            3,
        ),
        record(
            TransportKind::NatsRequest.into(),
            SearchOutcome::InstrumentLimited,
            &[
                (64_000.0, false, None),
                (70_000.0, false, Some(Reason::Instrument { doubt: late })),
                (64_000.0, true, None),
            ],
            6,
        ),
    ];
    result
}

#[test]
fn the_headline_of_a_search_is_the_highest_rate_confirmed() {
    assert_eq!(headline(&searched()).text.replace('\u{a0}', " "), "nats-core sustains 128 000/s");
    let mut nothing = searched();
    nothing.searches.truncate(1);
    assert_eq!(headline(&nothing).text, "no rate confirmed");
}

/// Rate, whether it confirms, and why it failed.
type Tried = (f64, bool, Option<Reason>);

fn record(path: Path, outcome: SearchOutcome, tried: &[Tried], trial: usize) -> SearchRecord {
    let probe = |(index, (rate_per_s, confirmation, reason)): (usize, &Tried)| Probe {
        rate_per_s: *rate_per_s,
        confirmation: *confirmation,
        asked: 1,
        passed: reason.is_none(),
        reasons: reason.iter().cloned().collect(),
        trial: trial + index,
    };
    let probes: Vec<Probe> = tried.iter().enumerate().map(probe).collect();
    let rate_per_s = probes.iter().find(|probe| probe.confirmation).map(|probe| probe.rate_per_s);
    let high_per_s = probes.iter().find(|probe| !probe.passed).map(|probe| probe.rate_per_s);
    SearchRecord {
        path,
        objective: Objective::HighestSustainedRate,
        outcome,
        rate_per_s,
        low_per_s: rate_per_s,
        high_per_s,
        precision: 0.1,
        from_per_s: 2_000.0,
        to_per_s: 1e6,
        probes,
    }
}

#[test]
fn the_summary_of_a_search_fits_eighty_columns() {
    let text = terminal::summary(&searched(), false);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!(text.replace('\u{a0}', " "), @r"
    nats-core sustains 128 000/s (p99 turnaround 2.76 ms); nats-request sustains at
      least 64 000/s (p99 turnaround 3.21 ms), above which the instrument gave out;
      redis-streams does not sustain even 2 000/s.
      Limited by the instrument, not by the path: nats-request. The path may sustain
        more.
      They do not promise the same: nats-core at most once, durability none;
        nats-request at most once, loss seen by the requester, durability none.
      The transports were searched one after the other and each rate confirmed
        twice: brackets that overlap are not told apart, and a drift of the machine
        may favour one.

    transport        sustains               bracket      p99      limited by
    redis-streams           -         under 2 000/s        -  turnaround.p99
    nats-core       128 000/s  128 000 to 139 000/s  2.76 ms   requests shed
    nats-request   ≥ 64 000/s    64 000 to 70 000/s  3.21 ms  the instrument

      redis-streams at 2 000/s: turnaround.p99 not < 20ms, observed 61.0 ms
      nats-core at 139 000/s: 1 200 of 64 000 requests shed
      nats-request at 70 000/s: invalid, generator_lagged: send lag p99 is 9 ms

      doubt cpu_saturated: 2 cores were busy for 97 % of the window. (nats-core,
        nats-request)
    ");
}

#[test]
fn the_page_of_a_search_shows_its_capacity_and_compares_only_confirmed_trials() {
    let page = html::render(&searched()).unwrap().replace('\u{a0}', " ");
    assert!(page.contains("id=\"capacity\"") && page.contains("128 000 to 139 000/s"));
    assert_eq!(page.matches("<small>confirmation</small>").count(), 2);
    assert!(page.contains("Latency against achieved rate"), "the probes' latencies over their rates");
    assert!(!page.contains("nothing is ranked"), "an invalid probe is no invalid run");
    assert!(!page.contains("id=\"sweep\"") && !page.contains("<h2>Ratios</h2>"));
    assert_eq!(page.matches("<h2>Comparison</h2>").count(), 1);
    let plain = html::render(&Fixture { seconds: 1, ..Fixture::default() }.build()).unwrap();
    assert!(!plain.contains("id=\"capacity\""));
}

#[test]
fn a_search_without_any_answer_still_renders() {
    let mut result = searched();
    result.searches.truncate(1);
    assert!(html::render(&result).unwrap().contains("redis-streams does not sustain even"));
    result.searches[0].outcome = SearchOutcome::InstrumentLimited;
    assert!(sentence(&result).text.starts_with("nothing is known of redis-streams"));
    result.searches[0].outcome = SearchOutcome::Stopped;
    assert!(sentence(&result).text.contains("did not come to its end"));
}

#[test]
fn each_reason_is_told_with_its_figures() {
    let growth = BacklogGrowth {
        slope_per_s: 1_500.0,
        slope_low_per_s: 900.0,
        slope_high_per_s: 2_100.0,
        rise_requests: 4_000.0,
        tolerated_requests: 400.0,
    };
    let told = [
        Reason::Lost { lost: 3, attempted: 2_000 },
        Reason::Rejected { rejected: 1, attempted: 2_000 },
        Reason::BacklogGrows(growth),
        Reason::Threshold { expression: "turnaround.p99 < 20ms".to_owned(), observed: None, samples: 9 },
    ];
    let told: Vec<_> = told.iter().map(reason).collect();
    insta::assert_snapshot!(told.join("\n").replace('\u{a0}', " "), @r"
    3 of 2 000 requests lost
    1 of 2 000 requests refused
    the backlog grows by 1 500 requests a second (95 % interval 900 to 2 100)
    turnaround.p99 not < 20ms, observed nothing: too few samples (9)
    ");
}

#[test]
fn a_probe_is_told_in_a_line() {
    let result = searched();
    let lines: Vec<_> = result.searches[1]
        .probes
        .iter()
        .map(|probe| probe_line(probe, &result.trials[probe.trial]))
        .collect();
    insta::assert_snapshot!(lines.join("\n").replace('\u{a0}', " "), @r"
    nats-core         128 000/s  sustained (p99 2.67 ms)
    nats-core         139 000/s  not sustained: 1 200 of 64 000 requests shed
    nats-core         128 000/s  confirmed (p99 2.76 ms)
    ");
}
