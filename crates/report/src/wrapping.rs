//! Text for a terminal, broken between words.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Lines of at most `columns`, broken at spaces; a word that is longer, such as a path, stays whole so that it can
/// be copied. `first` and `further` stand before the lines. Escape sequences take no room.
pub fn wrapped(text: &str, first: &str, further: &str, columns: usize) -> Vec<String> {
    let options = Options::new(columns)
        .initial_indent(first)
        .subsequent_indent(further)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        // `redis-pubsub` is one word.
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_break_between_words_and_keep_what_stands_before_them() {
        assert_eq!(wrapped("one two three", "- ", "  ", 9), ["- one two", "  three"]);
        assert_eq!(wrapped("short", "", "", 9), ["short"]);
        assert_eq!(wrapped("a /very/long/path b", "", "", 6), ["a", "/very/long/path", "b"]);
        assert_eq!(wrapped("on redis-pubsub", "", "", 10), ["on", "redis-pubsub"]);
        assert_eq!(wrapped("2\u{a0}000/s or", "", "", 8), ["2\u{a0}000/s", "or"]);
    }

    #[test]
    fn colours_take_no_room() {
        assert_eq!(wrapped("\u{1b}[31mone two\u{1b}[0m", "", "", 7), ["\u{1b}[31mone two\u{1b}[0m"]);
    }
}
