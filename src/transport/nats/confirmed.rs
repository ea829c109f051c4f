//! Publishing on NATS core with nobody to receive: how the server's progress is known all the same.
//!
//! The server never answers a publish, but it handles a connection's messages in their order. So now and then
//! a marker is published to an inbox of our own on the same connection; when that comes back, the server has
//! handled all that went before it. A break of the connection in between leaves that open.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use async_nats::message::OutboundMessage;
use async_nats::{Client, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;

use super::link::is_up;
use super::publishers::{Beside, Publishers, offer};
use super::subjects::{Inbox, last_token};
use super::subscription;
use crate::clock::now_ns;
use crate::transport::ends::Producer;
use crate::transport::error::TransportError;
use crate::transport::frame::Frame;
use crate::transport::limits::Limits;
use crate::transport::outcomes::Outcomes;

/// Markers of a window: enough that the window is filled again in time, few enough to cost nothing.
const MARKERS_PER_WINDOW: u64 = 4;

/// Publishes requests, and a marker after some of them.
pub(super) struct Confirmed {
    publishers: Publishers,
    lanes: Vec<Lane>,
    /// Requests after which a marker is due.
    marked_max: u64,
}

/// One connection.
struct Lane {
    client: Client,
    inbox: Inbox,
    next_marker: u64,
    open: Markers,
    /// First and last request, and their number, that no marker has followed yet.
    unmarked: Option<(u64, u64, u64)>,
    /// Which connection they go out on.
    connection: u64,
}

/// Markers on their way, oldest first.
type Markers = Rc<RefCell<VecDeque<Marker>>>;

/// What stands between a marker and the one before it: `first`, `last` and every `stride`-th request between.
struct Marker {
    number: u64,
    first: u64,
    last: u64,
    /// Which connection they went out on.
    connection: u64,
}

/// Number of the connection that carries what is sent now: while there is none, of the next.
fn connection(client: &Client) -> u64 {
    client.statistics().connects.load(Ordering::Relaxed) + u64::from(!is_up(client))
}
impl Confirmed {
    pub async fn new(
        publishers: Publishers,
        limits: Limits,
        outcomes: Rc<dyn Outcomes>,
    ) -> Result<Self, TransportError> {
        let mut lanes = Vec::new();
        for client in publishers.clients() {
            let inbox = Inbox::new(client);
            let markers = subscription::subscribe(client, inbox.wildcard(), None).await?;
            let (client, open) = (client.clone(), Markers::default());
            let connection = connection(&client);
            let lane = Lane { client, inbox, next_marker: 0, open, unmarked: None, connection };
            tokio::task::spawn_local(confirm(
                markers,
                lane.client.clone(),
                Rc::clone(&lane.open),
                publishers.lanes().stride(),
                Rc::clone(&outcomes),
            ));
            lanes.push(lane);
        }
        let lanes_of_all = u64::from(limits.connections) * u64::from(limits.generators);
        let marked_max = (u64::from(limits.max_in_flight) / lanes_of_all / MARKERS_PER_WINDOW).max(1);
        Ok(Self { publishers, lanes, marked_max })
    }
}

impl Lane {
    /// Takes note of a request that is about to go out.
    #[inline]
    fn sent(&mut self, sequence: u64) {
        let (first, _, count) = self.unmarked.unwrap_or((sequence, sequence, 0));
        self.unmarked = Some((first, sequence, count + 1));
    }

    /// Lets go of requests that went out on a connection that is gone: no marker can follow them.
    fn follow_connection(&mut self) {
        let connection = connection(&self.client);
        if self.connection != connection {
            self.connection = connection;
            self.unmarked = None;
        }
    }

    /// Publishes a marker if there is anything to mark, and room for it.
    async fn mark(&mut self) -> Result<(), TransportError> {
        let Some((first, last, _)) = self.unmarked else { return Ok(()) };
        let number = self.next_marker;
        let (subject, payload) = (self.inbox.subject(number), Bytes::new());
        let message = OutboundMessage { subject, reply: None, payload, headers: None };
        if offer(&mut self.client, message).await? {
            self.next_marker += 1;
            self.unmarked = None;
            self.open.borrow_mut().push_back(Marker { number, first, last, connection: self.connection });
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Producer for Confirmed {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        self.lanes.iter_mut().for_each(Lane::follow_connection);
        let lanes = self.publishers.lanes();
        for frame in batch.iter() {
            self.lanes[lanes.of(frame.sequence)].sent(frame.sequence);
        }
        self.publishers.send(batch, |_| Beside::default()).await?;
        for lane in &mut self.lanes {
            if lane.unmarked.is_some_and(|(_, _, count)| count >= self.marked_max) {
                lane.mark().await?;
            }
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<(), TransportError> {
        self.publishers.close().await
    }

    async fn pause(&mut self) -> Result<(), TransportError> {
        for lane in &mut self.lanes {
            lane.follow_connection();
            lane.mark().await?;
        }
        Ok(())
    }

    fn markers(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.next_marker).sum()
    }
}

/// Reports requests as their markers come back. A connection that broke meanwhile may have dropped any of
/// them.
async fn confirm(
    mut markers: Subscriber,
    client: Client,
    open: Markers,
    stride: u64,
    outcomes: Rc<dyn Outcomes>,
) {
    let mut numbers = Vec::new();
    while subscription::take(&mut markers, 1024, |message| numbers.extend(last_token(&message))).await.is_ok()
    {
        let at_ns = now_ns();
        for number in numbers.drain(..) {
            while let Some(marker) = next_up_to(&open, number) {
                let mut requests = (marker.first..=marker.last).step_by(stride as usize);
                if marker.number == number && marker.connection == connection(&client) {
                    outcomes.accepted(&mut requests, at_ns);
                } else {
                    let reason = "the connection broke before the server had handled the request";
                    requests.for_each(|sequence| outcomes.indeterminate(sequence, reason));
                }
            }
        }
    }
}

fn next_up_to(open: &Markers, number: u64) -> Option<Marker> {
    open.borrow_mut().pop_front_if(|marker| marker.number <= number)
}
