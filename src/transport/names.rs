//! Subjects, channels, streams and keys of a trial.

use serde::{Deserialize, Serialize};

use weighbridge_plan::BaseSubjects;
use weighbridge_record::terms::Subjects;

/// Names on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Set on external brokers, so that a run never meets anyone else's messages.
    prefix: String,
    categories: Vec<String>,
    subjects: Subjects,
    bases: BaseSubjects,
    /// In which JetStream is asked.
    domain: Option<String>,
    /// Requests have one more subject, behind those of the categories: one of the form that is not used.
    with_other_form: bool,
}

impl Names {
    pub fn new(prefix: &str, categories: impl IntoIterator<Item = String>, subjects: Subjects) -> Self {
        let (prefix, categories) = (prefix.to_string(), categories.into_iter().collect());
        let bases = BaseSubjects::default();
        Self { prefix, categories, subjects, bases, domain: None, with_other_form: false }
    }

    /// The same with other subjects, and in a domain of JetStream.
    pub fn on(self, bases: BaseSubjects, domain: Option<String>) -> Self {
        Self { bases, domain, ..self }
    }

    /// The domain in which JetStream is asked, if there is one.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// The subject of requests in this form, without prefix: `prioritization.request.{category}`.
    pub fn shape(&self, subjects: Subjects) -> String {
        match subjects {
            Subjects::ByCategory => format!("{}.{{category}}", self.bases.request),
            Subjects::Bare => self.bases.request.clone(),
        }
    }

    /// What `nats-request` asks on, without prefix.
    pub fn sync_shape(&self) -> String {
        self.bases.sync.clone()
    }

    /// The same under a token of their own, to be tried where nobody uses them.
    pub fn apart(&self) -> Self {
        Self { prefix: format!("{}seam.", self.prefix), ..self.clone() }
    }

    /// With one more subject of requests, by the key after the last.
    pub fn and_other_form(&self) -> Self {
        Self { with_other_form: true, ..self.clone() }
    }

    /// The keys that choose a subject.
    pub fn keys(&self) -> std::ops::Range<u16> {
        0..self.categories.len() as u16
    }

    /// `prioritization.request`
    pub fn request(&self) -> String {
        format!("{}{}", self.prefix, self.bases.request)
    }

    /// `prioritization.result`
    pub fn result(&self) -> String {
        format!("{}{}", self.prefix, self.bases.result)
    }

    /// `prioritization.sync`
    pub fn sync(&self) -> String {
        format!("{}{}", self.prefix, self.bases.sync)
    }

    /// A subject that goes to whoever takes requests, and that no request uses where subjects have categories.
    pub fn canary(&self) -> String {
        match self.subjects {
            Subjects::ByCategory => format!("{}.preflight", self.request()),
            Subjects::Bare => self.request(),
        }
    }

    /// `prioritization.request.{category}`, by key.
    pub fn request_subjects(&self) -> Vec<String> {
        let base = self.request();
        let other = self.with_other_form.then(|| match self.subjects {
            Subjects::ByCategory => base.clone(),
            Subjects::Bare => format!("{base}.{}", self.categories.first().map_or("", String::as_str)),
        });
        self.by_key(&base).into_iter().chain(other).collect()
    }

    /// `prioritization.result.{category}`, by key.
    pub fn result_subjects(&self) -> Vec<String> {
        self.by_key(&self.result())
    }

    /// Takes what is published below `base`, [`Self::request`] or [`Self::result`].
    pub fn filter(&self, base: &str) -> String {
        match self.subjects {
            Subjects::ByCategory => format!("{base}.*"),
            Subjects::Bare => base.to_owned(),
        }
    }

    pub fn subjects(&self) -> Subjects {
        self.subjects
    }

    /// Name of a stream, group or durable consumer, which may hold no dots.
    pub fn stored(&self, name: &str) -> String {
        format!("{}{name}", self.prefix.replace('.', "_"))
    }

    fn by_key(&self, base: &str) -> Vec<String> {
        let subject = |category: &String| match self.subjects {
            Subjects::ByCategory => format!("{base}.{category}"),
            Subjects::Bare => base.to_owned(),
        };
        self.categories.iter().map(subject).collect()
    }
}
