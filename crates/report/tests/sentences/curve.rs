//! Load curves and sweeps, worked out from the trials of `result.json`.

use weighbridge_record::point::Point;
use weighbridge_report::claim::{At, What};

use crate::oracle::Record;

/// What a curve says of a path.
pub struct Curve {
    knee: Option<f64>,
    carried: Option<f64>,
    as_idle: Option<f64>,
}

impl Curve {
    pub fn get(&self, what: &What) -> Option<f64> {
        match what {
            What::Knee => self.knee,
            What::Carried => self.carried,
            What::AsIdle => self.as_idle,
            _ => None,
        }
    }
}

/// One rate: what was offered and completed there, and p99 where it counts.
struct Step {
    rate: f64,
    offered: f64,
    completed: f64,
    p99: Option<f64>,
}

impl Step {
    fn carried(&self) -> bool {
        self.completed >= 0.99 * self.offered
    }
}

fn without(point: &Point, key: &str) -> Point {
    let mut held = point.clone();
    held.remove(key);
    held
}

fn steps(record: &Record, held: &Point, path: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for point in record.points().into_iter().filter(|point| without(point, "load.rate") == *held) {
        let Some(rate) = point.get("load.rate").and_then(serde_json::Value::as_f64) else { continue };
        let at = At::Point(point);
        let figure = |name: &str| record.vouched(&at, path, name);
        let (Some(offered), Some(completed)) =
            (figure("rates.offered_per_s"), figure("rates.completed_per_s"))
        else {
            continue;
        };
        let valid = record.counted(&at, path).iter().any(|trial| trial["valid"] == true);
        let p99 = figure("latency_ns.turnaround.p99").filter(|_| valid);
        steps.push(Step { rate, offered, completed, p99 });
    }
    steps.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    steps
}

pub fn of(record: &Record, at: &At, path: &str) -> Curve {
    let none = Curve { knee: None, carried: None, as_idle: None };
    let At::Point(held) = at else { return none };
    let steps = steps(record, held, path);
    let as_idle = as_idle(&steps);
    let counted: Vec<(&Step, f64)> = steps.iter().filter_map(|step| Some((step, step.p99?))).collect();
    let Some((last, last_p99)) = counted.last().filter(|_| counted.len() >= 4) else {
        return Curve { as_idle, ..none };
    };
    let power = |step: &Step, p99: f64| step.completed / p99;
    let carried: Vec<&(&Step, f64)> = counted.iter().filter(|(step, _)| step.carried()).collect();
    let highest = carried.iter().map(|(step, p99)| power(step, *p99)).fold(0.0, f64::max);
    let falls = !last.carried() || power(last, *last_p99) * 2.0 <= highest;
    // Of equals the last.
    let best =
        carried.iter().rev().find(|(step, p99)| power(step, *p99) == highest).map(|(step, _)| step.rate);
    let end = carried.last().map(|(step, _)| step.rate);
    Curve { knee: best.filter(|_| falls), carried: end.filter(|_| !falls), as_idle }
}

fn as_idle(steps: &[Step]) -> Option<f64> {
    let idle = steps.first().filter(|step| step.carried())?.p99?;
    steps.get(1)?.p99?;
    let mut reached = None;
    for step in steps {
        match step.p99 {
            Some(p99) if step.carried() && p99 < 2.0 * idle => reached = Some(step.rate),
            _ => break,
        }
    }
    reached
}

/// The highest median over the valid points that differ in one key alone, by the lowest.
pub fn change(record: &Record, at: &At, path: &str, figure: &str) -> Option<f64> {
    let At::Point(held) = at else { return None };
    let here = record.points().into_iter().filter(|point| {
        point.len() == held.len() + 1 && held.iter().all(|(key, value)| point.get(key) == Some(value))
    });
    let values = here.filter_map(|point| {
        let at = At::Point(point);
        let valid = record.counted(&at, path).iter().any(|trial| trial["valid"] == true);
        record.vouched(&at, path, figure).filter(|_| valid)
    });
    let values: Vec<f64> = values.collect();
    let low = values.iter().copied().reduce(f64::min)?;
    (values.len() > 1).then_some(values.into_iter().reduce(f64::max)? / low)
}
