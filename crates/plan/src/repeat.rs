//! How often trials are repeated: so many times, or until what is asked is answered.

use std::str::FromStr;

use weighbridge_record::enough;

/// What `--repeat` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    Times(u32),
    /// Until the intervals are narrow enough for the question, or the time is spent.
    Auto,
}

impl Repeat {
    /// The word for [`Repeat::Auto`].
    pub const AUTO: &str = "auto";
}

impl FromStr for Repeat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == Self::AUTO {
            return Ok(Self::Auto);
        }
        let mend = "write how often, such as 5, or `auto` to go on until the intervals are narrow enough";
        text.parse().map(Self::Times).map_err(|_| mend.to_owned())
    }
}

/// The rule by which repetitions go on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sequential {
    /// How far an interval may reach from its ratio to be narrow enough.
    pub margin_percent: f64,
    /// Time for all repetitions together.
    pub budget_ns: u64,
    pub repetitions_max: u32,
}

impl Sequential {
    /// The most repetitions that there is time for, if a repetition takes at least this long; one is always measured.
    pub fn most(self, repetition_ns: u64) -> u32 {
        let fitting = self.budget_ns / repetition_ns.max(1);
        u32::try_from(fitting).unwrap_or(u32::MAX).clamp(1, self.repetitions_max)
    }

    /// Repetitions after which it is looked.
    pub fn looks(self, repetition_ns: u64) -> Vec<u32> {
        enough::looks(self.most(repetition_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_auto_is_taken_and_a_word_is_told_what_to_write() {
        assert_eq!(("5".parse(), "auto".parse()), (Ok(Repeat::Times(5)), Ok(Repeat::Auto)));
        for word in ["often", "", "-1", "AUTO", "5.5"] {
            let told = word.parse::<Repeat>().unwrap_err();
            assert!(told.contains("such as 5") && told.contains("`auto`"), "{told}");
        }
    }

    #[test]
    fn the_most_is_what_the_time_holds_and_no_more_than_was_asked_for() {
        let rule = Sequential { margin_percent: 5.0, budget_ns: 100, repetitions_max: 20 };
        assert_eq!([1, 10, 34, 1_000].map(|repetition_ns| rule.most(repetition_ns)), [20, 10, 2, 1]);
        assert_eq!(rule.looks(10), [5, 10]);
    }
}
