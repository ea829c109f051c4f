//! How often trials are repeated, and until when, as the author of a scenario writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::time::Duration;

/// A number of repetitions, or `"auto"`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Repeat {
    Times(#[schemars(range(min = 1, max = 1000))] u32),
    Auto(Auto),
}

/// Until the intervals are narrow enough.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Auto {
    Auto,
}

/// When repetitions suffice; only with `repeat = "auto"`. It is looked after 5, 8 and 12 repetitions and so on, half as
/// many again each time, and they suffice once every ratio between paths is shown to differ from 1 or has a narrow
/// interval; of a single path, once its own figures have. Chances and intervals are corrected for all these looks. A
/// repetition is a trial of every transport at every point. `weighbridge search` heeds neither.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repetitions {
    /// A 95 % interval is narrow that ends within this of its ratio, in percent of it.
    #[schemars(range(max = 100), extend("exclusiveMinimum" = 0, "default" = 5))]
    pub margin_percent: Option<f64>,
    /// Time for all of them: none is begun that would not end within it. One is always measured.
    #[schemars(extend("default" = "10m"))]
    pub budget: Option<Duration>,
    /// The most that are measured.
    #[schemars(range(min = 3, max = 1000), extend("default" = 20))]
    pub max: Option<u32>,
}
