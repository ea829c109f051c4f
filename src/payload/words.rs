//! Words that tickets are made of, plain ASCII without quotes, so that bodies need no escapes.

use rand::{Rng, RngExt};

const SUBJECTS: &[&str] = &[
    "System",
    "Database",
    "Mail relay",
    "Billing job",
    "Login page",
    "Search index",
    "Backup",
    "Payment gateway",
    "Build server",
    "Report export",
    "Phone bridge",
    "Storage array",
    "Badge reader",
    "Cache tier",
];

const TROUBLES: &[&str] = &[
    "failure",
    "outage",
    "slow",
    "down",
    "error",
    "degraded",
    "warning",
    "blocked",
    "misbehaves",
    "needs a change",
    "corruption",
    "unreachable",
    "out of space",
    "restarts",
];

const FILLER: &[&str] = &[
    "since",
    "the",
    "last",
    "deployment",
    "users",
    "report",
    "that",
    "requests",
    "time",
    "out",
    "on",
    "two",
    "nodes",
    "logs",
    "show",
    "retries",
    "after",
    "midnight",
    "please",
    "check",
    "replica",
    "lag",
    "and",
    "disk",
    "usage",
    "critical",
    "customers",
    "cannot",
    "finish",
    "orders",
    "urgent",
    "queue",
    "grows",
    "error",
    "rate",
    "is",
    "about",
    "four",
    "percent",
    "in",
    "region",
    "west",
    "rollback",
    "did",
    "not",
    "help",
    "outage",
    "began",
    "slow",
    "pages",
];

const FIRST_NAMES: &[&str] =
    &["John", "Amina", "Wei", "Priya", "Lucas", "Ingrid", "Omar", "Chloe", "Mateo", "Yuki", "Tariq", "Elena"];

const LAST_NAMES: &[&str] = &[
    "Doe", "Okafor", "Zhang", "Nair", "Silva", "Larsen", "Haddad", "Martin", "Rossi", "Tanaka", "Aziz",
    "Petrova",
];

pub fn title(random: &mut impl Rng) -> String {
    format!("{} {}", pick(SUBJECTS, random), pick(TROUBLES, random))
}

pub fn name(random: &mut impl Rng) -> String {
    format!("{} {}", pick(FIRST_NAMES, random), pick(LAST_NAMES, random))
}

/// A title that none is longer than.
pub fn longest_title() -> String {
    format!("{} {}", longest(SUBJECTS), longest(TROUBLES))
}

/// A name that none is longer than.
pub fn longest_name() -> String {
    format!("{} {}", longest(FIRST_NAMES), longest(LAST_NAMES))
}

fn longest(words: &[&'static str]) -> &'static str {
    words.iter().max_by_key(|word| word.len()).copied().unwrap_or_default()
}

/// Prose of exactly `bytes` bytes.
pub fn text(bytes: usize, random: &mut impl Rng) -> String {
    let mut text = String::with_capacity(bytes + LONGEST_STEP_BYTES);
    while text.len() < bytes {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(pick(FILLER, random));
    }
    text.truncate(bytes);
    text
}

const LONGEST_STEP_BYTES: usize = 16;

fn pick<'a>(words: &[&'a str], random: &mut impl Rng) -> &'a str {
    words[random.random_range(0..words.len())]
}
