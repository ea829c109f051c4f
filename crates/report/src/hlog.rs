//! One interval log per trial, in the format of HdrHistogram's own log tools.
//!
//! Carries the turnaround of every interval of the series; everything else stays in `result.json`.

use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::ReportError;
use weighbridge_record::histogram::{self, Damaged};
use weighbridge_record::result::{Environment, Trial};

/// The logs print the maximum of an interval in milliseconds; the histograms stay in nanoseconds.
const NS_PER_MS: f64 = 1e6;

/// `03-nats-core-r1.hlog`; with the sweep point, where there is one, so that a folder of a sweep can be read.
pub fn file_name(trial: &Trial) -> String {
    let mut name = format!("{:02}-{}-r{}", trial.order, trial.path, trial.repetition);
    for (key, value) in trial.point.iter() {
        let text = format!("-{key}={value}");
        name.extend(text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '=' | '.' | '_')));
    }
    // File systems allow 255 bytes; order, transport and repetition alone tell trials apart.
    name.truncate(200);
    format!("{name}.hlog")
}

/// The log of one trial. Timestamps count from the first interval of the trial, whose warm-up comes first;
/// the base time is the start of the run, because the record holds no wall clock per trial.
pub fn log(trial: &Trial, environment: &Environment) -> Result<Vec<u8>, ReportError> {
    let place = format!("{} r{}, one interval", trial.path, trial.repetition);
    let failed = |detail: String| {
        ReportError::from(Damaged { place: place.clone(), detail: format!("writing: {detail}") })
    };
    let started = started_at(environment)?;
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut writer = IntervalLogWriterBuilder::new()
        .add_comment(&format!("[Weighbridge {}]", environment.weighbridge_version))
        .add_comment(&format!(
            "[turnaround of {}, repetition {}, trial {}; timestamps count from the start of the trial]",
            trial.path, trial.repetition, trial.order
        ))
        .add_comment("[Histograms hold nanoseconds; Interval_Max is in ms]")
        .with_start_time(started)
        .with_base_time(started)
        .with_max_value_divisor(NS_PER_MS)
        .begin_log_with(&mut bytes, &mut serializer)
        .map_err(|error| failed(error.to_string()))?;
    let start_s = trial.series.first().map_or(0.0, |row| row.t_s);
    for row in &trial.series {
        let Some(latency) = &row.turnaround else { continue };
        let interval = histogram::decode(&latency.histogram, &place)?;
        writer
            .write_histogram(
                &interval,
                duration(row.t_s - start_s),
                duration(row.duration_s),
                Tag::new(trial.path.name()),
            )
            .map_err(|error| failed(error.to_string()))?;
    }
    Ok(bytes)
}

fn duration(seconds: f64) -> Duration {
    // A damaged row must not stop the report; its interval is then logged at 0.
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::ZERO)
}

fn started_at(environment: &Environment) -> Result<SystemTime, ReportError> {
    let text = &environment.started_at;
    let instant: jiff::Timestamp =
        text.parse().map_err(|source| ReportError::StartTime { text: text.clone(), source })?;
    Ok(instant.into())
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use weighbridge_record::fixture::Fixture;

    #[test]
    fn a_log_reads_back_with_hdrhistograms_own_parser() {
        let result = Fixture { seconds: 3, ..Fixture::default() }.build();
        let trial = &result.trials[1];
        let bytes = log(trial, &result.environment).unwrap();
        let (mut count, mut starts) = (0, Vec::new());
        for entry in IntervalLogIterator::new(&bytes) {
            match entry.unwrap() {
                LogEntry::StartTime(time) | LogEntry::BaseTime(time) => {
                    assert_eq!(time.as_millis(), 1_767_323_045_250);
                }
                LogEntry::Interval(interval) => {
                    let histogram = histogram::decode(interval.encoded_histogram(), "log").unwrap();
                    assert_eq!(interval.tag().unwrap().as_str(), "redis-streams");
                    let max_ms = histogram.max() as f64 / NS_PER_MS;
                    assert!((interval.max() - max_ms).abs() < 0.01, "{} {max_ms}", interval.max());
                    count += histogram.len();
                    starts.push(interval.start_timestamp().as_secs());
                }
            }
        }
        let recorded: u64 =
            trial.series.iter().filter_map(|row| row.turnaround.as_ref()).map(|t| t.count).sum();
        assert_eq!(count, recorded);
        assert_eq!(starts, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_name_of_a_log_tells_order_transport_repetition_and_point() {
        let mut trial = Fixture { seconds: 1, ..Fixture::default() }.build().trials.swap_remove(2);
        assert_eq!(file_name(&trial), "03-nats-core-r1.hlog");
        trial.point = [("load.rate".to_owned(), 2000.into()), ("x".to_owned(), "../a/b".into())].into();
        assert_eq!(file_name(&trial), "03-nats-core-r1-load.rate=2000-x=..ab.hlog");
    }
}
