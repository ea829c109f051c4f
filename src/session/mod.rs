//! The one orchestrator: for each trial start servers, warm up, measure, drain, stop; then sum up.

mod ceiling;
mod doubts;
mod error;
mod gaps;
mod gathered;
mod holdings;
mod keeper;
mod looking;
mod pair;
mod preflight;
mod probes;
mod progress;
mod record;
mod routed;
mod run;
mod seam;
mod search;
mod settings;
mod spec;
mod thresholds;
mod trial;
mod watch;

pub use error::RunError;
pub use gathered::Finished;
pub use keeper::{Keeper, Unkept};
pub use pair::{Side, pair};
pub use progress::{Glance, Progress, Sight, Silent};
pub use run::run;
pub use search::search;
pub use settings::Settings;
pub use spec::TrialSpec;
pub use trial::{measure, measure_wrapped};
