//! Sentences about one record.

use weighbridge_record::point::Point;
use weighbridge_record::terms::Path;
use weighbridge_report::claim::{At, Fact, What};

use crate::check::{Source, is_same};
use crate::oracle::Record;

impl Source for Record {
    fn value(&self, at: &At, path: Option<Path>, what: &What) -> Option<f64> {
        Record::value(self, at, path, what)
    }

    fn knows(&self, name: &str) -> bool {
        let numbered = name.split_once(' ').is_some_and(|(what, number)| {
            let field = if what == "trial" { "order" } else { "repetition" };
            self.trials().iter().any(|trial| trial[field].as_u64() == number.parse().ok())
        });
        let settings = ["base", "new"].map(|side| self.json["pair"][side].to_string());
        let setting = settings.iter().any(|settings| settings.contains(&format!("\"{name}\"")));
        setting || numbered || self.points().iter().any(|point| is_named(point, name))
    }

    fn broken(&self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::Most { at, path, what } => beaten(self, at, *path, what, |known, other| other > known),
            Fact::Least { at, path, what } => beaten(self, at, *path, what, |known, other| other < known),
            Fact::Wins { at, path, figure } => {
                let winner = self.winner(at);
                (winner.as_deref() != Some(path.name()) || self.vouched(at, path.name(), figure).is_none())
                    .then(|| format!("the winner is {winner:?}"))
            }
            Fact::Verdict(verdict) => {
                let weights = ["no_difference_shown", "better", "worse", "too_few_repetitions", "regression"];
                let weight = |verdict: &serde_json::Value| weights.iter().position(|known| verdict == known);
                let changes = self.json["pair"]["changes"].as_array().cloned().unwrap_or_default();
                let weightiest = changes.iter().filter_map(|change| weight(&change["verdict"])).max();
                let said = weight(&serde_json::to_value(verdict).unwrap());
                (weightiest != said || said.is_none())
                    .then(|| format!("the weightiest change is {weightiest:?}"))
            }
            Fact::Costs { at: At::Point(point), path, figure, verdict } => {
                let changes = self.cost(point).and_then(|cost| cost["changes"].as_array());
                let is = |change: &&serde_json::Value| {
                    change["path"] == path.name() && change["figure"] == *figure
                };
                let found =
                    changes.and_then(|changes| changes.iter().find(is)).map(|change| &change["verdict"]);
                (found != Some(&serde_json::to_value(verdict).unwrap()))
                    .then(|| format!("the record says {found:?}"))
            }
            Fact::Shown { at, paths, figure, differ } => {
                let shown = self.differ(at, paths.map(|path| path.name()), figure).unwrap_or(false);
                (shown != *differ).then(|| format!("the record says {shown}"))
            }
            other => Some(format!("one record doesn't tell {other:?}")),
        }
    }
}

/// Whether the name is that of a point, or of a value that it has.
pub fn is_named(point: &Point, name: &str) -> bool {
    let plain = name.replace(['\u{a0}', ' '], "");
    let mut values = point.values().map(|value| value.to_string().trim_matches('"').replace('_', ""));
    point.label().contains(name) || values.any(|value| value == plain)
}

/// Whether another path has more of it, or less.
fn beaten(record: &Record, at: &At, path: Path, what: &What, beats: fn(f64, f64) -> bool) -> Option<String> {
    let Some(own) = record.value(at, Some(path), what) else { return Some(format!("{path} has none of it")) };
    // A change is the widest of all combinations of the other keys, over the key that is drawn.
    let places: Vec<At> = match (what, at) {
        (What::Change(_), At::Point(held)) => {
            record.points().into_iter().map(|point| At::Point(holding(point, held))).collect()
        }
        _ => vec![at.clone()],
    };
    let all = places.iter().flat_map(|at| record.paths(&At::Run).into_iter().map(move |path| (at, path)));
    let mut values = all.filter_map(|(at, other)| Some((other, record.value(at, Some(other), what)?)));
    let over = values.find(|(_, value)| beats(own, *value) && !is_same(own, *value));
    over.map(|(other, value)| format!("{path} has {own}, {other} {value}"))
}

/// The point with those of its keys that are held.
fn holding(mut point: Point, held: &Point) -> Point {
    point.retain(|key, _| held.contains_key(key));
    point
}
