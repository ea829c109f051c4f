//! Poisson arrivals: gaps of a unit-rate process are exponential with mean 1.
//!
//! Read against the cumulative rate of a profile this is the usual construction of an inhomogeneous
//! Poisson process by time change (Çinlar, Introduction to Stochastic Processes, 1975, section 4.7).

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_pcg::Pcg64;

pub struct Poisson {
    random: Pcg64,
    total: f64,
}

impl Poisson {
    pub fn new(seed: u64) -> Self {
        Self { random: Pcg64::seed_from_u64(seed), total: 0.0 }
    }
}

impl Iterator for Poisson {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let gap: f64 = Exp1.sample(&mut self.random);
        self.total += gap;
        Some(self.total)
    }
}
