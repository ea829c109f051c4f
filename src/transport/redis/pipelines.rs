//! Publishing connections of a generator: a batch goes out as one pipeline, and its replies tell what became of
//! each request.

use std::rc::Rc;

use redis::{Pipeline, RedisError, Value};

use super::link::{Link, OnBreak, Settings};
use crate::clock::now_ns;
use crate::connect::patience::SILENCE_MAX;
use crate::connect::redis::{is_refusal, plain};
use crate::transport::error::TransportError;
use crate::transport::frame::Frame;
use crate::transport::limits::Limits;
use crate::transport::outcomes::Outcomes;
use crate::transport::troubles::Troubles;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::Side;

/// Publishing connections of one generator; whole batches go out as one pipeline each.
pub(super) struct Pipelines {
    links: Vec<Link>,
    generators: u64,
    outcomes: Rc<dyn Outcomes>,
    troubles: Troubles,
}

impl Pipelines {
    /// `on_break` makes what each connection does about its breaks.
    pub async fn connect<B: OnBreak + 'static>(
        (endpoint, limits): (&Endpoint, Limits),
        (outcomes, troubles): (Rc<dyn Outcomes>, &Troubles),
        on_break: impl Fn() -> B,
    ) -> Result<Self, TransportError> {
        let mut links = Vec::new();
        for _ in 0..limits.connections {
            let settings = Settings {
                endpoint: endpoint.clone(),
                response_timeout: SILENCE_MAX,
                queue: limits.max_in_flight as usize,
            };
            links.push(Link::open(settings, (Side::Generator, troubles), on_break()).await?);
        }
        let (generators, troubles) = (u64::from(limits.generators), troubles.clone());
        Ok(Self { links, generators, outcomes, troubles })
    }

    /// Sends one command per frame, each batch of a connection as one pipeline. Returns at once; outcomes
    /// come with the replies.
    pub fn send(&mut self, batch: &mut Vec<Frame>, command: impl Fn(&mut Pipeline, &Frame)) {
        if let [only] = &self.links[..] {
            let mut lane = Lane::with_capacity(batch.len());
            batch.drain(..).for_each(|frame| lane.add(&frame, &command));
            lane.send(only, &self.outcomes, &self.troubles);
            return;
        }
        let mut lanes: Vec<Lane> = self.links.iter().map(|_| Lane::with_capacity(batch.len())).collect();
        for frame in batch.drain(..) {
            // By its number, so that each connection stays an ordering key of its own.
            let lane = (frame.sequence / self.generators) as usize % lanes.len();
            lanes[lane].add(&frame, &command);
        }
        for (lane, link) in lanes.into_iter().zip(&self.links) {
            lane.send(link, &self.outcomes, &self.troubles);
        }
    }
}

/// Frames that go out on one connection together.
struct Lane {
    sequences: Vec<u64>,
    pipeline: Pipeline,
}

impl Lane {
    fn with_capacity(frames: usize) -> Self {
        Self { sequences: Vec::with_capacity(frames), pipeline: Pipeline::with_capacity(frames) }
    }

    fn add(&mut self, frame: &Frame, command: impl Fn(&mut Pipeline, &Frame)) {
        command(&mut self.pipeline, frame);
        self.sequences.push(frame.sequence);
    }

    fn send(mut self, link: &Link, outcomes: &Rc<dyn Outcomes>, troubles: &Troubles) {
        if self.sequences.is_empty() {
            return;
        }
        let Some(mut lent) = link.lend() else {
            return indeterminate(&self.sequences, "sent while the connection was down", &**outcomes);
        };
        self.pipeline.ignore_errors();
        let (link, outcomes, troubles) = (link.clone(), Rc::clone(outcomes), troubles.clone());
        tokio::task::spawn_local(async move {
            let replies: Result<Value, RedisError> = self.pipeline.query_async(&mut lent.connection).await;
            if let Err(error) = &replies {
                link.failed(lent.number, error);
            }
            report(&self.sequences, replies, &*outcomes, &troubles);
        });
    }
}

/// Reports the replies of a pipeline, one by one where there are any.
fn report(
    sequences: &[u64],
    replies: Result<Value, RedisError>,
    outcomes: &dyn Outcomes,
    troubles: &Troubles,
) {
    match replies {
        Ok(Value::Array(replies)) if replies.len() == sequences.len() => {
            let is_error = |reply: &Value| matches!(reply, Value::ServerError(_));
            let accepted = sequences.iter().zip(&replies).filter(|(_, reply)| !is_error(reply));
            outcomes.accepted(&mut accepted.map(|(sequence, _)| *sequence), now_ns());
            for (sequence, reply) in sequences.iter().zip(&replies) {
                if let Value::ServerError(error) = reply {
                    let reason = format!("{} {}", error.code(), error.details().unwrap_or_default());
                    if is_refusal(Some(error.code())) {
                        troubles.refused_request(&reason.trim());
                    }
                    outcomes.rejected(*sequence, reason.trim());
                }
            }
        }
        // The timeout or the broken connection covers the whole batch: each entry may still have arrived.
        Ok(_) => indeterminate(sequences, "the pipeline's reply has another length", outcomes),
        Err(error) => indeterminate(sequences, &plain(&error), outcomes),
    }
}

fn indeterminate(sequences: &[u64], reason: &str, outcomes: &dyn Outcomes) {
    sequences.iter().for_each(|sequence| outcomes.indeterminate(*sequence, reason));
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::transport::outcomes::Unknown;

    /// What was told, a line each.
    #[derive(Default)]
    struct Told(RefCell<Vec<String>>);

    impl Outcomes for Told {
        fn accepted(&self, sequences: &mut dyn Iterator<Item = u64>, _at_ns: u64) {
            self.0.borrow_mut().extend(sequences.map(|sequence| format!("{sequence} accepted")));
        }

        fn rejected(&self, sequence: u64, reason: &str) {
            self.0.borrow_mut().push(format!("{sequence} rejected: {reason}"));
        }

        fn indeterminate(&self, sequence: u64, reason: &str) {
            self.0.borrow_mut().push(format!("{sequence} indeterminate: {reason}"));
        }

        fn broken(&self, _over: &dyn Fn(u64) -> bool, _unknown: Unknown) {
            self.0.borrow_mut().push("broken".to_owned());
        }
    }

    /// What is told of requests 7, 8, 9 and so on when the server answers their pipeline with this, and the refusal
    /// that is noted.
    fn told(requests: u64, answer: &[u8]) -> (Vec<String>, Option<String>) {
        let sequences: Vec<u64> = (7..7 + requests).collect();
        let (told, troubles) = (Told::default(), Troubles::default());
        report(&sequences, redis::parse_redis_value(answer), &told, &troubles);
        (told.0.into_inner(), troubles.noted().refusal)
    }

    #[test]
    fn what_a_server_in_trouble_refuses_is_rejected_with_its_words_and_takes_no_access() {
        let answer = b"*4\r\n$3\r\n1-0\r\n-OOM a\r\n-MISCONF b\r\n-LOADING c\r\n";
        let (told, refusal) = told(4, answer);
        assert_eq!(
            told,
            ["7 accepted", "8 rejected: OOM a", "9 rejected: MISCONF b", "10 rejected: LOADING c"]
        );
        assert_eq!(refusal, None);
    }

    #[test]
    fn a_right_that_is_missing_is_a_rejection_and_noted_as_refusal() {
        let (told, refusal) = told(2, b"*2\r\n-NOPERM no right\r\n:0\r\n");
        assert_eq!(told, ["8 accepted", "7 rejected: NOPERM no right"]);
        assert_eq!(refusal.as_deref(), Some("NOPERM no right"));
    }

    #[test]
    fn nothing_is_known_of_a_batch_whose_replies_do_not_fit_it() {
        for answer in [&b"*1\r\n:0\r\n"[..], b":0\r\n", b"*2\r\n:0\r\n"] {
            let (told, refusal) = told(2, answer);
            assert!(told.len() == 2 && told.iter().all(|line| line.contains("indeterminate")), "{told:?}");
            assert_eq!(refusal, None);
        }
    }
}
