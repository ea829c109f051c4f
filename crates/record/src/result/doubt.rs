//! Reasons why figures of a trial may not be trusted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A reason why a figure may not be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Doubt {
    /// Which doubt.
    pub kind: DoubtKind,
    /// The figures that raised it, in a sentence.
    pub detail: String,
}

/// The reasons why a figure may not be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoubtKind {
    /// Sends were late by more than the figures can bear. Makes the trial invalid.
    GeneratorLagged,
    /// Less than 99 % of the offered rate was sent. Makes the trial invalid.
    RateNotReached,
    /// The trial was stopped before its planned end. Makes the trial invalid.
    Incomplete,
    /// The ledger does not balance: a defect of the instrument. Makes the trial invalid.
    LedgerUnbalanced,
    /// A worker or the collector ended before the trial did. Makes the trial invalid.
    EndedEarly,
    /// A client of ours dropped messages because they were read too slowly: the losses are the instrument's. Makes
    /// the trial invalid.
    QueueFull,
    /// Requests are delivered again because workers take more ahead than they can score in time.
    RedeliveryStorm,
    /// Nothing was scheduled and a generator or worker thread was always busy: the rate is the instrument's, and not
    /// ranked.
    ClientLimited,
    /// The generator can put less than twice the rate asked for on a path that costs nothing. Makes the trial
    /// invalid.
    CeilingTooLow,
    /// The wall clock was set during the trial.
    ClockJump,
    /// Latency rose or fell over the window: the warm-up was too short, or something fills up.
    NotSteady,
    /// Nobody can say that the external broker has the durability tier asked for.
    TierUnverified,
    /// Too few samples for a percentile that the scenario asks about.
    TooFewSamples,
    /// The trial was measured again because the machine disturbed an attempt before it.
    MeasuredAgain,
    /// The machine's cores were all busy, so broker, workers and generator slowed each other.
    CpuSaturated,
    /// The hypervisor gave the machine's CPU time to others.
    StealTime,
    /// Requests got no answer: they were shed, refused, parked or lost. Percentiles rank them behind all others.
    Unanswered,
    /// Requests were shed because `max_in_flight` were outstanding. In records of earlier versions; see `unanswered`.
    Shed,
    /// The broker or a worker refused requests. In records of earlier versions; see `unanswered`.
    Rejected,
    /// The broker gave requests up after their last delivery, and still stores them. In records of earlier versions;
    /// see `unanswered`.
    Parked,
    /// What became of some sends was not known for a while: a connection was lost, or no result came within the
    /// timeout.
    Indeterminate,
    /// Messages came that belong to no request of the trial.
    Unexpected,
    /// Nothing is scheduled, so a stall hides itself: latencies are not corrected for coordinated omission.
    ClosedLoop,
    /// The window is too short for the tier's sync interval to show.
    LazyTierTooShort,
    /// The harness was built without optimisation. Latencies include its slowness.
    DebugBuild,
    /// Connections were lost and made again: what was in flight then, and what was due meanwhile, is in the
    /// figures.
    Disconnected,
    /// The broker was not back when the trial ended. Makes the trial invalid.
    BrokerGone,
    /// The broker refused what it had allowed before: a password or a right was changed. Makes the trial invalid.
    AccessLost,
    /// A thread that only sleeps woke late: the machine stood still.
    MachineHiccup,
    /// Memory was swapped.
    Swapping,
    /// Somebody on the machine waited for cores, disk or memory.
    ResourcePressure,
    /// The kernel's clock is not the processor's own.
    ClockSource,
    /// Syncing the broker's data directory takes no time, so a tier that syncs is not what it says.
    WeakStorage,
    /// A broker that runs its commands on one thread had a core full.
    BrokerCoreFull,
}

impl DoubtKind {
    /// Whether a trial with this doubt may not be ranked.
    pub fn invalidates(self) -> bool {
        matches!(
            self,
            Self::GeneratorLagged
                | Self::RateNotReached
                | Self::Incomplete
                | Self::LedgerUnbalanced
                | Self::EndedEarly
                | Self::QueueFull
                | Self::CeilingTooLow
                | Self::BrokerGone
                | Self::AccessLost
        )
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::GeneratorLagged => "generator_lagged",
            Self::RateNotReached => "rate_not_reached",
            Self::Incomplete => "incomplete",
            Self::LedgerUnbalanced => "ledger_unbalanced",
            Self::EndedEarly => "ended_early",
            Self::QueueFull => "queue_full",
            Self::RedeliveryStorm => "redelivery_storm",
            Self::ClientLimited => "client_limited",
            Self::CeilingTooLow => "ceiling_too_low",
            Self::ClockJump => "clock_jump",
            Self::NotSteady => "not_steady",
            Self::TierUnverified => "tier_unverified",
            Self::TooFewSamples => "too_few_samples",
            Self::MeasuredAgain => "measured_again",
            Self::CpuSaturated => "cpu_saturated",
            Self::StealTime => "steal_time",
            Self::Unanswered => "unanswered",
            Self::Shed => "shed",
            Self::Rejected => "rejected",
            Self::Parked => "parked",
            Self::Indeterminate => "indeterminate",
            Self::Unexpected => "unexpected",
            Self::ClosedLoop => "closed_loop",
            Self::LazyTierTooShort => "lazy_tier_too_short",
            Self::DebugBuild => "debug_build",
            Self::Disconnected => "disconnected",
            Self::BrokerGone => "broker_gone",
            Self::AccessLost => "access_lost",
            Self::MachineHiccup => "machine_hiccup",
            Self::Swapping => "swapping",
            Self::ResourcePressure => "resource_pressure",
            Self::ClockSource => "clock_source",
            Self::WeakStorage => "weak_storage",
            Self::BrokerCoreFull => "broker_core_full",
        }
    }
}
