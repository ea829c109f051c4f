//! The `weighbridge` command.

use std::process::ExitCode;

use clap::Parser;

use weighbridge::cli::{Cli, Command};
use weighbridge::commands::{self, Outcome};

/// Named in the record of every run (`environment::ALLOCATOR`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    commands::prepare_terminal(&cli);
    let outcome = match &cli.command {
        Command::Run(arguments) => commands::run::run(arguments),
        Command::Search(arguments) => commands::search::run(arguments),
        Command::List(arguments) => commands::list::run(arguments),
        Command::Validate(arguments) => commands::validate::run(arguments),
        Command::Compare(arguments) => commands::compare::run(arguments),
        Command::Report(arguments) => commands::report::run(arguments),
        Command::Calibrate(arguments) => commands::calibrate::run(arguments),
        Command::Doctor(arguments) => commands::doctor::run(arguments),
        Command::Schema(arguments) => commands::schema::run(arguments),
        Command::Completions(arguments) => commands::completions::run(arguments),
    };
    outcome.unwrap_or_else(Outcome::report).into()
}
