//! Known answers: queues and stalls whose figures follow from arithmetic. Pure; times in seconds.
//!
//! Sources: L. Kleinrock, Queueing Systems, volume 1 (1975), sections 3.2 (M/M/1), 3.5 (M/M/c, Erlang C);
//! A. K. Erlang's M/D/1 waiting time distribution as given by H. Tijms, A First Course in Stochastic Models
//! (2003), section 9.6.2; the stall by direct count: of requests that come evenly, those that arrive in a
//! stall of T wait for what is left of it.

/// A queue with Poisson arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Queue {
    /// One server, exponential service.
    Mm1,
    /// One server, constant service.
    Md1,
    /// Several servers, exponential service.
    Mmc { servers: u32 },
}

impl Queue {
    pub fn name(self) -> String {
        match self {
            Self::Mm1 => "M/M/1".to_string(),
            Self::Md1 => "M/D/1".to_string(),
            Self::Mmc { servers } => format!("M/M/{servers}"),
        }
    }

    pub fn servers(self) -> u32 {
        match self {
            Self::Mm1 | Self::Md1 => 1,
            Self::Mmc { servers } => servers,
        }
    }

    /// Mean turnaround at arrival rate `lambda` and service rate `mu` of each server, per second.
    pub fn mean_s(self, lambda: f64, mu: f64) -> f64 {
        match self {
            Self::Mm1 => 1.0 / (mu - lambda),
            Self::Md1 => {
                let rho = lambda / mu;
                rho / (2.0 * mu * (1.0 - rho)) + 1.0 / mu
            }
            Self::Mmc { servers } => {
                let capacity = f64::from(servers) * mu;
                erlang_c(servers, lambda / mu) / (capacity - lambda) + 1.0 / mu
            }
        }
    }

    /// The turnaround that a share `q` of requests stays below.
    pub fn quantile_s(self, q: f64, lambda: f64, mu: f64) -> f64 {
        match self {
            Self::Mm1 => (1.0 / (1.0 - q)).ln() / (mu - lambda),
            Self::Md1 => 1.0 / mu + bisect(|wait| md1_waits_at_most(wait, lambda, mu), q, 1.0 / mu),
            Self::Mmc { servers } => bisect(|t| 1.0 - mmc_exceeds(t, servers, lambda, mu), q, 1.0 / mu),
        }
    }
}

/// Probability that an arrival has to wait, with `offered` = lambda / mu.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    // Erlang B by its recursion, which stays within range where factorials would not.
    let blocked = (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b));
    let rho = offered / f64::from(servers);
    blocked / (1.0 - rho + rho * blocked)
}

/// Probability that the turnaround of an M/M/c queue exceeds `t`.
fn mmc_exceeds(t: f64, servers: u32, lambda: f64, mu: f64) -> f64 {
    let offered = lambda / mu;
    let waits = erlang_c(servers, offered);
    let spare = f64::from(servers) - 1.0 - offered;
    let own = (-mu * t).exp();
    if spare.abs() < 1e-9 {
        // The two exponentials fall together.
        return own * (1.0 + waits * mu * t);
    }
    own * (1.0 + waits / spare * (1.0 - (-mu * t * spare).exp()))
}

/// Probability that the wait of an M/D/1 queue is at most `wait`.
fn md1_waits_at_most(wait: f64, lambda: f64, mu: f64) -> f64 {
    let service = 1.0 / mu;
    let terms = (wait / service).floor() as u32;
    let mut sum = 0.0;
    for k in 0..=terms {
        let x = lambda * (f64::from(k) * service - wait);
        let factorial: f64 = (1..=k).map(f64::from).product();
        sum += x.powi(k as i32) / factorial * (-x).exp();
    }
    (1.0 - lambda / mu) * sum
}

/// Solves `probability(t) = q` for an ascending function, starting from a guess at the scale.
fn bisect(probability: impl Fn(f64) -> f64, q: f64, scale: f64) -> f64 {
    let (mut low, mut high) = (0.0, scale);
    while probability(high) < q {
        high *= 1.5;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if probability(middle) < q { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Turnaround that a share `q` of evenly spaced requests stays below in a run of `run_s` with one stall of
/// `stall_s`, at low utilisation: T - D (1 - q).
pub fn stalled_quantile_s(q: f64, stall_s: f64, run_s: f64) -> f64 {
    (stall_s - run_s * (1.0 - q)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::{Queue, erlang_c, stalled_quantile_s};

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-3, "{found} against {expected}");
    }

    #[test]
    fn the_single_server_formulas_give_their_textbook_values() {
        // rho = 0.8, mu = 1: mean 5, p99 = 5 ln 100.
        near(Queue::Mm1.mean_s(0.8, 1.0), 5.0);
        near(Queue::Mm1.quantile_s(0.99, 0.8, 1.0), 23.026);
        // rho = 0.8, mu = 1: mean wait 2, so 3 with the service.
        near(Queue::Md1.mean_s(0.8, 1.0), 3.0);
    }

    #[test]
    fn one_server_of_many_is_a_single_server() {
        let one = Queue::Mmc { servers: 1 };
        for rho in [0.5, 0.8] {
            near(one.mean_s(rho, 1.0), Queue::Mm1.mean_s(rho, 1.0));
            near(one.quantile_s(0.99, rho, 1.0), Queue::Mm1.quantile_s(0.99, rho, 1.0));
        }
    }

    #[test]
    fn erlang_c_gives_the_tabulated_probability() {
        // Two servers offered 1 erlang: 1/3.
        near(erlang_c(2, 1.0), 1.0 / 3.0);
    }

    /// Turnarounds of a simulated queue, sorted.
    fn simulate(queue: Queue, lambda: f64) -> Vec<f64> {
        use rand::SeedableRng;
        use rand_distr::{Distribution, Exp1};
        let mut random = rand_pcg::Pcg64::seed_from_u64(5);
        let mut exponential = || -> f64 { Exp1.sample(&mut random) };
        let mut free_at = vec![0.0_f64; queue.servers() as usize];
        let mut now = 0.0;
        let mut turnarounds: Vec<f64> = (0..1_000_000)
            .map(|_| {
                now += exponential() / lambda;
                let service = if queue == Queue::Md1 { 1.0 } else { exponential() };
                let first = free_at.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
                *first = first.max(now) + service;
                *first - now
            })
            .collect();
        turnarounds.sort_by(f64::total_cmp);
        turnarounds
    }

    #[test]
    fn the_formulas_agree_with_a_simulation() {
        for (queue, lambda) in
            [(Queue::Mm1, 0.5), (Queue::Md1, 0.5), (Queue::Md1, 0.8), (Queue::Mmc { servers: 4 }, 3.2)]
        {
            let simulated = simulate(queue, lambda);
            let mean = simulated.iter().sum::<f64>() / simulated.len() as f64;
            let p99 = simulated[simulated.len() * 99 / 100];
            let (mean_expected, p99_expected) =
                (queue.mean_s(lambda, 1.0), queue.quantile_s(0.99, lambda, 1.0));
            assert!((mean / mean_expected - 1.0).abs() < 0.03, "{queue:?} {mean} {mean_expected}");
            assert!((p99 / p99_expected - 1.0).abs() < 0.05, "{queue:?} {p99} {p99_expected}");
        }
    }

    #[test]
    fn a_stall_of_a_second_in_a_minute_shows_as_the_traps_say() {
        near(stalled_quantile_s(0.99, 1.0, 60.0), 0.40);
        near(stalled_quantile_s(0.999, 1.0, 60.0), 0.94);
        assert_eq!(stalled_quantile_s(0.9, 1.0, 60.0), 0.0);
    }
}
