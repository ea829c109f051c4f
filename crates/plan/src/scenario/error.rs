//! What is wrong with a scenario: every mistake of a file at once, each with its place.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

use super::document::Origin;
use crate::credentials;

/// A mistake as the checks find it; `ScenarioErrors` gives it line and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub origin: Origin,
    pub message: String,
    /// The key that a misspelt one was probably meant to be, which then isn't called missing as well.
    pub meant: Option<String>,
    /// The value may hold a password in a place where nobody looks for one, and isn't shown.
    pub hides_value: bool,
}

impl Finding {
    pub fn new(origin: &Origin, message: String) -> Self {
        Self { origin: origin.clone(), message, meant: None, hides_value: false }
    }

    /// With stars in the place of the value.
    pub fn hiding_value(self) -> Self {
        Self { hides_value: true, ..self }
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
    pub errors: Vec<ScenarioError>,
}

impl ScenarioErrors {
    /// Locates the findings in `text`, the content of the file `name`. The same mistake at the same
    /// place, as each point of a sweep would repeat it, is told once.
    pub fn new(name: &str, text: &str, mut findings: Vec<Finding>) -> Self {
        let masked = masked(text, &findings);
        findings.sort_by_key(|finding| match &finding.origin {
            Origin::File(span) => (0, span.start),
            Origin::Flag(_) | Origin::Variable(_) => (1, 0),
        });
        let mut told: Vec<Finding> = Vec::new();
        for finding in findings {
            if !told.contains(&finding) {
                told.push(finding);
            }
        }
        let errors = told.into_iter().map(|finding| ScenarioError::new(name, &masked, finding)).collect();
        Self { source: NamedSource::new(name, masked).with_language("toml"), errors }
    }

    /// All mistakes in one line, for lists.
    pub fn summary(&self) -> String {
        let messages: Vec<_> = self.errors.iter().map(ToString::to_string).collect();
        messages.join("; ")
    }
}

impl ScenarioError {
    fn new(name: &str, text: &str, finding: Finding) -> Self {
        let message = credentials::redact(&finding.message);
        let elsewhere =
            |place, message| Self { place, message, line: None, column: None, line_text: None, span: None };
        match finding.origin {
            Origin::Flag(flag) => elsewhere(format!("`{}`", credentials::redact(&flag)), message),
            Origin::Variable(place) => elsewhere(place, message),
            Origin::File(span) => {
                let start = floor_char_boundary(text, span.start);
                let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
                let line = text[..start].matches('\n').count() + 1;
                let column = text[line_start..start].chars().count() + 1;
                let line_text = text[line_start..].lines().next().unwrap_or_default().to_owned();
                // A span over several lines would make the snippet as long as the value.
                let length = span.end.saturating_sub(start).min(line_start + line_text.len() - start);
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

/// The text without credentials, and without the values that a finding hides.
fn masked(text: &str, findings: &[Finding]) -> String {
    let mut text = text.to_owned();
    for finding in findings.iter().filter(|finding| finding.hides_value) {
        if let Origin::File(span) = &finding.origin
            && let Some(value) = text.get(span.clone())
        {
            text.replace_range(span.clone(), &"*".repeat(value.len()));
        }
    }
    credentials::mask(&text)
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&index| text.is_char_boundary(index)).unwrap_or(0)
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = if self.errors.len() == 1 { "error" } else { "errors" };
        write!(f, "{} {errors} in scenario {}", self.errors.len(), self.source.name())
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
