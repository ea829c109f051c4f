//! How a path came back from its faults, from the intervals of its series.

use crate::histogram;
use crate::latency::Latency;
use crate::result::{AroundFault, Fault, SeriesRow, Stretch};
use crate::terms::Aim;

/// Share of what was asked for at which a path counts as recovered.
const RECOVERED: f64 = 0.95;

/// What recovery is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Around {
    /// Whether a schedule says what is asked for.
    pub scheduled: bool,
    pub window_s: f64,
    /// Requests per second that the workers can score; none where scoring takes no time.
    pub served_per_s: Option<f64>,
}

/// Fills in what the series says of faults that stand in the order of their start.
///
/// Events belong to the last fault that had begun by their interval; of several that begin in the same interval, to
/// the first. What was lost belongs to the first fault that the path had not recovered from when it was sent.
pub fn fill(faults: &mut [Fault], series: &[SeriesRow], around: &Around) {
    let starts: Vec<f64> = faults.iter().map(|fault| fault.start_s).collect();
    let mut lost_from_s = f64::NEG_INFINITY;
    // Of the window, up to the fault: read interval by interval as faults come.
    let (mut before, mut read_to) = (Latency::new(), window_from(series));
    for (index, fault) in faults.iter_mut().enumerate() {
        let own = Own::of(index, &starts, series);
        add(&mut before, series.get(read_to..own.from).unwrap_or_default().iter());
        read_to = read_to.max(own.from);
        own.recovery(fault, around);
        fault.turnaround = own.turnaround(fault, around, &before);
        if !own.is_first_of_its_interval {
            continue;
        }
        own.events(fault);
        let over_s = own.over_s(fault);
        lost(fault, series, lost_from_s, over_s);
        lost_from_s = over_s;
        own.backlog(fault, around);
    }
}

/// Index of the first interval of the window.
fn window_from(series: &[SeriesRow]) -> usize {
    series.iter().position(|row| row.t_s >= 0.0).unwrap_or(series.len())
}

fn end_s(row: &SeriesRow) -> f64 {
    row.t_s + row.duration_s
}

/// What was lost of that which was sent in whole intervals from one time to another.
fn lost(fault: &mut Fault, series: &[SeriesRow], from_s: f64, to_s: f64) {
    let rows = || series.iter().filter(|row| row.t_s >= from_s && row.t_s < to_s);
    fault.lost = Some(rows().map(|row| row.lost).sum());
    fault.lost_acknowledged = Some(rows().map(|row| row.lost_acknowledged).sum());
    let first_s = rows().filter_map(|row| row.first_lost_acknowledged_s).min_by(f64::total_cmp);
    fault.oldest_lost_s = first_s.map(|first_s| fault.start_s - first_s).filter(|age_s| *age_s >= 0.0);
}

/// The intervals of one fault.
struct Own<'a> {
    series: &'a [SeriesRow],
    /// Index of the interval in which it began, and of that in which the next one began.
    from: usize,
    to: usize,
    is_first_of_its_interval: bool,
}

impl<'a> Own<'a> {
    fn of(index: usize, starts: &[f64], series: &'a [SeriesRow]) -> Self {
        let interval =
            |start_s: f64| series.iter().position(|row| end_s(row) > start_s).unwrap_or(series.len());
        let from = interval(starts[index]);
        let next = starts[index + 1..].iter().map(|start_s| interval(*start_s)).find(|next| *next > from);
        let is_first_of_its_interval = index == 0 || interval(starts[index - 1]) != from;
        Self { series, from, to: next.unwrap_or(series.len()), is_first_of_its_interval }
    }

    /// Intervals of the window that were over when it began.
    fn before(&self) -> &'a [SeriesRow] {
        self.series.get(window_from(self.series)..self.from).unwrap_or_default()
    }

    /// Intervals that end after the fault does, up to the next fault, with the seconds from one to the other.
    fn after(&self, end_of_fault_s: Option<f64>) -> impl Iterator<Item = (&'a SeriesRow, f64)> + use<'a> {
        let over_s = end_of_fault_s.unwrap_or(f64::INFINITY);
        let rows = self.series[self.from..self.to].iter().filter(move |row| end_s(row) > over_s);
        rows.map(move |row| (row, end_s(row) - over_s))
    }

    fn events(&self, fault: &mut Fault) {
        let rows = &self.series[self.from..self.to];
        fault.duplicated = Some(rows.iter().map(|row| row.duplicated).sum());
        let told = rows.iter().all(|row| row.delivered.is_some());
        fault.redelivered = told.then(|| rows.iter().map(|row| row.redelivered).sum());
        fault.parked = told.then(|| rows.iter().map(|row| row.parked).sum());
    }

    fn recovery(&self, fault: &mut Fault, around: &Around) {
        // In the interval of its beginning something may have been completed before it.
        let start_s = fault.start_s;
        let mut rows = self.after(fault.end_s).filter(|(row, _)| row.t_s >= start_s);
        fault.first_completion_s = rows.find(|(row, _)| row.completed > 0).map(|(_, after_s)| after_s);
        let usual_per_s = per_s(self.before(), |row| row.completed);
        let mut whole = self.after(fault.end_s).filter(|(row, after_s)| *after_s >= row.duration_s);
        let recovered = whole.find(|(row, _)| {
            let asked = match around.scheduled {
                true => row.offered as f64,
                false => usual_per_s.unwrap_or(f64::INFINITY) * row.duration_s,
            };
            asked > 0.0 && row.completed as f64 >= RECOVERED * asked
        });
        fault.recovered_s = recovered.map(|(_, after_s)| after_s);
    }

    /// When the path had recovered; the start of the next fault where it had not before that.
    fn over_s(&self, fault: &Fault) -> f64 {
        let next_s = self.series.get(self.to).map_or(f64::INFINITY, |row| row.t_s);
        fault.end_s.zip(fault.recovered_s).map_or(next_s, |(end_s, after_s)| end_s + after_s)
    }

    fn backlog(&self, fault: &mut Fault, around: &Around) {
        let Some(usual) = self.before().iter().map(|row| row.in_flight).max() else { return };
        let mut whole = self.after(fault.end_s).filter(|(row, after_s)| *after_s >= row.duration_s);
        let drained = whole.find(|(row, _)| row.completed > 0 && row.in_flight <= usual);
        fault.drained_s = drained.map(|(_, after_s)| after_s);
        fault.drained_expected_s = self.expected(fault, around);
    }

    /// `T l / (m - l)` after the path works again, where it stood still and kept what had arrived.
    fn expected(&self, fault: &Fault, around: &Around) -> Option<f64> {
        let (end_s, first_s) = fault.end_s.zip(fault.first_completion_s)?;
        if fault.action.aim() != Aim::Server || fault.lost != Some(0) || !around.scheduled {
            return None;
        }
        let (served_per_s, arriving_per_s) = (around.served_per_s?, per_s(self.before(), |row| row.offered)?);
        let stopped_s = end_s - fault.start_s + first_s;
        (served_per_s > arriving_per_s)
            .then(|| first_s + stopped_s * arriving_per_s / (served_per_s - arriving_per_s))
    }

    fn turnaround(&self, fault: &Fault, around: &Around, before: &Latency) -> Option<AroundFault> {
        let over_s = self.over_s(fault).min(around.window_s);
        let rows = &self.series[self.from..self.to];
        let in_window = |row: &&SeriesRow| row.t_s < around.window_s;
        let (mut during, mut after) = (Latency::new(), Latency::new());
        add(&mut during, rows.iter().filter(in_window).filter(|row| row.t_s < over_s));
        add(&mut after, rows.iter().filter(in_window).filter(|row| row.t_s >= over_s));
        let around =
            AroundFault { before: stretch(before), during: stretch(&during), after: stretch(&after) };
        (around.before.is_some() || around.during.is_some()).then_some(around)
    }
}

/// Events a second over some intervals; none over no time.
fn per_s(rows: &[SeriesRow], count: impl Fn(&SeriesRow) -> u64) -> Option<f64> {
    let seconds: f64 = rows.iter().map(|row| row.duration_s).sum();
    (seconds > 0.0).then(|| rows.iter().map(count).sum::<u64>() as f64 / seconds)
}

/// Adds the histograms of some intervals. One that can't be read is left out.
fn add<'a>(all: &mut Latency, rows: impl Iterator<Item = &'a SeriesRow>) {
    for turnaround in rows.filter_map(|row| row.turnaround.as_ref()) {
        let Ok(decoded) = histogram::decode(&turnaround.histogram, "an interval") else { continue };
        decoded.iter_recorded().for_each(|value| {
            all.record_n(value.value_iterated_to(), value.count_since_last_iteration());
        });
    }
}

/// Turnaround over some intervals; none without samples.
pub fn stretch_of<'a>(rows: impl Iterator<Item = &'a SeriesRow>) -> Option<Stretch> {
    let mut all = Latency::new();
    add(&mut all, rows);
    stretch(&all)
}

/// None without samples.
fn stretch(all: &Latency) -> Option<Stretch> {
    (all.count() > 0).then(|| Stretch {
        count: all.count(),
        p50_ns: all.quantile(0.5),
        p99_ns: all.quantile(0.99),
        p999_ns: all.quantile(0.999),
        max_ns: all.max(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::result::Trial;
    use crate::terms::{Action, TransportKind};

    fn trial() -> Trial {
        let transports = vec![TransportKind::RedisStreams];
        let result = Fixture { transports, seconds: 12, rate_per_s: 500, ..Fixture::default() }.build();
        result.trials.into_iter().next().unwrap()
    }

    fn around() -> Around {
        Around { scheduled: true, window_s: 12.0, served_per_s: Some(1_000.0) }
    }

    fn row(trial: &mut Trial, t_s: f64) -> &mut SeriesRow {
        trial.series.iter_mut().find(|row| row.t_s == t_s).unwrap()
    }

    fn kill(start_s: f64, end_s: f64) -> Fault {
        Fault { end_s: Some(end_s), ..Fault::begun(Action::KillBroker, "redis-server", start_s) }
    }

    /// Down from 3.2 s to 4.5 s, back to the rate in the sixth second, and the backlog gone in the seventh.
    fn struck() -> Trial {
        let mut trial = trial();
        for (t_s, completed, in_flight) in
            [(3.0, 100, 400), (4.0, 0, 900), (5.0, 300, 1_100), (6.0, 900, 700)]
        {
            let row = row(&mut trial, t_s);
            (row.completed, row.in_flight) = (completed, in_flight);
        }
        row(&mut trial, 7.0).completed = 1_000;
        trial
    }

    #[test]
    fn recovery_is_told_from_the_end_of_the_fault_to_the_end_of_an_interval() {
        let trial = struck();
        let mut faults = [kill(3.2, 4.5)];
        fill(&mut faults, &trial.series, &around());
        let [fault] = &faults;
        assert_eq!(fault.first_completion_s, Some(1.5), "the interval of 5 s is over at 6 s");
        assert_eq!((fault.recovered_s, fault.drained_s), (Some(2.5), Some(3.5)));
        // 2.8 s without service at 500 a second, scored at 1 000 a second.
        let expected_s = fault.drained_expected_s.unwrap();
        // The fixture offers some more than that.
        assert!((expected_s - (1.5 + 2.8 * 500.0 / 500.0)).abs() < 0.4, "{expected_s}");
        let turnaround = fault.turnaround.as_ref().unwrap();
        assert!(turnaround.before.is_some() && turnaround.during.is_some() && turnaround.after.is_some());
    }

    #[test]
    fn what_was_lost_belongs_to_the_fault_that_was_not_over_when_it_was_sent() {
        let mut trial = struck();
        for (t_s, lost, acknowledged) in [(2.0, 3, 2), (4.0, 50, 0), (9.0, 7, 0)] {
            let row = row(&mut trial, t_s);
            (row.lost, row.lost_acknowledged) = (lost, acknowledged);
            row.first_lost_acknowledged_s = (acknowledged > 0).then_some(t_s + 0.1);
        }
        row(&mut trial, 8.0).redelivered = 4;
        row(&mut trial, 2.0).redelivered = 9;
        let mut faults = [kill(3.2, 4.5), kill(10.0, 10.5)];
        fill(&mut faults, &trial.series, &around());
        let lost = faults.each_ref().map(|fault| (fault.lost, fault.lost_acknowledged, fault.redelivered));
        assert_eq!(lost, [(Some(53), Some(2), Some(4)), (Some(7), Some(0), Some(0))]);
        assert!((faults[0].oldest_lost_s.unwrap() - 1.1).abs() < 1e-9);
        assert_eq!(faults[1].oldest_lost_s, None);
        assert_eq!(faults[0].drained_expected_s, None, "what was lost is no backlog");
    }

    #[test]
    fn a_fault_that_never_ended_has_no_recovery_and_takes_all_that_was_lost_after_it() {
        let mut trial = trial();
        row(&mut trial, 11.0).lost = 5;
        let mut faults = [Fault::begun(Action::KillBroker, "redis-server", 3.2)];
        fill(&mut faults, &trial.series, &around());
        let [fault] = &faults;
        assert_eq!((fault.first_completion_s, fault.recovered_s, fault.drained_s), (None, None, None));
        assert_eq!(fault.lost, Some(5));
    }

    #[test]
    fn of_faults_that_begin_together_the_first_is_given_the_counts() {
        let mut trial = struck();
        row(&mut trial, 4.0).lost = 6;
        let mut faults = [kill(3.2, 4.5), kill(3.21, 4.6)];
        fill(&mut faults, &trial.series, &around());
        assert_eq!(faults.each_ref().map(|fault| fault.lost), [Some(6), None]);
        assert!(faults[1].recovered_s.is_some());
    }
}
