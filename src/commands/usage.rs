//! The command line, read and answered.

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, CommandFactory, Error, FromArgMatches};

use crate::cli::Cli;
use weighbridge_plan::credentials::redact;

/// Reads `words`, the program first. An error can be shown: no URL in it holds a password.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(words);
    let read = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    read.map_err(|error| without_secrets(error.format(&mut command)))
}

/// What is understood. A variable that is empty is one that is not set.
pub fn command() -> Command {
    let set = |argument: Arg| {
        let is_empty = argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if is_empty { argument.env(Resettable::Reset) } else { argument }
    };
    Cli::command().mut_subcommands(|verb| verb.mut_args(set))
}

fn without_secrets(mut error: Error) -> Error {
    let redacted: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(redact(text)))),
            ContextValue::Strings(texts) => {
                Some((kind, ContextValue::Strings(texts.iter().map(|text| redact(text)).collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in redacted {
        error.insert(kind, value);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_word_that_is_not_understood_is_told_without_its_password() {
        for words in [
            &["redis://u:ge\"heim@h"][..],
            &["list", "redis://u:ge heim@h"],
            &["run", "a", "--rate", "redis://u:geheim@h"],
            &["run", "a", "--transport", "redis://u:geheim@h"],
            &["run", "a", "--redis-ulr", "redis://u:geheim@h"],
            &["run", "a", "--redis-ulr=redis://u:geheim@h"],
            &["run", "a", "--quiet=redis://u:geheim@h"],
        ] {
            let words = ["weighbridge"].iter().chain(words).map(Into::into);
            let error = read(words.collect::<Vec<_>>()).unwrap_err().to_string();
            assert!(!error.contains("heim") && error.contains("--help"), "{error}");
        }
    }
}
