//! The search against simulated paths.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::*;
use weighbridge_record::terms::Objective;

fn plan(low_per_s: f64, high_per_s: f64, precision: f64) -> SearchPlan {
    SearchPlan {
        objective: Objective::HighestSustainedRate,
        low_per_s,
        high_per_s,
        precision,
        confirm_ns: 20_000_000_000,
        has_rate: false,
    }
}

/// Runs a search to its end on a simulated path; fails if it takes more probes than it may.
fn searched(plan: &SearchPlan, mut path: impl FnMut(Step) -> Shown) -> (Answer, Vec<(Step, Shown)>) {
    let mut search = Search::new(plan);
    let mut probes = Vec::new();
    while let Some(step) = search.next() {
        assert!(probes.len() < PROBES_MAX, "{probes:?}");
        let shown = path(step);
        search.record(step, shown);
        probes.push((step, shown));
    }
    (search.answer(), probes)
}

/// Sustains up to its capacity.
fn sharp(capacity_per_s: f64) -> impl FnMut(Step) -> Shown {
    move |step| if step.rate_per_s <= capacity_per_s { Shown::Sustained } else { Shown::NotSustained }
}

#[test]
fn a_sharp_capacity_is_found_within_the_precision() {
    let (answer, probes) = searched(&plan(1_000.0, 1e6, 0.1), sharp(137_000.0));
    assert_eq!(answer.outcome, SearchOutcome::Found);
    let (low, high) = (answer.rate_per_s.unwrap(), answer.high_per_s.unwrap());
    assert!(low <= 137_000.0 && 137_000.0 < high && high / low <= 1.1, "{answer:?}");
    // 7 doublings pass, one fails twice, the gap is halved three times at rates that fail twice, two runs confirm.
    assert_eq!(probes.len(), 18, "{probes:?}");
    assert!(probes[16..].iter().all(|(step, _)| step.confirms));
}

#[test]
fn a_path_that_never_meets_the_objective_has_no_rate() {
    let (answer, probes) = searched(&plan(1_000.0, 1e6, 0.1), sharp(10.0));
    assert_eq!((answer.outcome, answer.rate_per_s, answer.low_per_s), (SearchOutcome::None, None, None));
    assert_eq!((answer.high_per_s, probes.len()), (Some(1_000.0), 2));
}

#[test]
fn a_path_that_always_meets_it_sustains_at_least_the_highest_rate() {
    let (answer, _) = searched(&plan(1_000.0, 50_000.0, 0.1), sharp(1e9));
    assert_eq!((answer.outcome, answer.rate_per_s), (SearchOutcome::AtLeast, Some(50_000.0)));
    assert_eq!(answer.high_per_s, None);
}

#[test]
fn the_instrument_is_named_where_it_gave_out_first() {
    let path = |step: Step| {
        if step.rate_per_s <= 40_000.0 { Shown::Sustained } else { Shown::InstrumentFailed }
    };
    let (answer, _) = searched(&plan(1_000.0, 1e6, 0.1), path);
    assert_eq!(answer.outcome, SearchOutcome::InstrumentLimited);
    assert!(answer.rate_per_s.unwrap() > 36_000.0, "{answer:?}");
    let (answer, _) = searched(&plan(1_000.0, 1e6, 0.1), |_| Shown::InstrumentFailed);
    assert_eq!((answer.outcome, answer.rate_per_s), (SearchOutcome::InstrumentLimited, None));
}

#[test]
fn an_instrument_that_fails_above_the_paths_own_limit_is_not_named() {
    let path = |step: Step| match step.rate_per_s {
        rate if rate <= 40_000.0 => Shown::Sustained,
        rate if rate <= 90_000.0 => Shown::NotSustained,
        _ => Shown::InstrumentFailed,
    };
    assert_eq!(searched(&plan(1_000.0, 1e6, 0.1), path).0.outcome, SearchOutcome::Found);
}

#[test]
fn a_band_of_rates_that_fail_is_the_limit_only_if_a_probe_meets_it() {
    let failing_in = |low: f64, high: f64| {
        move |step: Step| {
            if (low..high).contains(&step.rate_per_s) { Shown::NotSustained } else { sharp(2e5)(step) }
        }
    };
    // 32 000/s is on the way up, 20 000/s is not.
    let (answer, _) = searched(&plan(1_000.0, 1e6, 0.1), failing_in(30_000.0, 40_000.0));
    let rate = answer.rate_per_s.unwrap();
    assert!(rate < 30_000.0 && answer.high_per_s.unwrap() / rate <= 1.1, "{answer:?}");
    let (answer, _) = searched(&plan(1_000.0, 1e6, 0.1), failing_in(18_000.0, 24_000.0));
    assert!(answer.rate_per_s.unwrap() > 1.8e5, "{answer:?}");
}

#[test]
fn a_failed_confirmation_goes_down_to_a_rate_that_holds() {
    // Short probes pass up to 100 000/s, long ones only up to 60 000/s.
    let path = |step: Step| sharp(if step.confirms { 60_000.0 } else { 100_000.0 })(step);
    let (answer, probes) = searched(&plan(1_000.0, 1e6, 0.1), path);
    let rate = answer.rate_per_s.unwrap();
    assert!(rate <= 60_000.0 && rate > 30_000.0, "{answer:?}: {probes:?}");
    assert!(probes.iter().filter(|(step, _)| step.confirms).count() > 1);
}

/// Fails in the long runs of these numbers, and is sharp otherwise.
fn unlucky(in_confirmations: &[usize]) -> impl FnMut(Step) -> Shown {
    let mut confirmations = 0;
    move |step| {
        confirmations += usize::from(step.confirms);
        let fails = step.confirms && in_confirmations.contains(&confirmations);
        if fails { Shown::NotSustained } else { sharp(1e5)(step) }
    }
}

#[test]
fn what_fails_once_of_three_times_does_not_lower_the_answer() {
    let (answer, probes) = searched(&plan(1_000.0, 1e6, 0.1), unlucky(&[2]));
    assert!(answer.rate_per_s.unwrap() > 9e4, "{answer:?}");
    assert_eq!(
        probes.iter().filter(|(step, _)| step.confirms).count(),
        4,
        "one, then one that is asked three times"
    );
    let mut failed = false;
    let once = |step: Step| {
        let fails = step.rate_per_s == 8_000.0 && !std::mem::replace(&mut failed, step.rate_per_s == 8_000.0);
        if fails { Shown::InstrumentFailed } else { sharp(1e5)(step) }
    };
    let (answer, _) = searched(&plan(1_000.0, 1e6, 0.1), once);
    assert!(answer.rate_per_s.unwrap() > 9e4, "{answer:?}");
}

#[test]
fn what_fails_twice_of_three_times_lowers_it() {
    for unlucky_in in [[2, 3], [2, 4]] {
        let (answer, probes) = searched(&plan(1_000.0, 1e6, 0.1), unlucky(&unlucky_in));
        let refused = probes.iter().find(|(step, shown)| step.confirms && *shown == Shown::NotSustained);
        assert_eq!(answer.high_per_s, refused.map(|(step, _)| step.rate_per_s));
        assert!(answer.rate_per_s.unwrap() < answer.high_per_s.unwrap(), "{answer:?}");
    }
}

#[test]
fn a_path_that_no_long_run_confirms_has_no_rate() {
    let path = |step: Step| if step.confirms { Shown::NotSustained } else { sharp(1e5)(step) };
    let (answer, _) = searched(&plan(1_000.0, 1e6, 0.1), path);
    assert_eq!((answer.outcome, answer.rate_per_s), (SearchOutcome::None, None));
}

#[test]
fn a_wide_range_still_ends_with_a_confirmation() {
    let (answer, probes) = searched(&plan(1.0, 1e8, 0.001), sharp(7e7));
    assert!(answer.rate_per_s.is_some() && probes.len() <= PROBES_MAX, "{answer:?}");
}

#[test]
fn a_noisy_path_is_placed_near_its_capacity() {
    const CAPACITY_PER_S: f64 = 80_000.0;
    for seed in 0..100 {
        let mut random = Pcg64::seed_from_u64(seed);
        // Within 15 % of the capacity a probe passes by chance.
        let path = |step: Step| {
            let excess = (step.rate_per_s / CAPACITY_PER_S - 1.0) / 0.15;
            let passes = random.random_range(-1.0..1.0) > excess;
            if passes { Shown::Sustained } else { Shown::NotSustained }
        };
        let (answer, probes) = searched(&plan(1_000.0, 1e6, 0.1), path);
        let rate = answer.rate_per_s.unwrap_or_else(|| panic!("{probes:?}"));
        assert!((0.5..=1.15).contains(&(rate / CAPACITY_PER_S)), "{seed}: {answer:?}: {probes:?}");
    }
}

fn shown() -> impl Strategy<Value = Shown> {
    prop_oneof![
        3 => Just(Shown::Sustained),
        2 => Just(Shown::NotSustained),
        1 => Just(Shown::InstrumentFailed),
    ]
}

/// What counts of these probes: one that passes at once, and of others two of three.
fn decided(probes: &[(Step, Shown)]) -> Vec<(Step, Shown)> {
    let mut decided = Vec::new();
    let mut asked: Vec<(Step, Shown)> = Vec::new();
    for probe in probes {
        asked.push(*probe);
        let (passes, failures): (Vec<_>, Vec<_>) =
            asked.iter().copied().partition(|(_, shown)| *shown == Shown::Sustained);
        let verdict = if failures.is_empty() || passes.len() == 2 {
            passes.last()
        } else if failures.len() == 2 {
            failures.last()
        } else {
            None
        };
        if let Some(verdict) = verdict {
            decided.push(*verdict);
            asked.clear();
        }
    }
    decided
}

proptest! {
    /// Whatever the path does, also at random: the search ends in its bound, and what it says is what the
    /// probes showed.
    #[test]
    fn any_search_ends_and_says_what_its_probes_showed(
        low in 1.0..1e5_f64,
        span in 1.01..1e6_f64,
        precision in 0.001..0.99_f64,
        outcomes in proptest::collection::vec(shown(), PROBES_MAX),
    ) {
        let plan = plan(low, low * span, precision);
        let mut outcomes = outcomes.into_iter();
        let (answer, probes) = searched(&plan, |_| outcomes.next().expect("within the bound"));
        let probes = decided(&probes);
        let at = |rate: f64| probes.iter().filter(move |(step, _)| step.rate_per_s == rate);
        for (step, _) in &probes {
            prop_assert!(plan.low_per_s <= step.rate_per_s && step.rate_per_s <= plan.high_per_s);
        }
        if let Some(rate) = answer.rate_per_s {
            let confirmations = at(rate).filter(|(step, _)| step.confirms).count();
            prop_assert!(confirmations == CONFIRMATIONS_NEEDED && at(rate).all(|(_, shown)| *shown == Shown::Sustained));
            prop_assert_eq!(answer.low_per_s, Some(rate));
        }
        if let Some(high) = answer.high_per_s {
            prop_assert!(at(high).any(|(_, shown)| *shown != Shown::Sustained));
            prop_assert!(answer.low_per_s.is_none_or(|low| low < high));
            let below = probes.iter().filter(|(step, _)| step.rate_per_s < high);
            prop_assert!(below.into_iter().all(|(_, shown)| *shown == Shown::Sustained));
        } else {
            prop_assert!(probes.iter().all(|(_, shown)| *shown == Shown::Sustained));
        }
        let limited = at(answer.high_per_s.unwrap_or(0.0)).any(|(_, s)| *s == Shown::InstrumentFailed);
        prop_assert_eq!(answer.outcome == SearchOutcome::InstrumentLimited, limited);
    }

    #[test]
    fn a_sharp_capacity_lies_within_the_bracket(
        low in 1.0..1e4_f64,
        capacity_over_low in 1.0..1e3_f64,
        precision in 0.01..0.5_f64,
    ) {
        let capacity = low * capacity_over_low;
        let (answer, _) = searched(&plan(low, low * 1e4, precision), sharp(capacity));
        let (rate, high) = (answer.rate_per_s.unwrap(), answer.high_per_s.unwrap());
        prop_assert!(rate <= capacity && capacity < high);
        prop_assert!(high / rate <= (1.0 + precision).max(2.0) );
    }
}
