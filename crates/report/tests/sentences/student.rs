//! Student's t and its kin by quadrature: other code than the library that the record uses.

use std::f64::consts::PI;

/// Panels of Simpson's rule; the integrand is smooth.
const PANELS: usize = 400;

/// Chance that |t| is larger, of so many degrees of freedom.
///
/// With t = sqrt(freedom) tan(angle), the density is a power of the cosine.
pub fn two_sided(t: f64, freedom: f64) -> f64 {
    let angle = (t.abs() / freedom.sqrt()).atan();
    1.0 - area(angle, freedom) / half(freedom)
}

/// The t that is exceeded, to either side, with a chance of 5 %.
pub fn bound(freedom: f64) -> f64 {
    // Newton's steps from the normal's; the chance is convex there.
    (0..50)
        .try_fold(1.96, |t: f64, _| {
            let angle = (t / freedom.sqrt()).atan();
            let density =
                angle.cos().powf(freedom - 1.0) * angle.cos().powi(2) / freedom.sqrt() / half(freedom);
            let step = (two_sided(t, freedom) - 0.05) / density;
            if step.abs() > 1e-13 * t { Ok(t + step) } else { Err(t + step) }
        })
        .unwrap_or_else(|converged| converged)
}

/// Of the power of the cosine from 0 to an angle.
fn area(angle: f64, freedom: f64) -> f64 {
    let width = angle / PANELS as f64;
    let at = |n: f64| (width * n).cos().powf(freedom - 1.0);
    let panel = |n: usize| at(n as f64) + 4.0 * at(n as f64 + 0.5) + at(n as f64 + 1.0);
    (0..PANELS).map(panel).sum::<f64>() * width / 6.0
}

/// The same to a right angle: a quotient of gamma functions.
fn half(freedom: f64) -> f64 {
    PI.sqrt() / 2.0 * (log_gamma(freedom / 2.0) - log_gamma((freedom + 1.0) / 2.0)).exp()
}

/// Stirling's series, far enough out to have all digits.
fn log_gamma(x: f64) -> f64 {
    let steps = (20.0 - x).ceil().max(0.0) as u32;
    let lower: f64 = (0..steps).map(|step| (x + f64::from(step)).ln()).sum();
    let x = x + f64::from(steps);
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1_260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - lower
}

#[test]
fn the_bounds_are_those_of_the_tables() {
    for (freedom, expected) in [(2.0, 4.302_653), (4.0, 2.776_445), (10.0, 2.228_139), (30.0, 2.042_272)] {
        assert!((bound(freedom) - expected).abs() < 1e-6, "{freedom}: {}", bound(freedom));
        assert!((two_sided(expected, freedom) - 0.05).abs() < 1e-7);
    }
}
