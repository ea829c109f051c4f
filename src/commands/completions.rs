//! `weighbridge completions`: a completion script.

use clap::CommandFactory;

use super::{CommandError, Outcome, print};
use crate::cli::{Cli, Completions};

pub fn run(arguments: &Completions) -> Result<Outcome, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "weighbridge", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Good)
}
