//! What a worker is told: everything that it needs but where the servers are.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::path::Wiring;
use crate::schema::Correlation;
use crate::worker::Scoring;
use weighbridge_plan::{PointPlan, ScoringService, ServiceTime, Workers};
use weighbridge_record::terms::TransportKind;

/// The order of a trial's workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkOrder {
    /// What requests and results travel on.
    pub wiring: Wiring,
    /// The workers that this order is for, by their numbers in the trial.
    pub workers: Range<u32>,
    /// The first worker of their leg.
    pub first: u32,
    pub scoring: Scoring,
    /// Of service times.
    pub seed: u64,
    /// Requests that one worker scores at a time.
    pub concurrency: u32,
    /// Whether results are published; else requests are only taken and acknowledged.
    pub results: bool,
    pub service_time: ServiceTime,
    /// Asked for the scores; none: they are those of the rules.
    #[serde(default)]
    pub scorer: Option<ScoringService>,
    /// Whether each worker is a process of its own.
    pub in_processes: bool,
    /// Whether the work is bounded by a schedule.
    pub paced: bool,
}

impl WorkOrder {
    /// The order for all workers of a leg, of which `leg` come before it; none where there are none.
    pub fn of(
        point: &PointPlan,
        leg: u32,
        wiring: &Wiring,
        correlation: Correlation,
        seed: u64,
    ) -> Option<Self> {
        let (work, in_processes) = match &point.workers {
            // Others know their work.
            Workers::None | Workers::External(_) => return None,
            Workers::Threads(work) => (work, false),
            Workers::Http(asking) => (&asking.work, false),
            Workers::Processes(work) => (work, true),
        };
        let categories = point.payload.categories.iter().map(|(name, _)| name.clone()).collect();
        let first = leg * work.count;
        Some(Self {
            wiring: wiring.clone(),
            workers: first..first + work.count,
            first,
            scoring: Scoring { correlation: Some(correlation), categories },
            seed,
            concurrency: work.concurrency,
            results: work.results,
            service_time: work.service_time,
            scorer: point.workers.service().cloned(),
            in_processes,
            // Slots mostly sleep; a worker that scores at once works as hard as the load lets it.
            paced: point.load.is_scheduled() && work.service_time.mean_ns() > 0,
        })
    }

    /// Whether a reply goes to the requester alone, so that an error reply makes sense.
    pub fn replies_to_sender(&self) -> bool {
        self.wiring.transport == TransportKind::NatsRequest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_plan::scenario::{Overrides, plan};

    const SCENARIO: &str = r#"
name = "order"
question = "What is a worker told?"
transports = ["nats-request"]
[load]
executor = "constant-arrival-rate"
rate = 100
duration = "1s"
generators = 2
connections = 3
[workers]
count = 5
service_time = { distribution = "lognormal", median = "2ms", sigma = 0.5 }
"#;

    fn order(text: &str) -> Option<WorkOrder> {
        let plan = plan("order.toml", text, &Overrides::default()).unwrap();
        let wiring = Wiring::of(&plan.points[0], TransportKind::NatsRequest, "wb.");
        WorkOrder::of(&plan.points[0], 0, &wiring, Correlation::new(0xabcd_ef01), 7)
    }

    #[test]
    fn an_order_can_be_sent_and_says_the_same_where_it_arrives() {
        let order = order(SCENARIO).unwrap();
        assert_eq!((order.workers.clone(), order.paced), (0..5, true));
        assert!(order.replies_to_sender());
        let sent = serde_json::to_string(&order).unwrap();
        assert_eq!(serde_json::from_str::<WorkOrder>(&sent).unwrap(), order);
    }

    #[test]
    fn nobody_is_told_anything_where_there_are_no_workers() {
        let nobody = SCENARIO.replace("nats-request", "nats-core").replace("count = 5", "count = 0");
        assert_eq!(order(&nobody), None);
    }
}
