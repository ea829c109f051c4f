//! What is done to the network in front of a server.

use std::num::NonZeroU64;

use super::clock::Clock;
use super::lasting::undone_after;
use crate::clock::now_ns;
use crate::proxy::Cut;
use crate::site::Link;
use weighbridge_plan::Network;

/// Has it fail for so long; whatever ends this ends the failure. Gives the time at which it was over.
pub async fn fail(
    link: &Link,
    how: Network,
    lasting_ns: u64,
    clock: &mut Clock,
) -> Result<Option<u64>, String> {
    let imposed = match how {
        Network::Partition => link.proxy.partition(Cut::Both),
        Network::Delay { delay_ns, jitter_ns } => link.proxy.delay(delay_ns, jitter_ns),
        Network::Throttle { bytes_per_s } => {
            let bytes_per_s = NonZeroU64::new(bytes_per_s).ok_or("0 bytes per second are a partition")?;
            link.proxy.throttle(bytes_per_s)
        }
    };
    Ok(Some(undone_after(lasting_ns, clock, move || drop(imposed)).await))
}

/// Cuts every connection that is open. Gives the time at which that was asked for.
pub fn reset(link: &Link) -> u64 {
    link.proxy.reset();
    now_ns()
}
