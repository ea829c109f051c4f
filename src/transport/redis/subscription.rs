//! One Pub/Sub subscription, over its breaks, into a bounded queue.
//!
//! The library queues what it reads without bound, does not reconnect and does not notice a server that has gone
//! silent. Here the queue is bounded and drops are counted, the connection is made again, and the server is asked
//! for a sign of life as often as the NATS client asks: slow consumers and dead peers are treated alike.

use std::time::Duration;

use async_channel::{Receiver, Sender, TrySendError};
use bytes::Bytes;
use futures::StreamExt;
use redis::aio::{PubSubSink, PubSubStream};

use super::preflight::refused;
use crate::clock::now_ns;
use crate::connect::patience::{PING_EVERY, SILENCE_MAX};
use crate::connect::redis::{is_refusal, plain};
use crate::connect::{self, backoff::delay};
use crate::transport::error::TransportError;
use crate::transport::troubles::Troubles;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::{GapKind, Side};

/// As many as the NATS client holds for a slow subscription.
pub(super) const SUBSCRIPTION_CAPACITY: usize = 65_536;

/// Longest that the server may take to confirm a subscription: as long as a round trip on NATS may.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(5);

/// A subscription that the server has confirmed.
pub(super) struct Subscription {
    sink: PubSubSink,
    messages: PubSubStream,
}

/// Subscribes, and waits until the server counts the subscriber.
pub(super) async fn subscribe(
    endpoint: &Endpoint,
    channels: &[String],
) -> Result<Subscription, TransportError> {
    let (mut sink, messages) = connect::redis::subscriber(endpoint).await?.split();
    let confirmed = tokio::time::timeout(CONFIRMED_WITHIN, sink.subscribe(channels)).await;
    let confirmed = confirmed.map_err(|_| TransportError::failed("SUBSCRIBE", "no answer"))?;
    confirmed.map_err(|error| match is_refusal(error.code()) {
        true => refused(endpoint, "SUBSCRIBE", &channels.join(" "), &error),
        false => TransportError::failed("SUBSCRIBE", plain(&error)),
    })?;
    Ok(Subscription { sink, messages })
}

/// What keeps a subscription going.
pub(super) struct Feed {
    pub endpoint: Endpoint,
    pub channels: Vec<String>,
    pub queue: Sender<Bytes>,
    pub side: Side,
    pub troubles: Troubles,
}

impl Feed {
    /// Moves messages into the queue, until nobody takes from it. `lost` is called each time the connection breaks.
    pub async fn run(self, mut subscription: Subscription, lost: impl Fn()) {
        loop {
            let Subscription { mut sink, mut messages } = subscription;
            tokio::select! {
                still_wanted = self.forward(&mut messages) => if !still_wanted { return },
                () = silence(&mut sink) => {}
            }
            let detail = "the subscription to redis-server was lost";
            let id = self.troubles.begin(self.side, GapKind::Disconnected, detail, now_ns());
            lost();
            subscription = self.again().await;
            self.troubles.end(id, now_ns());
        }
    }

    /// False once nobody takes from the queue any more, true when the connection has ended.
    async fn forward(&self, messages: &mut PubSubStream) -> bool {
        while let Some(message) = messages.next().await {
            let body: Bytes = match message.get_payload() {
                Ok(body) => body,
                Err(error) => {
                    tracing::warn!("unreadable Pub/Sub message: {error}");
                    continue;
                }
            };
            match self.queue.try_send(body) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => self.troubles.dropped(),
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        true
    }

    /// Subscribes again.
    async fn again(&self) -> Subscription {
        let mut attempt = 0;
        loop {
            tokio::time::sleep(delay(attempt)).await;
            attempt += 1;
            match subscribe(&self.endpoint, &self.channels).await {
                Ok(subscription) => return subscription,
                // Who changed a password or took a right may change it back.
                Err(error) if error.is_refusal() => self.troubles.refused(&error),
                Err(error) => self.troubles.note(&error),
            }
        }
    }
}

/// Returns when the server no longer answers.
async fn silence(sink: &mut PubSubSink) {
    loop {
        tokio::time::sleep(PING_EVERY).await;
        let pong = tokio::time::timeout(SILENCE_MAX - PING_EVERY, sink.ping::<redis::Value>()).await;
        if !matches!(pong, Ok(Ok(_))) {
            return;
        }
    }
}

/// Waits for one message in the queue, then takes what else is there, up to `max`.
pub(super) async fn take(
    queue: &Receiver<Bytes>,
    max: usize,
    mut each: impl FnMut(Bytes),
) -> Result<(), TransportError> {
    let first = queue.recv().await;
    each(first.map_err(|_| TransportError::Closed { what: "the Redis subscription" })?);
    for _ in 1..max {
        let Ok(body) = queue.try_recv() else { break };
        each(body);
    }
    Ok(())
}
