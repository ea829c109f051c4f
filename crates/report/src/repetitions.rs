//! How often trials were repeated, and why no more often, in words.

use weighbridge_record::format;
use weighbridge_record::result::{RepetitionRule, RunResult, Stopped};

/// What scenarios and flags call the rule.
const RULE: &str = "auto";

/// `5`; with a rule also what it was and why it ended.
pub fn words(result: &RunResult) -> String {
    let repeat = result.scenario.repeat;
    match &result.scenario.repetitions {
        None => repeat.to_string(),
        Some(rule) => format!("{repeat}, by `{}`: {}", RULE, ended(rule, what(result))),
    }
}

/// The sentence about it; none where the repetitions were counted.
pub fn sentence(result: &RunResult) -> Option<String> {
    let rule = result.scenario.repetitions.as_ref()?;
    let repeat = result.scenario.repeat;
    let times = if repeat == 1 { "1 repetition".to_owned() } else { format!("{repeat} repetitions") };
    Some(format!("{times}: {}.", ended(rule, what(result))))
}

/// What was judged.
fn what(result: &RunResult) -> &'static str {
    let paths =
        result.trials.iter().any(|trial| trial.path != result.trials[0].path && !trial.path.is_floor());
    if paths || result.pair.is_some() { "ratios" } else { "figures" }
}

fn ended(rule: &RepetitionRule, what: &str) -> String {
    let margin = format::number(rule.margin_percent);
    let most = rule.looks_planned.last().copied().unwrap_or(0);
    let why = match rule.stopped {
        None => return format!("ended before the rule was met, at most {most}; {}", looks(rule)),
        Some(Stopped::NarrowEnough) if what == "figures" => {
            format!("the intervals of all {} {what} end within {margin} % of them", rule.judged)
        }
        Some(Stopped::NarrowEnough) => {
            format!(
                "all {} {what} are shown to differ from 1 or have intervals within {margin} %",
                rule.judged
            )
        }
        Some(Stopped::Invalid) => "a trial is invalid, and with it the run, whatever follows".to_owned(),
        Some(Stopped::Budget) => {
            format!("another would not have ended within {}; {}", time(rule.budget_s), open(rule, what))
        }
        Some(Stopped::RepetitionsMax) => format!("the most that were asked for; {}", open(rule, what)),
    };
    format!("{why}; {}", looks(rule))
}

fn open(rule: &RepetitionRule, what: &str) -> String {
    let margin = format::number(rule.margin_percent);
    let unjudged = match rule.points_unjudged {
        0 => String::new(),
        1 => "at 1 point nothing could be judged, ".to_owned(),
        points => format!("at {points} points nothing could be judged, "),
    };
    let narrow = if what == "figures" { "within" } else { "shown to differ or within" };
    format!("{unjudged}of {} {what} {} not {narrow} {margin} %", rule.judged, are(rule.open))
}

/// `4 are`.
fn are(count: u32) -> String {
    format!("{count} {}", if count == 1 { "is" } else { "are" })
}

/// `10 min`, `1 min 30 s`, `45 s`.
fn time(seconds: f64) -> String {
    let whole = seconds.ceil() as u64;
    match (whole / 60, whole % 60) {
        (0, _) => format::seconds(seconds),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, rest) => format!("{minutes} min {rest} s"),
    }
}

/// `looked at after 5 and 8; chances and intervals are corrected for 4 looks`.
fn looks(rule: &RepetitionRule) -> String {
    let planned = match rule.looks_max() {
        1 => "one look was planned".to_owned(),
        count => format!("chances and intervals are corrected for {count} looks"),
    };
    let taken: Vec<String> = rule.looks.iter().map(u32::to_string).collect();
    match taken.as_slice() {
        [] => planned,
        [before @ .., last] if !before.is_empty() => {
            format!("looked at after {} and {last}, {planned}", before.join(", "))
        }
        alone => format!("looked at after {}, {planned}", alone.concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::terms::TransportKind;

    fn run(paths: usize, stopped: Option<Stopped>, open: u32) -> RunResult {
        let transports = TransportKind::ALL[..paths].to_vec();
        let mut result = Fixture { transports, repetitions: 2, seconds: 1, ..Fixture::default() }.build();
        result.scenario.repeat = 8;
        result.scenario.repetitions = Some(RepetitionRule {
            margin_percent: 5.0,
            budget_s: 600.0,
            looks_planned: vec![5, 8, 12, 20],
            looks: vec![5, 8],
            stopped,
            judged: 30,
            open,
            points_unjudged: 0,
        });
        result
    }

    #[test]
    fn each_end_has_its_reason_and_counted_repetitions_need_none() {
        let told =
            |paths, stopped, open| sentence(&run(paths, stopped, open)).unwrap().replace('\u{a0}', " ");
        insta::assert_snapshot!(
            [
                told(2, Some(Stopped::NarrowEnough), 0),
                told(1, Some(Stopped::NarrowEnough), 0),
                told(2, Some(Stopped::Budget), 4),
                told(1, Some(Stopped::RepetitionsMax), 1),
                told(2, Some(Stopped::Invalid), 4),
                told(2, None, 4),
            ]
            .join("\n"),
            @r"
        8 repetitions: all 30 ratios are shown to differ from 1 or have intervals within 5 %; looked at after 5 and 8, chances and intervals are corrected for 4 looks.
        8 repetitions: the intervals of all 30 figures end within 5 % of them; looked at after 5 and 8, chances and intervals are corrected for 4 looks.
        8 repetitions: another would not have ended within 10 min; of 30 ratios 4 are not shown to differ or within 5 %; looked at after 5 and 8, chances and intervals are corrected for 4 looks.
        8 repetitions: the most that were asked for; of 30 figures 1 is not within 5 %; looked at after 5 and 8, chances and intervals are corrected for 4 looks.
        8 repetitions: a trial is invalid, and with it the run, whatever follows; looked at after 5 and 8, chances and intervals are corrected for 4 looks.
        8 repetitions: ended before the rule was met, at most 20; looked at after 5 and 8, chances and intervals are corrected for 4 looks.
        "
        );
        let counted = Fixture { repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        assert_eq!((words(&counted), sentence(&counted)), ("3".to_owned(), None));
        assert!(words(&run(2, Some(Stopped::Budget), 4)).starts_with("8, by `auto`: another would"));
    }

    #[test]
    fn what_could_not_be_judged_is_said() {
        let mut result = run(2, Some(Stopped::RepetitionsMax), 0);
        let rule = result.scenario.repetitions.as_mut().unwrap();
        (rule.judged, rule.points_unjudged) = (0, 1);
        assert!(sentence(&result).unwrap().contains("at 1 point nothing could be judged"));
    }
}
