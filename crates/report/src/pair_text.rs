//! What a pair of settings came to, in words and as rows.

use super::claim::{At, Claim, Fact, PairPart, What, of, of_all};
use super::compare_text::chance;
use super::ratios::{figure_name, interval_claim, interval_text};
use weighbridge_record::format;
use weighbridge_record::paired::INTERVAL_PAIRS_MIN;
use weighbridge_record::result::{Change, ChangeVerdict, PairRecord};
use weighbridge_record::stats::worse_by_at_most;

/// One figure of one path, at its base and new.
pub struct Row {
    pub path: String,
    pub figure: &'static str,
    pub base: String,
    pub new: String,
    pub ratio: String,
    pub verdict: &'static str,
    /// Class of the verdict.
    pub tone: &'static str,
    pub p: String,
}

pub fn rows(pair: &PairRecord) -> Vec<Row> {
    pair.changes.iter().map(row).collect()
}

pub fn row(change: &Change) -> Row {
    Row {
        path: change.path.to_string(),
        figure: name(change),
        base: print(change, change.base),
        new: print(change, change.new),
        ratio: change.ratio.map_or(String::new(), interval_text),
        verdict: word(change.verdict),
        tone: tone(change.verdict),
        p: change.p_adjusted.map_or(String::new(), chance),
    }
}

/// What the sides are, in words.
pub fn sides(pair: &PairRecord) -> Claim {
    let words = |settings: &[String]| {
        let named = settings.iter().map(|setting| Claim::default().name(setting.clone()));
        if settings.is_empty() { Claim::words("as the scenario says") } else { Claim::join(named, ", ") }
    };
    Claim::words("base: ").and(words(&pair.base)).say("; new: ").and(words(&pair.new))
}

/// What the intervals of its ratios are.
pub fn interval_name(pair: &PairRecord) -> &'static str {
    if is_interval(pair) { "its 95 % interval" } else { "the range of the pairs" }
}

fn is_interval(pair: &PairRecord) -> bool {
    ratios(pair).all(|change| change.of_repetitions.len() >= INTERVAL_PAIRS_MIN)
}

fn ratios(pair: &PairRecord) -> impl Iterator<Item = &Change> {
    pair.changes.iter().filter(|change| change.ratio.is_some())
}

pub fn word(verdict: ChangeVerdict) -> &'static str {
    match verdict {
        ChangeVerdict::NoDifferenceShown => "no difference shown",
        ChangeVerdict::Better => "better",
        ChangeVerdict::Worse => "worse",
        ChangeVerdict::TooFewRepetitions => "too few pairs",
        ChangeVerdict::Regression => "regression",
    }
}

fn tone(verdict: ChangeVerdict) -> &'static str {
    match verdict {
        ChangeVerdict::NoDifferenceShown | ChangeVerdict::TooFewRepetitions => "",
        ChangeVerdict::Better => "good",
        ChangeVerdict::Worse => "warn",
        ChangeVerdict::Regression => "bad",
    }
}

/// The verdict in a sentence, with the figures it rests on.
pub fn sentence(pair: &PairRecord) -> Claim {
    let Some(verdict) = pair.verdict else { return Claim::words("No verdict: a trial is invalid.") };
    let tolerance = || {
        let percent = format!("{} %", format::number(pair.tolerance_percent));
        Claim::words("the tolerance of ").figure(
            percent,
            pair.tolerance_percent,
            of_all(&At::Run, What::PairTolerance),
        )
    };
    let differs = |change: &&Change| {
        [ChangeVerdict::Regression, ChangeVerdict::Worse, ChangeVerdict::Better].contains(&change.verdict)
    };
    let one = |change: &Change| one(change, &At::Run);
    let differing = Claim::join(pair.changes.iter().filter(differs).map(one), "; ");
    let all = Claim::join(ratios(pair).map(one), "; ");
    let claim = match verdict {
        ChangeVerdict::Regression => Claim::words("Regression: new is worse, beyond ")
            .and(tolerance())
            .say(": ")
            .and(differing)
            .say("."),
        ChangeVerdict::Worse => {
            Claim::words("New is worse, not beyond ").and(tolerance()).say(": ").and(differing).say(".")
        }
        ChangeVerdict::Better => Claim::words("New is better: ").and(differing).say("."),
        ChangeVerdict::TooFewRepetitions => {
            Claim::words("No verdict: that takes three pairs (--repeat). ").and(all).say(".")
        }
        ChangeVerdict::NoDifferenceShown => {
            let pairs = ratios(pair).map(|change| change.of_repetitions.len()).min().unwrap_or(0);
            let count = of_all(&At::Run, What::PairCount);
            let claim =
                Claim::words("No difference shown over ").figure(pairs.to_string(), pairs as f64, count);
            claim.say(" pairs: ").and(all).and(bound(pair)).say(".")
        }
    };
    claim.resting_on(Fact::Verdict(verdict))
}

/// The verdict in a few words.
pub fn headline(pair: &PairRecord) -> Claim {
    let Some(verdict) = pair.verdict else { return Claim::words("no verdict") };
    let claim = match verdict {
        ChangeVerdict::Better | ChangeVerdict::Worse => Claim::words(format!("new is {}", word(verdict))),
        verdict => Claim::words(word(verdict)),
    };
    claim.resting_on(Fact::Verdict(verdict))
}

/// How much worse new may be at most, where the intervals exclude as much as the tolerance.
fn bound(pair: &PairRecord) -> Claim {
    let worst = |change: &Change| worse_by_at_most(&change.figure, change.ratio?);
    let worst: Option<Vec<f64>> = ratios(pair).map(worst).collect();
    let percent = worst.unwrap_or_default().into_iter().fold(0.0, f64::max) * 100.0;
    if !is_interval(pair) || percent <= 0.0 || percent > pair.tolerance_percent {
        return Claim::default();
    }
    let claim = Claim::words("; no figure is worse by more than ");
    claim.figure(format!("{percent:.1} %"), percent, of_all(&At::Run, What::PairBound))
}

/// `p50 of nats-core 1.10× (1.09 to 1.11)`.
pub fn one(change: &Change, at: &At) -> Claim {
    let path = change.path;
    let part = |part: PairPart| What::Pair { figure: change.figure.clone(), part };
    let claim = Claim::words(format!("{} of {path} ", name(change)));
    if let Some(ratio) = change.ratio {
        return claim.and(interval_claim(ratio, at, path, |of| part(PairPart::Ratio(of))));
    }
    let side = |value: f64, side: PairPart| (print(change, value), value, of(at, path, part(side)));
    let (base, new) = (side(change.base, PairPart::Base), side(change.new, PairPart::New));
    claim.figure(base.0, base.1, base.2).say(", then ").figure(new.0, new.1, new.2)
}

fn name(change: &Change) -> &'static str {
    if change.figure == "ledger.unanswered" {
        "requests without an answer"
    } else {
        figure_name(&change.figure)
    }
}

fn print(change: &Change, value: f64) -> String {
    match change.figure.split('.').next() {
        Some("latency_ns") => format::latency(value),
        Some("rates") => format::rate(value),
        _ => format::count(value as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::result::Estimate;
    use weighbridge_record::terms::TransportKind;

    fn pair(verdict: ChangeVerdict, ratio: [f64; 3]) -> PairRecord {
        let change = Change {
            path: TransportKind::NatsCore.into(),
            figure: "latency_ns.turnaround.p50".to_owned(),
            base: 1e6,
            new: 1e6 * ratio[0],
            ratio: Some(Estimate { median: ratio[0], low: Some(ratio[1]), high: Some(ratio[2]) }),
            of_repetitions: vec![ratio[0]; 5],
            p_adjusted: Some(0.000_1),
            verdict,
        };
        let unanswered = Change {
            figure: "ledger.unanswered".to_owned(),
            ratio: None,
            of_repetitions: Vec::new(),
            p_adjusted: None,
            verdict: ChangeVerdict::NoDifferenceShown,
            base: 0.0,
            new: 0.0,
            ..change.clone()
        };
        PairRecord {
            base: vec!["workers.count=4".to_owned()],
            new: Vec::new(),
            tolerance_percent: 5.0,
            verdict: Some(verdict),
            changes: vec![change, unanswered],
        }
    }

    #[test]
    fn a_verdict_is_told_with_the_figures_it_rests_on() {
        let sentences = [
            sentence(&pair(ChangeVerdict::Regression, [1.1, 1.09, 1.11])),
            sentence(&pair(ChangeVerdict::Worse, [1.02, 1.01, 1.03])),
            sentence(&pair(ChangeVerdict::Better, [0.9, 0.89, 0.91])),
            sentence(&pair(ChangeVerdict::NoDifferenceShown, [1.0, 0.98, 1.02])),
            sentence(&pair(ChangeVerdict::NoDifferenceShown, [1.0, 0.9, 1.12])),
            sentence(&pair(ChangeVerdict::TooFewRepetitions, [1.1, 1.1, 1.1])),
            sentence(&PairRecord { verdict: None, ..pair(ChangeVerdict::Better, [1.0; 3]) }),
            sides(&pair(ChangeVerdict::Better, [1.0; 3])),
        ];
        insta::assert_snapshot!(sentences.map(|claim| claim.text).join("\n").replace('\u{a0}', " "), @"
        Regression: new is worse, beyond the tolerance of 5 %: p50 of nats-core 1.10× (1.09 to 1.11).
        New is worse, not beyond the tolerance of 5 %: p50 of nats-core 1.02× (1.01 to 1.03).
        New is better: p50 of nats-core 0.90× (0.89 to 0.91).
        No difference shown over 5 pairs: p50 of nats-core 1.00× (0.98 to 1.02); no figure is worse by more than 2.0 %.
        No difference shown over 5 pairs: p50 of nats-core 1.00× (0.90 to 1.12).
        No verdict: that takes three pairs (--repeat). p50 of nats-core 1.10× (1.10 to 1.10).
        No verdict: a trial is invalid.
        base: workers.count=4; new: as the scenario says
        ");
    }

    #[test]
    fn a_row_stands_for_every_figure_and_the_requests_without_an_answer() {
        let rows = rows(&pair(ChangeVerdict::Regression, [1.1, 1.09, 1.11]));
        let told: Vec<_> = rows.iter().map(|row| (row.figure, row.verdict, row.p.as_str())).collect();
        assert_eq!(
            told,
            [("p50", "regression", "< 0.001"), ("requests without an answer", "no difference shown", "")]
        );
    }
}
