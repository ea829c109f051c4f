//! Where all threads of a trial wait for each other: each reports that it is ready, then one timeline is
//! published, and all start on it.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::metrics::Timeline;
use crate::transport::TransportError;

/// Longest that getting ready may take, and what each connection adds to it: some thousands are made one by one.
const READY_WITHIN: Duration = Duration::from_secs(20);
const FOR_EACH_CONNECTION: Duration = Duration::from_millis(10);

/// One thread's place at the line.
#[derive(Clone)]
pub struct Place {
    ready: mpsc::UnboundedSender<Result<(), TransportError>>,
    timeline: watch::Receiver<Option<Timeline>>,
}

/// The line, held by whoever starts the trial. Dropped before the start, it sends everybody home.
pub struct StartLine {
    place: Place,
    ready: mpsc::UnboundedReceiver<Result<(), TransportError>>,
    timeline: watch::Sender<Option<Timeline>>,
    connections: u64,
}

impl Place {
    /// Says that this thread is ready, or why it can't be.
    pub fn ready(&self, outcome: Result<(), TransportError>) {
        // The receiver is gone only if the trial was given up already.
        let _ = self.ready.send(outcome);
    }

    /// Waits for the start; none if the trial was given up before it.
    pub async fn started(&mut self) -> Option<Timeline> {
        let timeline = self.timeline.wait_for(Option::is_some).await;
        timeline.ok().and_then(|timeline| *timeline)
    }
}

impl StartLine {
    pub fn new() -> Self {
        Self::waiting_for(0)
    }

    /// A line at which so many connections are made.
    pub fn waiting_for(connections: u64) -> Self {
        let (sender, ready) = mpsc::unbounded_channel();
        let (timeline, started) = watch::channel(None);
        Self { place: Place { ready: sender, timeline: started }, ready, timeline, connections }
    }

    /// A place for one more thread.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Waits until `count` more threads are ready.
    pub async fn ready(&mut self, count: u32) -> Result<(), TransportError> {
        let within = READY_WITHIN + FOR_EACH_CONNECTION * self.connections.min(u64::from(u32::MAX)) as u32;
        for _ in 0..count {
            // The line has a place of its own, so that the channel never ends: a thread that died is late.
            match tokio::time::timeout(within, self.ready.recv()).await {
                Ok(outcome) => outcome.unwrap_or(Ok(()))?,
                Err(_) => {
                    let late = format!(
                        "not all of {} connections stood within {} s: the broker does not answer, or is slower than that; \
                         lower `workers.count` or `load.connections`",
                        self.connections,
                        within.as_secs()
                    );
                    return Err(TransportError::failed("connecting", late));
                }
            }
        }
        Ok(())
    }

    /// Lets all start.
    pub fn start(&self, timeline: Timeline) {
        self.timeline.send_replace(Some(timeline));
    }
}

impl Default for StartLine {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_get_the_timeline_once_all_are_ready() {
        let mut line = StartLine::new();
        let runner = |mut place: Place| async move {
            place.ready(Ok(()));
            place.started().await
        };
        let runners = [0, 1].map(|_| tokio::spawn(runner(line.place())));
        line.ready(2).await.unwrap();
        let timeline = Timeline::new(5, 1, 1_000, 1);
        line.start(timeline);
        for runner in runners {
            assert_eq!(runner.await.unwrap(), Some(timeline));
        }
    }

    #[tokio::test]
    async fn one_that_cannot_get_ready_is_told_and_a_line_given_up_sends_the_others_home() {
        let mut line = StartLine::new();
        line.place().ready(Err(TransportError::Closed { what: "a connection" }));
        let mut waiting = line.place();
        assert!(line.ready(1).await.unwrap_err().to_string().contains("a connection"));
        drop(line);
        assert_eq!(waiting.started().await, None);
    }
}
