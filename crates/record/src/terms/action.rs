//! What can be done on purpose to a server or a worker of ours.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that can be done on purpose to a server or a worker of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A server is ended without warning (SIGKILL), then started again on the same port with what it had stored.
    KillBroker,
    /// A server is ended as an operator does it (SIGTERM), then started again on the same port.
    StopBroker,
    /// A server is stopped where it stands (SIGSTOP), then let go on.
    PauseBroker,
    /// A server is ended without warning, then started again without its data.
    DropData,
    /// A server is ended without warning, and what it had not synced to its disk is gone; then it is started again.
    PowerFailure,
    /// The file system under a server's data has no room left.
    FillDisk,
    /// A worker process is ended without warning, then started again.
    KillWorker,
    /// A worker takes several times as long to score.
    SlowWorker,
    /// A worker process no longer reads its socket.
    StopReading,
    /// Nothing passes between a server and those who are connected to it.
    Partition,
    /// All that passes between them comes later.
    Delay,
    /// Less passes between them than is asked for.
    Throttle,
    /// All connections to a server are cut with a TCP reset.
    Reset,
}

/// Where in the life of a request its worker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Scored, and its result not published.
    BeforeReply,
    /// Its result is stored or published, and the request is not acknowledged.
    BeforeAck,
    /// Acknowledged.
    AfterAck,
}

/// Whom an action is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    Server,
    Worker,
}

impl Action {
    pub const ALL: [Self; 13] = [
        Self::KillBroker,
        Self::StopBroker,
        Self::PauseBroker,
        Self::DropData,
        Self::PowerFailure,
        Self::FillDisk,
        Self::KillWorker,
        Self::SlowWorker,
        Self::StopReading,
        Self::Partition,
        Self::Delay,
        Self::Throttle,
        Self::Reset,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::KillBroker => "kill-broker",
            Self::StopBroker => "stop-broker",
            Self::PauseBroker => "pause-broker",
            Self::DropData => "drop-data",
            Self::PowerFailure => "power-failure",
            Self::FillDisk => "fill-disk",
            Self::KillWorker => "kill-worker",
            Self::SlowWorker => "slow-worker",
            Self::StopReading => "stop-reading",
            Self::Partition => "partition",
            Self::Delay => "delay",
            Self::Throttle => "throttle",
            Self::Reset => "reset",
        }
    }

    /// What is done to its target, as a verb.
    pub fn verb(self) -> &'static str {
        match self {
            Self::KillBroker | Self::KillWorker => "kill",
            Self::StopBroker => "stop",
            Self::PauseBroker => "pause",
            Self::DropData => "kill and empty",
            Self::PowerFailure => "cut the power of",
            Self::FillDisk => "fill the disk of",
            Self::SlowWorker => "slow down",
            Self::StopReading => "stop the reading of",
            Self::Partition => "cut off",
            Self::Delay => "delay",
            Self::Throttle => "throttle",
            Self::Reset => "reset the connections of",
        }
    }

    pub fn aim(self) -> Aim {
        match self {
            Self::KillWorker | Self::SlowWorker | Self::StopReading => Aim::Worker,
            _ => Aim::Server,
        }
    }
}

impl Moment {
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeReply => "before-reply",
            Self::BeforeAck => "before-ack",
            Self::AfterAck => "after-ack",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_people_use_one_name() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
        }
        for moment in [Moment::BeforeReply, Moment::BeforeAck, Moment::AfterAck] {
            assert_eq!(serde_json::to_value(moment).unwrap(), moment.name());
        }
    }
}
