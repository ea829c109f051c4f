//! How a run is to be carried out, beyond what its plan says: input only.

use crate::load::Defect;
use crate::remains::Remains;
use crate::site;
use crate::stop::{Stop, StopSignal};

/// What whoever starts a run decides.
#[derive(Default)]
pub struct Settings {
    pub brokers: site::Options,
    pub stop: StopSignal,
    /// What is not cleared up yet.
    pub remains: Remains,
    /// Times that a trial is measured again if the machine disturbed it, before it is left invalid.
    pub measure_again: u32,
    /// The command that reproduces the run, without secrets.
    pub command: String,
    /// A known error to be made on purpose, so that calibration can be seen to notice it.
    pub defect: Defect,
}

impl Settings {
    pub(super) fn was_stopped(&self) -> bool {
        self.stop.get() != Stop::No
    }
}
