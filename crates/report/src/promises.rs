//! What transports promise, in a sentence.

use super::groups::Group;

/// Transports by what they promise, where the promises differ.
pub fn differing_promises(groups: &[Group<'_>]) -> Option<String> {
    let mut kinds: Vec<(String, Vec<&'static str>)> = Vec::new();
    for entry in groups.first()?.entries.iter().filter(|entry| !entry.path.is_floor()) {
        let trial = entry.trial();
        let promise = trial.promise_words();
        match kinds.iter_mut().find(|(known, _)| *known == promise) {
            Some((_, paths)) => paths.push(entry.path.name()),
            None => kinds.push((promise, vec![entry.path.name()])),
        }
    }
    (kinds.len() > 1).then(|| {
        let parts: Vec<_> =
            kinds.into_iter().map(|(promise, paths)| format!("{} {promise}", paths.join(", "))).collect();
        format!("They do not promise the same: {}.", parts.join("; "))
    })
}
