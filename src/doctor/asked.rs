//! What the doctor is asked to look at.

use std::time::Duration;

use crate::site;

/// How long a broker may take, and what is wanted of it.
pub struct Asked<'a> {
    pub options: &'a site::Options,
    /// Longest that a broker may take to answer all that it is asked.
    pub deadline: Duration,
    /// A NATS server without JetStream is not sound.
    pub wants_jetstream: bool,
    /// What flags and environment say, to be told.
    pub in_force: Vec<InForce>,
}

/// A setting that flag, environment or file has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub name: String,
    /// Its value, with stars for what is secret.
    pub shown: String,
    pub source: String,
}
