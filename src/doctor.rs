//! What a run on this machine can be trusted for: brokers, clock, timer and the machine itself, examined
//! within some seconds and judged in words.
//!
//! It measures no transport and loads nothing; how good the instrument is under load is for calibration.

mod asked;
mod brokers;
mod examination;
mod health;
mod json;
mod machine;
mod no_answer;
mod text;
mod timing;
mod verdict;

use crate::site;
use weighbridge_record::terms::BrokerKind;

use machine::{Machine, ProcessorTime};

pub use asked::{Asked, InForce};
pub use brokers::Named;
pub use examination::Examination;

/// Looks at everything, one after the other so that nothing disturbs the timing. Takes two to three seconds.
///
/// Needs a current-thread runtime and a `LocalSet`. Never fails: what could not be examined says so in the
/// text.
pub async fn examine(asked: Asked<'_>, redis: Option<&Named>, nats: Option<&Named>) -> Examination {
    let before = ProcessorTime::now();
    // Read first: the examination itself would show in the load average.
    let machine = Machine::read();
    let forgetting = site::can_forget().map_err(|error| error.to_string());
    let brokers = vec![
        brokers::examine(BrokerKind::RedisServer, &asked, redis).await,
        brokers::examine(BrokerKind::NatsServer, &asked, nats).await,
    ];
    let timing = timing::measure().await;
    let steal_share = before.zip(ProcessorTime::now()).and_then(|(before, after)| before.steal_share(&after));
    Examination { brokers, timing, machine, forgetting, steal_share, in_force: asked.in_force }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_plan::endpoint::Endpoint;

    #[test]
    fn a_missing_broker_is_told_with_what_installs_it_and_fits_80_columns() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = site::Options {
            binaries: site::Binaries {
                redis_server: Some("/nonexistent/redis-server".into()),
                nats_server: None,
            },
            ..site::Options::default()
        };
        // Nothing listens on port 1.
        let endpoint = Endpoint::parse(BrokerKind::NatsServer, "nats://user:secret@127.0.0.1:1").unwrap();
        let nobody = Named { endpoint, place: "--nats-url".to_owned() };
        let asked = Asked {
            options: &options,
            deadline: std::time::Duration::from_secs(20),
            wants_jetstream: true,
            in_force: Vec::new(),
        };
        let work = examine(asked, None, Some(&nobody));
        let examination = tokio::task::LocalSet::new().block_on(&runtime, work);
        let text = examination.text(false);
        assert!(!examination.healthy());
        let told = examination.json();
        assert!(
            told["brokers"].as_array().unwrap().iter().all(|broker| broker["status"] == "absent"),
            "{told}"
        );
        assert!(text.contains("/nonexistent/redis-server") && text.contains("make brokers"), "{text}");
        assert!(text.contains("127.0.0.1:1") && !text.contains("secret"), "{text}");
        assert_eq!(text.matches("named by --nats-url").count(), 1, "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
