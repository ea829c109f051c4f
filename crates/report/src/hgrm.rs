//! One percentile table per trial, as text that HdrHistogram's plotter reads.
//!
//! The layout is that of `outputPercentileDistribution` of the Java library, five ticks per half distance;
//! values are milliseconds. Of the turnaround.

use std::fmt::Write;

use hdrhistogram::Histogram;

use super::{ReportError, hlog};
use weighbridge_record::histogram;
use weighbridge_record::result::Trial;
use weighbridge_record::terms::Stage;

const TICKS_PER_HALF_DISTANCE: u32 = 5;
const NS_PER_MS: f64 = 1e6;

/// The name of the trial's log with another ending.
pub fn file_name(trial: &Trial) -> String {
    let log = hlog::file_name(trial);
    format!("{}.hgrm", log.trim_end_matches(".hlog"))
}

/// The table of one trial; none where nothing was recorded.
pub fn text(trial: &Trial) -> Result<Option<String>, ReportError> {
    let Some(latency) = trial.latency_ns.get(Stage::ANSWER) else { return Ok(None) };
    let place = format!("{} r{}, {}", trial.path, trial.repetition, Stage::ANSWER.name());
    let recorded = histogram::merge([latency.histogram.as_str()], &place)?;
    Ok(recorded.filter(|histogram| !histogram.is_empty()).map(|histogram| table(&histogram)))
}

fn table(histogram: &Histogram<u64>) -> String {
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut count = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        count += step.count_since_last_iteration();
        let (value_ms, quantile) = (step.value_iterated_to() as f64 / NS_PER_MS, step.quantile_iterated_to());
        // Writing to a string does not fail.
        let _ = write!(text, "{value_ms:12.6} {quantile:2.12} {count:10}");
        // The last row has no distance to 100 %, and the plotter reads it without one.
        let _ =
            if quantile < 1.0 { writeln!(text, " {:14.2}", 1.0 / (1.0 - quantile)) } else { writeln!(text) };
    }
    let _ = writeln!(
        text,
        "#[Mean    = {:12.6}, StdDeviation   = {:12.6}]",
        histogram.mean() / NS_PER_MS,
        histogram.stdev() / NS_PER_MS
    );
    let max_ms = histogram.max() as f64 / NS_PER_MS;
    let _ = writeln!(text, "#[Max     = {max_ms:12.6}, Total count    = {:12}]", histogram.len());
    let sub_buckets = (2 * 10_u64.pow(u32::from(histogram.sigfig()))).next_power_of_two();
    let _ = writeln!(text, "#[Buckets = {:12}, SubBuckets     = {sub_buckets:12}]", histogram.buckets());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;

    #[test]
    fn the_table_is_laid_out_as_the_plotter_reads_it() {
        let mut histogram = Histogram::<u64>::new_with_bounds(64, 3_600_000_000_000, 3).unwrap();
        for ms in 1..=20 {
            histogram.record(ms * 1_000_000).unwrap();
        }
        insta::assert_snapshot!(table(&histogram), @r"
               Value     Percentile TotalCount 1/(1-Percentile)

            1.000447 0.000000000000          1           1.00
            2.000895 0.100000000000          2           1.11
            4.001791 0.200000000000          4           1.25
            7.000063 0.300000000000          7           1.43
            8.003583 0.400000000000          8           1.67
           10.002431 0.500000000000         10           2.00
           11.001855 0.550000000000         11           2.22
           13.000703 0.600000000000         13           2.50
           14.000127 0.650000000000         14           2.86
           15.007743 0.700000000000         15           3.33
           16.007167 0.750000000000         16           4.00
           16.007167 0.775000000000         16           4.44
           17.006591 0.800000000000         17           5.00
           17.006591 0.825000000000         17           5.71
           18.006015 0.850000000000         18           6.67
           18.006015 0.875000000000         18           8.00
           18.006015 0.887500000000         18           8.89
           19.005439 0.900000000000         19          10.00
           19.005439 0.912500000000         19          11.43
           19.005439 0.925000000000         19          13.33
           19.005439 0.937500000000         19          16.00
           19.005439 0.943750000000         19          17.78
           20.004863 0.950000000000         20          20.00
           20.004863 1.000000000000         20
        #[Mean    =    10.498982, StdDeviation   =     5.765723]
        #[Max     =    20.004863, Total count    =           20]
        #[Buckets =           26, SubBuckets     =         2048]
        ");
    }

    #[test]
    fn a_trial_without_turnarounds_has_no_table() {
        let mut trial = Fixture { seconds: 1, ..Fixture::default() }.build().trials.swap_remove(2);
        assert_eq!(file_name(&trial), "03-nats-core-r1.hgrm");
        assert!(text(&trial).unwrap().is_some());
        trial.latency_ns.turnaround = None;
        assert_eq!(text(&trial).unwrap(), None, "deliveries answer nothing");
    }
}
