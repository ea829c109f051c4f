//! What transports promise, in a sentence.

use super::groups::Group;
use weighbridge_record::terms::TransportKind;

/// Transports by what they promise, where the promises differ.
pub fn differing_promises(groups: &[Group<'_>]) -> Option<String> {
    let mut kinds: Vec<(String, Vec<&'static str>)> = Vec::new();
    for entry in groups.first()?.entries.iter().filter(|entry| entry.transport != TransportKind::InProcess) {
        let trial = entry.trial();
        let promise = format!("{}, durability {}", trial.guarantee, trial.durability);
        match kinds.iter_mut().find(|(known, _)| *known == promise) {
            Some((_, transports)) => transports.push(entry.transport.name()),
            None => kinds.push((promise, vec![entry.transport.name()])),
        }
    }
    (kinds.len() > 1).then(|| {
        let parts: Vec<_> = kinds
            .into_iter()
            .map(|(promise, transports)| format!("{} {promise}", transports.join(", ")))
            .collect();
        format!("They do not promise the same: {}.", parts.join("; "))
    })
}
