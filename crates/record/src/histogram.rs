//! Histograms out of the record: decoded, merged, and asked only what their samples can answer.
//!
//! Percentiles are never averaged: what is asked of several histograms together is asked of one that has their samples.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
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

/// Most requests of one trial: their numbers have twelve digits.
pub const REQUESTS_MAX: u64 = 1_000_000_000_000;

/// First bytes of the deflated form. Its length follows in four bytes, then what deflates to the plain form.
const DEFLATED: [u8; 4] = [0x1c, 0x84, 0x93, 0x14];
const DEFLATED_HEAD_BYTES: usize = 8;
/// Head of the plain form: mark, length of the counts, offset, digits (four bytes each), then bounds and ratio (eight
/// bytes each). The counts follow.
const PLAIN_HEAD_BYTES: usize = 40;
const DIGITS_AT: std::ops::Range<usize> = 12..16;
const LENGTH_AT: std::ops::Range<usize> = 4..8;
/// Significant digits that are read: three over all values of 64 bits are half a megabyte, five a hundred.
const DIGITS_MAX: u32 = 3;
/// Longest plain form: twice what three digits need.
const PLAIN_BYTES_MAX: usize = 1 << 20;

/// HdrHistogram V2-deflate in base64, as in `.hlog` files.
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    // Writing to memory does not fail, and the histogram's layout is one the format knows.
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).expect("serialising into memory");
    STANDARD.encode(bytes)
}

/// Decodes base64 of HdrHistogram V2, deflated or not. `place` names it in errors. However it came about, it takes no
/// more than some megabytes.
pub fn decode(text: &str, place: &str) -> Result<Histogram<u64>, Damaged> {
    decoded(text).map_err(|detail| Damaged { place: place.to_owned(), detail })
}

fn decoded(text: &str) -> Result<Histogram<u64>, String> {
    let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
    let plain = plain(bytes)?;
    bounded(&plain)?;
    let read = Deserializer::new().deserialize(&mut plain.as_slice());
    let histogram: Histogram<u64> = read.map_err(|error| error.to_string())?;
    match histogram.len() {
        0..=REQUESTS_MAX => Ok(histogram),
        count => Err(format!("it counts {count} requests, and no trial has more than {REQUESTS_MAX}")),
    }
}

/// The plain form, inflated no further than one can be long.
fn plain(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&DEFLATED) {
        return Ok(bytes);
    }
    let deflated = bytes.get(DEFLATED_HEAD_BYTES..).ok_or("it ends in its head")?;
    let mut plain = Vec::new();
    let inflated = ZlibDecoder::new(deflated).take(PLAIN_BYTES_MAX as u64 + 1).read_to_end(&mut plain);
    inflated.map_err(|error| error.to_string())?;
    Ok(plain)
}

/// Refuses what the library would reserve memory for without looking: it trusts the head.
fn bounded(plain: &[u8]) -> Result<(), String> {
    if plain.len() > PLAIN_BYTES_MAX {
        return Err(format!("it is longer than {PLAIN_BYTES_MAX} bytes"));
    }
    let number = |at: std::ops::Range<usize>| -> Option<u32> {
        Some(u32::from_be_bytes(plain.get(..PLAIN_HEAD_BYTES)?.get(at)?.try_into().ok()?))
    };
    let (digits, counts_bytes) = number(DIGITS_AT).zip(number(LENGTH_AT)).ok_or("it ends in its head")?;
    if digits > DIGITS_MAX {
        return Err(format!("it has {digits} significant digits, and {DIGITS_MAX} at most are read"));
    }
    if counts_bytes as usize > plain.len() - PLAIN_HEAD_BYTES {
        return Err("it ends before its counts do".to_owned());
    }
    Ok(())
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

    /// The plain form with so many digits that claims so many bytes of counts, and those.
    fn made_up(digits: u32, claimed: u32, counts: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1c, 0x84, 0x93, 0x13];
        for number in [claimed, 0, digits] {
            bytes.extend(number.to_be_bytes());
        }
        for number in [1, 1 << 62, 1.0f64.to_bits()] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(counts);
        bytes
    }

    /// In the deflated form.
    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, plain).unwrap();
        let body = encoder.finish().unwrap();
        let mut bytes = DEFLATED.to_vec();
        bytes.extend((body.len() as u32).to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn refused(bytes: &[u8]) -> String {
        decode(&STANDARD.encode(bytes), "nats-core turnaround").unwrap_err().to_string()
    }

    #[test]
    fn a_histogram_that_would_fill_the_memory_is_refused_before_it_does() {
        let bomb = made_up(3, 1 << 30, &vec![0; 1 << 24]);
        for bytes in [deflated(&bomb), bomb] {
            assert!(refused(&bytes).contains("nats-core turnaround cannot be read: it is longer than"));
        }
        for form in [deflated, <[u8]>::to_vec] {
            assert!(refused(&form(&made_up(3, u32::MAX, &[2]))).contains("ends before its counts do"));
            assert!(refused(&form(&made_up(5, 1, &[2]))).contains("5 significant digits"));
            assert!(refused(&form(&made_up(3, 1, &[2])[..39])).contains("ends in its head"));
            assert_eq!(decode(&STANDARD.encode(form(&made_up(3, 1, &[2]))), "test").unwrap().len(), 1);
        }
        assert!(refused(&DEFLATED).contains("ends in its head"));
    }

    #[test]
    fn a_count_that_no_trial_reaches_is_refused() {
        let counting = |count: u64| {
            let mut histogram = Histogram::<u64>::new(3).unwrap();
            histogram.record_n(5, count).unwrap();
            histogram.record_n(7, 1).unwrap();
            decode(&encode(&histogram), "nats-core turnaround")
        };
        assert_eq!(counting(REQUESTS_MAX - 1).unwrap().len(), REQUESTS_MAX);
        for count in [REQUESTS_MAX, 1 << 62, i64::MAX as u64] {
            let error = counting(count).unwrap_err().to_string();
            assert!(error.contains("no trial has more than"), "{error}");
        }
    }

    #[test]
    fn a_percentile_needs_ten_samples_above_it() {
        assert!(answers(10_000, 0.999));
        assert!(!answers(9_989, 0.999));
        assert_eq!(samples_needed(0.9999), 100_000);
        assert_eq!(quantile_max(5), 0.0);
    }
}
