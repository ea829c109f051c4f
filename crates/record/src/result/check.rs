//! One comparison of a figure with what it must be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A known answer and what the instrument said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// `ledger`, `pacing`, `floor`, `service`, `stall` or `queue`.
    pub group: String,
    /// What is checked, in words.
    pub name: String,
    /// Unit of the figures.
    pub unit: Unit,
    /// The known answer, or the bound.
    pub expected: f64,
    /// None where there was nothing to measure, which fails.
    pub measured: Option<f64>,
    pub rule: Rule,
    /// Largest difference, or the bound itself, in the unit.
    pub tolerance: f64,
    /// Whether the rule holds.
    pub passed: bool,
}

/// Unit of a check's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Ns,
    PerS,
    Count,
}

/// How a figure is held against the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Within the tolerance of the expected figure.
    Near,
    /// Farther than the tolerance from the expected figure: an error that must show.
    Far,
    /// At most the expected figure.
    AtMost,
    /// At least the expected figure.
    AtLeast,
}

impl Check {
    pub fn near(
        group: &str,
        name: String,
        unit: Unit,
        expected: f64,
        measured: Option<f64>,
        tolerance: f64,
    ) -> Self {
        Self::new(group, name, unit, expected, measured, Rule::Near, tolerance)
    }

    pub fn far(
        group: &str,
        name: String,
        unit: Unit,
        expected: f64,
        measured: Option<f64>,
        tolerance: f64,
    ) -> Self {
        Self::new(group, name, unit, expected, measured, Rule::Far, tolerance)
    }

    pub fn at_most(group: &str, name: String, unit: Unit, bound: f64, measured: Option<f64>) -> Self {
        Self::new(group, name, unit, bound, measured, Rule::AtMost, 0.0)
    }

    pub fn at_least(group: &str, name: String, unit: Unit, bound: f64, measured: Option<f64>) -> Self {
        Self::new(group, name, unit, bound, measured, Rule::AtLeast, 0.0)
    }

    fn new(
        group: &str,
        name: String,
        unit: Unit,
        expected: f64,
        measured: Option<f64>,
        rule: Rule,
        tolerance: f64,
    ) -> Self {
        let passed = measured.is_some_and(|measured| match rule {
            Rule::Near => (measured - expected).abs() <= tolerance,
            Rule::Far => (measured - expected).abs() > tolerance,
            Rule::AtMost => measured <= expected,
            Rule::AtLeast => measured >= expected,
        });
        Self { group: group.to_string(), name, unit, expected, measured, rule, tolerance, passed }
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Unit};

    fn near(measured: Option<f64>) -> bool {
        Check::near("stall", "p99".to_string(), Unit::Ns, 100.0, measured, 5.0).passed
    }

    #[test]
    fn near_passes_within_the_tolerance_only() {
        assert!(near(Some(95.0)) && near(Some(105.0)));
        assert!(!near(Some(94.9)) && !near(Some(105.1)));
        assert!(!near(None), "what was not measured does not pass");
    }

    #[test]
    fn an_error_that_must_show_passes_only_when_it_does() {
        let far = |measured| Check::far("stall", "p99".to_string(), Unit::Ns, 100.0, measured, 5.0).passed;
        assert!(far(Some(1.0)) && !far(Some(99.0)) && !far(None));
    }

    #[test]
    fn bounds_hold_on_their_side() {
        assert!(Check::at_most("pacing", "lag".to_string(), Unit::Ns, 10.0, Some(10.0)).passed);
        assert!(!Check::at_least("pacing", "ceiling".to_string(), Unit::PerS, 10.0, Some(9.0)).passed);
    }
}
