//! Where a generator's batches go: to its one producer, or shared out between the legs of a route.

use std::cell::RefCell;
use std::rc::Rc;

use super::account::Account;
use crate::transport::{Frame, Producer, TransportError};
use weighbridge_plan::route::{Leg, Takes};

pub(super) enum Outlet {
    Straight(Box<dyn Producer>),
    Shared(Box<Sharing>),
}

/// What did not go out, and why.
pub(super) struct Unsent {
    pub error: TransportError,
    pub leg: Leg,
    /// Sequence numbers.
    pub left: Vec<u64>,
}

impl Outlet {
    /// Hands a batch over and empties it. `takes` says the legs of each request, where there are two.
    pub async fn send(&mut self, batch: &mut Vec<Frame>, takes: &mut Vec<Takes>) -> Result<(), Unsent> {
        match self {
            Self::Straight(producer) => hand_over(&mut **producer, Leg::First, batch).await,
            Self::Shared(sharing) => sharing.send(batch, takes).await,
        }
    }

    /// Sends what has waited for a leg to be drained, if it is.
    pub async fn release(&mut self) -> Result<(), Unsent> {
        match self {
            Self::Straight(_) => Ok(()),
            Self::Shared(sharing) => sharing.release().await,
        }
    }

    pub async fn pause(&mut self) -> Result<(), TransportError> {
        match self {
            Self::Straight(producer) => producer.pause().await,
            Self::Shared(sharing) => {
                for producer in &mut sharing.legs {
                    producer.pause().await?;
                }
                Ok(())
            }
        }
    }

    /// No batch follows.
    pub fn end(&mut self) {
        match self {
            Self::Straight(producer) => producer.end(),
            Self::Shared(sharing) => sharing.legs.iter_mut().for_each(|producer| producer.end()),
        }
    }

    /// Messages published so far that are no requests.
    pub fn markers(&self) -> u64 {
        match self {
            Self::Straight(producer) => producer.markers(),
            Self::Shared(sharing) => sharing.legs.iter().map(|producer| producer.markers()).sum(),
        }
    }
}

/// Two producers, and what waits for one of them.
pub(super) struct Sharing {
    legs: [Box<dyn Producer>; 2],
    batches: [Vec<Frame>; 2],
    /// Of a leg that is not taken up before the other is drained.
    held: Option<[Vec<Frame>; 2]>,
    account: Rc<RefCell<Account>>,
}

impl Sharing {
    pub fn new(legs: [Box<dyn Producer>; 2], drains_first: bool, account: Rc<RefCell<Account>>) -> Self {
        Self { legs, batches: Default::default(), held: drains_first.then(Default::default), account }
    }

    async fn send(&mut self, batch: &mut Vec<Frame>, takes: &mut Vec<Takes>) -> Result<(), Unsent> {
        for (frame, takes) in batch.drain(..).zip(takes.drain(..)) {
            match takes {
                Takes::Both => {
                    self.batches[0].push(frame.clone());
                    self.batches[1].push(frame);
                }
                Takes::One(leg) => match &mut self.held {
                    Some(held) => held[leg as usize].push(frame),
                    None => self.batches[leg as usize].push(frame),
                },
            }
        }
        self.release().await
    }

    async fn release(&mut self) -> Result<(), Unsent> {
        if let Some(leg) = self.drained_for() {
            self.let_go(leg);
        }
        // Both legs of a request are known before either can answer.
        for leg in Leg::ALL {
            let batch = &self.batches[leg as usize];
            self.account.borrow_mut().goes_over(leg, batch.iter().map(|frame| frame.sequence));
        }
        for leg in Leg::ALL {
            let (producer, batch) = (&mut self.legs[leg as usize], &mut self.batches[leg as usize]);
            if !batch.is_empty() {
                hand_over(&mut **producer, leg, batch).await?;
            }
        }
        Ok(())
    }

    /// The leg of the oldest that is held, if the other leg has nothing under way.
    fn drained_for(&self) -> Option<Leg> {
        let held = self.held.as_ref()?;
        let oldest = |leg: &Leg| held[*leg as usize].first().map(|frame| frame.sequence);
        let leg = Leg::ALL.into_iter().filter(|leg| oldest(leg).is_some()).min_by_key(oldest)?;
        (!self.account.borrow().is_under_way_over(leg.other())).then_some(leg)
    }

    fn let_go(&mut self, leg: Leg) {
        if let Some(held) = &mut self.held {
            self.batches[leg as usize].append(&mut held[leg as usize]);
        }
    }
}

async fn hand_over(producer: &mut dyn Producer, leg: Leg, batch: &mut Vec<Frame>) -> Result<(), Unsent> {
    // What the batch still holds after an error did not go out; what went before it may have.
    let sent = producer.send(batch).await;
    sent.map_err(|error| Unsent { error, leg, left: batch.drain(..).map(|frame| frame.sequence).collect() })
}
