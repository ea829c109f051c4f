//! Why a run could not be carried out.

use crate::crew::ExternalError;
use crate::fault::AimError;
use crate::open_files;
use crate::site::SiteError;
use crate::transport::TransportError;
use weighbridge_record::result::SeamCheck;
use weighbridge_record::terms::{BrokerKind, Path, Subjects};

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error(transparent)]
    Aim(#[from] AimError),
    #[error(transparent)]
    Workers(#[from] ExternalError),
    #[error(
        "{path} needs {connections} connections, and this process may open only {limit} files; raise the limit of open \
         files with `ulimit -n {}`, or lower `workers.count`", open_files::enough_for(*.connections)
    )]
    OpenFiles { path: Path, connections: u64, limit: u64 },
    #[error(
        "{path} needs {connections} connections, and {broker} takes {limit} ({setting}); lower `workers.count`, or name a \
         server with a higher limit"
    )]
    Connections { path: Path, broker: BrokerKind, setting: &'static str, connections: u64, limit: u64 },
    #[error("the scoring service (workers.url) is not there: {address}: {reason}")]
    Scorer { address: String, reason: String },
    /// The run is to end at once, and this trial had not begun.
    #[error("stopped before the load began")]
    Stopped,
    /// The generator could send only a small share of the rate, whatever the path.
    #[error(
        "{asked_per_s:.0}/s is far more than this generator can send: in memory, where no broker slows it down, it \
         reaches {ceiling_per_s:.0}/s. Ask for less: `load.rate` or `--rate`, the targets of `load.stages`, the rates of \
         a sweep, `search.low`; or share the load among more `load.generators` on more cores"
    )]
    BeyondCeiling { asked_per_s: f64, ceiling_per_s: f64 },
    /// Requests of a leg would reach nobody.
    #[error(
        "{}: of {} messages on `{}` {} came to a worker, so the requests of this leg would be lost; {}",
        .0.transport, .0.published, .0.subject, .0.delivered, heard_elsewhere(.0)
    )]
    Unheard(Box<SeamCheck>),
    /// What the run measures can't be kept.
    #[error(transparent)]
    Keep(Box<dyn std::error::Error + Send + Sync>),
    #[error("{what}: {reason}")]
    Failed { what: &'static str, reason: String },
}

impl RunError {
    pub(super) fn failed(what: &'static str, reason: impl ToString) -> Self {
        Self::Failed { what, reason: reason.to_string() }
    }

    /// Whether the cause is a broker that isn't there or doesn't let us in, or what this machine doesn't allow.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Site(error) => matches!(
                error,
                SiteError::NotFound { .. }
                    | SiteError::TooOld { .. }
                    | SiteError::Unresolved { .. }
                    | SiteError::Start { .. }
                    | SiteError::Forgetting(_)
                    | SiteError::Monitoring { .. }
                    | SiteError::Connect(_)
            ),
            Self::Transport(error) => {
                matches!(error, TransportError::Connect(_) | TransportError::Publisher(_))
                    || error.is_refusal()
            }
            Self::Workers(ExternalError::Transport(error)) => matches!(error, TransportError::Connect(_)),
            Self::Workers(_) | Self::Scorer { .. } | Self::Unheard(_) => true,
            _ => false,
        }
    }
}

/// What the category of a request adds to the subject.
const CATEGORY: &str = ".{category}";

/// Where its workers hear, as far as the subjects tell.
fn heard_elsewhere(check: &SeamCheck) -> String {
    match check.subject.ends_with(CATEGORY) {
        true => {
            "look for a mapping or an import of subjects on the server, or for somebody else who takes them"
                .to_owned()
        }
        false => {
            let (heard, subject) = (Subjects::ByCategory, &check.subject);
            format!(
                "its workers hear `{subject}{CATEGORY}`: publish there with brokers.subjects = \"{heard}\""
            )
        }
    }
}
