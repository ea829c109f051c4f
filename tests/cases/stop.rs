//! A run that is to end at once, whatever its path does.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::TryStreamExt;
use weighbridge::calibrate::faulty::{Faulty, Wrong};
use weighbridge::session::{RunError, Settings, Silent, TrialSpec, Unkept, measure, measure_wrapped, run};
use weighbridge::stop::Stop;
use weighbridge::transport::{
    Frame, GeneratorEnd, Outcomes, Producer, Transport, TransportError, Troubles, WorkerEnd,
};
use weighbridge_plan::Plan;
use weighbridge_plan::scenario::{Overrides, plan};
use weighbridge_record::result::{LeftBehind, Trial, Verdict};
use weighbridge_record::terms::TransportKind;

use crate::harness::brokers::{Nats, Redis};

/// Nothing that is stopped at once may take as long as anything in here.
const FAR_BELOW: Duration = Duration::from_secs(15);

const SCENARIO: &str = r#"
name = "stop"
question = "Does it end at once?"
transports = ["in-process"]
[load]
executor = "constant-arrival-rate"
rate = 400
warmup = "0s"
duration = "60s"
drain = "60s"
[workers]
count = 1
"#;

/// What of the path in memory hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hang {
    Connecting,
    Sending,
}

struct Hanging {
    inner: Arc<dyn Transport>,
    hang: Hang,
}

#[async_trait(?Send)]
impl Transport for Hanging {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        self.inner.prepare(longest_body_bytes).await
    }

    async fn generator(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        if self.hang == Hang::Connecting {
            std::future::pending::<()>().await;
        }
        let end = self.inner.generator(index, outcomes, troubles).await?;
        Ok(GeneratorEnd { producer: Box::new(Stuck), ..end })
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        self.inner.worker(index, troubles).await
    }

    fn creates(&self) -> Vec<LeftBehind> {
        self.inner.creates()
    }

    async fn dismantle(&self, left: &mut Vec<LeftBehind>) {
        self.inner.dismantle(left).await;
    }
}

/// Takes the first batch, and never says so.
struct Stuck;

#[async_trait(?Send)]
impl Producer for Stuck {
    async fn send(&mut self, _batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        std::future::pending().await
    }
}

fn planned(set: &[&str]) -> Plan {
    let set = set.iter().map(|change| (*change).to_string()).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    plan("stop.toml", SCENARIO, &overrides).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A trial that gets these stops after these times, and how long it went on after the last.
fn stopped<T: Transport + 'static>(
    plan: &Plan,
    stops: &[(u64, Stop)],
    wrap: impl FnOnce(Arc<dyn Transport>) -> T,
) -> (Result<Trial, RunError>, Duration) {
    let settings = Settings::default();
    let (signal, stops) = (settings.stop.clone(), stops.to_vec());
    let stopping = std::thread::spawn(move || {
        for (after_ms, stop) in stops {
            std::thread::sleep(Duration::from_millis(after_ms));
            signal.set(stop);
        }
        Instant::now()
    });
    let spec = TrialSpec::alone(&plan.points[0], TransportKind::InProcess, plan.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let trial = runtime.block_on(measure_wrapped(&spec, &settings, &Silent, wrap));
    (trial, stopping.join().expect("stopping").elapsed())
}

#[test]
fn a_path_that_takes_nothing_does_not_hold_up_the_end() {
    let hanging = |inner| Hanging { inner, hang: Hang::Sending };
    for executor in [&[][..], &["load={ executor = \"saturate\", duration = \"60s\", drain = \"60s\" }"]] {
        let (trial, took) = stopped(&planned(executor), &[(300, Stop::Now)], hanging);
        let trial = trial.unwrap_or_else(|error| panic!("{error}"));
        assert!(took < FAR_BELOW, "{took:?}");
        assert!(!trial.complete && !trial.valid);
        assert!(trial.ledger.lost > 0 && trial.ledger.check().is_ok(), "{:?}", trial.ledger);
    }
}

#[test]
fn a_drain_that_waits_for_what_is_lost_ends_at_once() {
    let lost = (0..400).map(|sequence| (sequence, Wrong::DropResult)).collect();
    let stops = [(500, Stop::Drain), (500, Stop::Now)];
    let (trial, took) = stopped(&planned(&[]), &stops, |inner| Faulty::new(inner, lost));
    let ledger = trial.unwrap_or_else(|error| panic!("{error}")).ledger;
    assert!(took < FAR_BELOW, "{took:?}");
    assert!(ledger.lost > 0 && ledger.lost == ledger.lost_results, "{ledger:?}");
    assert_eq!(ledger.check(), Ok(()));
}

#[test]
fn connecting_is_given_up_at_once() {
    let hanging = |inner| Hanging { inner, hang: Hang::Connecting };
    let (trial, took) = stopped(&planned(&[]), &[(300, Stop::Now)], hanging);
    assert!(took < FAR_BELOW, "{took:?}");
    assert!(matches!(trial, Err(RunError::Stopped)));
}

#[test]
fn a_run_that_ends_before_its_first_trial_still_has_a_report() {
    let settings = Settings::default();
    settings.stop.set(Stop::Now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let finished = runtime.block_on(run(&planned(&[]), &settings, &Silent, &mut Unkept));
    let result = finished.unwrap_or_else(|error| panic!("{error}")).result;
    assert_eq!((result.verdict, result.trials.len()), (Verdict::Aborted, 0));
    let folder = tempfile::tempdir().expect("a folder");
    weighbridge_report::folder::write(&result, folder.path()).expect("a report");
}

/// What a run created on somebody else's server is deleted also when it is to end at once.
#[tokio::test]
async fn nothing_is_left_on_an_external_server() {
    let (redis, nats) = (Redis::start(&[]), Nats::start(""));
    let context = async_nats::jetstream::new(nats.connect().await);
    for (transport, key, url) in [
        (TransportKind::RedisStreams, "redis_url", redis.url()),
        (TransportKind::NatsJetstream, "nats_url", nats.url()),
    ] {
        let plan = planned(&[&format!("brokers.{key}=\"{url}\""), "workers.service_time=\"20s\""]);
        let settings = Settings::default();
        let signal = settings.stop.clone();
        let stopping = async {
            tokio::time::sleep(Duration::from_millis(800)).await;
            signal.set(Stop::Now);
            Instant::now()
        };
        let spec = TrialSpec::alone(&plan.points[0], transport, plan.seed);
        let (trial, stopped) = tokio::join!(measure(&spec, &settings, &Silent), stopping);
        let trial = trial.unwrap_or_else(|error| panic!("{error}")).trial;
        assert!(stopped.elapsed() < FAR_BELOW, "{transport}: {:?}", stopped.elapsed());
        assert!(trial.ledger.lost > 0 && trial.ledger.check().is_ok(), "{:?}", trial.ledger);
    }
    assert_eq!(redis.keys(), Vec::<String>::new());
    let names: Vec<String> = context.stream_names().try_collect().await.expect("names");
    assert_eq!(names, Vec::<String>::new());
}
