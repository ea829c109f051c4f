//! How far the workers were behind over time, in seconds.

use super::axis::Axis;
use super::figure::{Detail, Figure, Layout, Panel};
use super::plot::Size;
use super::time::{self, TimeChart, Timeline};
use crate::ReportError;
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use weighbridge_record::format;

/// Workers that were never farther behind than this kept up, and there is nothing to see.
const KEPT_UP_S: f64 = 0.1;

pub fn draw(group: &Group<'_>, detail: Detail) -> Result<Option<Figure>, ReportError> {
    let farthest = group.entries.iter().filter_map(|entry| Some((entry.path, farthest_s(entry)?)));
    let Some((path, seconds)) = farthest.max_by(|a, b| a.1.total_cmp(&b.1)) else { return Ok(None) };
    let Some(timeline) = Timeline::of(group, detail).filter(|_| seconds > KEPT_UP_S) else { return Ok(None) };
    let series =
        time::overlay(&timeline, group, |rows| rows.iter().filter_map(|row| row.behind_s).reduce(f64::max));
    let y = Axis::from_zero("seconds behind", time::highest(&series), format::number);
    let chart = TimeChart { size: Size::Wide, y, print: format::seconds, series: &series, cells: Vec::new() };
    let drawing = timeline.draw(chart)?;
    let takeaway = Claim::words("In the measured window workers were farthest behind with ")
        .figure(format::seconds(seconds), seconds, of(&group.at, path, What::Behind))
        .say(format!(" ({path})."))
        .resting_on(Fact::Most { at: group.at.clone(), path, what: What::Behind });
    Ok(Some(Figure {
        id: "",
        title: "Seconds behind",
        takeaway,
        note: format!(
            "How old the next request to be completed was at the end of every interval, as if all were completed in \
             the order in which they were sent. {}",
            time::note(group)
        ),
        paths: group.entries.iter().map(|entry| entry.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels: vec![Panel { title: "seconds behind".to_owned(), drawing }],
        tables: Vec::new(),
    }))
}

/// Of all intervals of the window, over the repetitions that count.
fn farthest_s(entry: &Entry<'_>) -> Option<f64> {
    entry.in_window().filter_map(|(_, row)| row.behind_s).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::RunResult;

    fn drawn(result: &RunResult) -> Option<String> {
        let figure = draw(&groups(result)[0], Detail { intervals_max: 120 }).unwrap();
        figure.map(|figure| figure.takeaway.text)
    }

    #[test]
    fn a_standstill_is_drawn_and_a_run_that_kept_up_is_not() {
        let mut result = Fixture { seconds: 10, ..Fixture::default() }.build();
        let told = drawn(&result).unwrap();
        assert_eq!(
            told,
            "In the measured window workers were farthest behind with 0.750\u{a0}s (redis-streams)."
        );
        let rows = result.trials.iter_mut().flat_map(|trial| &mut trial.series);
        rows.for_each(|row| row.behind_s = row.behind_s.map(|seconds| seconds.min(KEPT_UP_S)));
        assert_eq!(drawn(&result), None);
    }
}
