//! Text of records, scenarios and servers on its way to a terminal.

/// Without control characters, which the text must not be able to send to the terminal.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// As [`printable`], but for line breaks: a text of several lines.
pub fn printable_lines(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_of_several_lines_keeps_its_line_breaks() {
        let text = "a\u{1b}[31m\r\nb\u{9b}m\u{7f}";
        assert_eq!(printable(text), "a[31mbm");
        assert_eq!(printable_lines(text), "a[31m\nbm");
    }
}
