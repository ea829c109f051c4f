//! An input as a list of edits to a text: of single bytes, of words, of numbers, of lines.
//!
//! Random bytes are refused at the first character. Edits reach what lies behind: a known key in a foreign place, a
//! number that nobody counts to, a table twice, a list in itself.

use std::ops::Range;

use crate::corpus::Corpus;

const EDIT_BYTES: usize = 8;
/// Longest that edits may make a text.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// What stands where a number stood.
const NUMBERS: [&str; 18] = [
    "0",
    "1",
    "-1",
    "-0.0",
    "1000000000000",
    "9007199254740992",
    "1e-320",
    "1e15",
    "1e308",
    "-1e308",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "nan",
    "null",
    "\"\"",
    "[]",
    "{}",
];
/// Of these, which a number may become where nothing else may.
const PLAIN: usize = 12;
/// The kind of edit that changes a number into a number, and leaves the text what it was.
const OF_A_NUMBER: u8 = 4;

/// One of the corpus' texts with the edits of the input, which its first two bytes choose; of every other input all
/// edits are of numbers, so that what is read gets past the reader.
pub fn edited(corpus: &Corpus, input: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
    let (first, edits) = input.split_at(input.len().min(2));
    let mut text = corpus.text(number(first) / 2).to_vec();
    let only_numbers = first.last().is_some_and(|byte| byte % 2 == 1);
    for edit in edits.chunks_exact(EDIT_BYTES) {
        let kind = if only_numbers { OF_A_NUMBER } else { edit[0] };
        let edit = Edit { kind, at: number(&edit[1..4]), with: number(&edit[4..8]) };
        edit.apply(corpus, &mut text);
        text.truncate(TEXT_BYTES_MAX);
    }
    text
}

struct Edit {
    kind: u8,
    at: usize,
    with: usize,
}

impl Edit {
    fn apply(&self, corpus: &Corpus, text: &mut Vec<u8>) {
        match self.kind % 10 {
            0 => self.replace(one(text, self.at), &[self.with as u8], text),
            1 => self.replace(self.place(text)..self.place(text), &[self.with as u8], text),
            2 => self.replace(self.word(text), corpus.word(self.with), text),
            3 => self.replace(self.word(text), b"", text),
            OF_A_NUMBER => self.replace(self.number(text), NUMBERS[self.with % PLAIN].as_bytes(), text),
            5 => self.replace(self.number(text), NUMBERS[self.with % NUMBERS.len()].as_bytes(), text),
            6 => self.replace(self.line(text), b"", text),
            7 => self.copy_line(corpus.text(self.with >> 16), text),
            8 => self.copy_line(&text.clone(), text),
            _ => text.truncate(self.place(text)),
        }
    }

    fn replace(&self, range: Range<usize>, with: &[u8], text: &mut Vec<u8>) {
        text.splice(range, with.iter().copied());
    }

    fn place(&self, text: &[u8]) -> usize {
        self.at % (text.len() + 1)
    }

    fn word(&self, text: &[u8]) -> Range<usize> {
        picked(words(text), self.at)
    }

    fn number(&self, text: &[u8]) -> Range<usize> {
        let is_number = |word: &Range<usize>| text[word.start].is_ascii_digit();
        picked(words(text).into_iter().filter(is_number).collect(), self.at)
    }

    fn line(&self, text: &[u8]) -> Range<usize> {
        picked(lines(text), self.at)
    }

    /// Puts a line of another text, or of the same, before one of this.
    fn copy_line(&self, from: &[u8], text: &mut Vec<u8>) {
        let line = from[picked(lines(from), self.with & 0xffff)].to_vec();
        let at = self.line(text).start;
        self.replace(at..at, &line, text);
    }
}

fn one(text: &[u8], at: usize) -> Range<usize> {
    if text.is_empty() { 0..0 } else { at % text.len()..at % text.len() + 1 }
}

fn picked(ranges: Vec<Range<usize>>, at: usize) -> Range<usize> {
    ranges.get(at % ranges.len().max(1)).cloned().unwrap_or(0..0)
}

/// Runs of letters and digits, and every other byte but blanks alone.
pub fn words(text: &[u8]) -> Vec<Range<usize>> {
    let joins = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, byte) in text.iter().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace()) {
        match words.last_mut() {
            Some(last) if last.end == at && joins(*byte) && joins(text[at - 1]) => last.end = at + 1,
            _ => words.push(at..at + 1),
        }
    }
    words
}

/// Lines with their ends.
fn lines(text: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    let ends = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len);
    ends.map(|length| {
        start += length;
        start - length..start
    })
    .collect()
}

#[test]
fn an_input_gives_the_same_text_again_and_another_input_another() {
    let corpus = Corpus::of("urls");
    let replaces_a_number = [0, 0, 4, 0, 0, 0, 0, 0, 0, 8];
    let edited = |input| String::from_utf8(edited(&corpus, input)).unwrap();
    assert_eq!(edited(&replaces_a_number), edited(&replaces_a_number));
    assert_eq!(edited(&[0, 0]).as_bytes(), corpus.text(0));
    assert_ne!(edited(&replaces_a_number), edited(&[0, 0]));
}
