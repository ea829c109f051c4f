//! Simulated service times: drawn from seed and sequence number, so that a request takes as long on every
//! path, whichever worker gets it.

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use rand_pcg::Pcg64;

use crate::payload::mix;
use weighbridge_plan::ServiceTime;

/// Service time of one request, in nanoseconds.
pub fn sample_ns(service: ServiceTime, seed: u64, sequence: u64) -> u64 {
    let mut random = Pcg64::seed_from_u64(mix(seed ^ 0x7365_7276_6963_6531).wrapping_add(mix(sequence)));
    match service {
        ServiceTime::Constant { ns } => ns,
        ServiceTime::Exponential { mean_ns } => {
            let unit: f64 = Exp1.sample(&mut random);
            (unit * mean_ns as f64) as u64
        }
        ServiceTime::Lognormal { median_ns, sigma } => {
            let normal: f64 = StandardNormal.sample(&mut random);
            (median_ns as f64 * (sigma * normal).exp()) as u64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample_mean(service: ServiceTime) -> f64 {
        let count = 100_000;
        (0..count).map(|sequence| sample_ns(service, 1, sequence) as f64).sum::<f64>() / count as f64
    }

    #[test]
    fn samples_have_the_mean_of_their_distribution() {
        for service in [
            ServiceTime::Constant { ns: 2_000_000 },
            ServiceTime::Exponential { mean_ns: 2_000_000 },
            ServiceTime::Lognormal { median_ns: 2_000_000, sigma: 0.5 },
        ] {
            // The standard error of the widest of the three is 0.6 %.
            let ratio = sample_mean(service) / service.mean_ns() as f64;
            assert!((0.98..1.02).contains(&ratio), "{service:?}: {ratio}");
        }
    }

    #[test]
    fn a_request_takes_the_same_time_whoever_serves_it() {
        let service = ServiceTime::Exponential { mean_ns: 2_000_000 };
        assert_eq!(sample_ns(service, 1, 77), sample_ns(service, 1, 77));
        assert_ne!(sample_ns(service, 1, 77), sample_ns(service, 2, 77));
    }
}
