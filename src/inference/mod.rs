//! A scoring service behind HTTP: asked for one score at a time, within a time, and again where that may help.

mod format;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode};

use weighbridge_plan::ScoringService;
use weighbridge_record::result::ScorerCalls;

pub use format::Answer;

/// Holds the key that a service asks for.
const KEY: &str = "WEIGHBRIDGE_SCORER_KEY";
/// Before the first call that asks again; each further wait is twice as long, up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// An answer that is longer is none.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Different wordings that are kept.
const WORDINGS_MAX: usize = 50;

/// A service as the workers of one thread ask it.
pub struct Scorer {
    client: Client,
    service: ScoringService,
    calls: Cell<ScorerCalls>,
    errors: RefCell<BTreeMap<String, u64>>,
}

/// Why a call brought no score.
#[derive(Debug)]
enum Failure {
    Timeout,
    Connection(String),
    Status(StatusCode),
    Malformed(String),
}

impl Failure {
    /// Whether asking again may help.
    fn may_pass(&self) -> bool {
        match self {
            Self::Timeout | Self::Connection(_) => true,
            Self::Status(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            Self::Malformed(_) => false,
        }
    }

    fn count(&self, calls: &mut ScorerCalls) {
        match self {
            Self::Timeout => calls.timeout += 1,
            Self::Connection(_) => calls.connection += 1,
            Self::Status(status) if status.is_server_error() => calls.server_error += 1,
            Self::Status(_) => calls.client_error += 1,
            Self::Malformed(_) => calls.malformed += 1,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Timeout => f.write_str("the scoring service: no answer in time"),
            Self::Connection(why) => write!(f, "the scoring service: {why}"),
            Self::Status(status) => write!(f, "the scoring service: status {}", status.as_u16()),
            Self::Malformed(why) => write!(f, "the scoring service: its answer is no score: {why}"),
        }
    }
}

impl Scorer {
    /// Connects nothing yet.
    pub fn new(service: ScoringService) -> Result<Self, String> {
        let mut headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        if let Ok(key) = std::env::var(KEY)
            && !key.is_empty()
        {
            let bearer = HeaderValue::from_str(&format!("Bearer {key}"));
            let mut bearer = bearer.map_err(|_| format!("{KEY} holds what no header can carry"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let timeout = Duration::from_nanos(service.timeout_ns);
        let client = Client::builder().default_headers(headers).timeout(timeout).tcp_nodelay(true).build();
        let client = client.map_err(|error| error.to_string())?;
        Ok(Self { client, service, calls: Cell::default(), errors: RefCell::default() })
    }

    /// Asks for the score of a request; none if there was none at last.
    pub async fn score(&self, request: &[u8]) -> Option<Answer> {
        let mut pause = PAUSE;
        for again in 0..=self.service.retries {
            if again > 0 {
                tokio::time::sleep(pause).await;
                pause = (2 * pause).min(PAUSE_MAX);
            }
            self.note(|calls| {
                calls.calls += 1;
                calls.retried += u64::from(again > 0);
            });
            match self.call(request).await {
                Ok(answer) => return Some(answer),
                Err(failure) => {
                    self.note(|calls| failure.count(calls));
                    self.tell(failure.to_string());
                    if !failure.may_pass() {
                        break;
                    }
                }
            }
        }
        self.note(|calls| calls.unscored += 1);
        None
    }

    async fn call(&self, request: &[u8]) -> Result<Answer, Failure> {
        let body = format::body(&self.service.format, request);
        let response = self.client.post(&self.service.url).body(body).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(Failure::Status(response.status()));
        }
        let answer = whole(response).await?;
        format::read(&self.service.format, &answer).map_err(Failure::Malformed)
    }

    fn note(&self, count: impl FnOnce(&mut ScorerCalls)) {
        let mut calls = self.calls.get();
        count(&mut calls);
        self.calls.set(calls);
    }

    fn tell(&self, error: String) {
        let mut errors = self.errors.borrow_mut();
        let known = errors.len() < WORDINGS_MAX || errors.contains_key(&error);
        let wording = if known { error } else { "the scoring service: other errors".to_owned() };
        *errors.entry(wording).or_default() += 1;
    }

    /// What came of the calls so far, and what went wrong, by its wording.
    pub fn told(&self) -> (ScorerCalls, BTreeMap<String, u64>) {
        (self.calls.get(), self.errors.borrow().clone())
    }
}

/// The body of an answer, unless it is longer than any score.
async fn whole(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        answer.extend_from_slice(&chunk);
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(Failure::Malformed("it is longer than 1 MiB".to_owned()));
        }
    }
    Ok(answer)
}

/// What the client says, without the URL.
fn failed(error: reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::Timeout;
    }
    // The innermost cause says most: `Connection refused (os error 111)`.
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Failure::Connection(cause.to_string())
}
