//! `kind`, `command`, `pool`, `linger` and `flush` of `[load]`.

use super::check::Check;
use crate::scenario::wire;
use crate::{Brokers, Load, Publishing};
use weighbridge_record::terms::{DeliveryMode, Flush, Pool, TransportKind};

/// The batch of the integration guide.
const GUIDE_BATCH: u32 = 100;

pub fn check(check: &mut Check<'_>, load: &wire::Load) -> Option<Publishing> {
    let (pool, flush) = (load.pool.unwrap_or_default(), load.flush.unwrap_or_default());
    let asked = load.linger.map(|_| check.duration(&["load", "linger"], load.linger, 0));
    let waits = asked.is_some_and(|ns| ns > 0);
    if pool == Pool::Shared && flush == Flush::Together && !waits {
        return None;
    }
    if check.wrote(&["route"]) {
        let key = if pool != Pool::Shared {
            "pool"
        } else if waits {
            "linger"
        } else {
            "flush"
        };
        check.report(&["load", key], format!("`load.{key}` doesn't go with a [route]"));
    }
    if flush != Flush::Together && asked == Some(0) {
        let message =
            format!("`load.linger` must be longer than zero with flush {flush}: leave it out, or wait");
        check.report(&["load", "linger"], message);
    }
    let linger_ns = match flush {
        Flush::Together => Some(asked.unwrap_or(0)),
        Flush::OneByOne | Flush::Guide => asked,
    };
    let gathers = flush != Flush::Together || waits;
    let batch = load.batch.unwrap_or(if gathers { GUIDE_BATCH } else { 1 });
    Some(Publishing { pool, flush, batch, linger_ns })
}

/// Who publishes in our place, if somebody does.
pub fn command(check: &mut Check<'_>, load: &wire::Load) -> Option<Vec<String>> {
    let is_external = load.kind == Some(wire::LoadKind::External);
    match &load.command {
        Some(_) if !is_external => {
            let message = "`command` is for a load of kind external: set `load.kind`".to_owned();
            check.report(&["load", "command"], message);
        }
        None if is_external => {
            let message = "a load of kind external needs `command` in [load]: who publishes".to_owned();
            check.report(&["load", "kind"], message);
        }
        Some(command) if command.first().is_none_or(String::is_empty) => {
            check.report(&["load", "command"], "the program of `load.command` has no name".to_owned());
        }
        _ => {}
    }
    if !is_external {
        return None;
    }
    for key in ["connections", "pool", "batch", "linger", "flush"] {
        if check.wrote(&["load", key]) {
            let message =
                format!("`{key}` is not for a load of kind external: how it publishes is its own affair");
            check.report(&["load", key], message);
        }
    }
    if check.wrote(&["route"]) {
        let message = "a load of kind external doesn't go with a [route]".to_owned();
        check.report(&["load", "kind"], message);
    }
    load.command.clone()
}

/// Paths on which nobody else can publish.
pub fn needed_by_command(
    check: &mut Check<'_>,
    load: &Load,
    brokers: &Brokers,
    transports: &[TransportKind],
) {
    if load.command.is_none() {
        return;
    }
    if transports.contains(&TransportKind::InProcess) {
        let message = "in-process is memory of the harness, on which no other process publishes".to_owned();
        check.report(&["load", "kind"], message);
    }
    if brokers.delivery == DeliveryMode::ExactlyOnce {
        let message = "exactly-once needs message ids, which are a publisher's own affair: leave `load.kind` or \
                       `brokers.delivery` out";
        check.report(&["load", "kind"], message.to_owned());
    }
}

/// A batch that nothing but its size ends must be able to get full.
pub fn check_window(check: &mut Check<'_>, load: &Load) {
    let Some(Publishing { batch, linger_ns: None, .. }) = load.publishing else { return };
    let window = load.window() / load.generators;
    if window < batch {
        let message = format!(
            "a batch of {batch} never gets full where a generator has {window} requests in flight at most: lower \
             `load.batch`, or set `load.linger`"
        );
        check.report(&["load", "batch"], message);
    }
}
