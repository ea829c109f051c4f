//! The forms that strings in a scenario must have: as a pattern for the JSON Schema, as a check, and in words.
//!
//! Written out by hand because there are few of them: an engine for regular expressions would still
//! leave an author to read `^[A-Z0-9_-]{1,64}$` in an error message.

use super::duration;

pub const NAME: &str = "^[a-z0-9][a-z0-9-]*$";
pub const TOKEN: &str = "^[A-Z0-9_-]{1,64}$";
pub const PREFIX: &str = "^[A-Za-z0-9_-]*$";
pub const REDIS_URL: &str = "^rediss?://.+";
pub const NATS_URL: &str = "^(nats|tls)://.+";
/// A subject without wildcards.
pub const SUBJECT: &str = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$";
/// A size as `nats-server` takes it.
pub const SIZE: &str = "^[1-9][0-9]*([KMGT](B|i|iB)?)?$";
/// A server or a worker, or one of several.
pub const TARGET: &str = r"^(redis-server|nats-server|worker)(\.[1-9][0-9]*)?$";
pub const DURATION: &str = r"^([0-9]+(\.[0-9]+)?(h|ms|m|s|us|ns))+$";

/// Whether `text` has the form of `pattern`; if not, what it should be, in words.
pub fn check(pattern: &str, text: &str) -> Result<(), String> {
    let starts = |schemes: &[&str]| schemes.iter().any(|s| text.len() > s.len() && text.starts_with(s));
    let good = match pattern {
        NAME => {
            text.starts_with(|c: char| c != '-')
                && all(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        }
        TOKEN => {
            text.len() <= 64
                && all(text, |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '-')
        }
        PREFIX => text.is_empty() || all(text, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-'),
        REDIS_URL => starts(&["redis://", "rediss://"]),
        NATS_URL => starts(&["nats://", "tls://"]),
        TARGET => is_target(text),
        SUBJECT => {
            text.split('.').all(|token| all(token, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        }
        SIZE => is_size(text),
        DURATION => return duration::parse(text).map(|_| ()),
        _ => false,
    };
    if good { Ok(()) } else { Err(format!("must be {}", words(pattern))) }
}

/// The form of `pattern` in words; a pattern that isn't known stands for itself.
pub fn words(pattern: &str) -> &str {
    match pattern {
        NAME => "small letters, digits and hyphens",
        TOKEN => {
            "one token of a subject: 1 to 64 capitals, digits, `_` and `-`, without dots, blanks and wildcards"
        }
        PREFIX => "letters, digits, `_` and `-`",
        REDIS_URL => "a URL that starts with redis:// or rediss://",
        NATS_URL => "a URL that starts with nats:// or tls://",
        TARGET => "`redis-server`, `nats-server` or `worker`, or one of several such as `worker.2`",
        SUBJECT => {
            "a subject without wildcards: letters, digits, `_` and `-`, with dots between, such as \
             prioritization.request"
        }
        SIZE => "a size as nats-server takes it, such as 512MB or 4GB",
        DURATION => "a duration with its unit",
        unknown => unknown,
    }
}

fn is_size(text: &str) -> bool {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let units = ["", "B", "i", "iB"];
    let known = unit.is_empty() || (unit.starts_with(['K', 'M', 'G', 'T']) && units.contains(&&unit[1..]));
    known && !number.is_empty() && !number.starts_with('0')
}

fn is_target(text: &str) -> bool {
    let (name, number) = text.split_once('.').unwrap_or((text, "1"));
    matches!(name, "redis-server" | "nats-server" | "worker")
        && !number.starts_with('0')
        && all(number, |c| c.is_ascii_digit())
}

fn all(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::{DURATION, NAME, NATS_URL, PREFIX, REDIS_URL, TARGET, TOKEN, check};

    #[test]
    fn each_check_says_the_same_as_its_pattern() {
        let texts = [
            "a",
            "a-b",
            "-a",
            "A",
            "A_B-1",
            "a b",
            "A.B",
            "*",
            ">",
            "",
            "5s",
            "1m30s",
            "5",
            "redis://h",
            "rediss://h",
            "redis://",
            "nats://h",
            "tls://h",
            "http://h",
            "worker",
            "worker.2",
            "worker.0",
            "nats-server.12",
            "redis-server.",
            "ä",
        ];
        for pattern in [NAME, TOKEN, PREFIX, REDIS_URL, NATS_URL, TARGET, DURATION] {
            let schema = serde_json::json!({ "type": "string", "pattern": pattern });
            let validator = jsonschema::validator_for(&schema).unwrap();
            for text in texts {
                let in_schema = validator.is_valid(&serde_json::json!(text));
                assert_eq!(check(pattern, text).is_ok(), in_schema, "`{text}` against {pattern}");
            }
        }
    }
}
