//! How often, or until when, `run`, `pair` and `validate` repeat their trials.

use clap::Args;

use weighbridge_plan::Repeat;

/// When repetitions suffice; only with `--repeat auto`.
#[derive(Debug, Args)]
pub struct Enough {
    /// With --repeat auto: how far a narrow interval reaches from its ratio [default: 5]
    #[arg(long, value_name = "PERCENT")]
    pub margin: Option<f64>,
    /// With --repeat auto: time for all repetitions, for example 2m [default: 10m]
    #[arg(long, value_name = "D")]
    pub budget: Option<String>,
    /// With --repeat auto: the most repetitions [default: 20]
    #[arg(long, value_name = "N")]
    pub repeat_max: Option<u32>,
}

/// Repetitions of a run.
#[derive(Debug, Args)]
pub struct Repetitions {
    /// Repetitions of each trial, or auto: until every ratio is shown to differ or has a narrow interval
    #[arg(long, value_name = "N|auto")]
    pub repeat: Option<Repeat>,
    #[command(flatten)]
    pub enough: Enough,
}
