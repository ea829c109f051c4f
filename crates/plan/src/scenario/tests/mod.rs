//! Whole scenarios: what is accepted, what is refused, and how it is told.

mod answered;
mod documented;
mod flags;
mod publishing;
mod refused;
mod rendered;
mod repetitions;
mod routes;
mod searches;
mod shipped;
mod workers;

use super::{Overrides, ScenarioErrors, plan};
use crate::Plan;

/// A sound scenario; tests replace a line of it.
const SOUND: &str = r#"name = "sound"
question = "Is it sound?"
transports = ["nats-core", "redis-pubsub"]

[load]
executor = "constant-arrival-rate"
rate = 100
duration = "5s"

[workers]
count = 2
"#;

fn planned(text: &str) -> Plan {
    plan("test.toml", text, &Overrides::default()).unwrap_or_else(|errors| panic!("{}", errors.summary()))
}

fn refused(text: &str) -> ScenarioErrors {
    match plan("test.toml", text, &Overrides::default()) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(errors) => errors,
    }
}

fn refused_with(text: &str, overrides: &Overrides) -> String {
    match plan("test.toml", text, overrides) {
        Ok(_) => panic!("accepted {overrides:?}"),
        Err(errors) => errors.summary(),
    }
}

/// `SOUND` with `old` replaced, which must be there.
fn with(old: &str, new: &str) -> String {
    assert!(SOUND.contains(old), "{old}");
    SOUND.replacen(old, new, 1)
}
