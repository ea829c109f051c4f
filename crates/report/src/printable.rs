//! Text of the record on its way to a terminal.

/// Without control characters, which the record must not be able to send to the terminal.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
