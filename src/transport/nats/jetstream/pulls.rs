//! Messages of a pull consumer, over reconnections.
//!
//! The library pulls again by itself when its connection is back, but counts what it had asked for before as
//! still to come as long as another worker's pull waits at the same consumer: it then falls silent until its pull
//! expires. So a stream of messages lives no longer than its connection, and each connection has one of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use async_nats::Message;
use async_nats::jetstream::consumer::pull;
use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::Notify;

use crate::connect::backoff::delay;
use crate::transport::error::TransportError;
use crate::transport::nats::link::{Change, Changes};
use crate::transport::troubles::Troubles;

/// Opens the stream of messages of a new connection.
#[async_trait(?Send)]
pub(super) trait Opener {
    /// An error is noted, and it is tried again.
    async fn open(&mut self) -> Result<pull::Stream, String>;

    /// The connection was lost.
    fn lost(&mut self) {}

    /// Whether messages that the client has read already are still good for something on the next connection;
    /// else that one brings them again.
    fn keeps_what_was_read(&self) -> bool;
}

/// Taken from by one task, kept going by another.
pub(super) struct Pulls(Rc<Shared>);

#[derive(Default)]
struct Shared {
    state: RefCell<State>,
    /// The stream of messages came to an end, or to an error.
    broken: Notify,
}

#[derive(Default)]
struct State {
    stream: Option<pull::Stream>,
    /// Read on a connection that is gone.
    saved: VecDeque<Message>,
    /// Who waits for a message.
    waker: Option<Waker>,
    /// Why the stream of messages ended.
    error: Option<String>,
}

impl Pulls {
    /// Opens the first stream, and keeps opening one for each new connection.
    pub async fn open(
        mut opener: impl Opener + 'static,
        changes: Changes,
        troubles: &Troubles,
    ) -> Result<Self, TransportError> {
        let first = opener.open().await;
        let stream = first.map_err(|reason| TransportError::failed("opening a consumer", reason))?;
        let shared = Rc::new(Shared::default());
        shared.state.borrow_mut().stream = Some(stream);
        tokio::task::spawn_local(keep(Rc::clone(&shared), opener, changes, troubles.clone()));
        Ok(Self(shared))
    }

    /// Waits for one message, then takes what else is there, up to `max`.
    pub async fn take(&self, max: usize, mut each: impl FnMut(Message)) {
        poll_fn(|context| {
            let mut taken = 0;
            let mut state = self.0.state.borrow_mut();
            while taken < max {
                match state.poll_message(context) {
                    Poll::Ready(Some(message)) => each(message),
                    Poll::Ready(None) => {
                        self.0.broken.notify_one();
                        break;
                    }
                    Poll::Pending => break,
                }
                taken += 1;
            }
            if taken == 0 {
                state.wait(context);
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }
}

impl State {
    /// None: the stream of messages has just come to an end.
    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        if let Some(message) = self.saved.pop_front() {
            return Poll::Ready(Some(message));
        }
        let Some(stream) = &mut self.stream else { return Poll::Pending };
        match stream.poll_next_unpin(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(message))) => Poll::Ready(Some(message.message)),
            Poll::Ready(Some(Err(error))) => {
                self.error = Some(error.to_string());
                Poll::Ready(None)
            }
            Poll::Ready(None) => {
                self.error = Some("it was closed".to_owned());
                Poll::Ready(None)
            }
        }
    }

    /// A stream that is put in its place does not know who waits.
    fn wait(&mut self, context: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => self.waker = Some(context.waker().clone()),
        }
    }

    /// Lets go of the stream of messages, before it asks for more on a connection that it doesn't know.
    fn close(&mut self, keep_read: bool) {
        let Some(mut stream) = self.stream.take() else { return };
        let mut context = Context::from_waker(Waker::noop());
        while keep_read && let Poll::Ready(Some(Ok(message))) = stream.poll_next_unpin(&mut context) {
            self.saved.push_back(message.message);
        }
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

async fn keep(shared: Rc<Shared>, mut opener: impl Opener, mut changes: Changes, troubles: Troubles) {
    loop {
        let change = tokio::select! {
            change = changes.next() => match change {
                Some(change) => change,
                None => return,
            },
            () = shared.broken.notified() => Change::Back,
        };
        let error = {
            let mut state = shared.state.borrow_mut();
            state.close(opener.keeps_what_was_read());
            state.error.take()
        };
        error.into_iter().for_each(|error| troubles.note(&format!("pulling messages: {error}")));
        if change == Change::Lost {
            opener.lost();
        } else {
            let stream = reopen(&mut opener, &troubles).await;
            let mut state = shared.state.borrow_mut();
            state.stream = Some(stream);
            state.wake();
        }
    }
}

async fn reopen(opener: &mut impl Opener, troubles: &Troubles) -> pull::Stream {
    let mut attempt = 0;
    loop {
        match opener.open().await {
            Ok(stream) => return stream,
            Err(reason) => troubles.note(&format!("opening a consumer again: {reason}")),
        }
        attempt += 1;
        tokio::time::sleep(delay(attempt)).await;
    }
}
