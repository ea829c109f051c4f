//! How a stream knows a message again that it has stored already.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;

use weighbridge_record::terms::DeliveryMode;

/// For how long a stream remembers its messages: what nats-server takes where nothing is set.
pub(super) const WINDOW: Duration = Duration::from_secs(120);

/// The header by which a stream drops a second request, or a second result of a request, of that number. The streams
/// of a trial are its own, so its numbers are theirs.
pub(super) fn message_id(mode: DeliveryMode, sequence: u64) -> Option<HeaderMap> {
    match mode {
        DeliveryMode::AtLeastOnce => None,
        DeliveryMode::ExactlyOnce => {
            let mut headers = HeaderMap::new();
            headers.insert(NATS_MESSAGE_ID, sequence.to_string());
            Some(headers)
        }
    }
}
