//! The knee of a load curve: how far a path may be loaded before waiting grows faster than throughput.
//!
//! Pure: knows no transport, trial or drawing.
//!
//! The criterion is the maximum of *power*, throughput divided by latency: Kleinrock, "Power and
//! deterministic rules of thumb for probabilistic problems in computer communications", ICC 1979; called the
//! knee by Jain, Ramakrishnan and Chiu, "Congestion avoidance in computer networks with a connectionless
//! network layer", DEC-TR-506, 1987. Beyond it a rise of the rate costs more than its own share of latency.
//! Kneedle (Satopaa et al., 2011) looks for the largest distance from a chord: with 4 to 20 points that
//! depends on how far beyond saturation the sweep goes, and on which axes are logarithmic. Power does not.

/// Fewer points show a line, not its shape.
pub const POINTS_MIN: usize = 4;
/// Below this share of the offered rate completed, a path does not carry the rate.
pub const CARRIED_SHARE_MIN: f64 = 0.99;
/// By how much power must have fallen at the end of the curve. Tail percentiles of short windows scatter by
/// less than that; a smaller fall is not told apart from noise.
const POWER_FALL_MIN: f64 = 2.0;

/// One point of a load curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadPoint {
    pub offered_per_s: f64,
    pub achieved_per_s: f64,
    /// Any percentile, or the mean.
    pub latency_ns: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knee {
    /// Index of the point of highest power among those carried.
    At(usize),
    /// The curve has not bent by its end; the index of the highest rate that was carried.
    NotReached(usize),
    /// Not even one rate was carried.
    NothingCarried,
    TooFewPoints,
}

impl LoadPoint {
    /// Whether the path completed what was offered.
    pub fn carried(&self) -> bool {
        self.achieved_per_s >= self.offered_per_s * CARRIED_SHARE_MIN
    }

    fn power(&self) -> f64 {
        self.achieved_per_s / self.latency_ns.max(1.0)
    }
}

/// The knee of a curve whose points stand in the order of their offered rates.
pub fn knee(points: &[LoadPoint]) -> Knee {
    let (Some(last), true) = (points.last(), points.len() >= POINTS_MIN) else { return Knee::TooFewPoints };
    let carried = || points.iter().enumerate().filter(|(_, point)| point.carried());
    let best = carried().max_by(|(_, a), (_, b)| a.power().total_cmp(&b.power()));
    let (Some((best, highest)), Some((end, _))) = (best, carried().next_back()) else {
        return Knee::NothingCarried;
    };
    let bent = !last.carried() || last.power() * POWER_FALL_MIN <= highest.power();
    if bent { Knee::At(best) } else { Knee::NotReached(end) }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    use super::*;

    fn curve(rates: &[f64], latency_ns: impl Fn(f64) -> f64) -> Vec<LoadPoint> {
        let point = |rate: &f64| LoadPoint {
            offered_per_s: *rate,
            achieved_per_s: *rate,
            latency_ns: latency_ns(*rate),
        };
        rates.iter().map(point).collect()
    }

    const GEOMETRIC: [f64; 8] = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5];

    #[test]
    fn the_knee_of_a_single_server_queue_is_half_its_capacity() {
        let rates: Vec<f64> = (1..=19).map(|n| f64::from(n) * 500.0).collect();
        let points = curve(&rates, |rate| 4.6e9 / (10_000.0 - rate));
        let Knee::At(index) = knee(&points) else { panic!("{:?}", knee(&points)) };
        assert_eq!(points[index].offered_per_s, 5_000.0);
    }

    #[test]
    fn a_floor_under_the_queue_moves_the_knee_towards_saturation() {
        // Power of x / (f + 1 / (1 - x)) is highest at 1 - (sqrt(f + 1) - 1) / f: at 0.77 for f = 10.
        let rates: Vec<f64> = (1..=19).map(|n| f64::from(n) * 0.05).chain([0.99]).collect();
        let points = curve(&rates, |rate| 1e6 * (10.0 + 1.0 / (1.0 - rate)));
        let Knee::At(index) = knee(&points) else { panic!("{:?}", knee(&points)) };
        assert!((points[index].offered_per_s - 0.75).abs() < 1e-9, "{:?}", points[index]);
    }

    #[test]
    fn a_curve_that_turns_up_bends_where_it_turns() {
        let points =
            curve(&GEOMETRIC, |rate| if rate <= 2e4 { 1e6 + rate } else { 1e6 * (rate / 2e4).powi(3) });
        assert_eq!(knee(&points), Knee::At(4));
    }

    #[test]
    fn latency_that_grows_in_proportion_to_the_rate_is_no_knee() {
        // Coalesced wakes make the instrument's own share grow like this.
        assert_eq!(knee(&curve(&GEOMETRIC, |rate| 1e5 + rate * 10.0)), Knee::NotReached(7));
    }

    #[test]
    fn a_flat_curve_has_no_knee() {
        assert_eq!(knee(&curve(&GEOMETRIC, |_| 1e6)), Knee::NotReached(7));
    }

    #[test]
    fn noise_on_a_flat_curve_is_no_knee() {
        for seed in 0..200 {
            let mut rng = Pcg64::seed_from_u64(seed);
            let mut points = curve(&GEOMETRIC, |_| 1e6);
            points.iter_mut().for_each(|point| point.latency_ns *= rng.random_range(0.5..2.0));
            assert_eq!(knee(&points), Knee::NotReached(7), "seed {seed}");
        }
    }

    #[test]
    fn noise_moves_a_knee_by_one_rate_at_most() {
        for seed in 0..200 {
            let mut rng = Pcg64::seed_from_u64(seed);
            let mut points = curve(&GEOMETRIC, |rate| if rate <= 2e4 { 1e6 } else { 5e8 });
            points.iter_mut().for_each(|point| point.latency_ns *= rng.random_range(0.6..1.7));
            assert!(matches!(knee(&points), Knee::At(3..=4)), "seed {seed}: {:?}", knee(&points));
        }
    }

    #[test]
    fn a_rate_that_is_not_completed_cannot_be_the_knee_but_shows_that_there_is_one() {
        let mut points = curve(&GEOMETRIC, |_| 1e6);
        points[7].achieved_per_s = 1.2e5;
        assert_eq!(knee(&points), Knee::At(6));
        points.iter_mut().for_each(|point| point.achieved_per_s = point.offered_per_s * 0.5);
        assert_eq!(knee(&points), Knee::NothingCarried);
    }

    #[test]
    fn too_few_points_have_no_knee() {
        assert_eq!(knee(&[]), Knee::TooFewPoints);
        assert_eq!(knee(&curve(&GEOMETRIC[..3], |rate| rate.powi(3))), Knee::TooFewPoints);
    }
}
