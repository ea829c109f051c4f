//! Trials put together the way they are read: one group per sweep point, one entry per transport.
//!
//! Only arranges and merges the record; judges and words nothing.

use std::cell::OnceCell;

use hdrhistogram::Histogram;

use super::ReportError;
use super::interval_latency::{self, Samples};
use weighbridge_record::histogram;
use weighbridge_record::own_lateness::{self, OwnLateness};
use weighbridge_record::places::{Place, at_points};
use weighbridge_record::point::Point;
use weighbridge_record::result::{
    Estimate, LedgerTotals, PathRatio, RunResult, SeriesRow, SummaryRow, Trial,
};
use weighbridge_record::terms::{Path, Stage};

/// What p99 leaves out may be without an answer; beyond that, the slowest of all requests are none of those measured.
const ANSWERED_SHARE_MIN: f64 = 0.99;

/// All trials of one sweep point; of the whole run where nothing is swept.
pub struct Group<'a> {
    pub point: &'a Point,
    pub entries: Vec<Entry<'a>>,
    /// Ratios between the transports of this point; none in records that were written without them.
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
    Group { point, entries, ratios }
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

    /// The transports that compete: the in-process floor is no choice, unless it is alone.
    pub fn competing(&self) -> Vec<&Entry<'a>> {
        let is_floor = |entry: &&Entry<'_>| entry.path.is_floor();
        let alone = self.entries.iter().all(|entry| is_floor(&entry));
        self.entries.iter().filter(|entry| alone || !is_floor(entry)).collect()
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

    /// The median over repetitions and its interval; the single trial's own figure where no summary was
    /// written. Never an average of percentiles.
    pub fn figure(&self, path: &str) -> Option<Estimate> {
        let summarised = self.summary.and_then(|row| row.figures.get(path).copied());
        summarised.or_else(|| match self.counted.as_slice() {
            [only] => only.figure(path).map(|median| Estimate { median, low: None, high: None }),
            _ => None,
        })
    }

    /// Where a figure is the instrument's own: the repetition with most of our lateness in it.
    pub fn own_lateness(&self, path: &str) -> Option<(&'a Trial, OwnLateness)> {
        own_lateness::worst(&self.counted, path)
    }

    /// The figure, unless it is the instrument's own.
    pub fn vouched(&self, path: &str) -> Option<Estimate> {
        self.figure(path).filter(|_| self.own_lateness(path).is_none())
    }

    /// Whether so few of its requests are without an answer that the p99 of the others stands for all.
    pub fn answers(&self) -> bool {
        let ledger = self.ledger();
        let leaves_out = 1.0 - ANSWERED_SHARE_MIN;
        ledger.completed > 0 && ledger.unanswered() as f64 <= leaves_out * ledger.attempted as f64
    }

    /// Totals over every trial, counted or not: a loss is a loss.
    pub fn ledger(&self) -> LedgerTotals {
        self.trials.iter().fold(LedgerTotals::default(), |mut sum, trial| {
            sum.merge(&trial.ledger);
            sum
        })
    }

    /// CPU seconds of the brokers for a million completed requests.
    pub fn cpu_seconds_per_million(&self) -> Option<f64> {
        let mut cpu_seconds = 0.0;
        for broker in self.counted.iter().flat_map(|trial| &trial.brokers) {
            cpu_seconds += broker.cpu_seconds?;
        }
        let has_broker = self.counted.iter().any(|trial| !trial.brokers.is_empty());
        let completed: u64 = self.counted.iter().map(|trial| trial.ledger.completed).sum();
        (has_broker && completed > 0).then(|| cpu_seconds / completed as f64 * 1e6)
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
