//! Keeps passwords and tokens out of everything that people or files get to see, wherever a URL may stand in text.
//!
//! For one value at a time: a string of a scenario, a comment, a word of the command line. The URL of a server is
//! taken apart instead, see [`crate::endpoint::shown`]. It errs on the side of hiding too much: a password may hold
//! quotes, blanks and line breaks, so nobody can say where a URL within text ends. It doesn't read or store secrets.

use std::ops::Range;

use url::Url;

/// What stands in a secret's place.
pub const HIDDEN: &str = "***";

/// The value with `***` between its first `://` and its last `@`. Without an `@`, a URL that can't be read is hidden
/// with all that follows.
pub fn redact(value: &str) -> String {
    secret(value).map_or_else(|| value.to_owned(), |secret| replaced(value, secret))
}

fn replaced(value: &str, secret: Range<usize>) -> String {
    format!("{}{HIDDEN}{}", &value[..secret.start], &value[secret.end..])
}

/// Where in the value a secret may stand.
pub fn secret(value: &str) -> Option<Range<usize>> {
    let start = value.find("://")? + "://".len();
    let found = match value[start..].rfind('@') {
        Some(length) => start..start + length,
        None => unreadable(value)?..value.len(),
    };
    (!found.is_empty()).then_some(found)
}

/// Where the first URL that can't be read goes on after its `://`.
fn unreadable(value: &str) -> Option<usize> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')' | ',' | ';');
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    value.match_indices("://").map(|(at, mark)| (at, at + mark.len())).find_map(|(at, after)| {
        let scheme = value[..at].rfind(|c| !is_scheme(c)).map_or(0, |before| ceil_char(value, before));
        let end = value[after..].find(ends).map_or(value.len(), |length| after + length);
        Url::parse(&value[scheme..end]).is_err().then_some(after)
    })
}

/// The place after the character at `at`.
fn ceil_char(value: &str, at: usize) -> usize {
    at + value[at..].chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn user_and_password_are_replaced_by_stars_whatever_stands_in_them() {
        assert_eq!(redact("redis://anna:se/cr@et@host:6379/0"), "redis://***@host:6379/0");
        for odd in
            ["a\"b", "a b", "a\nb", "a'b", "a@b", "a:b", "a/b", "a#b", "a?b", "a%b", "ä", "://", "a\\b"]
        {
            assert_eq!(redact(&format!("see redis://u:{odd}@h/1 first")), "see redis://***@h/1 first");
        }
        assert_eq!(redact("was nats://token@a, now nats://x:y@b"), "was nats://***@b");
    }

    #[test]
    fn a_url_that_cannot_be_read_is_hidden_with_all_that_follows() {
        assert_eq!(redact("was redis://:geheim, sadly"), "was redis://***");
        assert_eq!(redact("ä redis://:ge heim"), "ä redis://***");
    }

    #[test]
    fn text_without_credentials_is_left_alone() {
        for text in [
            "redis://host:6379",
            "see https://example.org/a?b=c#d, and `nats://h`",
            "mail anna@example.org",
            "mail anna@example.org or read https://example.org",
            "://",
            "nats://@host",
            "",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_password_survives(before: String, password in "[^@]{0,9}SECRET[^@]{0,9}", after: String) {
            let text = format!("{before}redis://u:{password}@h{after}");
            proptest::prop_assert!(!redact(&text).contains("SECRET"));
        }
    }
}
