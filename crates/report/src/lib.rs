//! What people read: made only from `RunResult`, never from live state, but for the page that shows a run while it goes
//! on (`live_page`), which is filled by the run itself.
//!
//! ```text
//! RunResult -> searches                   -> capacity                                     -> html, terminal
//!           -> groups (one per sweep point) -> answer, comparison, ratios, charts, fairness -> html
//!                                           -> answer, comparison, ratios                   -> terminal
//!                  -> sweeps (along one swept key) -> rate curves with knees -> charts, answer
//!           -> series                                                                       -> hlog
//!           -> histograms                                                                   -> hgrm
//!           -> trials                                                                       -> csv
//!           -> groups, thresholds                                                 -> junit, markdown
//!           -> answer                                                             -> badge
//!              everything above                                                             -> folder
//!
//! RunComparison, both records -> charts over two runs -> compare_page
//! folder of runs, read leanly -> rows, trends         -> index
//! ```
//!
//! Nothing here measures, judges thresholds or computes intervals: that is done before the record is
//! written. What is computed here is only how recorded figures are merged, worded and drawn.

mod answer;
mod badge;
mod biases;
mod breakdown;
pub mod capacity;
mod certificate;
mod charts;
pub mod checks;
pub mod claim;
mod claims;
pub mod compare_page;
pub mod compare_text;
mod costs;
mod csv;
#[cfg(test)]
mod documented;
mod doubts;
mod error;
mod errors;
mod escaping;
mod fairness;
mod faults;
mod figure_view;
pub mod folder;
mod groups;
mod hgrm;
mod hlog;
pub mod html;
pub mod index;
mod interval_latency;
mod junit;
mod kept;
mod knee;
pub mod live_page;
pub mod markdown;
mod matrix;
mod page;
mod pair_text;
mod paths_table;
pub mod printable;
mod promises;
mod publishers;
mod ranking;
mod rate_curve;
mod ratios;
mod repetitions;
mod routed;
mod struck;
mod sweep_answer;
mod sweeps;
pub mod terminal;
mod terminal_table;
pub mod text_plot;
mod thresholds;
mod transit;
mod unanswered;
pub mod wrapping;

pub use answer::{Answer, answer};
pub use claims::{Placed, claims};
pub use compare_page::claims as comparison_claims;
pub use error::ReportError;
pub use index::claims as index_claims;
