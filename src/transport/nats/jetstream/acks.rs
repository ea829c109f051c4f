//! What a stream answers to a publish.

use serde::Deserialize;

/// The refusal of a subject that no stream takes.
pub(super) const NO_STREAM: &str = "no stream takes this subject";

/// A stream's answer to a publish.
#[derive(Deserialize)]
struct PubAck {
    error: Option<ApiError>,
}

#[derive(Deserialize)]
struct ApiError {
    description: String,
}

/// Whether the stream has stored the message.
pub(super) fn stored(message: &async_nats::Message) -> Result<(), String> {
    if message.status == Some(async_nats::StatusCode::NO_RESPONDERS) {
        return Err(NO_STREAM.to_string());
    }
    match serde_json::from_slice::<PubAck>(&message.payload) {
        Ok(PubAck { error: None }) => Ok(()),
        Ok(PubAck { error: Some(error) }) => Err(error.description),
        Err(error) => Err(format!("unreadable acknowledgement: {error}")),
    }
}
