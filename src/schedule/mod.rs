//! Intended send times: pure, seeded arithmetic, known before anything is sent.
//!
//! No clock and no runtime here. A request's intended time is an offset from the start of the trial; being
//! late for it is the load generator's business, and is recorded there.

mod poisson;
mod profile;
mod uniform;

use weighbridge_plan::{Arrivals, Executor, Load};

use poisson::Poisson;
pub use profile::{RateProfile, Segment};
use uniform::Uniform;

/// The intended times of one generator's stripe, ascending, in nanoseconds from the start of the trial.
pub struct Schedule {
    arrivals: Box<dyn Iterator<Item = f64> + Send>,
    profile: RateProfile,
    stripe: Stripe,
    index: u64,
}

/// Generator `index` of `count` takes every `count`-th request of the common sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stripe {
    pub index: u32,
    pub count: u32,
}

impl Stripe {
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Sequence number in the whole run of this stripe's `local`-th request.
    pub fn sequence(self, local: u64) -> u64 {
        local * u64::from(self.count) + u64::from(self.index)
    }

    /// The reverse of [`Stripe::sequence`]; none if the request belongs to another stripe.
    pub fn local(self, sequence: u64) -> Option<u64> {
        let count = u64::from(self.count);
        if count.is_power_of_two() {
            // The usual counts, without a division.
            let mine = sequence & (count - 1) == u64::from(self.index);
            return mine.then_some(sequence >> count.trailing_zeros());
        }
        (sequence % count == u64::from(self.index)).then_some(sequence / count)
    }
}

impl Schedule {
    /// The schedule of an open-loop load; none where nothing is scheduled (closed loop, saturation).
    pub fn of(load: &Load, seed: u64, stripe: Stripe) -> Option<Self> {
        let (profile, arrivals) = match &load.executor {
            Executor::ConstantArrivalRate { rate_per_s, arrivals } => {
                let total_ns = load.warmup_ns + load.duration_ns + load.cooldown_ns;
                (RateProfile::constant(*rate_per_s, total_ns), *arrivals)
            }
            Executor::RampingArrivalRate { start_rate_per_s, stages, arrivals } => {
                (RateProfile::ramping(load, *start_rate_per_s, stages), *arrivals)
            }
            Executor::ClosedLoop { .. } | Executor::Saturate => return None,
        };
        Some(Self::new(profile, arrivals, seed, stripe))
    }

    pub fn new(profile: RateProfile, arrivals: Arrivals, seed: u64, stripe: Stripe) -> Self {
        let arrivals: Box<dyn Iterator<Item = f64> + Send> = match arrivals {
            Arrivals::Uniform => Box::new(Uniform::default()),
            Arrivals::Poisson => Box::new(Poisson::new(seed)),
        };
        Self { arrivals, profile, stripe, index: 0 }
    }
}

impl Iterator for Schedule {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        loop {
            let expected_count = self.arrivals.next()?;
            let intended = self.profile.time_ns_at(expected_count)?;
            let mine = self.stripe.local(self.index).is_some();
            self.index += 1;
            if mine {
                return Some(intended);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    const SECOND_NS: u64 = 1_000_000_000;

    fn times(arrivals: Arrivals, seed: u64, stripe: Stripe) -> Vec<u64> {
        Schedule::new(RateProfile::constant(1000.0, 10 * SECOND_NS), arrivals, seed, stripe).collect()
    }

    #[test]
    fn uniform_arrivals_stand_a_millisecond_apart_at_a_thousand_per_second() {
        let times = times(Arrivals::Uniform, 1, Stripe::WHOLE);
        assert_eq!(times.len(), 10_000);
        assert_eq!(times[..3], [0, 1_000_000, 2_000_000]);
    }

    #[test]
    fn poisson_arrivals_keep_the_rate_and_scatter() {
        let times = times(Arrivals::Poisson, 1, Stripe::WHOLE);
        // 10 000 expected; the standard deviation is 100.
        assert!((9_500..10_500).contains(&times.len()), "{}", times.len());
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        let variation = variance.sqrt() / mean;
        assert!((0.9..1.1).contains(&variation), "exponential gaps have variation 1, not {variation}");
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule_and_another_seed_another() {
        assert_eq!(times(Arrivals::Poisson, 7, Stripe::WHOLE), times(Arrivals::Poisson, 7, Stripe::WHOLE));
        assert_ne!(times(Arrivals::Poisson, 7, Stripe::WHOLE), times(Arrivals::Poisson, 8, Stripe::WHOLE));
    }

    proptest! {
        #[test]
        fn stripes_share_out_one_schedule_without_gap_or_overlap(count in 1_u32..5, seed in 0_u64..50) {
            let whole = times(Arrivals::Poisson, seed, Stripe::WHOLE);
            let mut merged: Vec<u64> =
                (0..count).flat_map(|index| times(Arrivals::Poisson, seed, Stripe { index, count })).collect();
            merged.sort_unstable();
            prop_assert_eq!(merged, whole);
        }

        #[test]
        fn a_sequence_number_belongs_to_exactly_one_stripe(count in 1_u32..9, sequence in 0_u64..1_000_000) {
            let owners: Vec<_> = (0..count)
                .filter_map(|index| Stripe { index, count }.local(sequence).map(|local| (index, local)))
                .collect();
            prop_assert!(owners.len() == 1);
            let (index, local) = owners[0];
            prop_assert_eq!(Stripe { index, count }.sequence(local), sequence);
        }
    }
}
