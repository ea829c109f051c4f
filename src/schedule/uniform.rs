//! Evenly spaced arrivals: the k-th request comes when k requests are due.

#[derive(Default)]
pub struct Uniform {
    next: u64,
}

impl Iterator for Uniform {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let due = self.next as f64;
        self.next += 1;
        Some(due)
    }
}
