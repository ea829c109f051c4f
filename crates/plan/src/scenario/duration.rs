//! Durations as people write them in a scenario: `250us`, `1.5ms`, `2s`, `1m30s`.
//!
//! A number always carries its unit: `5` could be seconds or milliseconds, and a guess would be a
//! wrong measurement. Not a calendar; the largest unit is the hour.

/// Units with their nanoseconds, largest first.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Nanoseconds of a duration, or a sentence that says what is wrong and what to write.
pub fn parse(text: &str) -> Result<u64, String> {
    if text.is_empty() {
        return Err("a duration is a number with a unit: write \"5s\"".to_owned());
    }
    if text.starts_with('-') {
        return Err(format!("a duration can't be negative: `{text}`"));
    }
    if text.contains(char::is_whitespace) {
        let joined: String = text.split_whitespace().collect();
        parse(&joined)?;
        return Err(format!("`{text}` has a blank in it: write \"{joined}\""));
    }
    let mut rest = text;
    let mut total_ns: u64 = 0;
    let mut unit_before_ns = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, after) = tail.split_at(letters);
        if number.is_empty() {
            return Err(format!("`{text}` is no duration: write a number with a unit, such as \"5s\""));
        }
        if unit.is_empty() {
            return Err(format!(
                "`{text}` has no unit: write \"{text}s\" for seconds or \"{text}ms\" for milliseconds"
            ));
        }
        let Some((_, unit_ns)) = UNITS.into_iter().find(|(name, _)| *name == unit) else {
            return Err(format!("unknown unit `{unit}` in `{text}`; known: h, m, s, ms, us, ns"));
        };
        if unit_ns >= unit_before_ns {
            return Err(format!("units of `{text}` must go from large to small, each once"));
        }
        unit_before_ns = unit_ns;
        total_ns = part_ns(number, unit_ns)
            .and_then(|part| total_ns.checked_add(part))
            .ok_or_else(|| format!("`{text}` is no duration that can be told in nanoseconds"))?;
        rest = after;
    }
    Ok(total_ns)
}

/// `number` units in nanoseconds; none if it isn't a decimal number, too large or finer than 1 ns.
fn part_ns(number: &str, unit_ns: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let fraction_ns = digits.checked_mul(u128::from(unit_ns))?;
    if fraction_ns % scale != 0 {
        return None;
    }
    let whole_ns = whole.parse::<u128>().ok()?.checked_mul(u128::from(unit_ns))?;
    u64::try_from(whole_ns.checked_add(fraction_ns / scale)?).ok()
}

/// The shortest text in whole units that [`parse`] reads back as the same duration.
pub fn format(ns: u64) -> String {
    if ns == 0 {
        return "0s".to_owned();
    }
    let mut rest = ns;
    let mut text = String::new();
    for (unit, unit_ns) in UNITS {
        if rest >= unit_ns {
            text.push_str(&(rest / unit_ns).to_string());
            text.push_str(unit);
            rest %= unit_ns;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn every_unit_is_read() {
        let cases = [
            ("250us", 250_000),
            ("1.5ms", 1_500_000),
            ("2s", 2_000_000_000),
            ("1m", 60_000_000_000),
            ("1h", 3_600_000_000_000),
            ("1m30s", 90_000_000_000),
            ("0s", 0),
            ("7ns", 7),
            ("0.25h", 900_000_000_000),
        ];
        for (text, ns) in cases {
            assert_eq!(parse(text), Ok(ns), "{text}");
        }
    }

    #[test]
    fn a_missing_unit_says_what_to_write() {
        assert!(parse("5").unwrap_err().contains("write \"5s\""));
        assert!(parse("1m30").unwrap_err().contains("no unit"));
    }

    #[test]
    fn a_blank_says_what_to_write() {
        assert_eq!(parse("5 s"), Err("`5 s` has a blank in it: write \"5s\"".to_owned()));
        assert_eq!(parse(" 1m 30s"), Err("` 1m 30s` has a blank in it: write \"1m30s\"".to_owned()));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "s", "-5s", "5 s", "5sec", "1..5s", ".5s", "5.s", "1s1m", "1s1s", "nan", "inf", "0.5ns"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("99999999999999h").is_err(), "more than 64 bits of nanoseconds");
    }

    proptest::proptest! {
        #[test]
        fn durations_round_trip(ns: u64) {
            proptest::prop_assert_eq!(parse(&format(ns)), Ok(ns));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = parse(&text);
        }
    }
}
