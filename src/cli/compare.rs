//! What `weighbridge compare` takes.

use std::path::PathBuf;

use clap::Args;

pub const COMPARE_HELP: &str = "\
Examples:
  weighbridge run quickstart --repeat 5 --out before
  weighbridge run quickstart --repeat 5 --out after
  weighbridge compare before/latest after/latest --tolerance 10
  weighbridge compare before/latest after/latest --html before-after.html --open

Writes a page with what differs, the ratios and both runs' percentile curves: comparison.html in the
folder of NEW, or FILE. A comparison that is refused writes none.

A regression is shown where the whole 95 % interval of the ratio lies beyond the tolerance and
Welch's t test, corrected for all figures and transports of the point (Holm), excludes chance at 5 %.
It takes at least 3 repetitions of each run, which show only what differs much; 5 are better.

Exit codes: 0 no regression shown, 99 regression, 100 a run is invalid, 1 the runs can't be compared";

#[derive(Debug, Args)]
pub struct Compare {
    /// The earlier run: a result.json, or the folder that holds one
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// The run to judge
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Change for the worse that is put up with, from 0 to under 100
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = tolerance)]
    pub tolerance: f64,
    /// Compare even where scenario, durability or machine differ
    #[arg(long)]
    pub force: bool,
    /// Print the comparison as JSON
    #[arg(long)]
    pub json: bool,
    /// Where to write the page; by default comparison.html in the folder of NEW
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
}

/// A change in percent that is put up with.
pub fn tolerance(text: &str) -> Result<f64, String> {
    let percent: f64 = text.trim_end_matches('%').parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..100.0).contains(&percent) { Ok(percent) } else { Err("not from 0 to under 100".to_owned()) }
}
