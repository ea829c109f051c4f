//! Every command that the documents show is one that exists, with flags and scenarios that exist.

use std::path::Path;

use clap::{CommandFactory, Parser};

use crate::cli::{Cli, Command};
use weighbridge_plan::scenario;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents, each with its name.
fn documents() -> Vec<(String, String)> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = docs.filter(|path| path.extension().is_some_and(|ext| ext == "md")).collect();
    paths.push(root().join("README.md"));
    let read =
        |path: &std::path::PathBuf| (path.display().to_string(), std::fs::read_to_string(path).unwrap());
    paths.iter().map(read).collect()
}

/// The words of a line as a shell takes them, without comments, redirections and what pipes into others.
fn words(line: &str) -> Vec<String> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("no shell takes {line}"));
    words.into_iter().take_while(|word| word != "|" && !word.starts_with('>')).collect()
}

fn expect_command(place: &str, line: &str) {
    let cli = Cli::try_parse_from(words(line)).unwrap_or_else(|error| panic!("{place}: {line}\n{error}"));
    let scenarios = match cli.command {
        Command::Run(run) => run.scenarios,
        Command::Search(search) => vec![search.scenario],
        Command::Validate(validate) => validate.scenarios,
        _ => Vec::new(),
    };
    let known = scenario::list(&root().join("scenarios"));
    for name in scenarios.iter().filter(|name| !name.ends_with(".toml") && name.as_str() != "FILE") {
        assert!(known.iter().any(|listed| listed.name == *name), "{place}: no scenario `{name}` in: {line}");
    }
}

#[test]
fn every_command_of_a_shell_block_is_understood() {
    let mut count = 0;
    for (place, text) in documents() {
        let fences = text.split("\n```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
        for line in fences.flat_map(str::lines).filter(|line| line.starts_with("weighbridge ")) {
            expect_command(&place, line);
            count += 1;
        }
    }
    assert!(count >= 15, "{count} commands found");
}

#[test]
fn every_verb_in_running_text_exists() {
    let command = Cli::command();
    for (place, text) in documents() {
        // A span may go on in the next line.
        let text = text.replace('\n', " ");
        for span in text.split("`weighbridge ").skip(1).filter_map(|rest| rest.split('`').next()) {
            let verb = span.split_whitespace().next().unwrap_or_default();
            let known = command.get_subcommands().any(|known| known.get_name() == verb);
            assert!(known, "{place}: `weighbridge {span}`");
            // With something after the verb it is meant to be typed.
            if span.contains(' ') && !span.contains("KIND") {
                expect_command(&place, &format!("weighbridge {span}"));
            }
        }
    }
}

#[test]
fn every_scenario_of_the_checklists_exists() {
    let text = std::fs::read_to_string(root().join("docs/DECIDE.md")).unwrap();
    let checklists = text.split("\n## Checklists").nth(1).unwrap().split("\n## ").next().unwrap();
    let cells =
        checklists.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split(" | ").nth(1));
    let mut count = 0;
    for code in cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(|code| *code != "TMPDIR") {
        let verb = if code.starts_with("search ") { "" } else { "run " };
        expect_command(
            "docs/DECIDE.md",
            &format!("weighbridge {verb}{}", code.replace("--rate N", "--rate 1")),
        );
        count += 1;
    }
    assert!(count >= 20, "{count} scenarios found");
}
