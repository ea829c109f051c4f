//! One fault at its time, from its beginning to its end.

use std::cell::Cell;

use super::aim::{Aimed, Target};
use super::clock::Clock;
use super::{on_network, on_server, on_worker};
use crate::clock::now_ns;
use weighbridge_plan::FaultAction;
use weighbridge_record::result::Fault;

/// Waits until it is due and carries it out; none if everything was stopped before that.
pub async fn strike(
    line: &Aimed,
    at_ns: u64,
    clock: &mut Clock,
    in_flight: &dyn Fn() -> u64,
) -> Option<Result<Fault, String>> {
    if !clock.sleep_until(clock.timeline.window_start_ns() + at_ns).await {
        return None;
    }
    let (action, name) = (line.action.name(), line.target.name());
    // When it was due, but for one that waits for its moment; and what was in flight then.
    let began = Cell::new((now_ns(), in_flight()));
    let ended = carry_out(line, clock, &|| began.set((now_ns(), in_flight()))).await;
    let (start_ns, in_flight) = began.get();
    let fault = |end_ns: Option<u64>| Fault {
        end_s: end_ns.map(|end_ns| clock.timeline.since_window_s(end_ns)),
        in_flight: Some(in_flight),
        moment: match line.action {
            FaultAction::KillWorker { moment, .. } => moment,
            _ => None,
        },
        ..Fault::begun(action, name, clock.timeline.since_window_s(start_ns))
    };
    Some(ended.map(fault).map_err(|error| format!("{action} of {name}: {error}")))
}

/// Gives the time at which all was well again; none if that was not before everything was stopped.
async fn carry_out(line: &Aimed, clock: &mut Clock, struck: &dyn Fn()) -> Result<Option<u64>, String> {
    match (line.action, &line.target) {
        (FaultAction::Pause { lasting_ns }, Target::Server(server)) => {
            on_server::pause(server, lasting_ns, clock).await
        }
        (FaultAction::End { how, down_ns }, Target::Server(server)) => {
            on_server::end(server, how, down_ns, clock).await
        }
        (FaultAction::FillDisk { lasting_ns }, Target::Server(server)) => {
            on_server::fill_disk(server, lasting_ns, clock).await
        }
        (FaultAction::Network { how, lasting_ns }, Target::Link(link)) => {
            on_network::fail(link, how, lasting_ns, clock).await
        }
        (FaultAction::Reset, Target::Link(link)) => Ok(Some(on_network::reset(link))),
        (FaultAction::KillWorker { moment, down_ns }, Target::Worker(worker)) => {
            on_worker::kill(worker, moment, down_ns, clock, struck).await
        }
        (FaultAction::SlowWorker { factor, lasting_ns }, Target::Worker(worker)) => {
            on_worker::slow_down(worker, factor, lasting_ns, clock).await
        }
        (FaultAction::StopReading { lasting_ns }, Target::Worker(worker)) => {
            on_worker::stop_reading(worker, lasting_ns, clock).await
        }
        (action, _) => Err(format!("{} is not available", action.name())),
    }
}
