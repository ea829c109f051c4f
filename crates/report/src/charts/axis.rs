//! Axes: how a value becomes a place, and which ticks are written beside it.
//!
//! plotters has no percentile axis and lets labels collide, so ticks are chosen here.

use weighbridge_record::format;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Linear,
    Log10,
    /// -log10(1 - q): every nine of a percentile takes the same room.
    Nines,
}

/// One axis; values are nanoseconds, quantiles, seconds or whatever its constructor says.
#[derive(Debug, Clone)]
pub struct Axis {
    scale: Scale,
    min: f64,
    max: f64,
    pub title: String,
    /// Value and label; never empty.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Latencies in nanoseconds on a log scale.
    pub fn latency_log(title: &str, ns_min: f64, ns_max: f64) -> Self {
        Self::log(title, ns_min, ns_max, format::latency_tick)
    }

    /// Requests per second: on a log scale where they span more than a decade, else from 0.
    pub fn rate(title: &str, per_s_min: f64, per_s_max: f64) -> Self {
        if per_s_max > per_s_min * 10.0 {
            Self::log(&format!("{title}, log scale"), per_s_min, per_s_max, format::number)
        } else {
            Self::from_zero(title, per_s_max, format::number)
        }
    }

    /// Words or values side by side, each with the same room; the first at 0, the next at 1.
    pub fn categories(title: &str, labels: impl IntoIterator<Item = String>) -> Self {
        let ticks: Vec<_> =
            labels.into_iter().enumerate().map(|(index, label)| (index as f64, label)).collect();
        let max = ticks.len().max(1) as f64 - 0.5;
        Self { scale: Scale::Linear, min: -0.5, max, title: title.to_owned(), ticks }
    }

    /// Ratios on a log scale, so that twice and half lie as far from 1; 1 is always inside.
    pub fn ratio(title: &str, low: f64, high: f64) -> Self {
        let (low, high) = (low.clamp(1e-3, 1.0), high.clamp(1.0, 1e3));
        let stretch = (high / low).powf(0.08).max(1.01);
        let (min, max) = (low / stretch, high * stretch);
        let values: Vec<f64> = if max / min < 4.0 {
            let step = round_step(max - min, 10.0);
            (1..=(max / step) as i32).map(|n| f64::from(n) * step).collect()
        } else {
            (-3..=3).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(exponent))).collect()
        };
        let inside = values.into_iter().filter(|value| (min..=max).contains(value));
        let ticks = inside.map(|value| (value, format::number(value))).collect();
        Self { scale: Scale::Log10, min, max, title: title.to_owned(), ticks }
    }

    /// Every decade with the same room; ticks at 1, 2 and 5 where they fit. Values below 1 count as 1.
    fn log(title: &str, value_min: f64, value_max: f64, print: fn(f64) -> String) -> Self {
        let (low, high) = (value_min.max(1.0), value_max.max(value_min.max(1.0) * 1.01));
        // A drawing of less than a factor of three would show noise as a mountain.
        let stretch = ((3.0 / (high / low)).max(1.0)).sqrt();
        let (min, max) = (low / stretch / 1.05, high * stretch * 1.05);
        let decades = (max / min).log10();
        let steps: &[f64] = match decades {
            d if d <= 2.5 => &[1.0, 2.0, 5.0],
            d if d <= 3.5 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let at = |steps: &[f64]| -> Vec<(f64, String)> {
            let exponents = min.log10().floor() as i32..=max.log10().ceil() as i32;
            let values =
                exponents.flat_map(|exponent| steps.iter().map(move |step| step * 10f64.powi(exponent)));
            values.filter(|value| (min..=max).contains(value)).map(|value| (value, print(value))).collect()
        };
        // One tick alone is no scale; a factor of three holds at least two of these.
        let ticks = Some(at(steps)).filter(|ticks| ticks.len() > 1);
        let ticks = ticks.unwrap_or_else(|| at(&[1.0, 2.0, 3.0, 5.0, 7.0]));
        Self { scale: Scale::Log10, min, max, title: title.to_owned(), ticks }
    }

    /// Latencies in nanoseconds from 0.
    pub fn latency_linear(title: &str, ns_max: f64) -> Self {
        Self::from_zero(title, ns_max, format::latency_tick)
    }

    /// Anything from 0 up, at round numbers.
    pub fn from_zero(title: &str, value_max: f64, print: fn(f64) -> String) -> Self {
        let top = if value_max.is_finite() && value_max > 0.0 { value_max } else { 1.0 };
        let step = round_step(top, 5.0);
        let max = (top * 1.02 / step).ceil() * step;
        let ticks = (0..).map(|n| f64::from(n) * step).take_while(|v| *v <= max * 1.0001);
        let ticks = ticks.map(|value| (value, print(value))).collect();
        Self { scale: Scale::Linear, min: 0.0, max, title: title.to_owned(), ticks }
    }

    /// From 0 to 100 %.
    pub fn share(title: &str) -> Self {
        let ticks = (0..=5).map(|n| (f64::from(n) * 0.2, format!("{} %", n * 20))).collect();
        Self { scale: Scale::Linear, min: 0.0, max: 1.0, title: title.to_owned(), ticks }
    }

    /// Rows with names, the first on top; the first at 0, the next at -1.
    pub fn rows(labels: impl IntoIterator<Item = String>) -> Self {
        let ticks: Vec<_> =
            labels.into_iter().enumerate().map(|(index, label)| (-(index as f64), label)).collect();
        let min = 0.5 - ticks.len().max(1) as f64;
        Self { scale: Scale::Linear, min, max: 0.5, title: String::new(), ticks }
    }

    /// Bytes from 0, at round numbers of binary units.
    pub fn bytes(title: &str, bytes_max: f64, suffix: &str) -> Self {
        let units = [(1.0, "B"), (1024.0, "KiB"), (1_048_576.0, "MiB"), (1_073_741_824.0, "GiB")];
        let (divisor, unit) =
            units.into_iter().rev().find(|(divisor, _)| bytes_max >= *divisor).unwrap_or((1.0, "B"));
        let mut axis = Self::from_zero(title, bytes_max / divisor, format::number);
        axis.title = format!("{title}, {unit}{suffix}");
        axis.max *= divisor;
        for (value, _) in &mut axis.ticks {
            *value *= divisor;
        }
        axis
    }

    /// Time in seconds, from the start of the measured window.
    pub fn time(s_min: f64, s_max: f64) -> Self {
        let max = s_max.max(s_min + 1e-3);
        let step = round_step(max - s_min, 10.0);
        let first = (s_min / step).ceil() as i64;
        let last = (max / step + 1e-9).floor() as i64;
        let print = |n: i64| {
            let value = n as f64 * step;
            (value, format::number(value))
        };
        let ticks = (first..=last).map(print).collect();
        let title = "seconds since the measured window began".to_owned();
        Self { scale: Scale::Linear, min: s_min, max, title, ticks }
    }

    /// Percentiles 0, 90, 99, 99.9, ... as far as the samples allow.
    pub fn percentile(quantile_max: f64) -> Self {
        let max = quantile_max.clamp(0.5, 0.999_999);
        let ticks: Vec<_> = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]
            .into_iter()
            .filter(|quantile| *quantile <= max + 1e-9)
            .map(|quantile| (quantile, format::percent(quantile)))
            .collect();
        Self { scale: Scale::Nines, min: 0.0, max, title: "percentile of requests".to_owned(), ticks }
    }

    /// Place of a value, 0 at the low end and 1 at the high end; kept inside.
    pub fn place(&self, value: f64) -> f64 {
        let at = |value: f64| match self.scale {
            Scale::Linear => value,
            Scale::Log10 => value.max(self.min).log10(),
            Scale::Nines => -(1.0 - value.clamp(0.0, 0.999_999_9)).log10(),
        };
        let (low, high) = (at(self.min), at(self.max));
        ((at(value) - low) / (high - low)).clamp(0.0, 1.0)
    }
}

/// 1, 2 or 5 times a power of ten, so that about `parts` steps cover the span.
fn round_step(span: f64, parts: f64) -> f64 {
    let rough = span / parts;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * 0.999);
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> String {
        axis.ticks.iter().map(|(_, label)| label.replace('\u{a0}', " ")).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn log_latency_ticks_are_round_and_carry_units() {
        insta::assert_snapshot!(labels(&Axis::latency_log("", 340_000.0, 12_000_000.0)), @"500 µs | 1 ms | 2 ms | 5 ms | 10 ms");
        insta::assert_snapshot!(labels(&Axis::latency_log("", 900.0, 3e9)), @"1 µs | 10 µs | 100 µs | 1 ms | 10 ms | 100 ms | 1 s");
    }

    #[test]
    fn the_percentile_axis_ends_where_the_samples_do() {
        insta::assert_snapshot!(labels(&Axis::percentile(0.9995)), @"0 | 50 | 90 | 99 | 99.9");
        let axis = Axis::percentile(0.999);
        assert!((axis.place(0.9) - 1.0 / 3.0).abs() < 1e-9);
        assert!((axis.place(0.99) - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn axes_from_zero_use_round_steps_above_the_data() {
        insta::assert_snapshot!(labels(&Axis::from_zero("", 2059.0, format::number)), @"0 | 500 | 1 000 | 1 500 | 2 000 | 2 500");
        insta::assert_snapshot!(labels(&Axis::bytes("", 14.5 * 1_048_576.0, "")), @"0 | 5 | 10 | 15");
        insta::assert_snapshot!(labels(&Axis::time(-1.0, 11.0)), @"0 | 2 | 4 | 6 | 8 | 10");
    }

    #[test]
    fn rates_take_a_log_scale_where_they_span_a_decade() {
        insta::assert_snapshot!(labels(&Axis::rate("", 1_000.0, 200_000.0)), @"1 000 | 2 000 | 5 000 | 10 000 | 20 000 | 50 000 | 100 000 | 200 000");
        insta::assert_snapshot!(labels(&Axis::rate("", 1_000.0, 4_000.0)), @"0 | 1 000 | 2 000 | 3 000 | 4 000 | 5 000");
    }

    #[test]
    fn ratios_are_ticked_evenly_near_1_and_by_decades_beyond() {
        insta::assert_snapshot!(labels(&Axis::ratio("", 0.95, 1.31)), @"0.95 | 1 | 1.05 | 1.1 | 1.15 | 1.2 | 1.25 | 1.3");
        insta::assert_snapshot!(labels(&Axis::ratio("", 0.4, 8.0)), @"0.5 | 1 | 2 | 5 | 10");
        let axis = Axis::ratio("", 0.5, 2.0);
        assert!((axis.place(1.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn categories_stand_evenly_spaced() {
        let axis = Axis::categories("", ["1", "10", "1 000"].map(str::to_owned));
        let places: Vec<_> = axis.ticks.iter().map(|(value, _)| axis.place(*value)).collect();
        assert!((places[1] - places[0] - (places[2] - places[1])).abs() < 1e-9, "{places:?}");
        assert!(places[0] > 0.0 && places[2] < 1.0, "{places:?}");
    }

    #[test]
    fn every_scale_has_at_least_two_ticks() {
        insta::assert_snapshot!(labels(&Axis::latency_log("", 4e6, 4e6)), @"3 ms | 5 ms | 7 ms");
        for step in 0..2_000 {
            let low = 1.0 * 1.01f64.powi(step);
            for high in [low, low * 1.5, low * 3.0, low * 5.0, low * 40.0, low * 3_000.0] {
                let axes = [
                    Axis::latency_log("", low, high),
                    Axis::rate("", low, high),
                    Axis::from_zero("", high, format::number),
                    Axis::bytes("", high, ""),
                    Axis::time(-low, high),
                    Axis::ratio("", low.recip(), 1.0),
                    Axis::ratio("", 1.0, high / low),
                ];
                for axis in axes {
                    assert!(axis.ticks.len() > 1, "{axis:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_measured_still_makes_an_axis() {
        for axis in
            [Axis::from_zero("", 0.0, format::number), Axis::latency_log("", 0.0, 0.0), Axis::time(0.0, 0.0)]
        {
            assert!(!axis.ticks.is_empty(), "{axis:?}");
            assert!(axis.place(0.5).is_finite());
        }
    }
}
