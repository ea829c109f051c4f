//! A percentile curve in text, for terminals: letters over a grid that fits 80 columns.
//!
//! The curves of the page over the same axes: a nine takes the same width, latency is on a log scale.

use super::ReportError;
use super::capacity;
use super::charts::axis::Axis;
use super::charts::percentile_lines::{Curve, latency_span, reach};
use super::groups::Group;
use super::sweeps;
use weighbridge_record::result::RunResult;
use weighbridge_record::terms::{Path, Stage, TransportKind};

const COLUMNS: usize = 64;
const ROWS: usize = 14;
/// Room for the latencies at the left.
const MARGIN: usize = 9;

/// Names of transports in one line of the legend.
const NAMES_A_LINE: usize = 3;

/// Where curves of several transports meet.
const MEETING: char = '*';

/// The curves of the run; of a sweep, those of the point that its report shows unfolded. Empty where there
/// are too few samples to draw.
pub fn percentiles(result: &RunResult) -> Result<String, ReportError> {
    let groups = capacity::shown(result);
    let Some(group) = groups.get(sweeps::representative(&groups)) else { return Ok(String::new()) };
    let mut curves = Vec::new();
    for entry in &group.entries {
        let curve = Curve::of(entry, Stage::ANSWER, entry.path.name(), false)?;
        curves.extend(curve.filter(|curve| curve.top() > 0.0));
    }
    if curves.is_empty() {
        return Ok(String::new());
    }
    Ok(draw(group, &curves))
}

fn draw(group: &Group<'_>, curves: &[Curve]) -> String {
    let reach = reach(curves);
    let (low, high) = latency_span(curves);
    let (x, y) = (Axis::percentile(reach), Axis::latency_log("", low, high));
    let mut grid = [[' '; COLUMNS]; ROWS];
    for curve in curves {
        plot(&mut grid, curve, &y, reach);
    }
    let label = match group.label() {
        label if label.is_empty() => String::new(),
        label => format!(" at {label}"),
    };
    let mut text = format!("{} by percentile, log scale{label}\n", Stage::ANSWER.name());
    let names = row_names(&y);
    for (row, line) in grid.iter().enumerate() {
        let line: String = line.iter().collect();
        text.push_str(format!("{:>MARGIN$} |{line}", names[row]).trim_end());
        text.push('\n');
    }
    text.push_str(&format!("{:>MARGIN$} +{}\n", "", "-".repeat(COLUMNS)));
    text.push_str(&format!("{:>MARGIN$}  {}\n", "", column_names(&x)));
    for curves in curves.chunks(NAMES_A_LINE) {
        let names = curves.iter().map(|curve| format!("{} {}", letter(curve.path), curve.path));
        text.push_str(&format!("{:>MARGIN$}  {}\n", "", names.collect::<Vec<_>>().join("  ")));
    }
    text
}

fn plot(grid: &mut [[char; COLUMNS]; ROWS], curve: &Curve, y: &Axis, reach: f64) {
    let nines = -(1.0 - reach).log10();
    let letter = letter(curve.path);
    let quantile = |column: usize| 1.0 - 10f64.powf(-nines * column as f64 / (COLUMNS - 1) as f64);
    let quantile_max = curve.top() + 1e-9;
    let known = (0..COLUMNS).map(|column| (column, quantile(column))).take_while(|(_, q)| *q <= quantile_max);
    for (column, quantile) in known {
        let Some([_, median_ns, _]) = curve.drawn_at(quantile) else { continue };
        let cell = &mut grid[row(y, median_ns.max(1.0))][column];
        *cell = if *cell == ' ' { letter } else { MEETING };
    }
}

/// Rows run down.
fn row(y: &Axis, value: f64) -> usize {
    ((1.0 - y.place(value)) * (ROWS - 1) as f64).round() as usize
}

fn row_names(y: &Axis) -> [String; ROWS] {
    let mut names = std::array::from_fn(|_| String::new());
    for (value, label) in &y.ticks {
        names[row(y, *value)].clone_from(label);
    }
    names
}

fn column_names(x: &Axis) -> String {
    let mut line = [' '; COLUMNS + 6];
    let mut free_from = 0;
    for (value, label) in &x.ticks {
        let middle = (x.place(*value) * (COLUMNS - 1) as f64).round() as usize;
        let from = middle.saturating_sub(label.len() / 2);
        if from >= free_from {
            line[from..].iter_mut().zip(label.chars()).for_each(|(place, c)| *place = c);
            free_from = from + label.len() + 1;
        }
    }
    line.iter().collect::<String>().trim_end().to_owned()
}

/// One letter for each transport, as far apart as the names allow; a route has that of the leg it leads to.
fn letter(path: Path) -> char {
    match path.last() {
        TransportKind::RedisPubsub => 'p',
        TransportKind::RedisStreams => 's',
        TransportKind::NatsCore => 'c',
        TransportKind::NatsJetstream => 'j',
        TransportKind::NatsRequest => 'r',
        TransportKind::InProcess => 'i',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;

    #[test]
    fn a_slower_transport_lies_higher_and_all_fits_eighty_columns() {
        let plot = |transports: &[TransportKind]| {
            let transports = transports.to_vec();
            percentiles(&Fixture { transports, seconds: 5, ..Fixture::default() }.build()).unwrap()
        };
        let all = plot(&TransportKind::ALL);
        assert!(all.lines().all(|line| line.chars().count() <= 80), "{all}");
        assert!(all.contains(MEETING), "{all}");
        let text = plot(&[TransportKind::NatsCore, TransportKind::InProcess]);
        insta::assert_snapshot!(text.replace('\u{a0}', " "), @r"
        turnaround by percentile, log scale
                  |                                                       ccccccccc
                  |                                    ccccccccccccccccccc
             2 ms |                     ccccccccccccccc
                  |          ccccccccccc
             1 ms |    cccccc
                  | ccc
           500 µs |
                  |                                                       iiiiiiiii
           200 µs |c                            iiiiiiiiiiiiiiiiiiiiiiiiii
                  |             iiiiiiiiiiiiiiii
           100 µs |   iiiiiiiiii
                  | ii
            50 µs |
                  |i
                  +----------------------------------------------------------------
                   0    50             90                   99                  99.9
                   c nats-core  i in-process
        ");
    }

    #[test]
    fn without_samples_there_is_no_plot() {
        let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
        for trial in &mut result.trials {
            trial.latency_ns = Default::default();
        }
        assert_eq!(percentiles(&result).unwrap(), "");
    }

    #[test]
    fn every_transport_has_a_letter_of_its_own() {
        let mut letters = TransportKind::ALL.map(|transport| letter(transport.into())).to_vec();
        letters.dedup();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), TransportKind::ALL.len());
        assert!(!letters.contains(&MEETING));
    }
}
