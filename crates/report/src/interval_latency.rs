//! Latencies of intervals of the series: decoded once, merged into longer intervals, asked for percentiles.
//!
//! Kept as values with counts. A decoded histogram of the record takes a quarter of a megabyte whatever it
//! holds, and an hour's run has thousands of them.

use hdrhistogram::Histogram;

use super::ReportError;
use weighbridge_record::histogram::{Damaged, answers, decode};
use weighbridge_record::result::{SeriesRow, Trial};

/// Latencies in nanoseconds with their counts, smallest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    values: Vec<(u64, u64)>,
}

/// The latencies of a trial's series in so many columns; `column` says which one a row belongs to, if any.
pub fn columns(
    trial: &Trial,
    count: usize,
    column: impl Fn(&SeriesRow) -> Option<usize>,
) -> Result<Vec<Samples>, ReportError> {
    let mut columns = vec![Samples::default(); count];
    // Rows are in the order of time, so one column is under way at a time.
    let mut open: Option<(usize, Histogram<u64>)> = None;
    for row in &trial.series {
        let text = row.turnaround.as_ref().map_or("", |latency| latency.histogram.as_str());
        let Some(index) = column(row).filter(|index| *index < count && !text.is_empty()) else { continue };
        let place = format!("{} at {} s", trial.path, row.t_s);
        let mut histogram = decode(text, &place)?;
        match open.take() {
            Some((under_way, mut sum)) if under_way == index => {
                let detail = |error: hdrhistogram::AdditionError| error.to_string();
                sum.add(&histogram).map_err(|error| Damaged { place, detail: detail(error) })?;
                open = Some((index, sum));
            }
            over => {
                close(over, &mut columns);
                histogram.auto(true);
                open = Some((index, histogram));
            }
        }
    }
    close(open, &mut columns);
    Ok(columns)
}

fn close(over: Option<(usize, Histogram<u64>)>, columns: &mut [Samples]) {
    if let Some((index, histogram)) = over {
        let steps = histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value()));
        let samples = Samples { values: steps.collect() };
        columns[index] = Samples::merge(&[&columns[index], &samples]);
    }
}

impl Samples {
    pub fn merge(parts: &[&Self]) -> Self {
        if let [only] = parts {
            return (*only).clone();
        }
        let mut values: Vec<(u64, u64)> = parts.iter().flat_map(|part| &part.values).copied().collect();
        // The parts are sorted, which a merge sort makes use of.
        values.sort();
        values.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Self { values }
    }

    pub fn values(&self) -> &[(u64, u64)] {
        &self.values
    }

    pub fn count(&self) -> u64 {
        self.values.iter().map(|(_, count)| count).sum()
    }

    pub fn min(&self) -> Option<u64> {
        self.values.first().map(|(value, _)| *value)
    }

    pub fn max(&self) -> Option<u64> {
        self.values.last().map(|(value, _)| *value)
    }

    /// The value at a quantile; none with too few samples above it.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let count = self.count();
        if !answers(count, quantile) {
            return None;
        }
        let rank = (count as f64 * quantile).ceil().max(1.0) as u64;
        let mut below = 0;
        let reached = |&&(_, count): &&(u64, u64)| {
            below += count;
            below >= rank
        };
        self.values.iter().find(reached).map(|(value, _)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::histogram;
    use weighbridge_record::terms::TransportKind;

    fn trial() -> Trial {
        let transports = vec![TransportKind::NatsCore];
        Fixture { transports, seconds: 4, ..Fixture::default() }.build().trials.remove(0)
    }

    #[test]
    fn merged_intervals_have_the_percentiles_of_the_merged_histograms() {
        let trial = trial();
        let halves = columns(&trial, 2, |row| Some(usize::from(row.t_s >= 1.0))).unwrap();
        let texts = trial.series.iter().map(|row| row.turnaround.as_ref().unwrap().histogram.as_str());
        let whole = histogram::merge(texts, "test").unwrap().unwrap();
        for merged in
            [Samples::merge(&[&halves[0], &halves[1]]), columns(&trial, 1, |_| Some(0)).unwrap().remove(0)]
        {
            assert_eq!(merged.count(), whole.len());
            for quantile in [0.1, 0.5, 0.9, 0.99] {
                assert_eq!(merged.quantile(quantile), Some(whole.value_at_quantile(quantile)), "{quantile}");
            }
            assert_eq!(merged.max(), Some(whole.max()));
        }
    }

    #[test]
    fn rows_that_belong_nowhere_are_left_out() {
        let trial = trial();
        let columns = columns(&trial, 2, |row| (row.t_s >= 0.0).then_some(row.t_s as usize)).unwrap();
        let counts: Vec<u64> =
            trial.series.iter().map(|row| row.turnaround.as_ref().unwrap().count).collect();
        assert_eq!([columns[0].count(), columns[1].count()], [counts[1], counts[2]]);
    }

    #[test]
    fn an_interval_with_too_few_samples_has_no_percentile() {
        let samples = Samples { values: vec![(5, 10), (7, 9)] };
        assert_eq!((samples.quantile(0.47), samples.quantile(0.5)), (Some(5), None));
        assert_eq!(Samples::merge(&[]).quantile(0.0), None);
    }

    #[test]
    fn a_damaged_interval_is_named() {
        let mut trial = trial();
        trial.series[2].turnaround.as_mut().unwrap().histogram = "bm9uZQ==".to_owned();
        let error = columns(&trial, 1, |_| Some(0)).unwrap_err().to_string();
        assert!(error.contains("nats-core at 1 s"), "{error}");
    }
}
