//! Who the workers are.

use super::{SOUND, planned, refused, with};
use crate::Workers;
use weighbridge_record::terms::CompletedBy;

#[test]
fn threads_are_the_default_and_none_is_a_count_of_zero() {
    let plan = planned(&with("count = 2", "kind = \"threads\"\ncount = 2"));
    assert_eq!(plan.points[0].workers, planned(SOUND).points[0].workers);
    for nobody in ["count = 0", "kind = \"none\"", "kind = \"none\"\ncount = 0"] {
        let plan = planned(&with("count = 2", nobody));
        assert_eq!(plan.points[0].workers, Workers::None, "{nobody}");
        assert_eq!(plan.points[0].completed_by(), CompletedBy::Acknowledgement, "{nobody}");
    }
}

#[test]
fn nobody_cannot_be_counted() {
    let summary = refused(&with("count = 2", "kind = \"none\"\ncount = 2")).summary();
    assert!(summary.contains("12:") && summary.contains("`workers.count` must be 0"), "{summary}");
}

#[test]
fn kinds_that_are_not_there_are_refused_where_they_stand() {
    for kind in ["external", "http"] {
        let summary = refused(&with("count = 2", &format!("kind = \"{kind}\""))).summary();
        let told = format!("`workers.kind` = \"{kind}\" is not available");
        assert!(summary.contains("11:") && summary.contains(&told), "{summary}");
    }
    let summary = refused(&with("count = 2", "kind = \"robots\"")).summary();
    assert!(summary.contains("workers.kind") && summary.contains("threads"), "{summary}");
}

#[test]
fn a_path_that_needs_workers_says_so_where_they_were_sent_away() {
    let text = with("count = 2", "kind = \"none\"").replace("nats-core", "nats-request");
    let summary = refused(&text).summary();
    assert!(summary.contains("11:") && summary.contains("nats-request needs workers"), "{summary}");
}
