//! `pool`, `linger` and `flush` of `[load]`.

use super::check::Check;
use crate::scenario::wire;
use crate::{Load, Publishing};
use weighbridge_record::terms::{Flush, Pool};

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
