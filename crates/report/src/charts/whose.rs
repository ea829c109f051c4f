//! Which trial a reading is of, in words.

use crate::claim::{At, Claim};
use crate::groups::Group;
use weighbridge_record::result::Trial;

/// `nats-core`, and which of its trials where it has several.
pub fn whose(group: &Group<'_>, trial: &Trial) -> Claim {
    let claim = Claim::words(trial.path.to_string());
    let entry = group.entries.iter().find(|entry| entry.path == trial.path);
    if entry.is_none_or(|entry| entry.trials.len() < 2) {
        return claim;
    }
    // The trials that confirm a rate are no repetitions of one point.
    let name = match group.at {
        At::Confirmed => format!("trial {}", trial.order),
        _ => format!("repetition {}", trial.repetition),
    };
    claim.say(", ").name(name)
}
