//! Whether the requests in flight grow over the measured window: a load that is not carried, seen before
//! it shows in latencies.

use statrs::distribution::{ContinuousCDF, StudentsT};
use weighbridge_record::result::{BacklogGrowth, Phase, SeriesRow};
use weighbridge_record::stats::median;

/// Rows below which a slope says nothing.
const ROWS_MIN: usize = 6;
/// Share of the window's requests by which a backlog may rise: a path that carries all but 1 % of its load
/// is within the error of the rate itself.
const RISE_SHARE_MAX: f64 = 0.01;
/// At low rates a handful of requests more is chance.
const RISE_TOLERATED_MIN: f64 = 10.0;
/// The growth, if there is one: the interval of the slope lies above zero, and the rise from the window's
/// first third to its last matters. The second condition is about medians, so that a bump, wherever it
/// stands, is no growth; the first keeps scatter out.
pub fn growth(series: &[SeriesRow]) -> Option<BacklogGrowth> {
    let rows: Vec<&SeriesRow> = series.iter().filter(|row| row.phase == Phase::Window).collect();
    if rows.len() < ROWS_MIN {
        return None;
    }
    let points: Vec<(f64, f64)> =
        rows.iter().map(|row| (row.t_s + row.duration_s, row.in_flight as f64)).collect();
    let (slope_per_s, half_width_per_s) = slope(&points)?;
    let in_flight: Vec<f64> = points.iter().map(|(_, in_flight)| *in_flight).collect();
    let third = in_flight.len() / 3;
    let rise_requests = median(&in_flight[in_flight.len() - third..]) - median(&in_flight[..third]);
    let offered: u64 = rows.iter().map(|row| row.offered).sum();
    let tolerated_requests = RISE_TOLERATED_MIN.max(RISE_SHARE_MAX * offered as f64);
    let found = BacklogGrowth {
        slope_per_s,
        slope_low_per_s: slope_per_s - half_width_per_s,
        slope_high_per_s: slope_per_s + half_width_per_s,
        rise_requests,
        tolerated_requests,
    };
    (found.slope_low_per_s > 0.0 && rise_requests > tolerated_requests).then_some(found)
}

/// Least-squares slope and half the width of its 95 % interval, `t * s / sqrt(sum of (x - mean)^2)` with
/// `s^2` the residual sum of squares over n - 2 (Draper and Smith, Applied Regression Analysis, 1998,
/// section 1.4). None where all `x` are equal.
fn slope(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if spread == 0.0 || points.len() < 3 {
        return None;
    }
    let slope = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / spread;
    let residuals: f64 = points.iter().map(|(x, y)| (y - mean_y - slope * (x - mean_x)).powi(2)).sum();
    let freedom = n - 2.0;
    Some((slope, student_t(freedom)? * (residuals / freedom / spread).sqrt()))
}

/// Two-sided 95 % point of Student's distribution; none without a degree of freedom.
fn student_t(freedom: f64) -> Option<f64> {
    StudentsT::new(0.0, 1.0, freedom).ok().map(|distribution| distribution.inverse_cdf(0.975))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_distr::{Distribution, Normal};
    use rand_pcg::Pcg64;

    use super::*;

    /// Rows of 100 ms with 100 requests each, and this many in flight at their ends.
    fn series(in_flight: impl Fn(usize) -> f64) -> Vec<SeriesRow> {
        let row = |index: usize| SeriesRow {
            t_s: index as f64 / 10.0,
            duration_s: 0.1,
            offered: 100,
            sent: 100,
            delivered: Some(100),
            completed: 100,
            in_flight: in_flight(index).max(0.0).round() as u64,
            ..SeriesRow::default()
        };
        (0..40).map(row).collect()
    }

    fn noise(deviation: f64, seed: u64) -> Vec<f64> {
        let mut random = Pcg64::seed_from_u64(seed);
        let normal = Normal::new(0.0, deviation).unwrap();
        (0..40).map(|_| normal.sample(&mut random)).collect()
    }

    #[test]
    fn a_backlog_that_grows_under_noise_is_seen() {
        for seed in 0..50 {
            let noise = noise(20.0, seed);
            // 5 % of the load stays behind: 5 requests an interval.
            let found = growth(&series(|row| 50.0 + 5.0 * row as f64 + noise[row]));
            let found = found.expect("growth");
            assert!((found.slope_per_s - 50.0).abs() < 15.0, "{found:?}");
            assert!(found.slope_low_per_s < found.slope_per_s && found.slope_per_s < found.slope_high_per_s);
            assert!(found.rise_requests > found.tolerated_requests, "{found:?}");
        }
    }

    #[test]
    fn noise_around_a_constant_backlog_is_no_growth() {
        // Noise as large as the rise that matters; the interval alone would let 5 of 200 through.
        let fires = |seed: &u64| {
            let noise = noise(40.0, *seed);
            growth(&series(|row| 300.0 + noise[row])).is_some()
        };
        let fired = (0..200).filter(fires).count();
        assert!(fired <= 4, "{fired} of 200");
        assert!((0..200).all(|seed| {
            let noise = noise(15.0, seed);
            growth(&series(|row| 300.0 + noise[row])).is_none()
        }));
    }

    #[test]
    fn a_bump_is_no_growth_wherever_it_stands() {
        for start in 0..=36 {
            let bump = |row: usize| if (start..start + 4).contains(&row) { 900.0 } else { 20.0 };
            assert_eq!(growth(&series(bump)), None, "{start}");
        }
    }

    #[test]
    fn growth_of_half_a_percent_of_the_load_does_not_matter() {
        assert_eq!(growth(&series(|row| 20.0 + 0.5 * row as f64)), None);
    }

    #[test]
    fn a_backlog_that_shrinks_is_no_growth() {
        assert_eq!(growth(&series(|row| 400.0 - 9.0 * row as f64)), None);
    }

    #[test]
    fn a_handful_of_requests_at_a_low_rate_is_no_growth() {
        let mut slow = series(|row| row as f64 / 8.0);
        slow.iter_mut().for_each(|row| row.offered = 1);
        assert_eq!(growth(&slow), None);
    }

    #[test]
    fn warm_up_and_drain_are_left_out() {
        let mut rows = series(|row| 9.0 * row as f64);
        rows.iter_mut().for_each(|row| row.phase = Phase::Warmup);
        assert_eq!(growth(&rows), None);
    }

    #[test]
    fn the_slope_and_its_interval_agree_with_a_worked_example() {
        let points = [(1.0, 2.1), (2.0, 3.9), (3.0, 6.2), (4.0, 7.8), (5.0, 10.1)];
        let (slope, half_width) = slope(&points).unwrap();
        assert!((slope - 1.99).abs() < 1e-9, "{slope}");
        // s^2 = 0.107 / 3, t(3) = 3.182: 3.182 x sqrt(0.035667 / 10).
        assert!((half_width - 0.190).abs() < 2e-3, "{half_width}");
    }

    #[test]
    fn points_of_student_agree_with_printed_tables() {
        assert_eq!(student_t(0.0), None);
        for (freedom, printed) in
            [(1.0, 12.706), (4.0, 2.776), (8.0, 2.306), (18.0, 2.101), (38.0, 2.024), (58.0, 2.002)]
        {
            let found = student_t(freedom).unwrap();
            assert!((found - printed).abs() < 1e-3, "{freedom}: {found}");
        }
    }
}
