//! What the way of publishing takes from a verdict: a publisher that publishes again, or over whichever connection is
//! free, asks the path for what it never promised otherwise.

use crate::result::{Kept, LegalAnomaly, PromiseVerdict, Promised, PublishingRecord, Trial};

/// The verdict, where the publisher leaves the promise to be judged.
pub fn judged(trial: &Trial, verdict: PromiseVerdict) -> PromiseVerdict {
    let publishing = trial.generator.publishing.as_ref();
    match publishing.and_then(|publishing| unjudged(publishing, verdict.promise)) {
        None => verdict,
        Some(reason) => {
            PromiseVerdict { verdict: Kept::NotExercised, count: 0, reason, examples: Vec::new(), ..verdict }
        }
    }
}

/// Why the promise can't be held against the path, if it can't.
fn unjudged(publishing: &PublishingRecord, promise: Promised) -> Option<String> {
    let again = publishing.batches.republished;
    match promise {
        Promised::AtMostOnce if again > 0 => Some(format!("the publisher repeated {again} publishes")),
        Promised::Order if again > 0 => Some(format!("the publisher repeated {again} publishes")),
        Promised::Order if !publishing.keeps_order() => {
            Some("requests were published in no order of their own".to_owned())
        }
        _ => None,
    }
}

/// The anomaly with whose doing it was, where requests were published again.
pub fn explained(trial: &Trial, anomaly: LegalAnomaly) -> LegalAnomaly {
    let again = trial.generator.publishing.as_ref().map_or(0, |publishing| publishing.batches.republished);
    let of_repeats = matches!(anomaly.field.as_str(), "duplicated" | "redelivered" | "reordered");
    match again > 0 && of_repeats {
        true => LegalAnomaly { reason: format!("the publisher repeated {again} publishes"), ..anomaly },
        false => anomaly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::result::BatchesRecord;
    use crate::terms::Flush;

    fn trial(republished: u64, flush: Flush) -> Trial {
        let mut trial = Fixture { seconds: 1, ..Fixture::default() }.build().trials.remove(0);
        let batches = BatchesRecord {
            flush,
            size: 100,
            linger_limit_ns: None,
            sizes: Default::default(),
            by_size: 1,
            by_linger: 0,
            by_end: 0,
            linger_ns: None,
            flush_ns: None,
            failed: 1,
            republished,
            forgotten: 0,
        };
        trial.generator.publishing = Some(PublishingRecord { pool: None, batches });
        trial
    }

    fn broken(promise: Promised) -> PromiseVerdict {
        let (verdict, reason) = (Kept::Broken, "counted".to_owned());
        PromiseVerdict { leg: None, promise, verdict, count: 3, reason, examples: Vec::new() }
    }

    #[test]
    fn a_path_is_not_blamed_for_what_was_published_again() {
        let again = trial(3, Flush::OneByOne);
        for promise in [Promised::AtMostOnce, Promised::Order] {
            let judged = judged(&again, broken(promise));
            assert_eq!((judged.verdict, judged.count), (Kept::NotExercised, 0));
            assert_eq!(judged.reason, "the publisher repeated 3 publishes");
        }
        let once = judged(&again, broken(Promised::AnsweredOnce));
        assert_eq!(once.verdict, Kept::Broken, "to drop what comes again is what it promises");
    }

    #[test]
    fn it_is_held_to_its_promises_where_each_was_published_once() {
        let once = trial(0, Flush::OneByOne);
        assert_eq!(judged(&once, broken(Promised::AtMostOnce)).verdict, Kept::Broken);
        assert_eq!(judged(&once, broken(Promised::Order)).verdict, Kept::Broken);
        assert_eq!(judged(&trial(0, Flush::Guide), broken(Promised::Order)).verdict, Kept::NotExercised);
    }

    #[test]
    fn an_anomaly_of_what_was_published_again_says_so_and_no_other_does() {
        let anomaly = |field: &str| LegalAnomaly {
            leg: None,
            field: field.to_owned(),
            count: 3,
            reason: "at least once".to_owned(),
        };
        let reason = |again, field| explained(&trial(again, Flush::OneByOne), anomaly(field)).reason;
        assert!(reason(3, "duplicated").contains("repeated 3"));
        assert_eq!(
            (reason(3, "lost"), reason(0, "duplicated")),
            ("at least once".into(), "at least once".into())
        );
    }
}
