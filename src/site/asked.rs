//! What a server of ours is to be.

use super::stored::Stored;
use weighbridge_plan as plan;
use weighbridge_record::terms::TransportKind;

/// What the plan says of it, and who is served.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub brokers: &'a plan::Brokers,
    /// What its clients need rights for.
    pub transports: &'a [TransportKind],
    pub stored: Stored,
}
