//! `weighbridge run`: measure scenarios, write a report for each, print what came out.

use std::io;

use super::{
    CommandError, Outcome, broker_options, colored, interrupt, list, overrides, print, progress, runtime,
};
use crate::calibrate::Group;
use crate::cli::Run;
use crate::credentials::redact;
use crate::load::{Stop, StopSignal};
use crate::plan::Plan;
use crate::report::{folder, terminal};
use crate::result::{Check, Verdict};
use crate::scenario;
use crate::session::{self, Settings};

pub fn run(arguments: &Run) -> Result<Outcome, CommandError> {
    if arguments.scenarios.is_empty() {
        print(&list::text(&arguments.folder.path))?;
        return Ok(Outcome::Good);
    }
    let overrides = overrides(&arguments.changes, Some(&arguments.brokers));
    // All are planned before the first is run: a mistake in the last must not cost the others' time.
    let mut plans = Vec::new();
    for reference in &arguments.scenarios {
        plans.push(scenario::load(reference, &arguments.folder.path, &overrides)?);
    }
    let runtime = runtime()?;
    let stop = StopSignal::default();
    let mut worst = Outcome::Good;
    runtime.block_on(async {
        let listening = interrupt::listen(stop.clone());
        listening.map_err(|source| CommandError::Io { action: "listening for signals", source })?;
        for plan in &plans {
            let outcome = run_one(plan, arguments, &stop).await?;
            if worst == Outcome::Good {
                worst = outcome;
            }
            if stop.get() != Stop::No {
                break;
            }
        }
        Ok(worst)
    })
}

async fn run_one(plan: &Plan, arguments: &Run, stop: &StopSignal) -> Result<Outcome, CommandError> {
    let mut settings = Settings {
        brokers: broker_options(&arguments.brokers),
        stop: stop.clone(),
        command: command_line(std::env::args()),
        measure_again: arguments.measure_again,
        ..Settings::default()
    };
    let progress = progress::for_stderr(arguments.quiet);
    let calibration =
        if arguments.calibrate { calibrate(&settings, arguments.quiet).await? } else { Vec::new() };
    let mut finished = session::run(plan, &mut settings, &*progress).await?;
    finished.result.calibration = calibration;
    if finished.result.calibration.iter().any(|check| !check.passed) {
        // An instrument that fails its known answers has measured nothing.
        finished.result.verdict = Verdict::Invalid;
    }
    let result = &finished.result;
    let written = folder::write(result, &arguments.out, &extras(&finished.files))?;
    if arguments.json {
        let document = serde_json::to_string(result);
        let document = document.map_err(|error| CommandError::Io {
            action: "writing result.json",
            source: io::Error::other(error),
        })?;
        print(&document)?;
        print("\n")?;
    } else {
        print(&terminal::summary(result, colored(&io::stdout())))?;
        print(&format!("\nReport: {}\n", written.join("report.html").display()))?;
    }
    match finished.failure {
        // The report holds what was measured; the exit says why there is no more.
        Some(error) => Err(error.into()),
        None => Ok(result.verdict.into()),
    }
}

async fn calibrate(settings: &Settings, quiet: bool) -> Result<Vec<Check>, CommandError> {
    let say = |what: &str| {
        if !quiet {
            eprintln!("{what}");
        }
    };
    Ok(crate::calibrate::run(&Group::ALL, settings, &say).await?)
}

/// Broker logs, to lie beside the report.
fn extras(files: &[(String, Vec<u8>)]) -> Vec<folder::Extra> {
    let extra = |(name, bytes): &(String, Vec<u8>)| folder::Extra {
        name: name.clone(),
        content: folder::ExtraContent::Bytes(bytes.clone()),
    };
    files.iter().map(extra).collect()
}

/// The command as a shell would take it, without secrets.
fn command_line(arguments: impl Iterator<Item = String>) -> String {
    let mut words: Vec<String> = arguments.map(|word| quoted(&redact(&word))).collect();
    if let Some(program) = words.first_mut() {
        *program = "weighbridge".to_string();
    }
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+*".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_pasted_and_shows_no_secret() {
        let words = ["/usr/bin/weighbridge", "run", "it's", "--redis-url", "redis://u:secret@h:1"];
        let line = command_line(words.into_iter().map(str::to_string));
        assert_eq!(line, r"weighbridge run 'it'\''s' --redis-url redis://***@h:1");
    }
}
