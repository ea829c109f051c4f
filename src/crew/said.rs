//! What a publisher of somebody else's says of requests, a line each.

use bytes::Bytes;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// `confirmed 17`: the broker has it.
    Confirmed(u64),
    /// `rejected 17 stream is full`: it is certain that nobody gets it.
    Rejected(u64, String),
    /// `unknown 17 timed out`: it may still arrive.
    Unknown(u64, String),
    /// `answered 17 {...}`: the reply to who asked.
    Answered(u64, Bytes),
}

impl Said {
    /// None where a line says none of this.
    pub fn read(line: &[u8]) -> Option<Self> {
        let (word, rest) = parted(line.trim_ascii());
        let (number, rest) = parted(rest);
        let sequence = std::str::from_utf8(number).ok()?.parse().ok()?;
        let why = || String::from_utf8_lossy(rest).into_owned();
        match word {
            b"confirmed" if rest.is_empty() => Some(Self::Confirmed(sequence)),
            b"rejected" => Some(Self::Rejected(sequence, why())),
            b"unknown" => Some(Self::Unknown(sequence, why())),
            b"answered" => Some(Self::Answered(sequence, Bytes::copy_from_slice(rest))),
            _ => None,
        }
    }
}

/// What stands before the first blank, and what behind it.
fn parted(line: &[u8]) -> (&[u8], &[u8]) {
    let blank = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    (&line[..blank], line[blank..].trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_four_words_is_read_with_its_number_and_the_rest() {
        assert_eq!(Said::read(b"confirmed 17\n"), Some(Said::Confirmed(17)));
        assert_eq!(
            Said::read(b"rejected 0 stream is full\r\n"),
            Some(Said::Rejected(0, "stream is full".into()))
        );
        assert_eq!(Said::read(b"unknown 3"), Some(Said::Unknown(3, String::new())));
        let body = Bytes::from_static(br#"{"a": 1}"#);
        assert_eq!(
            Said::read(br#"answered 18446744073709551615 {"a": 1}"#),
            Some(Said::Answered(u64::MAX, body))
        );
    }

    #[test]
    fn anything_else_is_not_taken_for_one() {
        let lines: [&[u8]; 9] = [
            b"",
            b"\n",
            b"ready",
            b"confirmed",
            b"confirmed x",
            b"confirmed -1",
            b"confirmed 17 18",
            b"Confirmed 17",
            b"answered \xff {}",
        ];
        for line in lines {
            assert_eq!(Said::read(line), None, "{line:?}");
        }
    }
}
