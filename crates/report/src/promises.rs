//! What differs between transports besides what was measured, in a sentence: what they promise, and whose their brokers
//! are.

use super::claim::Claim;
use super::groups::Group;
use weighbridge_record::terms::Path;

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

/// Whose brokers we started and whose were there, where a comparison has both: what else they do, what they sync and
/// where they run is known of ours alone.
pub fn differing_management(groups: &[Group<'_>]) -> Option<Claim> {
    let entries = || groups.iter().flat_map(|group| &group.entries);
    let of = |managed: bool| {
        let has = |path: &Path| {
            let mut brokers =
                entries().filter(|entry| entry.path == *path).flat_map(|entry| &entry.trial().brokers);
            brokers.any(|broker| broker.managed == managed)
        };
        Path::all().filter(has).map(|path| path.name()).collect::<Vec<_>>().join(", ")
    };
    let (ours, theirs) = (of(true), of(false));
    let claim = || {
        Claim::words(format!(
            "They do not run alike: of {ours} the broker is started for the run and runs for nobody else, of {theirs} \
             it was there before; what else it does, and where, is in the figures."
        ))
    };
    (!ours.is_empty() && !theirs.is_empty()).then(claim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn a_broker_that_was_there_beside_one_of_ours_is_told() {
        let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore];
        let mut result = Fixture { transports, seconds: 1, ..Fixture::default() }.build();
        assert_eq!(differing_management(&groups(&result)), None);
        result.trials[0].brokers[0].managed = false;
        let told = differing_management(&groups(&result)).expect("they differ").text;
        assert!(told.contains("of nats-core the broker is started for the run"), "{told}");
        assert!(told.contains("of redis-streams it was there before"), "{told}");
        result.trials[1].brokers[0].managed = false;
        assert_eq!(differing_management(&groups(&result)), None, "neither is ours");
    }
}
