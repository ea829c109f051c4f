//! What the record says of causes that no figure of a path shows: threads that woke late, disks that don't sync.

use weighbridge_record::result::{DoubtKind, Trial};

use crate::harness::Run;

#[test]
fn two_threads_that_only_sleep_and_the_timers_of_the_others_are_recorded() {
    let ran = Run::short(&["nats-core"]).with(&["--set", "workers.service_time=1ms"]).end();
    ran.expect_measured();
    let trial = ran.trial();
    let wakes = trial.generator.wakes.expect("wakes");
    let steps = (trial.window_s * 500.0) as u64;
    for (name, late) in [("ordinary", wakes.ordinary), ("prompt", wakes.prompt)] {
        let late = late.unwrap_or_else(|| panic!("{name} slept"));
        // On a machine that stands still the last steps are missing.
        assert!(late.count > steps / 2 && late.count <= steps, "{name}: {} of {steps}", late.count);
    }
    let (generators, workers) = (wakes.generators.expect("a pacer"), wakes.workers.expect("service times"));
    assert!(generators.count > 0 && workers.count > 0);
}

fn stored(tier: &str, folder: &str) -> Trial {
    let set = format!("brokers.durability={tier}");
    let ran = Run::short(&["redis-streams"]).with(&["--set", &set]).variable("TMPDIR", folder).end();
    ran.expect_measured();
    ran.trial()
}

#[test]
fn a_data_directory_in_memory_is_named_where_a_tier_writes_to_disk() {
    let weak = |trial: &Trial| trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::WeakStorage);
    let folder = tempfile::Builder::new().tempdir_in("/dev/shm").expect("a folder in memory");
    let folder = folder.path().display().to_string();
    let synced = stored("os", &folder);
    assert!(synced.brokers[0].storage.is_some_and(|storage| storage.in_memory), "{:?}", synced.brokers[0]);
    assert!(weak(&synced), "{:?}", synced.doubts);
    let in_memory = stored("memory", &folder);
    assert_eq!(in_memory.brokers[0].storage, None);
    assert!(!weak(&in_memory), "{:?}", in_memory.doubts);
}
