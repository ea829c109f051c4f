//! Requests off the consumer group, for a worker.

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::{RedisError, Value};

use super::entries::{Entry, entries_of, entries_of_read};
use super::group::{GROUP, begin_anew};
use super::in_hand::InHand;
use crate::clock::now_ns;
use crate::connect::redis::plain;
use crate::transport::ends::Consumer;
use crate::transport::error::TransportError;
use crate::transport::frame::Delivery;
use crate::transport::limits::Limits;
use crate::transport::redis::link::{Lent, Link};
use crate::transport::redis::told::tell;
use crate::transport::troubles::Troubles;
use weighbridge_record::result::Side;

/// Longest time between two looks of a worker for entries to reclaim.
const CLAIM_EVERY_MS: u64 = 5_000;
/// Longest wait of a blocking read.
pub(super) const BLOCK_MS: u64 = 1_000;

/// When what others leave pending is taken over, and given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reclaiming {
    /// Idle for so long.
    pub after_ms: u64,
    /// Looked for that often.
    every_ms: u64,
    pub deliveries_max: i64,
}

impl Reclaiming {
    pub fn of(limits: &Limits) -> Self {
        let after_ms = (limits.ack_wait_ns / 1_000_000).max(1);
        // Late by a quarter of what it is about, at most.
        let every_ms = (after_ms / 4).clamp(1, CLAIM_EVERY_MS);
        Self { after_ms, every_ms, deliveries_max: i64::from(limits.max_deliver) }
    }

    /// When a worker that has just looked looks again.
    pub fn next_ns(&self) -> u64 {
        now_ns() + self.every_ms * 1_000_000
    }
}
/// Pause after an error that reconnecting does not mend and waiting may.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Requests {
    /// For blocking reads alone: shared with publishers, it would hold them up.
    pub reader: Link,
    pub lent: Lent,
    pub commands: Link,
    pub stream: String,
    pub consumer: String,
    /// Most entries of one read.
    pub count: usize,
    pub reclaiming: Reclaiming,
    pub claim_at_ns: u64,
    /// Own pending entries are being read, and have been up to this one.
    pub own_after: Option<Bytes>,
    pub in_hand: Rc<InHand>,
    pub troubles: Troubles,
}

#[async_trait(?Send)]
impl Consumer for Requests {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        while into.is_empty() {
            let count = self.count.min(max);
            if self.in_hand.is_to_look_again() {
                self.finish_in_hand().await;
            }
            if self.own_after.is_some() {
                self.read_own(count, into).await?;
                continue;
            }
            if now_ns() >= self.claim_at_ns {
                self.claim_at_ns = self.reclaiming.next_ns();
                self.reclaim(count, into).await?;
                continue;
            }
            let mut read = redis::cmd("XREADGROUP");
            read.arg("GROUP").arg(GROUP).arg(&self.consumer).arg("COUNT").arg(count);
            read.arg("BLOCK")
                .arg(BLOCK_MS.min(self.reclaiming.every_ms))
                .arg("STREAMS")
                .arg(&self.stream)
                .arg(">");
            match read.query_async::<Value>(&mut self.lent.connection).await {
                Ok(entries) => into.extend(entries_of_read(entries)?.into_iter().map(to_score)),
                Err(error) => self.mend("XREADGROUP", &error).await?,
            }
        }
        self.in_hand.given(into.iter().filter(|delivery| !delivery.parked).count());
        Ok(())
    }
}

fn to_score(entry: Entry) -> Delivery {
    entry.delivery(false)
}

impl Requests {
    /// Before own pending entries are read again from the first: those in hand are among them, and are finished.
    async fn finish_in_hand(&mut self) {
        // Nothing can be settled before this one is back too.
        self.commands.wait().await;
        self.in_hand.empty().await;
        // What could not be settled while that was waited for is read now.
        self.in_hand.is_to_look_again();
        self.own_after = Some(Bytes::from_static(b"0"));
    }

    /// Reads a page of what is pending for this worker: given to it on a connection that broke, or not settled
    /// because one broke.
    async fn read_own(&mut self, count: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        let Some(after) = &self.own_after else { return Ok(()) };
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg(&self.consumer).arg("COUNT").arg(count);
        read.arg("STREAMS").arg(&self.stream).arg(&after[..]);
        match read.query_async::<Value>(&mut self.lent.connection).await {
            Ok(entries) => {
                let entries = entries_of_read(entries)?;
                self.own_after = entries.last().map(|entry| entry.id.clone());
                into.extend(entries.into_iter().map(to_score));
            }
            Err(error) => self.mend("XREADGROUP", &error).await?,
        }
        Ok(())
    }

    /// Takes over what other workers left pending for too long; entries past their last delivery are parked.
    async fn reclaim(&mut self, count: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        let Some(mut lent) = self.commands.lend() else { return Ok(()) };
        match self.claimed(count, &mut lent).await {
            Ok(mut entries) => into.append(&mut entries),
            // The next read sees a lost group too, and mends it.
            Err(error) => {
                self.commands.failed(lent.number, &error);
                tell(&self.troubles, "XAUTOCLAIM", &error);
            }
        }
        Ok(())
    }

    async fn claimed(&self, count: usize, lent: &mut Lent) -> Result<Vec<Delivery>, RedisError> {
        let mut claim = redis::cmd("XAUTOCLAIM");
        claim.arg(&self.stream).arg(GROUP).arg(&self.consumer).arg(self.reclaiming.after_ms);
        claim.arg("0-0").arg("COUNT").arg(count);
        let claimed: Value = claim.query_async(&mut lent.connection).await?;
        // Reply: next cursor, entries, ids that were deleted meanwhile.
        let Value::Array(parts) = claimed else { return Ok(Vec::new()) };
        let entries = parts.into_iter().nth(1).map(entries_of).transpose();
        let entries = entries.unwrap_or_else(|error| {
            self.troubles.note(&error);
            None
        });
        let mut deliveries = Vec::new();
        for entry in entries.unwrap_or_default() {
            let parked = self.deliveries(&entry.id, lent).await? > self.reclaiming.deliveries_max;
            deliveries.push(entry.delivery(parked));
        }
        Ok(deliveries)
    }

    async fn deliveries(&self, id: &Bytes, lent: &mut Lent) -> Result<i64, RedisError> {
        let mut pending = redis::cmd("XPENDING");
        pending.arg(&self.stream).arg(GROUP).arg(&id[..]).arg(&id[..]).arg(1);
        let pending: Vec<(String, String, i64, i64)> = pending.query_async(&mut lent.connection).await?;
        Ok(pending.first().map_or(1, |(_, _, _, deliveries)| *deliveries))
    }

    /// Does what can be done about an error of a read, and returns when it may be tried again. An error where
    /// nothing can.
    async fn mend(&mut self, command: &'static str, error: &RedisError) -> Result<(), TransportError> {
        match error.code() {
            Some("NOGROUP") => {
                let told = (Side::Worker, &self.troubles);
                if let Err(error) = begin_anew(&self.stream, &mut self.lent.connection, told).await {
                    tell(&self.troubles, "XGROUP CREATE", &error);
                    self.reader.failed(self.lent.number, &error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Some("WRONGTYPE") => return Err(TransportError::failed(command, plain(error))),
            // The server is loading, out of memory, or the like; a right that was taken may be given back.
            Some(_) => {
                tell(&self.troubles, command, error);
                tokio::time::sleep(PAUSE).await;
            }
            None => {
                // Also after a timeout: whether the entries were given to us is not known.
                self.reader.give_up(self.lent.number, &plain(error));
            }
        }
        let lent = self.reader.wait().await;
        if lent.number != self.lent.number {
            self.in_hand.look_again();
            self.lent = lent;
        }
        Ok(())
    }
}
