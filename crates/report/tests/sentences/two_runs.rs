//! Two records held against each other, by other code than `compare`.

use base64::prelude::{BASE64_STANDARD, Engine};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use serde_json::Value;
use weighbridge_record::compare::{FigureVerdict, RunVerdict};
use weighbridge_record::point::Point;
use weighbridge_record::terms::Path;
use weighbridge_report::claim::{At, Fact, PairPart, RatioPart, Side, What};

use crate::check::{Source, is_same};
use crate::oracle::{Record, median, number};
use crate::student;

const FIGURES: [&str; 3] =
    ["latency_ns.turnaround.p50", "latency_ns.turnaround.p99", "rates.completed_per_s"];

/// From the highest, with their names in the record.
const TOLD: [(f64, &str); 4] = [(0.999, "p999"), (0.99, "p99"), (0.9, "p90"), (0.5, "p50")];

pub struct TwoRuns {
    base: Record,
    new: Record,
    tolerance_percent: f64,
    rows: Vec<Row>,
}

/// One figure of one path at one point.
struct Row {
    point: Point,
    path: Path,
    figure: &'static str,
    repetitions: usize,
    ratio: Option<Ratio>,
    p: Option<f64>,
    verdict: FigureVerdict,
}

struct Ratio {
    middle: f64,
    ends: Option<(f64, f64)>,
}

impl TwoRuns {
    pub fn of(base: Value, new: Value, tolerance_percent: f64) -> Self {
        let [base, new] = [base, new].map(|json| Record { json });
        let mut rows = Vec::new();
        for point in base.points() {
            let mut here = of_point(&base, &new, &point);
            adjust(&mut here);
            here.iter_mut().for_each(|row| judge(row, tolerance_percent / 100.0));
            rows.append(&mut here);
        }
        Self { base, new, tolerance_percent, rows }
    }

    fn verdict(&self) -> RunVerdict {
        let any = |verdict| self.rows.iter().any(|row| row.verdict == verdict);
        match (any(FigureVerdict::Regression), any(FigureVerdict::Inconclusive)) {
            (true, _) => RunVerdict::Regression,
            (false, true) => RunVerdict::Inconclusive,
            (false, false) => RunVerdict::NoRegression,
        }
    }

    /// How much worse a figure may be at most, in per cent.
    fn bound(&self) -> Option<f64> {
        let worse = |row: &Row| {
            let (low, high) = row.ratio.as_ref()?.ends?;
            Some(100.0 * if row.figure.starts_with("rates.") { 1.0 - low } else { high - 1.0 })
        };
        self.rows.iter().filter_map(worse).reduce(f64::max)
    }

    /// What lies beyond the tolerance and isn't shown to.
    fn beyond(&self) -> Vec<&Row> {
        let tolerance = self.tolerance_percent / 100.0;
        let beyond = |row: &&Row| {
            let Some((low, high)) = row.ratio.as_ref().and_then(|ratio| ratio.ends) else { return false };
            let worse =
                if row.figure.starts_with("rates.") { high < 1.0 - tolerance } else { low > 1.0 + tolerance };
            worse && row.p.is_none_or(|p| p > 0.05)
        };
        self.rows.iter().filter(beyond).collect()
    }

    fn quantile(&self, side: Side, point: &Point, path: Path, quantile: f64) -> Option<f64> {
        let record = if side == Side::Base { &self.base } else { &self.new };
        let trials = record.counted(&At::Point(point.clone()), path.name());
        let has = |trial: &&&Value| {
            trial["latency_ns"]["turnaround"]["histogram"].as_str().is_some_and(|text| !text.is_empty())
        };
        let told = trials.iter().filter(has);
        let each: Option<Vec<f64>> = told.map(|trial| of_trial(trial, quantile)).collect();
        Some(median(each?)?.round())
    }

    /// The highest percentile that both runs have and that is ours in none, and what it is in both.
    fn apart(&self, point: &Point, path: Path) -> Option<(f64, f64, f64)> {
        let at = At::Point(point.clone());
        let ours = |statistic: &str| {
            let figure = format!("latency_ns.turnaround.{statistic}");
            [&self.base, &self.new].iter().any(|record| record.ours(&at, path.name(), &figure))
        };
        TOLD.iter().filter(|(_, statistic)| !ours(statistic)).find_map(|(quantile, _)| {
            let base = self.quantile(Side::Base, point, path, *quantile)?;
            Some((*quantile, base, self.quantile(Side::New, point, path, *quantile)?))
        })
    }

    fn of_point(&self, point: &Point, path: Path, what: &What) -> Option<f64> {
        match what {
            What::Pair { figure, part: PairPart::Ratio(part) } => {
                let is = |row: &&Row| row.point == *point && row.path == path && row.figure == figure;
                let ratio = self.rows.iter().find(is)?.ratio.as_ref()?;
                match part {
                    RatioPart::Middle => Some(ratio.middle),
                    RatioPart::Low => Some(ratio.ends?.0),
                    RatioPart::High => Some(ratio.ends?.1),
                }
            }
            What::Apart => self.apart(point, path).map(|(_, base, new)| (new / base).max(base / new)),
            What::ApartAt => self.apart(point, path).map(|(quantile, ..)| 100.0 * quantile),
            What::QuantileRatio(quantile) => {
                let base = self.quantile(Side::Base, point, path, *quantile)?;
                Some(self.quantile(Side::New, point, path, *quantile)? / base)
            }
            _ => None,
        }
    }
}

impl Source for TwoRuns {
    fn value(&self, at: &At, path: Option<Path>, what: &What) -> Option<f64> {
        let count = match (at, path, what) {
            (At::Of(side, point), Some(path), What::Quantile(quantile)) => {
                return self.quantile(*side, point, path, *quantile);
            }
            (At::Between(point), Some(path), what) => return self.of_point(point, path, what),
            (At::Between(point), None, What::Ratios { verdict, named }) => {
                let here = self.rows.iter().filter(|row| row.point == *point && row.ratio.is_some());
                here.filter(|row| verdict.is_none_or(|verdict| verdict == row.verdict))
                    .count()
                    .checked_sub(*named)?
            }
            (At::Run, None, What::PairTolerance) => return Some(self.tolerance_percent),
            (At::Run, None, What::PairBound) => return self.bound(),
            (At::Run, None, What::Compared(verdict)) => {
                self.rows.iter().filter(|row| verdict.is_none_or(|verdict| verdict == row.verdict)).count()
            }
            (At::Run, None, What::BeyondByChance) => self.beyond().len(),
            (At::Run, None, What::BeyondRepetitions) => {
                self.beyond().into_iter().map(|row| row.repetitions).min()?
            }
            _ => return None,
        };
        Some(count as f64)
    }

    fn knows(&self, name: &str) -> bool {
        self.base.knows(name) && self.new.knows(name)
    }

    fn broken(&self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::Compared(said) => {
                let own = self.verdict();
                (own != *said).then(|| format!("the verdict is {own:?}"))
            }
            Fact::Judged { at: At::Between(point), path, figure, verdict } => {
                let is = |row: &&Row| row.point == *point && row.path == *path && row.figure == figure;
                let own = self.rows.iter().find(is).map(|row| row.verdict);
                (own != Some(*verdict)).then(|| format!("its verdict is {own:?}"))
            }
            Fact::Most { at, path, what } => {
                let Some(own) = self.value(at, Some(*path), what) else {
                    return Some(format!("{path} has none of it"));
                };
                let others =
                    Path::all().filter_map(|other| Some((other, self.value(at, Some(other), what)?)));
                let over = others.into_iter().find(|(_, value)| *value > own && !is_same(own, *value));
                over.map(|(other, value)| format!("{path} has {own}, {other} {value}"))
            }
            Fact::Nowhere { at, what } => {
                let found = Path::all().find(|path| self.value(at, Some(*path), what).is_some());
                found.map(|path| format!("{path} has it"))
            }
            other => Some(format!("two runs don't tell {other:?}")),
        }
    }
}

fn of_point(base: &Record, new: &Record, point: &Point) -> Vec<Row> {
    let at = At::Point(point.clone());
    let mut rows = Vec::new();
    for path in base.paths(&at) {
        let sides = [base, new].map(|record| record.counted(&at, path.name()));
        let repetitions = sides.iter().map(Vec::len).min().unwrap_or(0);
        if repetitions == 0 {
            continue;
        }
        let blank = |figure| Row {
            point: point.clone(),
            path,
            figure,
            repetitions,
            ratio: None,
            p: None,
            verdict: FigureVerdict::Inconclusive,
        };
        for figure in FIGURES {
            let values = [base, new].map(|record| record.each(&at, path.name(), figure));
            if values.iter().all(Option::is_none) {
                continue;
            }
            let ours = [base, new].iter().any(|record| record.ours(&at, path.name(), figure));
            let [Some(of_base), Some(of_new)] = values else {
                rows.push(blank(figure));
                continue;
            };
            let held = if ours { None } else { ratio(&of_base, &of_new) };
            let (ratio, p) = held.map_or((None, None), |(ratio, p)| (Some(ratio), p));
            rows.push(Row { ratio, p, ..blank(figure) });
        }
        let shares = sides.map(|trials| {
            let share = |trial: &&Value| {
                number(trial, "ledger.lost").unwrap() / number(trial, "ledger.attempted").unwrap().max(1.0)
            };
            trials.iter().map(share).collect::<Vec<f64>>()
        });
        let (p, verdict) = losses(&shares[0], &shares[1]);
        rows.push(Row { p, verdict, ..blank("ledger.lost") });
    }
    rows
}

/// New by base, of the geometric means, with Welch's interval and the chance of as much by chance.
fn ratio(base: &[f64], new: &[f64]) -> Option<(Ratio, Option<f64>)> {
    if base.iter().chain(new).any(|value| !(*value > 0.0 && value.is_finite())) {
        return None;
    }
    // Count, mean and squared error of the mean of the logarithms.
    let [of_base, of_new] = [base, new].map(|values| {
        let count = values.len() as f64;
        let mean = values.iter().map(|value| value.ln()).sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value.ln() - mean) * (value.ln() - mean)).sum();
        (count, mean, (squares / (count - 1.0)).max(2.5e-7) / count)
    });
    let apart = of_new.1 - of_base.1;
    if base.len() < 3 || new.len() < 3 {
        return Some((Ratio { middle: apart.exp(), ends: None }, None));
    }
    let error = (of_base.2 + of_new.2).sqrt();
    let freedom =
        error.powi(4) / (of_base.2.powi(2) / (of_base.0 - 1.0) + of_new.2.powi(2) / (of_new.0 - 1.0));
    let half = error * student::bound(freedom);
    let ends = Some(((apart - half).exp(), (apart + half).exp()));
    Some((Ratio { middle: apart.exp(), ends }, Some(student::two_sided(apart / error, freedom))))
}

/// Counted losses: one where there was none is worse; where both lost, ranks tell.
fn losses(base: &[f64], new: &[f64]) -> (Option<f64>, FigureVerdict) {
    let lost = |shares: &[f64]| shares.iter().any(|share| *share > 0.0);
    match (lost(base), lost(new)) {
        (false, false) => (None, FigureVerdict::NoRegression),
        (true, false) => (None, FigureVerdict::Improvement),
        (false, true) => (None, FigureVerdict::Regression),
        (true, true) if base.len() < 3 || new.len() < 3 => (None, FigureVerdict::Inconclusive),
        (true, true) => {
            let higher = median(new.to_vec()) > median(base.to_vec());
            let verdict = if higher { FigureVerdict::Regression } else { FigureVerdict::Improvement };
            (Some(by_ranks(base, new)), verdict)
        }
    }
}

/// Chance of as much in the order of two samples, by trying every way to part them.
fn by_ranks(base: &[f64], new: &[f64]) -> f64 {
    let all: Vec<f64> = base.iter().chain(new).copied().collect();
    // How many pairs of new and base the new wins; ties count half.
    let wins = |is_new: &dyn Fn(usize) -> bool| -> f64 {
        let places = || 0..all.len();
        let pairs = places()
            .filter(|n| is_new(*n))
            .flat_map(|n| places().filter(|b| !is_new(*b)).map(move |b| (n, b)));
        pairs
            .map(|(n, b)| {
                if all[n] > all[b] {
                    1.0
                } else if all[n] == all[b] {
                    0.5
                } else {
                    0.0
                }
            })
            .sum()
    };
    let observed = wins(&|place| place >= base.len());
    let ways = (0_u32..1 << all.len()).filter(|way| way.count_ones() as usize == new.len());
    let of_ways: Vec<f64> = ways.map(|way| wins(&|place| way >> place & 1 == 1)).collect();
    let share = |counts: &dyn Fn(f64) -> bool| {
        of_ways.iter().filter(|wins| counts(**wins)).count() as f64 / of_ways.len() as f64
    };
    (2.0 * share(&|wins| wins <= observed).min(share(&|wins| wins >= observed))).min(1.0)
}

/// Holm's correction: a chance is as large as the largest of those up to it, each times how many are not smaller.
fn adjust(rows: &mut [Row]) {
    let raw: Vec<f64> = rows.iter().filter_map(|row| row.p).collect();
    let adjusted = |p: f64| {
        let up_to = raw.iter().filter(|other| **other <= p);
        let times = up_to.map(|other| other * raw.iter().filter(|more| *more >= other).count() as f64);
        times.fold(0.0, f64::max).min(1.0)
    };
    rows.iter_mut().for_each(|row| row.p = row.p.map(adjusted));
}

fn judge(row: &mut Row, tolerance: f64) {
    let shown = row.p.is_some_and(|p| p <= 0.05);
    let Some(ratio) = &row.ratio else {
        // A count: what it came to stands, unless chance explains it. A figure without a ratio says nothing.
        if row.p.is_some() && !shown {
            row.verdict = FigureVerdict::Inconclusive;
        }
        return;
    };
    let Some((low, high)) = ratio.ends else { return };
    // By how much it is worse, at least and at most.
    let (least, most) =
        if row.figure.starts_with("rates.") { (1.0 - high, 1.0 - low) } else { (low - 1.0, high - 1.0) };
    row.verdict = if least > tolerance && shown {
        FigureVerdict::Regression
    } else if most < -tolerance && shown {
        FigureVerdict::Improvement
    } else if most <= tolerance {
        FigureVerdict::NoRegression
    } else {
        FigureVerdict::Inconclusive
    };
}

/// The percentile over all requests of a trial, with at least ten above it.
fn of_trial(trial: &Value, quantile: f64) -> Option<f64> {
    let summary = &trial["latency_ns"]["turnaround"];
    let bytes = BASE64_STANDARD.decode(summary["histogram"].as_str()?).ok()?;
    let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).ok()?;
    let total = histogram.len() + summary["unanswered"].as_u64().unwrap_or(0);
    if (1.0 - quantile) * (total as f64) < 10.0 - 1e-6 {
        return None;
    }
    let rank = (quantile * total as f64 - 1e-6).ceil().max(1.0) as u64;
    let mut passed = 0;
    histogram.iter_recorded().find_map(|step| {
        passed += step.count_at_value();
        (passed >= rank).then(|| histogram.highest_equivalent(step.value_iterated_to()) as f64)
    })
}
