//! What is wrong with a scenario: every mistake of a file at once, each with its place.

use std::collections::HashSet;
use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

use super::document::Origin;

/// Mistakes that are told; the others are counted.
const TOLD_MAX: usize = 20;

/// A mistake as the checks find it; `ScenarioErrors` gives it line and column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    pub origin: Origin,
    pub message: String,
    /// The key that a misspelt one was probably meant to be, which then isn't called missing as well.
    pub meant: Option<String>,
}

impl Finding {
    pub fn new(origin: &Origin, message: String) -> Self {
        Self { origin: origin.clone(), message, meant: None }
    }
}

/// One mistake.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ScenarioError {
    /// `file:line:column`, or the flag or variable that holds the mistake.
    pub place: String,
    pub message: String,
    /// From 1; none for a mistake on the command line.
    pub line: Option<usize>,
    /// In characters, from 1; none for a mistake on the command line.
    pub column: Option<usize>,
    /// The offending line itself, with credentials masked.
    pub line_text: Option<String>,
    span: Option<SourceSpan>,
}

/// Every mistake of one scenario, in the order of the file.
#[derive(Debug, Clone)]
pub struct ScenarioErrors {
    source: NamedSource<String>,
    /// The first of them.
    pub errors: Vec<ScenarioError>,
    /// How many there are.
    pub count: usize,
}

impl ScenarioErrors {
    /// Locates the findings in `text`, the content of the file `name`, of which `masked` may be shown. The same
    /// mistake at the same place, as each point of a sweep would repeat it, is told once.
    pub fn new(name: &str, text: &str, masked: &str, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| match &finding.origin {
            Origin::File(span) => (0, span.start),
            Origin::Flag(_) | Origin::Variable(_) => (1, 0),
        });
        let mut known = HashSet::new();
        let told: Vec<_> = findings.iter().filter(|finding| known.insert(*finding)).collect();
        let (name, masked) = (printable(name), printable(masked));
        let error = |finding: &&Finding| ScenarioError::new(&name, text, &masked, finding);
        let errors = told.iter().take(TOLD_MAX).map(error).collect();
        Self { count: told.len(), errors, source: NamedSource::new(&name, masked).with_language("toml") }
    }

    /// How many are not told.
    fn more(&self) -> Option<String> {
        let more = self.count - self.errors.len();
        (more > 0).then(|| format!("{more} more are not shown"))
    }

    /// All mistakes in one line, for lists.
    pub fn summary(&self) -> String {
        let messages: Vec<_> = self.errors.iter().map(ToString::to_string).chain(self.more()).collect();
        messages.join("; ")
    }
}

impl ScenarioError {
    fn new(name: &str, text: &str, masked: &str, finding: &Finding) -> Self {
        let message = printable(&finding.message);
        let elsewhere =
            |place, message| Self { place, message, line: None, column: None, line_text: None, span: None };
        match &finding.origin {
            Origin::Flag(flag) => elsewhere(format!("`{}`", printable(flag)), message),
            Origin::Variable(place) => elsewhere(place.clone(), message),
            Origin::File(span) => {
                let start = floor_char_boundary(text, span.start);
                let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
                let line = text[..start].matches('\n').count() + 1;
                let column = text[line_start..start].chars().count() + 1;
                let line_text = masked[line_start..].lines().next().unwrap_or_default().to_owned();
                // A span over several lines would make the snippet as long as the value.
                let length =
                    span.end.saturating_sub(start).min((line_start + line_text.len()).saturating_sub(start));
                Self {
                    place: format!("{name}:{line}:{column}"),
                    message,
                    line: Some(line),
                    column: Some(column),
                    line_text: Some(line_text),
                    span: Some((start, length).into()),
                }
            }
        }
    }
}

/// Without control characters, which could steer a terminal. As long as before, so that places stay true.
fn printable(text: &str) -> String {
    let mut characters = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = characters.next() {
        let ends_line = c == '\n' || (c == '\r' && characters.peek() == Some(&'\n'));
        match c {
            c if !c.is_control() || ends_line || c == '\t' => out.push(c),
            c if c.len_utf8() == 1 => out.push('?'),
            // Those beyond ASCII take two bytes.
            _ => out.push('\u{b7}'),
        }
    }
    out
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&index| text.is_char_boundary(index)).unwrap_or(0)
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = if self.count == 1 { "error" } else { "errors" };
        write!(f, "{} {errors} in scenario {}", self.count, self.source.name())?;
        self.more().map_or(Ok(()), |more| write!(f, "; {more}"))
    }
}

impl std::error::Error for ScenarioErrors {}

impl Diagnostic for ScenarioErrors {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.errors.iter().map(|error| error as &dyn Diagnostic)))
    }
}

impl Diagnostic for ScenarioError {
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span?;
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(Some("here".to_owned()), span))))
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_steers_a_terminal_is_replaced_and_places_stay_true() {
        let text = "a\u{1b}[31m\tb\u{9b}2J\r\nc\rd\u{7f}";
        assert_eq!(printable(text), "a?[31m\tb\u{b7}2J\r\nc?d?");
        assert_eq!(printable(text).len(), text.len());
    }
}
