//! What a NATS user may do, tried before anything is measured.
//!
//! The server answers a forbidden publish or subscription with an error that belongs to no call, so without
//! this a run would go on and lose every request. Canaries are empty messages on subjects that no request
//! uses, sent only once it is known that no stream would store them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::{self, context::GetStreamByNameErrorKind};
use async_nats::{Client, Event, Subscriber};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};

use super::subscription;
use crate::connect;
use crate::transport::error::TransportError;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::BrokerKind;

/// Longest that JetStream may take to say which streams there are; a user without the right to ask waits
/// this long for nothing.
const STREAMS_WITHIN: Duration = Duration::from_secs(1);
/// The library hands errors of the server to their own task, which needs a turn before they are read.
const VIOLATIONS_WITHIN: Duration = Duration::from_millis(20);

/// What a path does on the server.
#[derive(Debug, Default)]
pub(super) struct Rights {
    pub subscribe: Vec<String>,
    /// Canaries are published here.
    pub publish: Vec<String>,
    /// Canaries among these come back on one of the subscriptions.
    pub echoed: Vec<String>,
}

impl Rights {
    /// Publishing and subscribing on these, which nobody uses yet.
    pub fn on(subjects: Vec<String>) -> Self {
        Self { subscribe: subjects.clone(), publish: subjects.clone(), echoed: subjects }
    }

    /// Publishing and subscribing below `base`.
    pub fn below(mut self, base: &str) -> Self {
        let canary = canary(base);
        self.subscribe.push(format!("{base}.*"));
        self.publish.push(canary.clone());
        self.echoed.push(canary);
        self
    }
}

/// A sibling of the categories' subjects: granted with them, and used by no request.
pub(super) fn canary(base: &str) -> String {
    format!("{base}.preflight")
}

/// Refuses subjects that a stream stores already: a run would fill somebody else's stream.
pub(super) async fn no_stream_takes(
    endpoint: &Endpoint,
    client: &Client,
    subjects: &[String],
) -> Result<(), TransportError> {
    let mut context = jetstream::new(client.clone());
    context.set_timeout(STREAMS_WITHIN);
    for subject in subjects {
        match context.stream_by_subject(subject.clone()).await {
            Ok(name) => {
                let address = endpoint.address();
                return Err(TransportError::Exists { what: "stream", name, address });
            }
            Err(error) if error.kind() == GetStreamByNameErrorKind::NotFound => {}
            // No JetStream here, or none for this user.
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Tries all rights on a connection of its own.
pub(super) async fn check(endpoint: &Endpoint, rights: &Rights) -> Result<(), TransportError> {
    let violations = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&violations);
    let options =
        connect::nats::options(endpoint, "weighbridge-preflight", 0)?.event_callback(move |event| {
            if let Event::ServerError(error) = event {
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(error.to_string());
            }
            std::future::ready(())
        });
    let client = connect::nats::open(endpoint, options).await?;
    let answered = tried(&client, rights).await;
    tokio::time::sleep(VIOLATIONS_WITHIN).await;
    let violations = violations.lock().unwrap_or_else(PoisonError::into_inner);
    let reason = match (violations.first(), answered) {
        (Some(violation), _) => violation.clone(),
        (None, Ok(None)) => return Ok(()),
        (None, Ok(Some(subject))) => format!("a message on `{subject}` did not come back"),
        (None, Err(error)) => return Err(error),
    };
    let address = endpoint.address();
    let reason = format!("{reason}; grant the user what this path does");
    Err(TransportError::Refused { broker: BrokerKind::NatsServer, address, reason })
}

/// The first canary that should have come back and didn't.
async fn tried(client: &Client, rights: &Rights) -> Result<Option<String>, TransportError> {
    let failed = |reason: &dyn std::fmt::Display| TransportError::failed("trying the rights on NATS", reason);
    let mut subscribers: Vec<Subscriber> = Vec::new();
    for subject in &rights.subscribe {
        subscribers.push(client.subscribe(subject.clone()).await.map_err(|error| failed(&error))?);
    }
    for subject in &rights.publish {
        let published = client.publish(subject.clone(), Bytes::new()).await;
        published.map_err(|error| failed(&error))?;
    }
    // What was sent before it on this connection has come back before it.
    subscription::barrier(client).await?;
    let mut seen = Vec::new();
    for subscriber in &mut subscribers {
        while let Some(Some(message)) = subscriber.next().now_or_never() {
            seen.push(message.subject.to_string());
        }
    }
    Ok(rights.echoed.iter().find(|subject| !seen.contains(subject)).cloned())
}

/// Refuses bodies that the server would cut the connection for.
pub(super) fn check_payload(client: &Client, body_bytes: usize) -> Result<(), TransportError> {
    let limit_bytes = client.server_info().max_payload;
    if body_bytes > limit_bytes {
        let (broker, setting) = (BrokerKind::NatsServer, "max_payload");
        return Err(TransportError::TooLarge { broker, setting, body_bytes, limit_bytes });
    }
    Ok(())
}
