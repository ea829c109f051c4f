//! The answer to the scenario's question, as a sentence with figures.
//!
//! Says only what the record carries: without three repetitions no winner is named, and a run with an invalid
//! trial ranks nothing. Draws nothing.

use super::capacity;
use super::claim::{At, Claim, What, of_all};
use super::costs;
use super::groups::{Group, groups};
use super::pair_text;
use super::promises::{differing_management, differing_promises};
use super::ranking::Ranking;
use super::rate_curve;
use super::routed;
use super::struck;
use super::sweep_answer::{self, points};
use super::transit;
use super::unanswered::unanswered;
use weighbridge_record::paired::PAIRS_MIN;
use weighbridge_record::result::{RunResult, Verdict};
use weighbridge_record::terms::Path;

/// What the run says about its question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One sentence with figures, or the reason why there is none.
    pub sentence: Claim,
    /// What must be known to read the sentence rightly, a sentence each.
    pub qualifiers: Vec<Claim>,
}

/// Words the answer of the whole run.
pub fn answer(result: &RunResult) -> Answer {
    if capacity::is_search(result) {
        return Answer { sentence: capacity::sentence(result), qualifiers: capacity::qualifiers(result) };
    }
    if let Some(pair) = &result.pair {
        let sentence = refusal(result).unwrap_or_else(|| pair_text::sentence(pair));
        return Answer { sentence, qualifiers: vec![pair_text::sides(pair)] };
    }
    let groups = groups(result);
    let mut sentence = refusal(result).unwrap_or_else(|| match groups.as_slice() {
        [] => Claim::words("Nothing was measured."),
        [only] => of_group(only),
        many if many.iter().any(struck::is_struck) => struck::of_sweep(many),
        many => match costs::sentence(&result.costs) {
            Some(costs) => costs.say(" ").and(sweep_answer::sentence(many)),
            None => sweep_answer::sentence(many),
        },
    });
    // Knees rank nothing and rest on valid trials alone, so they stand beside a refusal too.
    if let Some(knees) = rate_curve::knees(&groups) {
        sentence = sentence.say(" ").and(knees);
    }
    Answer { sentence, qualifiers: qualifiers(&groups) }
}

/// Where flags made it another measurement than the scenario's: which, and that its prose is about what it says itself.
pub(super) fn changed(result: &RunResult) -> Option<String> {
    let changed = &result.scenario.changed;
    let flags = || changed.join(" ");
    (!changed.is_empty()).then(|| {
        format!(
            "Measured with {} in place of what the scenario says: its question and its reading are not about this run.",
            flags()
        )
    })
}

/// The answer in a few words: who leads, and by which figure. For where there is no room for a sentence, so
/// it holds only for a run whose verdict is `passed` or `failed`.
pub(super) fn headline(result: &RunResult) -> Claim {
    if capacity::is_search(result) {
        return capacity::headline(result);
    }
    if let Some(pair) = &result.pair {
        return pair_text::headline(pair);
    }
    match groups(result).as_slice() {
        [] => Claim::words("nothing measured"),
        [only] if routed::is_routed(only) => routed::headline(only),
        [only] => match Ranking::of(only) {
            None if !only.limited().is_empty() => Claim::words("limited by the instrument"),
            None if Ranking::ranked(only).is_empty() => Claim::words("too little answered"),
            None if Ranking::own_lateness(only).is_some() => Claim::words("own lateness"),
            None => Claim::words("too few samples"),
            Some(ranking) => ranking.headline(),
        },
        many => points(many.len()).say(" points measured"),
    }
}

/// The answer at one point, for the sections of a sweep.
pub(super) fn of_group(group: &Group<'_>) -> Claim {
    if group.at_own_rates() {
        return Claim::words(
            "Each transport is at the rate that it sustains, so none is held against another.",
        );
    }
    if group.trials().any(|trial| !trial.valid) {
        return Claim::words("No ranking: a trial at this point is invalid.");
    }
    if group.trials().all(|trial| trial.ledger.completed == 0) {
        return Claim::words("Nothing was answered; ").and(unanswered(group)).say(".");
    }
    if struck::is_struck(group) {
        return struck::sentence(group);
    }
    if routed::is_routed(group) {
        return routed::sentence(group);
    }
    if Ranking::ranked(group).is_empty() {
        return Claim::words("No ranking: too little was answered; ").and(unanswered(group)).say(".");
    }
    if let Some(words) = Ranking::limited(group) {
        return words;
    }
    let Some(ranking) = Ranking::of(group) else {
        if let Some((path, words)) = Ranking::own_lateness(group) {
            return Claim::words(format!("No ranking: {path}'s figures are our own lateness, "))
                .and(words)
                .say(".");
        }
        return Claim::words("Too few samples to answer: no percentile has ten samples above it.");
    };
    let sentence = ranking.sentence().say("; ").and(unanswered(group)).say(".");
    match transit::sentence(group) {
        Some(added) => sentence.say(" ").and(added),
        None => sentence,
    }
}

fn refusal(result: &RunResult) -> Option<Claim> {
    let invalid: Vec<_> = result.trials.iter().filter(|trial| !trial.valid).collect();
    if !invalid.is_empty() {
        let mut paths: Vec<_> = invalid.iter().map(|trial| trial.path.name()).collect();
        paths.sort_unstable();
        paths.dedup();
        let trials = |count: usize, invalid| {
            let what = What::Trials { invalid };
            Claim::count(count, of_all(&At::Run, what))
        };
        let is = if invalid.len() == 1 { "is" } else { "are" };
        let claim = Claim::words("No ranking: ").and(trials(invalid.len(), true)).say(" of ");
        let claim = claim.and(trials(result.trials.len(), false));
        return Some(claim.say(format!(" trials {is} invalid ({}).", paths.join(", "))));
    }
    match result.verdict {
        Verdict::Aborted => Some(Claim::words("No ranking: the run was stopped before its end.")),
        Verdict::Invalid => Some(Claim::words("No ranking: the measurement is invalid.")),
        Verdict::Passed | Verdict::Failed => None,
    }
}

fn qualifiers(groups: &[Group<'_>]) -> Vec<Claim> {
    let mut said = Vec::new();
    if groups.iter().any(|group| !group.scheduled()) {
        let words = "Nothing is scheduled, so latencies are not corrected for coordinated omission.";
        said.push(Claim::words(words));
    }
    said.extend(differing_promises(groups).map(Claim::words));
    said.extend(differing_management(groups));
    said.extend(own_lateness(groups));
    let repetitions = groups.iter().map(Group::repetitions).min().unwrap_or(0);
    if (1..PAIRS_MIN).contains(&repetitions) && groups.iter().any(|group| group.entries.len() > 1) {
        said.push(Claim::words(
            "With fewer than three repetitions, chance can't be told from a difference: measure with --repeat.",
        ));
    }
    said
}

/// What is not compared because of our own lateness.
fn own_lateness(groups: &[Group<'_>]) -> Option<Claim> {
    let mut told: Vec<(Path, Claim)> = groups.iter().filter_map(Ranking::own_lateness).collect();
    let count = told.len();
    if groups.len() > 1 && count > 0 {
        let at = Claim::count(count, of_all(&At::Run, What::LatePoints));
        let claim = Claim::words("At ").and(at).say(" of ").and(points(groups.len()));
        return Some(claim.say(" points figures are our own lateness, carry * and are not compared."));
    }
    let (path, words) = told.pop()?;
    let claim =
        Claim::words(format!("Figures with * are our own lateness and are not compared: of {path}, "));
    Some(claim.and(words).say("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::{Fixture, rate_sweep};
    use weighbridge_record::result::{Doubt, DoubtKind};
    use weighbridge_record::result::{LedgerTotals, PairVerdict};
    use weighbridge_record::terms::TransportKind;

    fn sentence(result: &RunResult) -> String {
        answer(result).sentence.text.replace('\u{a0}', " ")
    }

    fn lose(ledger: &mut LedgerTotals, count: u64) {
        ledger.completed -= count;
        ledger.lost += count;
    }

    fn two_paths() -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        Fixture { transports, ..Fixture::default() }.build()
    }

    fn ledger_of(result: &mut RunResult, transport: TransportKind) -> &mut LedgerTotals {
        &mut result.trials.iter_mut().find(|trial| trial.path == transport).unwrap().ledger
    }

    #[test]
    fn the_fastest_transport_is_named_with_its_figures() {
        let result = Fixture { repetitions: 5, ..Fixture::default() }.build();
        insta::assert_snapshot!(sentence(&result), @"nats-core answers fastest over 5 runs: p99 turnaround 2.74 ms, 1.2× less than nats-request (3.18 ms) and 5.3× less than redis-streams (14.4 ms); nothing was lost.");
        let once = Fixture::default().build();
        insta::assert_snapshot!(sentence(&once), @"One repetition: no winner is named; p99 turnaround nats-core 2.65 ms, nats-request 3.07 ms, redis-pubsub 3.50 ms, nats-jetstream 6.67 ms, redis-streams 13.5 ms; nothing was lost.");
    }

    #[test]
    fn an_invalid_trial_forbids_a_ranking() {
        let mut result = Fixture::default().build();
        result.trials[2].valid = false;
        result.trials[2].doubts =
            vec![Doubt { kind: DoubtKind::GeneratorLagged, detail: "p99 send lag 9 ms".to_owned() }];
        insta::assert_snapshot!(sentence(&result), @"No ranking: 1 of 5 trials is invalid (nats-core).");
    }

    #[test]
    fn one_repetition_names_no_winner() {
        let transports = vec![TransportKind::NatsCore, TransportKind::NatsRequest];
        let mut result = Fixture { transports, ..Fixture::default() }.build();
        let figures = result.summary[0].figures.clone();
        result.summary[1].figures = figures;
        insta::assert_snapshot!(sentence(&result), @"One repetition: no winner is named; p99 turnaround nats-core 2.63 ms, nats-request 2.63 ms; nothing was lost.");
    }

    #[test]
    fn a_ratio_that_shows_no_difference_names_no_winner() {
        let transports = vec![TransportKind::NatsCore, TransportKind::NatsRequest];
        let mut result = Fixture { transports, repetitions: 3, ..Fixture::default() }.build();
        assert!(sentence(&result).starts_with("nats-core answers fastest"), "{}", sentence(&result));
        for pair in &mut result.ratios {
            pair.verdict = PairVerdict::NoDifferenceShown;
        }
        insta::assert_snapshot!(sentence(&result), @"No winner over 3 runs: p99 turnaround of nats-core (2.71 ms) is not shown to differ from that of nats-request (3.13 ms, higher in all 3); nothing was lost.");
    }

    #[test]
    fn a_record_without_ratios_names_no_winner() {
        let transports = vec![TransportKind::NatsCore, TransportKind::NatsRequest];
        let mut result = Fixture { transports, repetitions: 3, ..Fixture::default() }.build();
        result.ratios.clear();
        insta::assert_snapshot!(sentence(&result), @"No winner over 3 runs: p99 turnaround of nats-core (2.71 ms) is not shown to differ from that of nats-request (3.13 ms); nothing was lost.");
    }

    #[test]
    fn a_single_transport_is_not_ranked() {
        let transports = vec![TransportKind::RedisStreams];
        let mut result = Fixture { transports, ..Fixture::default() }.build();
        lose(&mut result.trials[0].ledger, 12);
        insta::assert_snapshot!(sentence(&result), @"redis-streams answers with p99 turnaround of 13.7 ms in this one run; redis-streams lost 12 of 20 000.");
    }

    #[test]
    fn saturation_is_answered_by_the_completed_rate() {
        let result = Fixture { repetitions: 5, scheduled: false, ..Fixture::default() }.build();
        insta::assert_snapshot!(sentence(&result), @"nats-core completes most over 5 runs: 2 221/s, 1.2× more than nats-request (1 904/s) and 2.6× more than nats-jetstream (869/s); nothing was lost.");
        let result = Fixture { scheduled: false, ..Fixture::default() }.build();
        insta::assert_snapshot!(sentence(&result), @"One repetition: no winner is named; completed nats-core 2 221/s, nats-request 1 904/s, redis-pubsub 1 666/s, redis-streams 1 052/s, nats-jetstream 869/s; nothing was lost.");
        assert!(answer(&result).qualifiers[0].text.contains("not corrected"));
    }

    #[test]
    fn different_promises_are_said_beside_the_answer() {
        let qualifiers = answer(&Fixture::default().build()).qualifiers;
        let qualifiers: Vec<String> = qualifiers.into_iter().map(|claim| claim.text).collect();
        insta::assert_snapshot!(qualifiers.join("\n"), @r"
        They do not promise the same: redis-pubsub, nats-core at most once, durability none; redis-streams, nats-jetstream at least once, durability memory; nats-request at most once, loss seen by the requester, durability none.
        With fewer than three repetitions, chance can't be told from a difference: measure with --repeat.
        ");
    }

    #[test]
    fn a_sweep_is_answered_over_its_points() {
        let points = [1000, 2000].map(|rate| [("load.rate".to_owned(), rate.into())].into()).to_vec();
        let result =
            Fixture { points: points.clone(), repetitions: 5, seconds: 2, ..Fixture::default() }.build();
        insta::assert_snapshot!(sentence(&result), @"nats-core answers fastest at both points: at load.rate = 1 000 p99 turnaround 2.71 ms, at load.rate = 2 000 p99 turnaround 4.20 ms. As fast as at the lowest rate, p99 within twice that: redis-pubsub to 2 000/s, redis-streams to 2 000/s, nats-core to 2 000/s, nats-jetstream to 2 000/s, nats-request to 2 000/s.");
        let result = Fixture { points, seconds: 2, ..Fixture::default() }.build();
        insta::assert_snapshot!(sentence(&result), @"No winner is named at the 2 points, which takes three repetitions: at load.rate = 1 000 p99 2.57 ms to 6.82 ms, at load.rate = 2 000 p99 4.19 ms to 10.6 ms. As fast as at the lowest rate, p99 within twice that: redis-pubsub to 2 000/s, redis-streams to 2 000/s, nats-core to 2 000/s, nats-jetstream to 2 000/s, nats-request to 2 000/s.");
    }

    #[test]
    fn a_sweep_of_the_rate_is_answered_by_its_knees_too() {
        let transports = [TransportKind::RedisStreams, TransportKind::NatsCore];
        insta::assert_snapshot!(sentence(&rate_sweep(&transports)), @"No winner is named at the 8 points, which takes three repetitions: at load.rate = 1 000 p99 841 µs to 1.67 ms, at load.rate = 200 000 p99 1.06 ms to 1.15 s. As fast as at the lowest rate, p99 within twice that: redis-streams to 20 000/s, nats-core to 200 000/s; knee of p99: redis-streams at 50 000/s; no knee: nats-core to 200 000/s.");
        let transports = [TransportKind::RedisStreams, TransportKind::NatsJetstream];
        insta::assert_snapshot!(sentence(&rate_sweep(&transports)), @"No ranking: 3 of 16 trials are invalid (nats-jetstream). As fast as at the lowest rate, p99 within twice that: redis-streams to 20 000/s, nats-jetstream to 10 000/s; knee of p99: redis-streams at 50 000/s; no knee: nats-jetstream to 20 000/s (no valid figure above).");
    }

    #[test]
    fn where_no_result_came_back_deliveries_rank_nobody() {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisPubsub];
        let mut result = Fixture { transports, ..Fixture::default() }.build();
        for trial in &mut result.trials {
            trial.latency_ns.turnaround = None;
            trial.latency_ns.turnaround_uncorrected = None;
            trial.ledger.lost = trial.ledger.completed;
            trial.ledger.lost_results = trial.ledger.lost;
            trial.ledger.completed = 0;
        }
        for row in &mut result.summary {
            row.figures.retain(|figure, _| !figure.starts_with("latency_ns.turnaround"));
        }
        insta::assert_snapshot!(sentence(&result), @"Nothing was answered; redis-pubsub lost 20 000 of 20 000, nats-core lost 20 000 of 20 000.");
    }

    #[test]
    fn a_path_that_answers_too_little_is_named_and_not_ranked() {
        let mut result = two_paths();
        let ledger = ledger_of(&mut result, TransportKind::NatsCore);
        (ledger.completed, ledger.rejected) = (5_000, 15_000);
        insta::assert_snapshot!(sentence(&result), @"redis-streams answers with p99 turnaround of 13.5 ms in this one run; nats-core had 15 000 of 20 000 refused and is not ranked.");
        let ledger = ledger_of(&mut result, TransportKind::RedisStreams);
        (ledger.completed, ledger.unsent, ledger.parked) = (19_000, 900, 100);
        insta::assert_snapshot!(sentence(&result), @"No ranking: too little was answered; redis-streams left 1 000 of 20 000 unanswered (900 shed, 100 parked), nats-core had 15 000 of 20 000 refused.");
        assert_eq!(headline(&result).text, "too little answered");
    }

    #[test]
    fn a_path_that_lost_all_results_leaves_the_others_their_percentiles() {
        let mut result = two_paths();
        lose(ledger_of(&mut result, TransportKind::RedisStreams), 20_000);
        for trial in result.trials.iter_mut().filter(|trial| trial.path == TransportKind::RedisStreams) {
            trial.latency_ns.turnaround = None;
        }
        for row in result.summary.iter_mut().filter(|row| row.path == TransportKind::RedisStreams) {
            row.figures.retain(|figure, _| !figure.starts_with("latency_ns.turnaround"));
        }
        insta::assert_snapshot!(sentence(&result), @"nats-core answers with p99 turnaround of 2.63 ms in this one run; redis-streams lost 20 000 of 20 000 and is not ranked.");
    }

    #[test]
    fn a_path_that_refused_a_few_is_ranked_and_never_said_to_have_lost_nothing() {
        let mut result = two_paths();
        let ledger = ledger_of(&mut result, TransportKind::NatsCore);
        (ledger.completed, ledger.rejected) = (19_900, 100);
        insta::assert_snapshot!(sentence(&result), @"One repetition: no winner is named; p99 turnaround nats-core 2.63 ms, redis-streams 13.5 ms; nats-core had 100 of 20 000 refused.");
    }

    #[test]
    fn the_in_process_floor_does_not_compete() {
        let transports = vec![TransportKind::NatsCore, TransportKind::InProcess];
        let result = Fixture { transports, ..Fixture::default() }.build();
        assert!(sentence(&result).starts_with("nats-core answers with"), "{}", sentence(&result));
    }
}
