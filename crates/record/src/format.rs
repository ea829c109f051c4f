//! Figures as people read them: units, significant digits, digit groups.
//!
//! The only place where nanoseconds become milliseconds. Knows nothing of layout.

/// Keeps a figure and its unit, and the groups of its digits, on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

/// A latency in nanoseconds with three significant digits: `950 ns`, `45.6 µs`, `1.23 ms`, `12.0 s`.
pub fn latency(ns: f64) -> String {
    with_unit(ns, &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
}

/// The same for a recorded value.
pub fn latency_ns(ns: u64) -> String {
    // Above 2^53 ns, 104 days, the last digits are lost; three are printed.
    latency(ns as f64)
}

/// A latency on an axis, where the tick is a round number: `1 ms`, `250 µs`.
pub fn latency_tick(ns: f64) -> String {
    let (divisor, unit) = match ns.abs() {
        value if value < 1e3 => (1.0, "ns"),
        value if value < 1e6 => (1e3, "µs"),
        value if value < 1e9 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    if ns == 0.0 {
        return "0".to_owned();
    }
    format!("{}{NO_BREAK_SPACE}{unit}", trimmed(ns / divisor))
}

/// Requests per second.
pub fn rate(per_s: f64) -> String {
    format!("{}/s", number(per_s))
}

/// Bytes in binary units: `50.3 MiB`.
pub fn bytes(bytes: f64) -> String {
    with_unit(bytes, &[(1.0, "B"), (1024.0, "KiB"), (1_048_576.0, "MiB"), (1_073_741_824.0, "GiB")])
}

/// Seconds of CPU or of time.
pub fn seconds(s: f64) -> String {
    format!("{}{NO_BREAK_SPACE}s", significant(s))
}

/// Seconds to the millisecond, without their unit.
pub fn to_the_millisecond(s: f64) -> String {
    number((s * 1000.0).round() / 1000.0)
}

/// A count with its digits in groups of three.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// A ratio: `1.8x`, `12x`.
pub fn ratio(value: f64) -> String {
    if value >= 10.0 { format!("{}×", count(value.round() as u64)) } else { format!("{value:.1}×") }
}

/// Any figure: whole and grouped from 100 up, three significant digits below.
pub fn number(value: f64) -> String {
    if value.abs() >= 99.95 { grouped(&format!("{value:.0}")) } else { trimmed(value) }
}

/// A quantile as a percentile: `p50`, `p99.9`.
pub fn percentile(quantile: f64) -> String {
    format!("p{}", trimmed_to(quantile * 100.0, 5))
}

/// A percentage on the percentile axis: `99.9`.
pub fn percent(quantile: f64) -> String {
    trimmed_to(quantile * 100.0, 5)
}

fn with_unit(value: f64, units: &[(f64, &str)]) -> String {
    // A value that rounds up to the next unit must be printed in it: 999.7 µs is 1.00 ms.
    let rounds_to = |divisor: f64| significant_value(value / divisor);
    let next_unit = |index: usize| units.get(index + 1).map(|(next, _)| *next);
    for (index, (divisor, unit)) in units.iter().enumerate() {
        let fits = next_unit(index).is_none_or(|next| rounds_to(*divisor).abs() < next / divisor);
        if fits {
            let whole = *divisor == 1.0 && value.fract() == 0.0;
            let figure = if whole { format!("{value:.0}") } else { significant(value / divisor) };
            return format!("{figure}{NO_BREAK_SPACE}{unit}");
        }
    }
    significant(value)
}

fn significant_value(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powi(2 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// Three significant digits, trailing zeros kept, because they are measured.
fn significant(value: f64) -> String {
    let rounded = significant_value(value);
    match rounded.abs() {
        size if size >= 100.0 => grouped(&format!("{rounded:.0}")),
        size if size >= 10.0 => format!("{rounded:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{rounded:.2}"),
        size if size >= 0.1 => format!("{rounded:.3}"),
        _ => format!("{rounded:.4}"),
    }
}

fn trimmed(value: f64) -> String {
    trimmed_to(significant_value(value), 3)
}

fn trimmed_to(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut text = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(NO_BREAK_SPACE);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: String) -> String {
        text.replace(NO_BREAK_SPACE, " ")
    }

    #[test]
    fn latencies_carry_three_significant_digits_and_a_unit() {
        let texts: Vec<_> = [0, 7, 950, 1_230, 45_600, 999_700, 1_234_567, 31_400_000, 5_000_000_000]
            .into_iter()
            .map(|ns| plain(latency_ns(ns)))
            .collect();
        insta::assert_snapshot!(texts.join(", "), @"0 ns, 7 ns, 950 ns, 1.23 µs, 45.6 µs, 1.00 ms, 1.23 ms, 31.4 ms, 5.00 s");
    }

    #[test]
    fn rates_and_counts_group_their_digits() {
        assert_eq!(plain(rate(1999.6)), "2 000/s");
        assert_eq!(plain(rate(12.34)), "12.3/s");
        assert_eq!(plain(count(1_234_567)), "1 234 567");
        assert_eq!(plain(count(999)), "999");
    }

    #[test]
    fn bytes_use_binary_units() {
        assert_eq!(plain(bytes(52_743_373.0)), "50.3 MiB");
        assert_eq!(plain(bytes(512.0)), "512 B");
    }

    #[test]
    fn ticks_drop_their_zeros() {
        assert_eq!(plain(latency_tick(2.0e6)), "2 ms");
        assert_eq!(plain(latency_tick(250_000.0)), "250 µs");
        assert_eq!(percentile(0.9999), "p99.99");
        assert_eq!(percentile(0.5), "p50");
    }
}
