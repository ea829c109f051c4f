//! Keeps passwords and tokens in broker URLs out of everything that people or files get to see.
//!
//! Works on text, not on parsed URLs: a comment or a broken file may hold a password too. It errs
//! on the side of hiding too much. It doesn't read or store secrets.

use std::ops::Range;

/// Replaces what stands between `://` and the last `@` of the same word by `***`.
pub fn redact(text: &str) -> String {
    rewrite(text, |_| "***".to_owned())
}

/// As [`redact`], but with as many bytes as before, so that offsets into the text stay true.
pub fn mask(text: &str) -> String {
    rewrite(text, |secret| "*".repeat(secret.len()))
}

fn rewrite(text: &str, cover: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets(text) {
        out.push_str(&text[done..secret.start]);
        out.push_str(&cover(&text[secret.clone()]));
        done = secret.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Byte ranges of the user information of every URL.
fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let start = from + at + "://".len();
        let end =
            text[start..].find(|c: char| c.is_whitespace() || c == '"').map_or(text.len(), |n| start + n);
        match text[start..end].rfind('@') {
            Some(length) if length > 0 => {
                found.push(start..start + length);
                from = end;
            }
            _ => from = start,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{mask, redact};

    #[test]
    fn user_and_password_are_replaced_by_stars() {
        assert_eq!(redact("redis://anna:se/cr@et@host:6379/0"), "redis://***@host:6379/0");
        assert_eq!(
            redact("url = \"nats://token@a\" # not nats://x:y@b"),
            "url = \"nats://***@a\" # not nats://***@b"
        );
    }

    #[test]
    fn text_without_credentials_is_left_alone() {
        for text in ["redis://host:6379", "mail anna@example.org", "://", "nats://@host", ""] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn a_mask_is_as_long_as_the_secret() {
        let text = "redis://anna:secret@host";
        assert_eq!(mask(text), "redis://***********@host");
        assert_eq!(mask(text).len(), text.len());
    }
}
