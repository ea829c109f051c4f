//! Samples as server-sent events: what a page that is open gets each second, and that the run has ended.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::Stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

use super::figures::Reading;
use super::samples::Samples;

/// Events that a reader may be behind; then it misses some.
const BEHIND_MAX: usize = 64;

/// Tells all who read along.
pub struct Events {
    samples: Mutex<Samples>,
    told: Sender<Event>,
    readers: Arc<AtomicUsize>,
}

#[derive(Debug, Clone)]
struct Event {
    /// As it goes over the wire.
    text: Bytes,
    /// Whether none follows.
    last: bool,
}

/// What is known when a run has ended.
#[derive(Debug, Default, Serialize)]
pub struct Ended {
    /// Paths of reports, one for each scenario that was carried out.
    pub reports: Vec<String>,
}

impl Default for Events {
    fn default() -> Self {
        Self { samples: Mutex::default(), told: broadcast::channel(BEHIND_MAX).0, readers: Arc::default() }
    }
}

impl Events {
    /// A reading that was taken so long after the server began.
    pub fn sample(&self, at_s: f64, reading: Reading) {
        let event = {
            let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
            event("sample", samples.take(at_s, reading))
        };
        self.tell(event, false);
    }

    /// The run has ended; so do the streams of all who read along.
    pub fn end(&self, ended: &Ended) {
        self.tell(event("end", ended), true);
    }

    /// How many read along.
    pub fn readers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }

    fn tell(&self, text: Bytes, last: bool) {
        // No receiver means that nobody reads along.
        let _ = self.told.send(Event { text, last });
    }

    /// All samples so far as one event, then one by one as they come.
    pub fn body(&self) -> StreamBody<impl Stream<Item = Result<Frame<Bytes>, Infallible>> + use<>> {
        let told = self.told.subscribe();
        let history = event("history", self.samples.lock().unwrap_or_else(PoisonError::into_inner).kept());
        let reading = Reader::new(&self.readers, told, history);
        StreamBody::new(futures::stream::unfold(reading, |mut reader| async {
            let text = reader.next().await?;
            Some((Ok(Frame::data(text)), reader))
        }))
    }
}

/// One who reads along; counted as long as it is there.
struct Reader {
    readers: Arc<AtomicUsize>,
    told: Receiver<Event>,
    /// What comes before all that is told.
    history: Option<Bytes>,
    over: bool,
}

impl Reader {
    fn new(readers: &Arc<AtomicUsize>, told: Receiver<Event>, history: Bytes) -> Self {
        readers.fetch_add(1, Ordering::Relaxed);
        Self { readers: Arc::clone(readers), told, history: Some(history), over: false }
    }

    async fn next(&mut self) -> Option<Bytes> {
        if let Some(history) = self.history.take() {
            return Some(history);
        }
        while !self.over {
            match self.told.recv().await {
                Ok(Event { text, last }) => {
                    self.over = last;
                    return Some(text);
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
        None
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An event of this kind with its data as JSON, which has no line breaks.
fn event(kind: &str, data: &impl Serialize) -> Bytes {
    // A number that JSON can't hold becomes null; keys are strings.
    let data = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
    Bytes::from(format!("event: {kind}\ndata: {data}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    #[tokio::test]
    async fn who_begins_late_gets_what_was_told_before_and_all_streams_end_with_the_run() {
        let events = Events::default();
        events.sample(1.0, Reading::default());
        let mut late = Box::pin(events.body());
        events.sample(2.0, Reading::default());
        events.end(&Ended { reports: vec!["a/report.html".to_owned()] });
        assert_eq!(events.readers(), 1);
        let mut told = Vec::new();
        while let Some(frame) = late.next().await {
            told.push(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap());
        }
        assert_eq!(told.len(), 3);
        assert!(told[0].starts_with("event: history\ndata: [{\"at_s\":1.0,") && told[0].ends_with("]\n\n"));
        assert!(told[1].starts_with("event: sample\ndata: {\"at_s\":2.0,"), "{}", told[1]);
        assert_eq!(told[2], "event: end\ndata: {\"reports\":[\"a/report.html\"]}\n\n");
        drop(late);
        assert_eq!(events.readers(), 0);
    }
}
