//! Numbers and durations as people read them: `2 000`, `500 ms`, `1 min 30 s`.
//!
//! Not the notation of scenario files; that is `duration`.

/// Groups of three digits, at most three decimals.
pub fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

/// A duration in the units that suit its size.
pub fn span(ns: u64) -> String {
    const MINUTE_NS: u64 = 60_000_000_000;
    let scaled = |unit_ns: f64, unit: &str| format!("{} {unit}", number(ns as f64 / unit_ns));
    match ns {
        0 => "0 s".to_owned(),
        1..1_000_000 => scaled(1e3, "µs"),
        1_000_000..1_000_000_000 => scaled(1e6, "ms"),
        1_000_000_000..MINUTE_NS => scaled(1e9, "s"),
        _ => {
            let seconds = ns.div_ceil(1_000_000_000);
            let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
            let parts = parts.iter().filter(|(count, _)| *count > 0);
            let words: Vec<_> = parts.map(|(count, unit)| format!("{count} {unit}")).collect();
            words.join(" ")
        }
    }
}

/// `1 trial`, `2 trials`.
pub fn count(many: usize, noun: &str) -> String {
    format!("{many} {noun}{}", if many == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{count, number, span};

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(number(2000.0), "2 000");
        assert_eq!(number(1_234_567.5), "1 234 567.5");
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(100.0), "100");
    }

    #[test]
    fn durations_come_in_a_unit_that_suits_them() {
        assert_eq!(span(0), "0 s");
        assert_eq!(span(250_000), "250 µs");
        assert_eq!(span(500_000_000), "500 ms");
        assert_eq!(span(5_000_000_000), "5 s");
        assert_eq!(span(90_000_000_000), "1 min 30 s");
        assert_eq!(span(3_600_000_000_000), "1 h");
    }

    #[test]
    fn one_has_no_plural() {
        assert_eq!((count(1, "trial"), count(2, "trial")), ("1 trial".to_owned(), "2 trials".to_owned()));
    }
}
