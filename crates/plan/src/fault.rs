//! What is done to servers and workers on purpose, and when.

use weighbridge_record::terms::{Action, Moment};

/// Something that is done on purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultPlan {
    /// After the start of the window.
    pub at_ns: u64,
    /// Repeats it until the window ends.
    pub every_ns: Option<u64>,
    pub action: FaultAction,
    /// Name of a node, such as `nats-server.2`, or `worker` or `worker.2`; none: every server that the path uses, or
    /// the first worker.
    pub target: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultAction {
    /// A server is stopped where it stands, with SIGSTOP, then let go on.
    Pause { lasting_ns: u64 },
    /// A server is ended, then started again on the same port.
    End {
        how: End,
        /// Between its end and its next start.
        down_ns: u64,
    },
    /// Nothing more can be stored where a server stores its data.
    FillDisk { lasting_ns: u64 },
    /// A worker process is ended, then started again.
    KillWorker {
        /// Where in the life of a request; none: whenever it comes.
        moment: Option<Moment>,
        down_ns: u64,
    },
    /// A worker takes that many times as long to score.
    SlowWorker { factor: f64, lasting_ns: u64 },
    /// A worker process no longer reads its socket.
    StopReading { lasting_ns: u64 },
    /// What stands between a server and those who are connected to it.
    Network { how: Network, lasting_ns: u64 },
    /// Every connection to a server is cut with a TCP reset.
    Reset,
}

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// SIGKILL; it finds what it had stored.
    Kill,
    /// SIGTERM, as an operator stops it.
    Stop,
    /// SIGKILL; its data is gone.
    DropData,
    /// SIGKILL; what it had written and not synced is gone.
    PowerFailure,
}

/// What befalls the connections to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Nothing passes.
    Partition,
    /// All passes later, by a time drawn between `delay_ns` and `delay_ns + jitter_ns`.
    Delay { delay_ns: u64, jitter_ns: u64 },
    /// No more than that passes, each way.
    Throttle { bytes_per_s: u64 },
}

impl FaultPlan {
    /// Whether a server of this name is among those that it befalls, if it befalls servers.
    pub fn is_meant_for(&self, server: &str) -> bool {
        self.target.as_deref().is_none_or(|target| target == server)
    }

    /// Whether it needs a server whose data lies on a file system of ours.
    pub fn needs_own_file_system(&self) -> bool {
        matches!(self.action, FaultAction::End { how: End::PowerFailure, .. } | FaultAction::FillDisk { .. })
    }
}

impl FaultAction {
    /// Its word, without the times.
    pub fn name(self) -> Action {
        match self {
            Self::Pause { .. } => Action::PauseBroker,
            Self::End { how: End::Kill, .. } => Action::KillBroker,
            Self::End { how: End::Stop, .. } => Action::StopBroker,
            Self::End { how: End::DropData, .. } => Action::DropData,
            Self::End { how: End::PowerFailure, .. } => Action::PowerFailure,
            Self::FillDisk { .. } => Action::FillDisk,
            Self::KillWorker { .. } => Action::KillWorker,
            Self::SlowWorker { .. } => Action::SlowWorker,
            Self::StopReading { .. } => Action::StopReading,
            Self::Network { how: Network::Partition, .. } => Action::Partition,
            Self::Network { how: Network::Delay { .. }, .. } => Action::Delay,
            Self::Network { how: Network::Throttle { .. }, .. } => Action::Throttle,
            Self::Reset => Action::Reset,
        }
    }

    /// Whether it befalls what stands between a server and its clients.
    pub fn is_of_network(self) -> bool {
        matches!(self, Self::Network { .. } | Self::Reset)
    }

    /// How long its cause lasts.
    pub fn lasting_ns(self) -> u64 {
        match self {
            Self::Pause { lasting_ns }
            | Self::FillDisk { lasting_ns }
            | Self::SlowWorker { lasting_ns, .. }
            | Self::StopReading { lasting_ns }
            | Self::Network { lasting_ns, .. } => lasting_ns,
            Self::End { down_ns, .. } | Self::KillWorker { down_ns, .. } => down_ns,
            Self::Reset => 0,
        }
    }
}
