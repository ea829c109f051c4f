//! The command as it is recorded: put together from what was understood of it, so that it can be pasted and holds no
//! secret.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};

use super::usage;
use crate::shell::quoted;
use weighbridge_plan::credentials::redact;
use weighbridge_plan::endpoint::GivenUrl;
use weighbridge_plan::scenario::shown_assignment;

const PROGRAM: &str = "weighbridge";

/// `words` as the process was given them, the program first.
pub fn recorded(words: impl IntoIterator<Item = OsString>) -> String {
    let command = usage::command();
    // It was understood when the process began.
    let Ok(matches) = command.clone().try_get_matches_from(words) else { return PROGRAM.to_owned() };
    let Some((verb, given)) = matches.subcommand() else { return PROGRAM.to_owned() };
    let arguments = command.find_subcommand(verb).into_iter().flat_map(|verb| verb.get_arguments());
    let mut words: Vec<(usize, String)> = arguments.flat_map(|argument| words_of(argument, given)).collect();
    words.sort_by_key(|(place, _)| *place);
    let words: Vec<String> = words.into_iter().map(|(_, words)| words).collect();
    [&[PROGRAM.to_owned(), verb.to_owned()], &words[..]].concat().join(" ")
}

/// The words of an argument, each with its place.
fn words_of(argument: &Arg, given: &ArgMatches) -> Vec<(usize, String)> {
    let id = argument.get_id().as_str();
    if given.value_source(id) != Some(ValueSource::CommandLine) {
        return Vec::new();
    }
    let flag = argument.get_long().map(|name| format!("--{name}"));
    let places = given.indices_of(id).into_iter().flatten();
    match (flag, argument.get_action().takes_values()) {
        (Some(flag), false) => places.map(|place| (place, flag.clone())).collect(),
        (flag, _) => {
            let words = values(id, given).into_iter().map(|value| match &flag {
                None => quoted(&value).into_owned(),
                Some(flag) if value.starts_with('-') || argument.is_require_equals_set() => {
                    quoted(&format!("{flag}={value}")).into_owned()
                }
                Some(flag) => format!("{flag} {}", quoted(&value)),
            });
            places.zip(words).collect()
        }
    }
}

/// What an argument was given, as it may be shown.
fn values(id: &str, given: &ArgMatches) -> Vec<String> {
    // What is of another type is no URL.
    if let Ok(Some(urls)) = given.try_get_many::<GivenUrl>(id) {
        return urls.map(GivenUrl::shown).collect();
    }
    let shown = if ["set", "base", "new"].contains(&id) { shown_assignment } else { redact };
    given.get_raw(id).into_iter().flatten().map(|raw| shown(&raw.to_string_lossy())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded_words(words: &[&str]) -> Vec<String> {
        let line = recorded(words.iter().map(OsString::from));
        shlex::split(&line).unwrap_or_else(|| panic!("no shell takes {line}"))
    }

    #[test]
    fn the_command_can_be_pasted() {
        let words = [
            "/usr/bin/weighbridge",
            "run",
            "it's",
            "--set",
            "load.rate=5",
            "b",
            "-q",
            "--set=payload.x=a b",
            "--transport",
            "nats-core",
            "--out",
            "a \"b\"",
            "--live",
        ];
        let again = [
            "weighbridge",
            "run",
            "it's",
            "--set",
            "load.rate=5",
            "b",
            "--quiet",
            "--set",
            "payload.x=a b",
            "--transport",
            "nats-core",
            "--out",
            "a \"b\"",
            "--live=127.0.0.1:0",
        ];
        assert_eq!(recorded_words(&words), again);
        assert_eq!(recorded_words(&again), again);
    }

    #[test]
    fn no_secret_is_recorded_whatever_stands_in_it_and_however_it_was_given() {
        for odd in [
            "geheim", "ge\"heim", "ge heim", "ge@heim", "ge:heim", "ge/heim", "ge%heim", "ge#heim",
            "ge\nheim",
        ] {
            let url = format!("redis://u:{odd}@h:1");
            let (equals, set) = (format!("--redis-url={url}"), format!("brokers.redis_url={url}"));
            let quoted = format!("brokers.redis_url='{url}'");
            let table = format!("brokers={{ redis_url = '{url}' }}");
            for given in [
                vec!["--redis-url", &url],
                vec![&equals],
                vec!["--set", &set],
                vec!["--set", &quoted],
                vec!["--set", &table],
                vec!["--out", &url],
                vec![url.as_str()],
            ] {
                let words = [&["weighbridge", "run", "a"], &given[..]].concat();
                let line = recorded(words.iter().map(OsString::from));
                assert!(!line.contains("heim") && line.contains("***"), "{line}");
            }
        }
        let shown = recorded_words(&["weighbridge", "run", "a", "--redis-url", "redis://u:ge\"heim@h:1"]);
        assert_eq!(shown, ["weighbridge", "run", "a", "--redis-url", "redis://***@h:1"]);
    }
}
