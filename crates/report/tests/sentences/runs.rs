//! The runs of a folder, and how a figure moved from one to the next, by other code than the list's.

use serde_json::Value;
use weighbridge_record::point::Point;
use weighbridge_record::terms::Path;
use weighbridge_report::claim::{At, Fact, MovedPart, What};

use crate::check::{Source, is_same};
use crate::one_record::is_named;
use crate::oracle::Record;

/// Newest runs on a line.
const DRAWN_MAX: usize = 60;

/// Keys of a scenario that change no load.
const WORDS: [&str; 5] = ["name", "question", "reading", "repeat", "transports"];

/// A folder of runs, those included that can't be read.
pub struct Runs {
    records: Vec<Option<Record>>,
    /// Runs of one load on one kind of machine, oldest first, by their places among the records.
    lines: Vec<Vec<usize>>,
}

fn text(record: &Record, pointer: &str) -> String {
    record.json.pointer(pointer).map_or_else(String::new, Value::to_string)
}

/// The scenario, its load and the machine; alike where they are the same letter by letter.
fn load(record: &Record) -> Vec<String> {
    let source = record.json["scenario"]["source"].as_str().unwrap();
    let key = |line: &str| line.split('=').next().unwrap_or(line).trim().to_owned();
    let lines = source.lines().map(|line| line.replace(' ', ""));
    let mut load: Vec<String> =
        lines.filter(|line| !line.is_empty() && !WORDS.contains(&key(line).as_str())).collect();
    load.sort();
    let machine = ["cpu_model", "cores", "build_profile"].map(|key| format!("/environment/{key}"));
    load.extend(machine.iter().map(|pointer| text(record, pointer)));
    load.push(text(record, "/scenario/name"));
    load
}

impl Runs {
    pub fn of(records: Vec<Option<Value>>) -> Self {
        let records: Vec<Option<Record>> =
            records.into_iter().map(|json| Some(Record { json: json? })).collect();
        let lines = lines(&records);
        Self { records, lines }
    }

    fn readable(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().flatten()
    }

    /// The line whose newest run has this id.
    fn line(&self, newest: &str) -> Option<Vec<&Record>> {
        let records =
            |line: &Vec<usize>| line.iter().filter_map(|place| self.records[*place].as_ref()).collect();
        let mut lines = self.lines.iter().map(records);
        lines.find(|line: &Vec<&Record>| line.last().is_some_and(|run| run.json["run_id"] == newest))
    }

    fn drawn(&self, newest: &str) -> Vec<&Record> {
        let line = self.line(newest).unwrap_or_default();
        line[line.len().saturating_sub(DRAWN_MAX)..].to_vec()
    }

    /// The figure of every valid run of a line, oldest first.
    fn readings(&self, newest: &str, point: &Point, path: Path, figure: &str) -> Option<Vec<f64>> {
        let reading = |record: &Record| {
            let at = At::Point(point.clone());
            let counted = record.counted(&at, path.name());
            let valid = counted.iter().all(|trial| trial["valid"] == true);
            record.vouched(&at, path.name(), figure).filter(|_| valid && record.json["verdict"] != "invalid")
        };
        let readings: Vec<f64> = self.drawn(newest).into_iter().filter_map(reading).collect();
        (readings.len() > 1).then_some(readings)
    }

    /// Every place of a line at which a figure moved, and by how much.
    fn moved(&self, newest: &str, what: &What) -> Vec<(Point, Path, f64)> {
        let mut places: Vec<(&Value, &Value)> = Vec::new();
        for trial in self.drawn(newest).into_iter().flat_map(Record::trials) {
            let place = (&trial["point"], &trial["path"]);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let moved = places.into_iter().filter_map(|(point, path)| {
            let point: Point = serde_json::from_value(point.clone()).ok()?;
            let path: Path = serde_json::from_value(path.clone()).ok()?;
            let at = At::Line { newest: newest.to_owned(), point: point.clone() };
            Some((point, path, self.value(&at, Some(path), what)?))
        });
        moved.collect()
    }

    fn runs(&self, verdict: Option<&str>) -> usize {
        match verdict {
            None => self.records.len(),
            Some("unreadable") => self.records.iter().filter(|record| record.is_none()).count(),
            Some(verdict) => self.readable().filter(|record| record.json["verdict"] == verdict).count(),
        }
    }

    fn scenarios(&self) -> usize {
        let mut names: Vec<String> = self.readable().map(|record| text(record, "/scenario/name")).collect();
        names.sort();
        names.dedup();
        names.len()
    }

    /// Runs whose scenario has others, and none of its load.
    fn alone(&self) -> usize {
        let name =
            |line: &[usize]| self.records[line[0]].as_ref().map(|record| text(record, "/scenario/name"));
        let alone = self.lines.iter().filter(|line| {
            line.len() == 1 && self.lines.iter().filter(|other| name(other) == name(line)).count() > 1
        });
        alone.count()
    }
}

fn lines(records: &[Option<Record>]) -> Vec<Vec<usize>> {
    let known = records.iter().enumerate().filter_map(|(place, record)| Some((place, record.as_ref()?)));
    let mut runs: Vec<(usize, &Record)> = known.filter(|(_, record)| record.searches().is_empty()).collect();
    runs.sort_by_key(|(_, record)| text(record, "/environment/started_at"));
    runs.dedup_by_key(|(_, record)| text(record, "/run_id"));
    let mut lines: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
    for (place, run) in runs {
        let load = load(run);
        match lines.iter_mut().find(|line| line.0 == load) {
            Some(line) => line.1.push(place),
            None => lines.push((load, vec![place])),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

impl Source for Runs {
    fn value(&self, at: &At, path: Option<Path>, what: &What) -> Option<f64> {
        let count = match (at, path, what) {
            (At::Line { newest, point }, Some(path), What::Moved { figure, part }) => {
                let readings = self.readings(newest, point, path, figure)?;
                let low = readings.iter().copied().fold(f64::INFINITY, f64::min);
                let high = readings.iter().copied().fold(0.0, f64::max);
                return match part {
                    MovedPart::Lowest => Some(low),
                    MovedPart::Highest => Some(high),
                    MovedPart::Newest => readings.last().copied(),
                    MovedPart::Ratio => Some(high / low),
                    MovedPart::Runs => Some(readings.len() as f64),
                };
            }
            (At::Line { newest, .. }, None, What::RunsOfLine { drawn }) => {
                if *drawn {
                    self.drawn(newest).len()
                } else {
                    self.line(newest)?.len()
                }
            }
            (At::Run, None, What::Runs(verdict)) => self.runs(*verdict),
            (At::Run, None, What::Scenarios) => self.scenarios(),
            (At::Run, None, What::RunsAlone) => self.alone(),
            (At::Run, None, What::Lines { drawn }) => {
                self.lines.iter().filter(|line| line.len() > 1).count().checked_sub(*drawn)?
            }
            _ => return None,
        };
        Some(count as f64)
    }

    fn knows(&self, name: &str) -> bool {
        let scenario = |record: &Record| record.json["scenario"]["name"] == name;
        self.readable()
            .any(|record| scenario(record) || record.points().iter().any(|point| is_named(point, name)))
    }

    fn broken(&self, fact: &Fact) -> Option<String> {
        let (at, what) = match fact {
            Fact::Most { at, what, .. } | Fact::Least { at, what, .. } | Fact::Nowhere { at, what } => {
                (at, what)
            }
            other => return Some(format!("a folder doesn't tell {other:?}")),
        };
        let At::Line { newest, point } = at else { return Some("it is of no line".to_owned()) };
        let moved = self.moved(newest, what);
        let own = |path: &Path| moved.iter().find(|known| known.0 == *point && known.1 == *path);
        let beaten = |path: &Path, beats: fn(f64, f64) -> bool| {
            let Some((.., own)) = own(path) else { return Some(format!("{path} has none of it")) };
            let over = moved.iter().find(|(.., other)| beats(*other, *own) && !is_same(*own, *other));
            over.map(|(point, other, value)| format!("{path} has {own}, {} {value}", point.place(other)))
        };
        match fact {
            Fact::Most { path, .. } => beaten(path, |other, own| other > own),
            Fact::Least { path, .. } => beaten(path, |other, own| other < own),
            _ => moved.first().map(|(point, path, _)| format!("{} has it", point.place(path))),
        }
    }
}
