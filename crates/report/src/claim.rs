//! Sentences as values: the text, and what of the record it rests on.
//!
//! Nothing is printed as a figure without saying which figure it is, so that whoever has `result.json` can work it out
//! again. The tests do, by other code.

use std::fmt;

use weighbridge_record::compare::{FigureVerdict, RunVerdict};
use weighbridge_record::point::Point;
use weighbridge_record::result::{ChangeVerdict, Kept};
use weighbridge_record::terms::Path;

/// A sentence, or a part of one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claim {
    pub text: String,
    /// Figures in the order in which the text has them, and what else must hold.
    pub facts: Vec<Fact>,
}

/// Something that a sentence says.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A figure that stands in the text.
    Figure { said: String, value: f64, at: At, path: Option<Path>, what: What },
    /// A name that stands in the text and may have digits: of a point, a repetition or a setting.
    Name(String),
    /// No other path at the place has more of it.
    Most { at: At, path: Path, what: What },
    /// No other path at the place has less of it.
    Least { at: At, path: Path, what: What },
    /// No path has any of it.
    Nowhere { at: At, what: What },
    /// The path is best by the figure, and each of the others that are ranked is shown to differ from it.
    Wins { at: At, path: Path, figure: String },
    /// The weightiest change of a pair of settings is of this kind.
    Verdict(ChangeVerdict),
    /// What a value of a swept setting comes to against the first, in one figure.
    Costs { at: At, path: Path, figure: String, verdict: ChangeVerdict },
    /// Two runs held against each other come to this.
    Compared(RunVerdict),
    /// The verdict on one figure of two runs.
    Judged { at: At, path: Path, figure: String, verdict: FigureVerdict },
    /// The record shows that two paths differ, or that they don't.
    Shown { at: At, paths: [Path; 2], figure: String, differ: bool },
}

/// Which trials a figure is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum At {
    /// Those of a point; the valid ones, unless there are none.
    Point(Point),
    /// Those that confirmed the rate that a search answered with.
    Confirmed,
    /// The whole record; of several, all of them.
    Run,
    /// Those of a point in one of two runs that are held against each other.
    Of(Side, Point),
    /// Those of a point in both.
    Between(Point),
    /// Those of a point in the runs of one load, told by the id of the newest that is drawn.
    Line { newest: String, point: Point },
}

/// Of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Base,
    New,
}

/// What a figure is. Paths of figures are those of `result.json`.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The median over the repetitions.
    Median(String),
    /// The smallest of the repetitions.
    Smallest(String),
    /// The largest of the repetitions.
    Largest(String),
    /// That of one trial, by its place in the order of the run.
    Once { figure: String, order: u32 },
    /// The median of one figure by that of another.
    Quotient(String, String),
    /// The same in per cent.
    Percent(String, String),
    /// The median by that of another path.
    Times { figure: String, other: Path },
    /// A ratio of the record, the path over the other; its middle or an end of its interval.
    Ratio { figure: String, other: Path, part: RatioPart },
    /// How many repetitions a ratio of the record rests on, all of which agree on which path is higher.
    Pairs { figure: String, other: Path },
    /// The highest median over the points of a sweep by the lowest, where all but one swept key is held.
    Change(String),
    /// Of a pair of settings or of two runs: a figure on one side, or the ratio of new to base.
    Pair { figure: String, part: PairPart },
    /// How many pairs stand behind the ratio of fewest.
    PairCount,
    /// By how much a figure may be worse at most, in per cent, by the intervals of all ratios.
    PairBound,
    /// What is put up with, in per cent.
    PairTolerance,
    /// The largest of the repetitions by the smallest.
    Spread(String),
    /// How many requests of the ledgers, over all repetitions: one of its fields, or `unanswered`.
    Requests(&'static str),
    /// How many pairs of answers of a route, over the trials that count: one of the fields of `pairs`.
    Answers(&'static str),
    /// How many repetitions; of paths that differ in it the least.
    Repetitions,
    /// The worst of all faults in a field, over the trials that count.
    WorstFault(&'static str),
    /// Promises with this verdict, over the trials that count.
    Promises(Kept),
    /// How many trials of the run; only invalid ones, or all.
    Trials { invalid: bool },
    /// How many points; of those only where the path wins, if there is one.
    Points,
    /// How many points have figures that are our own lateness.
    LatePoints,
    /// The rate at the knee of the load curve, the swept rates of one point of all else.
    Knee,
    /// The highest rate that was carried.
    Carried,
    /// The highest rate up to which p99 is less than twice that of the lowest.
    AsIdle,
    /// The rate that a search found, or a bound of what it tried.
    Searched(&'static str),
    /// CPU of the brokers for a million requests.
    CpuPerMillion,
    /// The most requests in flight at the end of an interval of the window of any repetition.
    Backlog,
    /// When that was, in seconds from the start of the window.
    BacklogAt,
    /// The farthest that workers were behind at the end of an interval of the window of any repetition, in seconds.
    Behind,
    /// The most of a figure of the brokers, summed over them, at the end of an interval of the window of any repetition.
    OfBrokers(&'static str),
    /// The lowest of a percentile in the intervals of a trial.
    Lowest(Intervals),
    /// The highest of a percentile in the intervals of a trial.
    Highest(Intervals),
    /// How many figures of two runs are compared; only those of a verdict.
    Compared(Option<FigureVerdict>),
    /// How many ratios of a point are compared, or those of a verdict, beside so many that are named.
    Ratios { verdict: Option<FigureVerdict>, named: usize },
    /// How many figures lie wholly beyond the tolerance, to the bad side, and may by chance.
    BeyondByChance,
    /// The fewest repetitions behind one of these.
    BeyondRepetitions,
    /// A percentile of all requests, the median over the repetitions.
    Quantile(f64),
    /// That of the new run by that of the base run.
    QuantileRatio(f64),
    /// How far two runs are apart, whichever is higher, at the highest percentile that is told of both.
    Apart,
    /// Which percentile that is.
    ApartAt,
    /// Of the valid runs on a line.
    Moved { figure: String, part: MovedPart },
    /// How many runs are on a line, or of it the newest that are drawn.
    RunsOfLine { drawn: bool },
    /// How many runs are in a folder; only those of a verdict, in a word.
    Runs(Option<&'static str>),
    /// How many scenarios they are of.
    Scenarios,
    /// How many runs have a load or a machine that no other of their scenario has.
    RunsAlone,
    /// How many loads have several runs, beside so many that are drawn.
    Lines { drawn: usize },
    /// Of the time of requests around a percentile, the share of a part in per cent.
    Part { statistic: &'static str, part: &'static str },
}

/// A percentile in intervals of equal width: of those whose middle lies in the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intervals {
    pub quantile: f64,
    /// Place of the trial in the order of the run.
    pub order: u32,
    pub start_s: f64,
    pub width_s: f64,
}

/// Of a ratio with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatioPart {
    Middle,
    Low,
    High,
}

/// Of a change from one setting to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairPart {
    Base,
    New,
    Ratio(RatioPart),
}

/// Of a figure from run to run, the median of each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedPart {
    Lowest,
    Highest,
    Newest,
    /// The highest by the lowest.
    Ratio,
    /// How many runs have it.
    Runs,
}

impl Claim {
    /// Words without a figure.
    pub fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), facts: Vec::new() }
    }

    /// Goes on in words.
    pub fn say(mut self, words: impl fmt::Display) -> Self {
        self.text.push_str(&words.to_string());
        self
    }

    /// Goes on with a figure.
    pub fn figure(mut self, said: String, value: f64, of: Of<'_>) -> Self {
        self.text.push_str(&said);
        let Of { at, path, what } = of;
        self.facts.push(Fact::Figure { said, value, at: at.clone(), path, what });
        self
    }

    /// A count.
    pub fn count(count: usize, of: Of<'_>) -> Self {
        Self::default().figure(count.to_string(), count as f64, of)
    }

    /// Goes on with the name of a point.
    pub fn name(mut self, name: String) -> Self {
        self.text.push_str(&name);
        self.facts.push(Fact::Name(name));
        self
    }

    /// Goes on with another sentence or part.
    pub fn and(mut self, other: Self) -> Self {
        self.text.push_str(&other.text);
        self.facts.extend(other.facts);
        self
    }

    /// Says nothing more, but rests on more.
    pub fn resting_on(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// Parts with a separator between them.
    pub fn join(parts: impl IntoIterator<Item = Self>, separator: &str) -> Self {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |sum, part| sum.say(separator).and(part))
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Which figure it is: of what place, path and kind.
pub struct Of<'a> {
    pub at: &'a At,
    pub path: Option<Path>,
    pub what: What,
}

/// The figure of a path.
pub fn of(at: &At, path: Path, what: What) -> Of<'_> {
    Of { at, path: Some(path), what }
}

/// The figure of a place, whatever the path.
pub fn of_all(at: &At, what: What) -> Of<'_> {
    Of { at, path: None, what }
}
