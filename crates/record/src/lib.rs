//! The words that all of Weighbridge shares, the versioned record of a run, and what is judged from records
//! alone.
//!
//! ```text
//! terms, format -> point -> result -> stats -> summary, pairs, compare -> unfinished
//!                             ^
//!                             +--- histogram, latency, breakdown: how figures get into it and out of it
//! ```
//!
//! Pure: knows no broker, clock, file or page.

pub mod behind;
pub mod breakdown;
pub mod change;
pub mod compare;
pub mod enough;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod format;
pub mod histogram;
pub mod latency;
pub mod own_lateness;
pub mod paired;
pub mod pairs;
pub mod places;
pub mod point;
pub mod promised;
pub mod ranked;
pub mod recovery;
pub mod republished;
pub mod result;
pub mod stats;
pub mod summary;
pub mod terms;
pub mod unfinished;
pub mod unpaired;
