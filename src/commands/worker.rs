//! `weighbridge worker`: workers alone, in a process of their own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::interrupt::Interrupt;
use super::output::tell;
use super::{CommandError, Outcome, broker_options, given, runtime};
use crate::cli::Worker;
use crate::crew::{WorkOrder, at_work, serve_assigned};
use crate::mailbox::{Event, Post};
use crate::path::Wiring;
use crate::schema::Correlation;
use crate::session::RunError;
use crate::site::Site;
use crate::stop::Stop;
use weighbridge_plan::endpoint::GivenUrl;
use weighbridge_plan::scenario::{LoadError, Overrides, plan};
use weighbridge_plan::{Plan, PointPlan};
use weighbridge_record::terms::TransportKind;

/// A worker needs no load; the plan of one says all else.
const SCENARIO: &str = r#"
name = "worker"
question = "Who answers?"
transports = ["nats-core"]
[load]
executor = "saturate"
duration = "1s"
"#;

pub fn run(arguments: &Worker, interrupt: &Interrupt) -> Result<Outcome, CommandError> {
    match arguments.transport {
        Some(transport) => serve(transport, arguments, interrupt),
        None => serve_assigned(io::stdin(), io::stdout()).map(|()| Outcome::Good).map_err(Into::into),
    }
}

/// Serves whoever publishes on the path, until a signal comes.
fn serve(
    transport: TransportKind,
    arguments: &Worker,
    interrupt: &Interrupt,
) -> Result<Outcome, CommandError> {
    let plan = planned(transport, arguments)?;
    let point = &plan.points[0];
    let kind = transport.broker().ok_or(CommandError::NoServerToServe { transport, flag: "--transport" })?;
    if point.brokers.endpoint(kind).is_none() {
        return Err(CommandError::NoServerToServe { transport, flag: GivenUrl::flag(kind) });
    }
    let runtime = runtime()?;
    let options = broker_options(&arguments.brokers);
    let site = runtime.block_on(Site::start(&[kind], &point.brokers, &options)).map_err(RunError::from)?;
    let scored = Arc::new(Scored::default());
    let workers = at_work(&order(point, transport), &site.targets(), Arc::clone(&scored) as Arc<dyn Post>)?;
    tell(&format!("{} of {transport} at work; Ctrl-C ends", crew(arguments.count)));
    runtime.block_on(interrupt.heed().reaches(Stop::Drain));
    let report = workers.stop();
    tell(&format!("{} requests scored", scored.0.load(Ordering::Relaxed)));
    for (error, count) in &report.errors {
        tell(&format!("{count} x {error}"));
    }
    Ok(if report.ended_early > 0 { Outcome::Failed } else { Outcome::Good })
}

fn crew(count: u32) -> String {
    if count == 1 { "1 worker".to_owned() } else { format!("{count} workers") }
}

fn planned(transport: TransportKind, arguments: &Worker) -> Result<Plan, CommandError> {
    let mut set = vec![
        format!("workers.count={}", arguments.count),
        format!("workers.concurrency={}", arguments.concurrency),
        format!("workers.service_time={}", arguments.service_time),
    ];
    if !arguments.prefix.is_empty() {
        set.push(format!("brokers.prefix={}", arguments.prefix));
    }
    set.extend(arguments.categories.iter().map(|category| format!("payload.categories.{category}=1")));
    let (urls, beside) = given(&arguments.brokers)?;
    let overrides = Overrides { transports: vec![transport], urls, beside, set, ..Overrides::default() };
    plan("worker", SCENARIO, &overrides)
        .map_err(|errors| CommandError::Load(LoadError::Invalid(Box::new(errors))))
}

/// The order for all workers, who take the requests of all.
fn order(point: &PointPlan, transport: TransportKind) -> WorkOrder {
    let prefix = point.brokers.prefix.as_deref().filter(|prefix| !prefix.is_empty());
    let wiring = Wiring::of(point, transport, &prefix.map_or(String::new(), |prefix| format!("{prefix}.")));
    let mut order = WorkOrder::of(point, 0, &wiring, Correlation::new(0), 1).expect("the plan has workers");
    order.scoring.correlation = None;
    order
}

/// Counts what was scored.
#[derive(Default)]
struct Scored(AtomicU64);

impl Post for Scored {
    fn post(&self, events: &mut Vec<Event>) {
        let scored = events.iter().filter(|event| matches!(event, Event::Scored { .. })).count();
        self.0.fetch_add(scored as u64, Ordering::Relaxed);
        events.clear();
    }
}
