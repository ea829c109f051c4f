//! What goes to standard output and standard error.
//!
//! No write here ends a command: whoever read may have left, and what is measured must not go with them. Text of
//! scenarios and servers can't steer the terminal.

use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use weighbridge_report::printable::printable_lines;

/// Says a line on standard error.
pub fn tell(line: &str) {
    say(&printable_lines(line));
}

/// Whoever could be told that it failed would read it here.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints an error.
pub fn tell_error(error: impl Diagnostic + Send + Sync + 'static) {
    say(&format!("{:?}", miette::Report::new(Told::of(error))));
}

/// Writes to standard output. A reader who has left has read enough.
pub fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Whether a stream may be coloured: it is a terminal that can, and `NO_COLOR` is not set.
pub fn colored(stream: &impl IsTerminal) -> bool {
    is_capable(stream) && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether a stream is a terminal that takes escape sequences.
pub fn is_capable(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|kind| kind != "dumb")
}

/// What a terminal has that does not say it.
const COLUMNS: usize = 80;

/// Columns of the terminal that a stream is.
pub fn columns(stream: &impl AsFd) -> usize {
    let said = rustix::termios::tcgetwinsize(stream).map_or(0, |size| usize::from(size.ws_col));
    if said == 0 { COLUMNS } else { said }
}

/// An error in words that can't steer the terminal.
#[derive(Debug)]
struct Told<E> {
    error: E,
    message: String,
    cause: Option<Box<Cause>>,
}

#[derive(Debug)]
struct Cause {
    message: String,
    cause: Option<Box<Cause>>,
}

impl Cause {
    fn of(error: Option<&(dyn Error + 'static)>) -> Option<Box<Self>> {
        let error = error?;
        Some(Box::new(Self { message: printable_lines(&error.to_string()), cause: Self::of(error.source()) }))
    }
}

impl<E: Diagnostic> Told<E> {
    fn of(error: E) -> Self {
        let (message, cause) = (printable_lines(&error.to_string()), Cause::of(error.source()));
        Self { error, message, cause }
    }
}

impl<E> fmt::Display for Told<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: fmt::Debug> Error for Told<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

/// What a scenario's mistakes show of the file is printable as it is.
impl<E: Diagnostic> Diagnostic for Told<E> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.error.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.error.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        self.error.related()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error, Diagnostic)]
    #[error("\u{1b}[2Jgone\n  for good")]
    struct Hostile(#[source] io::Error);

    #[test]
    fn neither_an_error_nor_its_cause_can_steer_the_terminal() {
        let told = Told::of(Hostile(io::Error::other("a\u{9b}31mb")));
        let shown = format!("{:?}", miette::Report::new(told));
        assert!(shown.contains("[2Jgone\n") && shown.contains("a31mb"), "its own lines are kept: {shown}");
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
}
