//! How a batch is sent: together, or as the integration guide's `flush_batch` does.

use std::cell::RefCell;
use std::rc::Rc;

use super::desk::Desk;
use crate::clock::now_ns;
use crate::transport::Frame;

/// A request in a batch.
pub(super) struct Pending {
    pub frame: Frame,
    /// When it came.
    pub at_ns: u64,
    /// Whether its publish has begun.
    pub published: bool,
}

/// Sends a batch at once. Over a connection of a pool it waits until all is confirmed, and gives the connection back.
pub(super) async fn together(desk: Rc<Desk>, batch: Vec<Pending>) {
    let now = now_ns();
    {
        let mut outcome = desk.outcome.borrow_mut();
        batch.iter().for_each(|pending| outcome.linger.record(now.saturating_sub(pending.at_ns)));
    }
    let mut frames: Vec<Frame> = batch.into_iter().map(|pending| pending.frame).collect();
    let sequences = |frames: &[Frame]| frames.iter().map(|frame| frame.sequence).collect::<Vec<_>>();
    let mut lent = match desk.lend().await {
        Ok((lent, _)) => lent,
        Err(error) => return desk.refuse(sequences(&frames).into_iter(), &error),
    };
    let begun_ns = now_ns();
    let ticket = match desk.is_shared() {
        true => None,
        false => desk.expect(sequences(&frames).into_iter()),
    };
    let went = desk.send(&mut lent, &mut frames).await;
    if let Some(ticket) = ticket {
        let succeeded = match went {
            true => desk.returned(&ticket).await,
            false => {
                desk.awaited.give_up(&ticket);
                false
            }
        };
        let mut outcome = desk.outcome.borrow_mut();
        outcome.flush.record(now_ns().saturating_sub(begun_ns));
        outcome.failed += u64::from(!succeeded);
    }
    desk.give_back(lent).await;
}

/// The guide's `flush_batch`, word for word: goes through the list as it is when each publish has returned, so that it
/// takes along what others add meanwhile; clears the list at its end, whatever others have put there; and after an error
/// leaves it as it is. Whether it came to the end.
///
/// ```text
/// for subject, data in self.pending_messages:
///     await self.js.publish(subject, data)
/// self.pending_messages.clear()
/// ```
pub(super) async fn one_by_one(desk: &Desk, list: &RefCell<Vec<Pending>>) -> bool {
    let (mut lent, waited_ns) = match desk.lend().await {
        Ok(lent) => lent,
        Err(error) => {
            // They are pending still, and may go out yet.
            desk.troubles.note(&error);
            desk.outcome.borrow_mut().failed += 1;
            return false;
        }
    };
    let begun_ns = now_ns();
    let mut next = 0;
    let succeeded = loop {
        let Some(frame) = begin(desk, list, next, waited_ns) else { break true };
        next += 1;
        let ticket = desk.expect([frame.sequence].into_iter());
        let went = desk.send(&mut lent, &mut vec![frame]).await;
        match ticket {
            Some(ticket) if went => {
                if !desk.returned(&ticket).await {
                    break false;
                }
            }
            Some(ticket) => {
                desk.awaited.give_up(&ticket);
                break false;
            }
            None if went => {}
            None => break false,
        }
    };
    desk.give_back(lent).await;
    let mut outcome = desk.outcome.borrow_mut();
    outcome.flush.record(now_ns().saturating_sub(begun_ns));
    match succeeded {
        true => {
            let cleared = list.borrow_mut().drain(..).filter(|pending| !pending.published).count();
            outcome.forgotten += cleared as u64;
        }
        false => outcome.failed += 1,
    }
    succeeded
}

/// The request at a place of the list, whose publish begins; none beyond its end.
fn begin(desk: &Desk, list: &RefCell<Vec<Pending>>, place: usize, waited_ns: u64) -> Option<Frame> {
    let mut list = list.borrow_mut();
    let pending = list.get_mut(place)?;
    let mut outcome = desk.outcome.borrow_mut();
    if std::mem::replace(&mut pending.published, true) {
        outcome.republished += 1;
    } else {
        outcome.linger.record(now_ns().saturating_sub(pending.at_ns).saturating_sub(waited_ns));
    }
    Some(pending.frame.clone())
}
