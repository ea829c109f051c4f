//! Figures worked out from `result.json` alone, by other code than the page's.

use serde_json::Value;
use weighbridge_record::point::Point;
use weighbridge_record::terms::Path;
use weighbridge_report::claim::{At, PairPart, RatioPart, What};

use crate::curve;
use crate::intervals;

/// A record as it is written.
pub struct Record {
    pub json: Value,
}

const STATISTICS: [&str; 3] = ["p99", "p90", "p50"];

pub fn number(value: &Value, path: &str) -> Option<f64> {
    path.split('.').try_fold(value, |value, part| value.get(part))?.as_f64()
}

pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[half]),
        _ => Some((values[half - 1] + values[half]) / 2.0),
    }
}

fn array<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_valid(trial: &Value) -> bool {
    trial["valid"] == Value::Bool(true)
}

/// Whether our send lag is more than a tenth of a figure, and more than 0.1 ms.
fn is_ours(trial: &Value, figure: &str) -> bool {
    let Some((stage, statistic)) = figure.strip_prefix("latency_ns.").and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    if !["turnaround", "transit"].contains(&stage) && stage != "delivery" {
        return false;
    }
    let lag = number(trial, &format!("latency_ns.send_lag.{statistic}"));
    match (lag, number(trial, figure)) {
        (Some(lag), Some(value)) => lag > 100_000.0 && lag > value / 10.0,
        _ => false,
    }
}

impl Record {
    pub fn trials(&self) -> &[Value] {
        array(&self.json, "trials")
    }

    pub fn searches(&self) -> &[Value] {
        array(&self.json, "searches")
    }

    fn search(&self, path: &str) -> Option<&Value> {
        self.searches().iter().find(|search| search["path"] == path)
    }

    /// Every trial of a place and path.
    fn all(&self, at: &At, path: &str) -> Vec<&Value> {
        match at {
            At::Point(point) => {
                let point = serde_json::to_value(point).unwrap();
                let here = |trial: &&Value| trial["path"] == path && trial["point"] == point;
                self.trials().iter().filter(here).collect()
            }
            At::Confirmed => {
                let Some(search) = self.search(path) else { return Vec::new() };
                let confirms = |probe: &&Value| {
                    probe["confirmation"] == true
                        && probe["passed"] == true
                        && probe["rate_per_s"] == search["rate_per_s"]
                };
                let trial = |probe: &Value| &self.trials()[probe["trial"].as_u64().unwrap() as usize];
                array(search, "probes").iter().filter(confirms).map(trial).collect()
            }
            At::Run => self.trials().iter().filter(|trial| trial["path"] == path).collect(),
            // Of several records.
            At::Of(..) | At::Between(_) | At::Line { .. } => Vec::new(),
        }
    }

    /// Those whose figures count.
    pub fn counted(&self, at: &At, path: &str) -> Vec<&Value> {
        let all = self.all(at, path);
        let valid: Vec<&Value> = all.iter().copied().filter(|trial| is_valid(trial)).collect();
        if valid.is_empty() || *at == At::Confirmed { all } else { valid }
    }

    /// The paths that have trials at a place.
    pub fn paths(&self, at: &At) -> Vec<Path> {
        Path::all().filter(|path| !self.all(at, path.name()).is_empty()).collect()
    }

    pub fn points(&self) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for trial in self.trials() {
            let point: Point = serde_json::from_value(trial["point"].clone()).unwrap();
            if !points.contains(&point) {
                points.push(point);
            }
        }
        points
    }

    pub fn each(&self, at: &At, path: &str, figure: &str) -> Option<Vec<f64>> {
        let counted = self.counted(at, path);
        let values: Option<Vec<f64>> = counted.iter().map(|trial| number(trial, figure)).collect();
        values.filter(|values| !values.is_empty())
    }

    pub fn ours(&self, at: &At, path: &str, figure: &str) -> bool {
        self.counted(at, path).iter().any(|trial| is_ours(trial, figure))
    }

    /// The median, where no repetition has our own lateness in it.
    pub fn vouched(&self, at: &At, path: &str, figure: &str) -> Option<f64> {
        if self.ours(at, path, figure) {
            return None;
        }
        median(self.each(at, path, figure)?)
    }

    /// What is asked; none where the record doesn't tell.
    pub fn value(&self, at: &At, path: Option<Path>, what: &What) -> Option<f64> {
        let Some(path) = path else { return self.of_place(at, what) };
        let path = path.name();
        match what {
            What::Median(figure) => self.vouched(at, path, figure),
            What::Smallest(figure) => self.each(at, path, figure)?.into_iter().reduce(f64::min),
            What::Largest(figure) => self.each(at, path, figure)?.into_iter().reduce(f64::max),
            What::Spread(figure) => {
                self.vouched(at, path, figure)?;
                let each = self.each(at, path, figure).filter(|each| each.len() > 1)?;
                let low = each.iter().copied().reduce(f64::min)?;
                Some(each.into_iter().reduce(f64::max)? / low)
            }
            What::Once { figure, order } => {
                let is = |trial: &&Value| trial["order"] == *order && trial["path"] == path;
                number(self.trials().iter().find(is)?, figure)
            }
            What::Quotient(over, under) => {
                let under = self.vouched(at, path, under).filter(|under| *under > 0.0)?;
                Some(self.vouched(at, path, over)? / under)
            }
            What::Percent(over, under) => Some(
                100.0 * self.value(at, path.parse().ok(), &What::Quotient(over.clone(), under.clone()))?,
            ),
            // Loads that differ are not held against each other.
            What::Times { .. } if *at == At::Confirmed => None,
            What::Times { figure, other } => {
                Some(self.vouched(at, path, figure)? / self.vouched(at, other.name(), figure)?)
            }
            What::Ratio { figure, other, part } => self.ratio(at, [path, other.name()], figure, *part),
            What::Pairs { figure, other } => self.pairs(at, [path, other.name()], figure),
            What::Requests(field) => self.requests(at, path, field),
            What::Answers(field) => {
                let pairs = self.counted(at, path).into_iter().filter(|trial| trial["pairs"].is_object());
                pairs.map(|trial| number(trial, &format!("pairs.{field}"))).sum()
            }
            What::WorstFault(field) => {
                let faults = self.counted(at, path).into_iter().flat_map(|trial| array(trial, "faults"));
                let values: Option<Vec<f64>> = faults.map(|fault| number(fault, field)).collect();
                values?.into_iter().reduce(f64::max)
            }
            What::Promises(kept) => {
                let promises = self.counted(at, path).into_iter().flat_map(|trial| array(trial, "promises"));
                let word = serde_json::to_value(kept).ok()?;
                Some(promises.filter(|promise| promise["verdict"] == word).count() as f64)
            }
            What::Points => {
                let wins =
                    |point: &&Point| self.winner(&At::Point((*point).clone())).as_deref() == Some(path);
                Some(self.points().iter().filter(wins).count() as f64)
            }
            What::Searched(field) => number(self.search(path)?, field),
            What::CpuPerMillion => {
                let cost = |trial: &&Value| {
                    let cpu = array(trial, "brokers").iter().map(|broker| number(broker, "cpu_seconds"));
                    let cpu: f64 =
                        cpu.collect::<Option<Vec<f64>>>().filter(|cpu| !cpu.is_empty())?.iter().sum();
                    let completed = number(trial, "ledger.completed").filter(|completed| *completed > 0.0)?;
                    Some(cpu * 1e6 / completed)
                };
                median(self.counted(at, path).iter().map(cost).collect::<Option<_>>()?)
            }
            What::Backlog => intervals::backlog(&self.counted(at, path)).map(|(in_flight, _)| in_flight),
            What::BacklogAt => intervals::backlog(&self.counted(at, path)).map(|(_, at_s)| at_s),
            What::Behind => intervals::most(&self.counted(at, path), |row| number(row, "behind_s")),
            What::OfBrokers(field) => intervals::most(&self.counted(at, path), |row| {
                let brokers = array(row, "brokers").iter().filter_map(|broker| number(broker, field));
                brokers.reduce(|sum, more| sum + more)
            }),
            What::Lowest(asked) => intervals::extreme(self.trials(), asked, f64::min),
            What::Highest(asked) => intervals::extreme(self.trials(), asked, f64::max),
            What::Part { statistic, part } => {
                let center = median(self.each(at, path, &format!("latency_ns.turnaround.{statistic}"))?)?;
                intervals::part(&self.counted(at, path), center, part)
            }
            What::Knee | What::Carried | What::AsIdle => curve::of(self, at, path).get(what),
            What::Change(figure) => curve::change(self, at, path, figure),
            What::Pair { figure, part } => {
                let is = |change: &&Value| change["path"] == path && change["figure"] == *figure;
                let changes = match at {
                    At::Point(point) => array(self.cost(point)?, "changes"),
                    _ => array(&self.json["pair"], "changes"),
                };
                let change = changes.iter().find(is)?;
                let field = match part {
                    PairPart::Base => "base",
                    PairPart::New => "new",
                    PairPart::Ratio(RatioPart::Middle) => "ratio.median",
                    PairPart::Ratio(RatioPart::Low) => "ratio.low",
                    PairPart::Ratio(RatioPart::High) => "ratio.high",
                };
                number(change, field)
            }
            _ => None,
        }
    }

    /// What the value of a swept setting costs.
    pub fn cost(&self, point: &Point) -> Option<&Value> {
        let point = serde_json::to_value(point).ok()?;
        array(&self.json, "costs").iter().find(|cost| cost["point"] == point)
    }

    /// What is asked of a place whatever the path.
    fn of_place(&self, at: &At, what: &What) -> Option<f64> {
        match what {
            What::PairBound => return self.bound_of_pair(),
            What::PairTolerance => return number(&self.json["pair"], "tolerance_percent"),
            _ => {}
        }
        let count = match what {
            What::Trials { invalid } => {
                self.trials().iter().filter(|trial| !*invalid || !is_valid(trial)).count()
            }
            What::Points => self.points().len(),
            What::PairCount => {
                let ratios = self.ratios_of_pair();
                ratios.into_iter().map(|change| array(change, "of_repetitions").len()).min()?
            }
            What::Repetitions => {
                let counted = self.ranked(at).into_iter().map(|path| self.counted(at, &path).len());
                counted.min()?
            }
            What::LatePoints => {
                let late = |point: &&Point| {
                    let at = At::Point((*point).clone());
                    let figures = STATISTICS.map(|statistic| format!("latency_ns.turnaround.{statistic}"));
                    self.ranked(&at)
                        .iter()
                        .any(|path| figures.iter().any(|figure| self.ours(&at, path, figure)))
                };
                self.points().iter().filter(late).count()
            }
            _ => return None,
        };
        Some(count as f64)
    }

    /// The changes of a pair of settings that have a ratio.
    fn ratios_of_pair(&self) -> Vec<&Value> {
        array(&self.json["pair"], "changes").iter().filter(|change| change["ratio"].is_object()).collect()
    }

    /// How much worse a figure may be at most, in per cent.
    fn bound_of_pair(&self) -> Option<f64> {
        let worse = |change: &&Value| {
            let falls = change["figure"].as_str()?.starts_with("rates.");
            let end = number(change, if falls { "ratio.low" } else { "ratio.high" })?;
            Some(100.0 * if falls { 1.0 - end } else { end - 1.0 })
        };
        let each: Option<Vec<f64>> = self.ratios_of_pair().iter().map(worse).collect();
        each?.into_iter().reduce(f64::max)
    }

    fn requests(&self, at: &At, path: &str, field: &str) -> Option<f64> {
        let of = |trial: &&Value| match field {
            "unanswered" => Some(number(trial, "ledger.attempted")? - number(trial, "ledger.completed")?),
            field => number(trial, &format!("ledger.{field}")),
        };
        self.all(at, path).iter().map(of).sum()
    }

    /// The paths that may be ranked: without the floor, unless it is alone, and with less than 1 % unanswered.
    pub fn ranked(&self, at: &At) -> Vec<String> {
        let paths = self.paths(at);
        let alone = paths.iter().all(|path| path.is_floor());
        let names =
            paths.into_iter().filter(|path| alone || !path.is_floor()).map(|path| path.name().to_owned());
        let few = |unanswered: f64, of: f64| unanswered == 0.0 || unanswered < 0.01 * of;
        let answers = |path: &String| {
            let total = |field: &str| self.requests(at, path, field).unwrap_or(0.0);
            let windows = self.counted(at, path).into_iter().filter_map(|trial| {
                let of = |field: &str| number(trial, &format!("latency_ns.turnaround.{field}"));
                Some((of("unanswered").unwrap_or(0.0), of("count")?))
            });
            total("completed") > 0.0
                && few(total("unanswered"), total("attempted"))
                && windows.into_iter().all(|(unanswered, count)| few(unanswered, unanswered + count))
        };
        names.filter(answers).collect()
    }

    /// The figure that ranks a point: the highest percentile that all have and that is nowhere ours.
    fn measure(&self, at: &At) -> Option<String> {
        let ranked = self.ranked(at);
        let here = self.paths(at).into_iter().flat_map(|path| self.all(at, path.name()));
        let scheduled = here.into_iter().any(|trial| number(trial, "rates.offered_per_s").is_some());
        if !scheduled {
            return Some("rates.completed_per_s".to_owned());
        }
        let figures = STATISTICS.map(|statistic| format!("latency_ns.turnaround.{statistic}"));
        figures.into_iter().find(|figure| ranked.iter().all(|path| self.vouched(at, path, figure).is_some()))
    }

    /// The path that is better than every other by a difference that the record shows.
    pub fn winner(&self, at: &At) -> Option<String> {
        let measure = self.measure(at)?;
        let limited =
            |trial: &Value| array(trial, "doubts").iter().any(|doubt| doubt["kind"] == "client_limited");
        let competing = self.paths(at).into_iter().filter(|path| !path.is_floor());
        if competing.flat_map(|path| self.counted(at, path.name())).any(limited) {
            return None;
        }
        let mut ranked: Vec<(String, f64)> = Vec::new();
        for path in self.ranked(at) {
            let value = self.vouched(at, &path, &measure)?;
            ranked.push((path, value));
        }
        let better = if measure.starts_with("rates") { f64::max } else { f64::min };
        let best = ranked.iter().map(|(_, value)| *value).reduce(better)?;
        let (winner, _) = ranked.iter().find(|(_, value)| *value == best)?.clone();
        let others = || ranked.iter().filter(|(path, _)| *path != winner);
        let shown = others().all(|(other, _)| self.differ(at, [&winner, other], &measure) == Some(true));
        (others().count() > 0 && shown).then_some(winner)
    }

    fn pair(&self, at: &At, paths: [&str; 2], figure: &str) -> Option<(&Value, bool)> {
        let At::Point(point) = at else { return None };
        let point = serde_json::to_value(point).unwrap();
        array(&self.json, "ratios").iter().find_map(|pair| {
            let here = pair["point"] == point && pair["figure"] == figure;
            let [a, b] = [&pair["a"], &pair["b"]];
            let turned = a == paths[1] && b == paths[0];
            (here && (turned || (a == paths[0] && b == paths[1]))).then_some((pair, turned))
        })
    }

    /// Whether the record shows that two paths differ.
    pub fn differ(&self, at: &At, paths: [&str; 2], figure: &str) -> Option<bool> {
        let (pair, _) = self.pair(at, paths, figure)?;
        Some(pair["verdict"] == "a_higher" || pair["verdict"] == "b_higher")
    }

    fn ratio(&self, at: &At, paths: [&str; 2], figure: &str, part: RatioPart) -> Option<f64> {
        let (pair, turned) = self.pair(at, paths, figure)?;
        let field = match (part, turned) {
            (RatioPart::Middle, _) => "median",
            (RatioPart::Low, false) | (RatioPart::High, true) => "low",
            (RatioPart::High, false) | (RatioPart::Low, true) => "high",
        };
        let value = number(&pair["ratio"], field)?;
        Some(if turned { 1.0 / value } else { value })
    }

    /// How many repetitions there are, in all of which the first is higher.
    fn pairs(&self, at: &At, paths: [&str; 2], figure: &str) -> Option<f64> {
        let (pair, turned) = self.pair(at, paths, figure)?;
        let each: Vec<f64> = array(pair, "of_repetitions").iter().filter_map(Value::as_f64).collect();
        let higher = |ratio: &f64| if turned { *ratio < 1.0 } else { *ratio > 1.0 };
        (!each.is_empty() && each.iter().all(higher)).then_some(each.len() as f64)
    }
}
