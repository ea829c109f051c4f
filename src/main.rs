//! The `weighbridge` command.

use std::process::ExitCode;

use weighbridge::cli::{self, Command};
use weighbridge::commands::interrupt::Interrupt;
use weighbridge::commands::{self, CommandError, Outcome, usage};

/// Named in the record of every run (`environment::ALLOCATOR`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    carry_out().unwrap_or_else(Outcome::report).into()
}

fn carry_out() -> Result<Outcome, CommandError> {
    // Flags take their defaults from it, and no other thread may be there that reads the environment.
    cli::env_file::load(std::env::args_os())?;
    // Before all that takes time: who is stopped early is stopped as well.
    let interrupt = Interrupt::listen()?;
    let cli = match usage::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(told) => return Ok(Outcome::of_usage(&told)),
    };
    commands::prepare_terminal(&cli);
    match &cli.command {
        Command::Run(arguments) => commands::run::run(arguments, &interrupt),
        Command::Search(arguments) => commands::search::run(arguments, &interrupt),
        Command::Pair(arguments) => commands::pair::run(arguments, &interrupt),
        Command::List(arguments) => commands::list::run(arguments),
        Command::Validate(arguments) => commands::validate::run(arguments),
        Command::Compare(arguments) => commands::compare::run(arguments),
        Command::Report(arguments) => commands::report::run(arguments),
        Command::Calibrate(arguments) => commands::calibrate::run(arguments, &interrupt),
        Command::Doctor(arguments) => commands::doctor::run(arguments),
        Command::Worker(arguments) => commands::worker::run(arguments, &interrupt),
        Command::Schema(arguments) => commands::schema::run(arguments),
        Command::Completions(arguments) => commands::completions::run(arguments),
    }
}
