//! Who answers the requests, how many at a time, and how long it takes them.

use serde::{Deserialize, Serialize};

/// Who answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Workers {
    /// Nobody: requests are only published.
    None,
    /// Threads of the harness.
    Threads(Work),
    /// Processes of ours, one a worker.
    Processes(Work),
    /// Processes of somebody else's that follow the schemas. What they receive they tell nobody, and results are all
    /// that is seen of them.
    External(External),
    /// Threads of the harness that ask a scoring service for each score.
    Http(AskingWork),
}

/// Workers that ask a scoring service.
#[derive(Debug, Clone, PartialEq)]
pub struct AskingWork {
    /// Each worker asks for as many scores at a time as it scores requests.
    pub work: Work,
    pub service: ScoringService,
}

/// A scoring service behind HTTP, and how it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoringService {
    pub url: String,
    /// Its host and port.
    pub address: String,
    pub format: ScoringFormat,
    /// Longest that one answer may take.
    pub timeout_ns: u64,
    /// How often a request is asked again that may be answered then.
    pub retries: u32,
}

/// What goes over the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ScoringFormat {
    /// The request as it is; level and score come back.
    Json,
    /// A chat completion in OpenAI's format.
    Openai { model: String },
}

/// Workers that are not ours.
#[derive(Debug, Clone, PartialEq)]
pub struct External {
    /// How many there are, and how many requests each is asked to score at a time. Their service time is their own.
    pub work: Work,
    /// Program and arguments that each is started with; none: somebody runs them already.
    pub command: Option<Vec<String>>,
}

/// How much is done at a time, and how long it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// Workers, each with connections of its own; at least one.
    pub count: u32,
    /// Requests that one worker scores at a time.
    pub concurrency: u32,
    /// Whether workers publish results; else they only take requests and acknowledge them.
    pub results: bool,
    pub service_time: ServiceTime,
    /// Requests that a worker's client may take ahead; none: as many as it can be sure to score in time.
    pub prefetch: Option<u32>,
}

impl Workers {
    /// What they do; none where there are none.
    pub fn work(&self) -> Option<&Work> {
        match self {
            Self::None => None,
            Self::Threads(work) | Self::Processes(work) => Some(work),
            Self::External(external) => Some(&external.work),
            Self::Http(asking) => Some(&asking.work),
        }
    }

    /// The service that they ask, where they do.
    pub fn service(&self) -> Option<&ScoringService> {
        match self {
            Self::Http(asking) => Some(&asking.service),
            _ => None,
        }
    }

    /// Those that are not ours.
    pub fn external(&self) -> Option<&External> {
        match self {
            Self::External(external) => Some(external),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ServiceTime {
    /// Also `"0s"`: score and answer at once.
    Constant {
        ns: u64,
    },
    Exponential {
        mean_ns: u64,
    },
    /// `median` and `sigma` of the underlying normal: mean = median * exp(sigma^2 / 2).
    Lognormal {
        median_ns: u64,
        sigma: f64,
    },
}

impl ServiceTime {
    /// Mean of the distribution, in nanoseconds.
    pub fn mean_ns(self) -> u64 {
        match self {
            Self::Constant { ns } => ns,
            Self::Exponential { mean_ns } => mean_ns,
            Self::Lognormal { median_ns, sigma } => (median_ns as f64 * (sigma * sigma / 2.0).exp()) as u64,
        }
    }
}
