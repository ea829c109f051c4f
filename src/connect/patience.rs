//! How long a server that says nothing is waited for: alike for all clients, so that none gives up a connection
//! that another would have kept.

use std::time::Duration;

use super::backoff;
use weighbridge_record::result::ConnectionSettings;

/// Longest that connecting may take.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// After so long a silence the server is asked for a sign of life; what the integration guide sets.
pub(crate) const PING_EVERY: Duration = Duration::from_secs(20);
/// Pings without an answer when the next one that is due ends the connection. The NATS client knows no other
/// number; the guide sets 5.
pub(crate) const PINGS_UNANSWERED: u32 = 2;
/// Longest silence on a connection whose server owes an answer.
pub(crate) const SILENCE_MAX: Duration =
    Duration::from_secs(PING_EVERY.as_secs() * (PINGS_UNANSWERED as u64 + 1));
/// Longest wait for one answer, where the server may be gone and nothing depends on it yet.
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// As they go into the record.
pub(crate) fn settings() -> ConnectionSettings {
    ConnectionSettings {
        connect_timeout_s: CONNECT_WITHIN.as_secs_f64(),
        ping_interval_s: PING_EVERY.as_secs_f64(),
        pings_unanswered_max: PINGS_UNANSWERED,
        silence_max_s: SILENCE_MAX.as_secs_f64(),
        reconnect_delay_max_s: backoff::LONGEST.as_secs_f64(),
    }
}
