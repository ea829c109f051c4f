//! Words of commands that people paste.

use std::borrow::Cow;

/// A word as a shell takes it.
pub fn quoted(word: &str) -> Cow<'_, str> {
    // Only a zero byte can't be quoted, and neither arguments nor names on the wire hold one.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}
