//! Why there is no server to measure.

use std::path::PathBuf;

use crate::connect::ConnectError;
use weighbridge_record::terms::BrokerKind;

#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error(
        "{kind} not found; looked for {looked_for}\n  install it with: {install}\n  or name a server with {url_flag}"
    )]
    NotFound { kind: BrokerKind, looked_for: String, install: &'static str, url_flag: &'static str },
    #[error("{path} is {kind} {version}; at least {minimum} is needed\n  install it with: {install}")]
    TooOld { kind: BrokerKind, path: String, version: String, minimum: &'static str, install: &'static str },
    #[error("starting {name}: {reason}\n  its directory is kept: {directory}")]
    Start { name: String, reason: String, directory: PathBuf },
    #[error(
        "{host} is not a loopback address (it resolves to {resolved}); pass --allow-host {host} if load may go there"
    )]
    HostNotAllowed { host: String, resolved: String },
    #[error("cannot resolve {host}: {reason}")]
    Unresolved { host: String, reason: String },
    #[error(
        "the monitoring of NATS at {url} {reason}; name that of the server that is measured, or leave it out"
    )]
    Monitoring { url: String, reason: String },
    #[error("power-failure and fill-disk need a file system of their own: {0}")]
    Forgetting(#[source] weighbridge_unsynced::MountError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{action}: {source}")]
    Io { action: String, source: std::io::Error },
}

impl SiteError {
    /// For `map_err`: says what was tried.
    pub(super) fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}
