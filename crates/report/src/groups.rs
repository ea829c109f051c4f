//! Trials put together the way they are read: one group per sweep point, one entry per transport.
//!
//! Only arranges and merges the record; judges and words nothing.

use std::cell::OnceCell;

use hdrhistogram::Histogram;

use super::ReportError;
use super::claim::At;
use super::interval_latency::{self, Samples};
use weighbridge_record::histogram;
use weighbridge_record::own_lateness::{self, OwnLateness};
use weighbridge_record::places::{self, Place, at_points};
use weighbridge_record::point::Point;
use weighbridge_record::result::{
    DoubtKind, Estimate, LatencySummary, LedgerTotals, PathRatio, Phase, RunResult, SeriesRow, SummaryRow,
    Trial,
};
use weighbridge_record::stats::median;
use weighbridge_record::terms::{Path, Stage};

/// Less than what p99 leaves out may be without an answer; else the slowest of all requests are none of those measured.
const ANSWERED_SHARE_MIN: f64 = 0.99;

/// All trials of one sweep point; of the whole run where nothing is swept.
pub struct Group<'a> {
    pub point: &'a Point,
    /// Where its figures come from.
    pub at: At,
    pub entries: Vec<Entry<'a>>,
    /// Ratios between the transports of this point; none in records that were written without them, and where nothing
    /// is ranked because the instrument was at its limit.
    pub ratios: Vec<&'a PathRatio>,
}

/// One transport at one point, over its repetitions.
pub struct Entry<'a> {
    pub path: Path,
    /// Every trial, in the order of repetitions.
    pub trials: Vec<&'a Trial>,
    /// The trials whose figures count: the valid ones, or all where none is valid.
    pub counted: Vec<&'a Trial>,
    pub summary: Option<&'a SummaryRow>,
    /// Decoded when it is first asked for, because it takes a while and several charts ask.
    over_time: OnceCell<Vec<Samples>>,
}

/// Groups in the order in which their points first ran, paths in their fixed order.
pub fn groups(result: &RunResult) -> Vec<Group<'_>> {
    at_points(&result.trials).into_iter().map(|(point, places)| group(result, point, places)).collect()
}

fn group<'a>(result: &'a RunResult, point: &'a Point, places: Vec<Place<'a>>) -> Group<'a> {
    let entries: Vec<Entry<'_>> = places.into_iter().map(|place| entry(result, place)).collect();
    // Records of earlier versions have ratios of figures that are ours, too.
    let ours = |path: Path, figure: &str| {
        entries.iter().any(|entry| entry.path == path && entry.own_lateness(figure).is_some())
    };
    let here = result.ratios.iter().filter(|pair| &pair.point == point);
    let ratios = here.filter(|pair| !ours(pair.a, &pair.figure) && !ours(pair.b, &pair.figure)).collect();
    let mut group = Group { point, at: At::Point(point.clone()), entries, ratios };
    if !group.limited().is_empty() {
        group.ratios.clear();
    }
    group
}

fn entry<'a>(result: &'a RunResult, place: Place<'a>) -> Entry<'a> {
    let valid = place.valid();
    let counted = if valid.is_empty() { place.trials.clone() } else { valid };
    let summary = result.summary.iter().find(|row| row.path == place.path && &row.point == place.point);
    Entry::new(place.path, place.trials, counted, summary)
}

impl<'a> Group<'a> {
    pub fn label(&self) -> String {
        self.point.label()
    }

    pub fn trials(&self) -> impl Iterator<Item = &'a Trial> {
        self.entries.iter().flat_map(|entry| entry.trials.iter().copied())
    }

    /// The transports that are held against each other.
    pub fn competing(&self) -> Vec<&Entry<'a>> {
        places::competing(&self.entries, |entry| entry.path)
    }

    /// The competing transports whose rate was set by a client or thread of ours; nothing is ranked then.
    pub fn limited(&self) -> Vec<Path> {
        let is_limited =
            |trial: &&Trial| trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::ClientLimited);
        let limited = |entry: &&Entry<'_>| entry.counted.iter().any(is_limited);
        self.competing().into_iter().filter(|entry| limited(entry)).map(|entry| entry.path).collect()
    }

    /// Whether every transport is at a rate of its own, so that nothing is held against each other.
    pub fn at_own_rates(&self) -> bool {
        self.at == At::Confirmed && self.entries.len() > 1
    }

    /// Whether requests had intended times; without them a stall hides itself.
    pub fn scheduled(&self) -> bool {
        self.trials().any(|trial| trial.rates.offered_per_s.is_some())
    }

    /// The most repetitions of any transport.
    pub fn repetitions(&self) -> usize {
        self.entries.iter().map(|entry| entry.trials.len()).max().unwrap_or(0)
    }
}

impl<'a> Entry<'a> {
    /// `counted` must hold a trial.
    pub fn new(
        path: Path,
        trials: Vec<&'a Trial>,
        counted: Vec<&'a Trial>,
        summary: Option<&'a SummaryRow>,
    ) -> Self {
        Self { path, trials, counted, summary, over_time: OnceCell::new() }
    }

    pub fn trial(&self) -> &'a Trial {
        // Nobody makes an entry without a trial.
        self.counted[0]
    }

    /// Intervals of the window over the repetitions that count, each with its trial. What lies before the window is not
    /// measured, and what is left after it drains.
    pub fn in_window(&self) -> impl Iterator<Item = (&'a Trial, &'a SeriesRow)> + use<'a, '_> {
        let rows = self.counted.iter().flat_map(|trial| trial.series.iter().map(move |row| (*trial, row)));
        rows.filter(|(_, row)| row.phase == Phase::Window)
    }

    /// The histogram of a stage over the repetitions that count.
    pub fn merged(&self, stage: Stage) -> Result<Option<Histogram<u64>>, ReportError> {
        let texts = self.counted.iter().filter_map(|trial| trial.latency_ns.get(stage));
        let place = format!("{} {}", self.path, stage.name());
        Ok(histogram::merge(texts.map(|summary| summary.histogram.as_str()), &place)?)
    }

    /// Latencies of the first counted trial in the columns of a time axis, which must be the same whenever
    /// this is called.
    pub fn over_time(
        &self,
        count: usize,
        column: impl Fn(&SeriesRow) -> Option<usize>,
    ) -> Result<&[Samples], ReportError> {
        if self.over_time.get().is_none() {
            let columns = interval_latency::columns(self.trial(), count, column)?;
            return Ok(self.over_time.get_or_init(|| columns));
        }
        Ok(self.over_time.get().map_or(&[], Vec::as_slice))
    }

    /// The median over repetitions and its interval; without an interval where no summary was written. Never an
    /// average of percentiles.
    pub fn figure(&self, path: &str) -> Option<Estimate> {
        let summarised = self.summary.and_then(|row| row.figures.get(path).copied());
        summarised.or_else(|| {
            let median = median(&self.each(path)?);
            Some(Estimate { median, low: None, high: None })
        })
    }

    /// The figure of every repetition that counts; none unless all have it.
    pub fn each(&self, path: &str) -> Option<Vec<f64>> {
        self.counted.iter().map(|trial| trial.figure(path)).collect()
    }

    /// Where a figure is the instrument's own: the repetition with most of our lateness in it.
    pub fn own_lateness(&self, path: &str) -> Option<(&'a Trial, OwnLateness)> {
        own_lateness::worst(&self.counted, path)
    }

    /// The figure, unless it is the instrument's own.
    pub fn vouched(&self, path: &str) -> Option<Estimate> {
        self.figure(path).filter(|_| self.own_lateness(path).is_none())
    }

    /// Whether so few of its requests are without an answer, in all and in the window of each trial, that p99 is the
    /// latency of one that was answered.
    pub fn answers(&self) -> bool {
        let few =
            |unanswered: u64, total: u64| (unanswered as f64) < (1.0 - ANSWERED_SHARE_MIN) * total as f64;
        let ledger = self.ledger();
        let windows = self.counted.iter().filter_map(|trial| trial.latency_ns.get(Stage::ANSWER));
        let few_of_window = |summary: &LatencySummary| {
            summary.unanswered == 0 || few(summary.unanswered, summary.count + summary.unanswered)
        };
        let few_of_all = ledger.unanswered() == 0 || few(ledger.unanswered(), ledger.attempted);
        ledger.completed > 0 && few_of_all && windows.into_iter().all(few_of_window)
    }

    /// Requests of the windows of the trials that count that never got to the end of a stage.
    pub fn unanswered(&self, stage: Stage) -> u64 {
        self.counted
            .iter()
            .filter_map(|trial| trial.latency_ns.get(stage))
            .map(|summary| summary.unanswered)
            .sum()
    }

    /// Totals over every trial, counted or not: a loss is a loss.
    pub fn ledger(&self) -> LedgerTotals {
        self.trials.iter().fold(LedgerTotals::default(), |mut sum, trial| {
            sum.merge(&trial.ledger);
            sum
        })
    }

    /// CPU seconds of the brokers for a million completed requests, median over repetitions.
    pub fn cpu_seconds_per_million(&self) -> Option<f64> {
        let of_trial = |trial: &&Trial| -> Option<f64> {
            let cpu_seconds: Option<f64> = trial.brokers.iter().map(|broker| broker.cpu_seconds).sum();
            let answered = !trial.brokers.is_empty() && trial.ledger.completed > 0;
            cpu_seconds.filter(|_| answered).map(|s| s / trial.ledger.completed as f64 * 1e6)
        };
        let each: Option<Vec<f64>> = self.counted.iter().map(of_trial).collect();
        each.map(|each| median(&each))
    }

    /// The most memory that the brokers of one trial held at their peaks.
    pub fn broker_rss_bytes_max(&self) -> Option<u64> {
        let of_trial = |trial: &&Trial| -> Option<u64> {
            let known: Vec<u64> = trial.brokers.iter().filter_map(|broker| broker.rss_bytes_max).collect();
            (!known.is_empty()).then(|| known.into_iter().sum())
        };
        self.counted.iter().filter_map(of_trial).max()
    }
}
