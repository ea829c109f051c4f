//! One file per verb. A verb returns an [`Outcome`]; only `main` turns it into the process's exit code.

mod browser;
pub mod calibrate;
mod command_line;
pub mod compare;
pub mod completions;
mod deliver;
pub mod doctor;
#[cfg(test)]
mod documented;
pub mod interrupt;
mod keeping;
pub mod list;
mod live_line;
mod onlookers;
mod output;
pub mod pair;
mod progress;
pub mod report;
pub mod run;
pub mod schema;
pub mod search;
pub mod usage;
pub mod validate;
pub mod worker;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use miette::Diagnostic;
use tracing_subscriber::EnvFilter;

use output::colored;

use crate::cli::{self, Cli, Command};
use crate::crew::WorkerError;
use crate::session::RunError;
use weighbridge_plan::Plan;
use weighbridge_plan::credentials::redact;
use weighbridge_plan::endpoint::{Beside, BesideError, ContextError, GivenUrl, UrlError};
use weighbridge_plan::scenario::{self, LoadError, Overrides};
use weighbridge_record::compare::CompareError;
use weighbridge_record::result::Verdict;
use weighbridge_record::terms::TransportKind;

/// How a command ended; the numbers are a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Good,
    Failed,
    Usage,
    Unavailable,
    ThresholdFailed,
    Invalid,
    InvalidScenario,
    Aborted,
}

impl Outcome {
    pub fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unavailable => 69,
            Self::ThresholdFailed => 99,
            Self::Invalid => 100,
            Self::InvalidScenario => 104,
            Self::Aborted => 105,
        }
    }

    /// The worse of two, of which a run of several scenarios ends with: what can't be trusted weighs more than a
    /// threshold that failed.
    pub fn worse(self, other: Self) -> Self {
        if other.badness() > self.badness() { other } else { self }
    }

    fn badness(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::ThresholdFailed => 1,
            Self::Invalid => 2,
            Self::Aborted => 3,
            Self::Failed | Self::Usage | Self::Unavailable | Self::InvalidScenario => 4,
        }
    }

    /// Prints an error and says which outcome it is.
    pub fn report(error: CommandError) -> Self {
        let outcome = match &error {
            CommandError::Load(_) => Self::InvalidScenario,
            CommandError::NoReference { .. }
            | CommandError::Url { .. }
            | CommandError::Beside(_)
            | CommandError::Context(_)
            | CommandError::EnvFile(_)
            | CommandError::Deadline(_)
            | CommandError::Swept { .. }
            | CommandError::NoServerToServe { .. }
            | CommandError::OverwritesRecord { .. } => Self::Usage,
            // Whoever stopped it knows why.
            CommandError::Run(RunError::Stopped) => return Self::Aborted,
            CommandError::Run(error) if error.is_unavailable() => Self::Unavailable,
            CommandError::Worker(WorkerError::Transport(_)) => Self::Unavailable,
            CommandError::Compare(CompareError::Invalid { .. }) => Self::Invalid,
            _ => Self::Failed,
        };
        output::tell_error(error);
        outcome
    }

    /// Prints what the command line was answered with: help, or what is wrong with it.
    pub fn of_usage(told: &clap::Error) -> Self {
        // Whoever could be told that it failed would read it here.
        let _ = told.print();
        if told.use_stderr() { Self::Usage } else { Self::Good }
    }

    /// The end of a command that could not print all of it. What came out goes before.
    fn unless_unprinted(self, printed: Result<(), CommandError>) -> Result<Self, CommandError> {
        match (self, printed) {
            (Self::Good, Err(error)) => Err(error),
            (_, Err(error)) => {
                tracing::error!("{error}");
                Ok(self)
            }
            (_, Ok(())) => Ok(self),
        }
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Good,
            Verdict::Failed => Self::ThresholdFailed,
            Verdict::Invalid => Self::Invalid,
            Verdict::Aborted => Self::Aborted,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        outcome.code().into()
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CommandError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Report(#[from] weighbridge_report::ReportError),
    #[error(transparent)]
    Compare(#[from] CompareError),
    #[error(
        "there is no reference in Markdown for `{kind}`, only for `scenario`: leave --markdown out to get the JSON \
         Schema of `{kind}`"
    )]
    NoReference { kind: String },
    #[error(
        "{name} sweeps over {points} points, and a pair holds two settings against each other at one: leave one, for \
         example --set 'sweep.load.rate=[1000]'"
    )]
    Swept { name: String, points: usize },
    #[error("{place}: {source}")]
    Url { place: String, source: UrlError },
    #[error(transparent)]
    Beside(#[from] BesideError),
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error(transparent)]
    EnvFile(#[from] cli::env_file::EnvFileError),
    #[error("--deadline: {0}")]
    Deadline(String),
    #[error(
        "{} is a record that is compared, and would be lost: name another file with --html",
        path.display()
    )]
    OverwritesRecord { path: PathBuf },
    #[error("name a server with {flag}: {transport} is served on one that somebody runs")]
    NoServerToServe { transport: TransportKind, flag: &'static str },
    #[error(transparent)]
    Worker(#[from] WorkerError),
    #[error("nobody can listen on {address}: name another address, or port 0 for any that is free")]
    Listen { address: String, source: io::Error },
    #[error("{action}: {source}")]
    Io { action: &'static str, source: io::Error },
}

/// Prints to standard output.
fn print(text: &str) -> Result<(), CommandError> {
    output::write(text).map_err(|source| CommandError::Io { action: "writing to standard output", source })
}

/// Logs and errors go to standard error, coloured only where that is wanted.
pub fn prepare_terminal(cli: &Cli) {
    let color = colored(&io::stderr());
    let quiet = match &cli.command {
        Command::Run(run) => run.conduct.quiet,
        Command::Search(search) => search.conduct.quiet,
        Command::Pair(pair) => pair.conduct.quiet,
        _ => false,
    };
    // What the NATS client says is in the record, and would be said twice a second by each connection.
    let default = if quiet { "error,async_nats=off" } else { "weighbridge=warn,error,async_nats=off" };
    let asked = std::env::var("WEIGHBRIDGE_LOG").ok().filter(|asked| !asked.is_empty());
    let filter = asked.map(EnvFilter::try_new).unwrap_or_else(|| Ok(EnvFilter::new(default)));
    let filter = filter.unwrap_or_else(|error| {
        output::tell(&redact(&format!("WEIGHBRIDGE_LOG is not understood and not heeded: {error}")));
        EnvFilter::new(default)
    });
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(color);
    // A line that can't be written would be told on standard error, and end the run if that is what is closed.
    logs.log_internal_errors(false).init();
    let handler = miette::MietteHandlerOpts::new().color(color).unicode(true).build_handler();
    // Fails only if it was set before.
    let _ = miette::set_hook(handler);
}

trait BuildHandler {
    fn build_handler(self) -> miette::ErrorHook;
}

impl BuildHandler for miette::MietteHandlerOpts {
    fn build_handler(self) -> miette::ErrorHook {
        Box::new(move |_| Box::new(self.clone().build()))
    }
}

/// Flags that change a scenario, in the scenario's own terms.
fn overrides(changes: &cli::Changes, brokers: Option<&cli::Brokers>) -> Result<Overrides, CommandError> {
    let repetitions = &changes.repetitions;
    Ok(Overrides {
        rate: changes.rate,
        repeat: repetitions.repeat,
        ..repeated(&repetitions.enough, trial_overrides(&changes.trial, brokers)?)
    })
}

/// When repetitions suffice, over what else is set.
fn repeated(enough: &cli::Enough, others: Overrides) -> Overrides {
    Overrides {
        margin_percent: enough.margin,
        budget: enough.budget.clone(),
        repeat_max: enough.repeat_max,
        ..others
    }
}

/// The plan of a scenario that says itself at which rate to measure.
fn runnable(reference: &str, folder: &cli::Folder, overrides: &Overrides) -> Result<Plan, CommandError> {
    let plan = scenario::load(reference, &folder.path, overrides)?;
    if plan.is_only_searched() {
        return Err(LoadError::OnlySearched { name: plan.name, reference: reference.to_owned() }.into());
    }
    Ok(plan)
}

fn trial_overrides(
    changes: &cli::TrialChanges,
    brokers: Option<&cli::Brokers>,
) -> Result<Overrides, CommandError> {
    let (urls, beside) = brokers.map(given).transpose()?.unwrap_or_default();
    Ok(Overrides {
        transports: changes.transports.clone(),
        duration: changes.duration.clone(),
        warmup: changes.warmup.clone(),
        seed: changes.seed,
        urls,
        beside,
        variables: variables(),
        set: changes.set.clone(),
        ..Overrides::default()
    })
}

/// Variables of the environment that stand for keys of a scenario; an empty one is not set.
fn variables() -> Vec<(&'static str, String)> {
    let set = |(name, _): &(&'static str, &str)| {
        std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| (*name, value))
    };
    scenario::VARIABLES.iter().filter_map(set).collect()
}

/// The servers that were given, and what was given beside their URLs.
fn given(brokers: &cli::Brokers) -> Result<(Vec<GivenUrl>, Vec<Beside>), CommandError> {
    let (urls, beside): (Vec<_>, Vec<_>) =
        brokers.given()?.into_iter().map(|given| (given.url, given.beside)).unzip();
    Ok((urls.into_iter().flatten().collect(), beside))
}

/// Flags that say which servers may be used.
fn broker_options(brokers: &cli::Brokers) -> crate::site::Options {
    crate::site::Options {
        binaries: crate::site::Binaries {
            redis_server: brokers.redis_server.clone(),
            nats_server: brokers.nats_server.clone(),
        },
        allowed_hosts: brokers.allow_hosts.clone(),
        nats_monitoring: brokers.nats_monitoring.clone(),
    }
}

/// A runtime on this thread, for a command that measures.
fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|source| CommandError::Io { action: "starting the runtime", source })
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn the_worst_of_several_ends_is_told_whatever_their_order() {
        let ascending = [Outcome::Good, Outcome::ThresholdFailed, Outcome::Invalid, Outcome::Aborted];
        for pair in ascending.windows(2) {
            assert_eq!(pair[0].worse(pair[1]), pair[1]);
            assert_eq!(pair[1].worse(pair[0]), pair[1]);
        }
        assert_eq!(Outcome::Invalid.worse(Outcome::Failed), Outcome::Failed);
    }
}
