//! Sizes of batches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sizes of batches that were handed over together, in requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BurstSizes {
    /// Batches handed over.
    pub wakes: u64,
    /// Mean size.
    pub mean: f64,
    /// Median size.
    pub p50: u64,
    /// 99th percentile of the size.
    pub p99: u64,
    /// Largest size.
    pub max: u64,
}
