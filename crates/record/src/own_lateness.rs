//! Which figures are our own lateness and not the path's. Pure.
//!
//! What is counted from the moment a request was meant to be sent has our send lag in it. A figure is ours where
//! the same statistic of send lag is more than a tenth of it, and more than waking by a timer costs. It is marked,
//! and nothing is held against it: no other path, no other run, no threshold.

use crate::format;
use crate::result::{StageLatencies, Trial};
use crate::terms::Stage;

/// What a wake by timer costs on an idle machine, the tail of it included; the same on every path.
pub const LAG_TOLERATED_NS: f64 = 100_000.0;
/// Share of a figure beyond which send lag makes it ours.
pub const LAG_SHARE_MAX: f64 = 0.10;

/// Send lag in a figure of which it is too large a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnLateness {
    /// The statistic of send lag.
    pub lag_ns: f64,
    /// The figure that has it in it.
    pub figure_ns: f64,
    /// The same statistic counted from the moment a request was sent; none where that was not recorded.
    pub from_sending_ns: Option<f64>,
}

impl OwnLateness {
    pub fn share(&self) -> f64 {
        self.lag_ns / self.figure_ns.max(1.0)
    }

    /// `send lag p99.9 is 14.4 ms of 41.9 ms`.
    pub fn words(&self, statistic: &str) -> String {
        let (lag, figure) = (format::latency(self.lag_ns), format::latency(self.figure_ns));
        format!("send lag {} is {lag} of {figure}", printed(statistic))
    }
}

/// A statistic as people write it.
fn printed(statistic: &str) -> &str {
    match statistic {
        "p999" => "p99.9",
        "p9999" => "p99.99",
        other => other,
    }
}

/// Whether a figure with this send lag in it is ours.
pub fn is_ours(lag_ns: f64, figure_ns: f64) -> bool {
    lag_ns > LAG_TOLERATED_NS.max(LAG_SHARE_MAX * figure_ns)
}

/// Our lateness in a statistic of a stage; none where the figure is the path's.
pub fn in_statistic(latencies: &StageLatencies, stage: Stage, statistic: &str) -> Option<OwnLateness> {
    if !stage.has_send_lag() {
        return None;
    }
    let figure_ns = latencies.get(stage)?.statistic(statistic)?;
    let lag_ns = latencies.get(Stage::SendLag)?.statistic(statistic)?;
    let uncorrected = latencies.get(Stage::TurnaroundUncorrected).filter(|_| stage == Stage::Turnaround);
    let from_sending_ns = uncorrected.and_then(|figures| figures.statistic(statistic));
    is_ours(lag_ns, figure_ns).then_some(OwnLateness { lag_ns, figure_ns, from_sending_ns })
}

/// The same for a figure by its path in `result.json`.
pub fn in_figure(trial: &Trial, path: &str) -> Option<OwnLateness> {
    let (stage, statistic) = path.strip_prefix("latency_ns.")?.split_once('.')?;
    let stage = Stage::ALL.into_iter().find(|known| known.name() == stage)?;
    in_statistic(&trial.latency_ns, stage, statistic)
}

/// Of repetitions the one with the largest part of our lateness in a figure; none where the figure is the path's
/// in all of them.
pub fn worst<'a>(trials: &[&'a Trial], path: &str) -> Option<(&'a Trial, OwnLateness)> {
    let ours = trials.iter().filter_map(|trial| Some((*trial, in_figure(trial, path)?)));
    ours.max_by(|(_, a), (_, b)| a.share().total_cmp(&b.share()))
}

/// The figure of every repetition; none unless all have it and it is the path's in all of them.
pub fn vouched(trials: &[&Trial], path: &str) -> Option<Vec<f64>> {
    let own = |trial: &&&Trial| in_figure(trial, path).is_none();
    trials.iter().map(|trial| Some(trial).filter(own)?.figure(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::result::LatencySummary;

    fn trial(lag_ns: u64, turnaround_ns: u64) -> Trial {
        let mut trial = Fixture { seconds: 1, ..Fixture::default() }.build().trials.swap_remove(0);
        let figures = |p999| Some(LatencySummary { p999: Some(p999), ..LatencySummary::default() });
        trial.latency_ns = StageLatencies {
            send_lag: figures(lag_ns),
            service: figures(turnaround_ns),
            turnaround: figures(turnaround_ns),
            turnaround_uncorrected: figures(turnaround_ns - lag_ns),
            ..StageLatencies::default()
        };
        trial
    }

    const P999: &str = "latency_ns.turnaround.p999";

    #[test]
    fn a_stall_of_ours_is_no_figure_of_the_path() {
        let stalled = trial(14_361_000, 41_943_000);
        let found = in_figure(&stalled, P999).unwrap();
        assert_eq!((found.lag_ns, found.figure_ns), (14_361_000.0, 41_943_000.0));
        assert_eq!(found.from_sending_ns, Some(27_582_000.0));
        assert_eq!(vouched(&[&stalled], P999), None);
        assert_eq!(in_figure(&stalled, "latency_ns.service.p999"), None, "no send lag in it");
        assert_eq!(in_figure(&stalled, "latency_ns.turnaround_uncorrected.p999"), None);
    }

    #[test]
    fn a_tenth_is_borne_and_so_is_what_a_wake_costs() {
        assert_eq!(in_figure(&trial(1_000_000, 10_000_000), P999), None);
        assert!(in_figure(&trial(1_100_000, 10_000_000), P999).is_some());
        assert_eq!(in_figure(&trial(90_000, 200_000), P999), None, "an idle path");
        assert!(in_figure(&trial(308_000, 771_000), P999).is_some());
    }

    #[test]
    fn one_repetition_of_ours_is_enough_and_the_worst_is_named() {
        let mut trials =
            [trial(500_000, 14_000_000), trial(3_000_000, 14_000_000), trial(9_000_000, 14_000_000)];
        trials[2].repetition = 3;
        let all: Vec<&Trial> = trials.iter().collect();
        assert_eq!(vouched(&all, P999), None);
        assert_eq!(worst(&all, P999).unwrap().0.repetition, 3);
        assert_eq!(vouched(&all[..1], P999), Some(vec![14e6]));
        assert_eq!(worst(&all[..1], P999), None);
    }
}
