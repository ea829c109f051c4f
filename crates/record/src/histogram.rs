//! Histograms out of the record: decoded, merged, and asked only what their samples can answer.
//!
//! Percentiles are never averaged: repetitions are merged sample by sample.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// A histogram of the record that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the histogram of {place} cannot be read: {detail}; the record is damaged")]
pub struct Damaged {
    /// Where in the record it stands, in words.
    pub place: String,
    pub detail: String,
}

/// A percentile with fewer samples above it than this is not printed (DESIGN, section 5).
pub const SAMPLES_ABOVE_MIN: f64 = 10.0;

/// HdrHistogram V2-deflate in base64, as in `.hlog` files.
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    // Writing to memory does not fail, and the histogram's layout is one the format knows.
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).expect("serialising into memory");
    STANDARD.encode(bytes)
}

/// Decodes base64 of HdrHistogram V2, deflated or not. `place` names it in errors.
pub fn decode(text: &str, place: &str) -> Result<Histogram<u64>, Damaged> {
    let damaged = |detail: String| Damaged { place: place.to_owned(), detail };
    let bytes = STANDARD.decode(text).map_err(|error| damaged(error.to_string()))?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(|error| damaged(format!("{error:?}")))
}

/// As [`decode`], but a histogram that can't be added to those like `expected` is refused.
pub fn decode_like(text: &str, expected: &Histogram<u64>, place: &str) -> Result<Histogram<u64>, Damaged> {
    let decoded = decode(text, place)?;
    let bounds = |histogram: &Histogram<u64>| (histogram.low(), histogram.high(), histogram.sigfig());
    if bounds(&decoded) == bounds(expected) {
        return Ok(decoded);
    }
    let detail = format!("it has the bounds {:?} instead of {:?}", bounds(&decoded), bounds(expected));
    Err(Damaged { place: place.to_owned(), detail })
}

/// Adds every histogram into one; none if there is none.
pub fn merge<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    place: &str,
) -> Result<Option<Histogram<u64>>, Damaged> {
    let mut merged: Option<Histogram<u64>> = None;
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        let one = decode(text, place)?;
        match &mut merged {
            None => {
                let mut first = one;
                first.auto(true);
                merged = Some(first);
            }
            Some(sum) => sum
                .add(&one)
                .map_err(|error| Damaged { place: place.to_owned(), detail: error.to_string() })?,
        }
    }
    Ok(merged)
}

/// Whether enough samples lie above the quantile.
pub fn answers(count: u64, quantile: f64) -> bool {
    // The small term keeps 10 000 samples able to answer p99.9 in spite of rounding.
    count as f64 * (1.0 - quantile) + 1e-6 >= SAMPLES_ABOVE_MIN
}

/// The highest quantile that the samples can answer; 0 if there are too few for any.
pub fn quantile_max(count: u64) -> f64 {
    if count == 0 { 0.0 } else { (1.0 - SAMPLES_ABOVE_MIN / count as f64).max(0.0) }
}

/// Samples that a quantile needs.
pub fn samples_needed(quantile: f64) -> u64 {
    (SAMPLES_ABOVE_MIN / (1.0 - quantile)).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(values: impl IntoIterator<Item = u64>) -> String {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        values.into_iter().for_each(|value| histogram.record(value).unwrap());
        encode(&histogram)
    }

    #[test]
    fn repetitions_merge_sample_by_sample() {
        let (fast, slow) = (encoded(1..=900), encoded((1..=100).map(|n| n * 1_000_000)));
        let merged = merge([fast.as_str(), slow.as_str()], "test").unwrap().unwrap();
        assert_eq!(merged.len(), 1000);
        assert_eq!(merged.value_at_quantile(0.5), 500);
    }

    #[test]
    fn nothing_merges_to_nothing() {
        assert!(merge([], "test").unwrap().is_none());
    }

    #[test]
    fn a_damaged_histogram_is_named() {
        let error = decode("bm90IGEgaGlzdG9ncmFt", "nats-core turnaround").unwrap_err();
        assert!(error.to_string().contains("nats-core turnaround"), "{error}");
    }

    #[test]
    fn a_percentile_needs_ten_samples_above_it() {
        assert!(answers(10_000, 0.999));
        assert!(!answers(9_989, 0.999));
        assert_eq!(samples_needed(0.9999), 100_000);
        assert_eq!(quantile_max(5), 0.0);
    }
}
