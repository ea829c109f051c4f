//! What a swept setting costs against its first value, in words and as rows.

use super::claim::{At, Claim, Fact};
use super::pair_text::{Row, one, row};
use weighbridge_record::paired::{INTERVAL_PAIRS_MIN, PAIRS_MIN};
use weighbridge_record::result::{Change, ChangeVerdict, Cost};

const MEDIAN: &str = "latency_ns.turnaround.p50";

/// One value in words, against the first; its figures by which it is read.
pub struct Table {
    pub heading: String,
    pub base: String,
    pub rows: Vec<Row>,
}

pub fn tables(costs: &[Cost]) -> Vec<Table> {
    let table = |cost: &Cost| Table {
        heading: cost.point.label(),
        base: cost.base.label(),
        rows: cost.changes.iter().map(row).collect(),
    };
    costs.iter().map(table).collect()
}

/// What the intervals of the ratios are.
pub fn interval_name(costs: &[Cost]) -> &'static str {
    let pairs = medians(costs).map(|change| change.of_repetitions.len()).min().unwrap_or(0);
    if pairs >= INTERVAL_PAIRS_MIN { "its 95 % interval" } else { "the range of the pairs" }
}

fn medians(costs: &[Cost]) -> impl Iterator<Item = &Change> {
    costs.iter().flat_map(|cost| &cost.changes).filter(|change| change.figure == MEDIAN)
}

/// What each value costs at p50, path by path; none where nothing was held against the first.
pub fn sentence(costs: &[Cost]) -> Option<Claim> {
    let told: Vec<_> = costs.iter().filter_map(of_value).collect();
    (!told.is_empty()).then(|| Claim::join(told, " "))
}

fn of_value(cost: &Cost) -> Option<Claim> {
    let medians: Vec<&Change> = cost.changes.iter().filter(|change| change.figure == MEDIAN).collect();
    let fewest = medians.iter().map(|change| change.of_repetitions.len()).min()?;
    let of = |verdicts: &[ChangeVerdict]| {
        let found = medians.iter().filter(|change| verdicts.contains(&change.verdict));
        found.map(|change| told(change, cost)).collect::<Vec<_>>()
    };
    let claim =
        Claim::words("With ").name(cost.point.label()).say(" against ").name(cost.base.label()).say(": ");
    if fewest < PAIRS_MIN {
        let all = medians.iter().map(|change| told(change, cost));
        return Some(claim.say("no verdict, which takes three pairs; ").and(Claim::join(all, ", ")).say("."));
    }
    let parts = [
        ("slower", of(&[ChangeVerdict::Worse, ChangeVerdict::Regression])),
        ("faster", of(&[ChangeVerdict::Better])),
        ("no difference shown", of(&[ChangeVerdict::NoDifferenceShown])),
    ];
    let parts = parts.into_iter().filter(|(_, found)| !found.is_empty());
    let parts = parts.map(|(word, found)| Claim::words(format!("{word}, ")).and(Claim::join(found, ", ")));
    Some(claim.and(Claim::join(parts, "; ")).say("."))
}

/// With the verdict that it stands under.
fn told(change: &Change, cost: &Cost) -> Claim {
    let at = At::Point(cost.point.clone());
    let verdict = Fact::Costs {
        at: at.clone(),
        path: change.path,
        figure: change.figure.clone(),
        verdict: change.verdict,
    };
    one(change, &at).resting_on(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::point::Point;
    use weighbridge_record::result::Estimate;
    use weighbridge_record::terms::TransportKind;

    fn change(path: TransportKind, ratio: f64, verdict: ChangeVerdict) -> Change {
        Change {
            path: path.into(),
            figure: MEDIAN.to_owned(),
            base: 1e6,
            new: 1e6 * ratio,
            ratio: Some(Estimate { median: ratio, low: Some(ratio - 0.01), high: Some(ratio + 0.01) }),
            of_repetitions: vec![ratio; 5],
            p_adjusted: Some(0.01),
            verdict,
        }
    }

    fn cost(value: &str, changes: Vec<Change>) -> Cost {
        let point = |value: &str| Point::from([("brokers.tls".to_owned(), value.into())]);
        Cost { base: point("off"), point: point(value), changes }
    }

    #[test]
    fn each_value_is_told_with_what_it_costs_each_path() {
        use TransportKind::{NatsCore, NatsJetstream, RedisPubsub};
        let costs = [
            cost(
                "tls",
                vec![
                    change(RedisPubsub, 1.3, ChangeVerdict::Worse),
                    change(NatsCore, 1.0, ChangeVerdict::NoDifferenceShown),
                ],
            ),
            cost("mutual", vec![change(NatsJetstream, 0.9, ChangeVerdict::Better)]),
        ];
        let text = sentence(&costs).unwrap().text.replace('\u{a0}', " ");
        insta::assert_snapshot!(text, @"With brokers.tls = tls against brokers.tls = off: slower, p50 of redis-pubsub 1.30× (1.29 to 1.31); no difference shown, p50 of nats-core 1.00× (0.99 to 1.01). With brokers.tls = mutual against brokers.tls = off: faster, p50 of nats-jetstream 0.90× (0.89 to 0.91).");
        assert_eq!(sentence(&[]), None);
        assert_eq!(interval_name(&costs), "its 95 % interval");
        let mut few = costs[1].clone();
        few.changes[0].of_repetitions.truncate(2);
        assert!(sentence(&[few]).unwrap().text.contains("no verdict, which takes three pairs"));
    }
}
