//! From a delivery to its reply: read, score, write. Pure but for the time stamps it is given.

use std::borrow::Cow;
use std::hash::BuildHasher;

use bytes::{BufMut, Bytes, BytesMut};

use serde::{Deserialize, Serialize};

use crate::schema::{Correlation, ErrorReply, PriorityRequest, PriorityResult, Urgency};
use crate::scorer::Score;

/// What all workers of a trial know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scoring {
    /// Which requests are of this trial; none: those of all.
    pub correlation: Option<Correlation>,
    /// Categories by key; a result goes out on the subject of its request's category.
    pub categories: Vec<String>,
}

/// A request that belongs to this trial.
#[derive(Debug)]
pub struct Accepted<'a> {
    pub sequence: u64,
    pub key: u16,
    pub request: PriorityRequest<'a>,
}

/// The one field that names a request.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    correlation_id: Cow<'a, str>,
}

impl Scoring {
    /// Sequence number of a request that is not to be scored; none if it is not of this trial.
    #[inline]
    pub fn sequence(&self, body: &[u8]) -> Option<u64> {
        self.correlation.and_then(|ours| ours.read_last_field(body)).or_else(|| {
            let named: Named<'_> = serde_json::from_slice(body).ok()?;
            self.number(&named.correlation_id)
        })
    }

    /// Number of the request with this id. Where requests of all are served, its service time is drawn by it, and
    /// nothing else follows from it.
    fn number(&self, id: &str) -> Option<u64> {
        match self.correlation {
            Some(ours) => ours.read(id),
            None => Some(std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one(id)),
        }
    }

    /// Reads a body; the error says what is wrong with it, for the requester.
    pub fn read<'a>(&self, body: &'a [u8]) -> Result<Accepted<'a>, String> {
        let request = PriorityRequest::parse(body).map_err(|error| error.to_string())?;
        let sequence = self.number(&request.correlation_id);
        let sequence = sequence.ok_or("correlation_id is not of this trial")?;
        let key = self.categories.iter().position(|category| *category == request.category);
        let key = key.ok_or("category is not of this trial")? as u16;
        Ok(Accepted { sequence, key, request })
    }
}

impl Accepted<'_> {
    /// Scores the request and writes its result.
    pub fn score(&self, processing_ns: u64, timestamp: &str, arena: &mut BytesMut) -> Bytes {
        let score = Score::of(&self.request);
        self.result((score.urgency(), score.value()), processing_ns, timestamp, arena)
    }

    /// Writes the result of a request with this level and score.
    pub fn result(
        &self,
        (urgency_level, priority_score): (Urgency, f64),
        processing_ns: u64,
        timestamp: &str,
        arena: &mut BytesMut,
    ) -> Bytes {
        let result = PriorityResult {
            request_id: self.request.id.as_ref().into(),
            correlation_id: self.request.correlation_id.as_ref().into(),
            urgency_level,
            priority_score,
            processing_time_ms: processing_ns / 1_000_000,
            timestamp: timestamp.into(),
        };
        write(&result, arena)
    }
}

/// The guide's reply to a request that can't be scored.
pub fn error_reply(error: &str, arena: &mut BytesMut) -> Bytes {
    write(&ErrorReply { error: error.into() }, arena)
}

fn write(value: &impl serde::Serialize, arena: &mut BytesMut) -> Bytes {
    // Serialising strings and numbers into memory does not fail.
    serde_json::to_writer(arena.writer(), value).expect("serialising into memory");
    arena.split().freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scoring() -> Scoring {
        Scoring {
            correlation: Some(Correlation::new(1)),
            categories: vec!["DATA".into(), "INFRASTRUCTURE".into()],
        }
    }

    fn body(category: &str, correlation_id: &str) -> String {
        format!(
            r#"{{"id":"task_9","title":"System failure","description":"Critical database outage","category":"{category}","requester_role":"IT_ADMIN","requester_name":"John Doe","timestamp":"2025-06-27T14:30:00Z","correlation_id":"{correlation_id}"}}"#
        )
    }

    #[test]
    fn a_result_answers_its_request() {
        let body = body("INFRASTRUCTURE", "req_00000001_000000000009");
        let accepted = scoring().read(body.as_bytes()).unwrap();
        assert_eq!((accepted.sequence, accepted.key), (9, 1));
        let result = accepted.score(1_250_999_999, "2025-06-27T14:30:01Z", &mut BytesMut::new());
        insta::assert_snapshot!(String::from_utf8_lossy(&result), @r#"{"request_id":"task_9","correlation_id":"req_00000001_000000000009","urgency_level":"CRITICAL","priority_score":8.7,"processing_time_ms":1250,"timestamp":"2025-06-27T14:30:01Z"}"#);
    }

    #[test]
    fn strangers_and_garbage_are_refused_with_a_reason() {
        let scoring = scoring();
        let foreign = body("INFRASTRUCTURE", "req_123456");
        assert_eq!(scoring.read(foreign.as_bytes()).unwrap_err(), "correlation_id is not of this trial");
        let elsewhere = body("WEATHER", "req_00000001_000000000009");
        assert_eq!(scoring.read(elsewhere.as_bytes()).unwrap_err(), "category is not of this trial");
        assert!(scoring.read(b"\xff\xfe").unwrap_err().starts_with("not a PriorityRequest"));
    }
}
