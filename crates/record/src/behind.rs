//! How far the workers are behind, in seconds.

use crate::result::SeriesRow;

/// How old the next request to be completed is at the end of each interval, in seconds, as if all were completed in the
/// order in which they were sent: the horizontal distance between the two counts, requests sent and requests completed,
/// drawn over time (the virtual delay of network calculus; Le Boudec and Thiran, 2001, definition 1.1.1). Within an
/// interval both are taken to rise evenly. What workers hold without having answered counts as not
/// done. Requests that were refused or lost count as never sent.
pub fn seconds_behind(rows: &[SeriesRow]) -> Vec<f64> {
    // What was sent by each boundary: its time, and the count.
    let mut sent = vec![(rows.first().map_or(0.0, |row| row.t_s), 0.0)];
    let (mut so_far, mut completed) = (0.0, 0.0);
    let mut behind = Vec::with_capacity(rows.len());
    for row in rows {
        let end_s = row.t_s + row.duration_s;
        so_far += row.sent.saturating_sub(row.rejected + row.lost) as f64;
        sent.push((end_s, so_far));
        completed += row.completed as f64;
        behind.push(end_s - reached(&sent, completed).unwrap_or(end_s).min(end_s));
    }
    behind
}

/// Writes it into the rows, to the microsecond; not where nothing was delivered, as there are no workers then.
pub fn fill(rows: &mut [SeriesRow]) {
    if rows.iter().all(|row| row.delivered == Some(0)) {
        return;
    }
    let behind = seconds_behind(rows);
    for (row, seconds) in rows.iter_mut().zip(behind) {
        row.behind_s = Some((seconds * 1e6).round() / 1e6);
    }
}

/// When a count that only rises reached `level`; none if it never did.
fn reached(counts: &[(f64, f64)], level: f64) -> Option<f64> {
    let after = counts.partition_point(|(_, count)| *count <= level);
    let (from_s, below) = counts[after.checked_sub(1)?];
    let (to_s, above) = *counts.get(after)?;
    Some(from_s + (to_s - from_s) * (level - below) / (above - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(counts: &[(u64, u64)]) -> Vec<SeriesRow> {
        let row = |(second, (sent, completed)): (usize, &(u64, u64))| SeriesRow {
            t_s: second as f64 - 1.0,
            duration_s: 1.0,
            sent: *sent,
            delivered: Some(*completed),
            completed: *completed,
            ..SeriesRow::default()
        };
        counts.iter().enumerate().map(row).collect()
    }

    #[test]
    fn workers_that_keep_up_are_not_behind() {
        assert_eq!(seconds_behind(&rows(&[(100, 100), (0, 0), (50, 50)])), [0.0, 0.0, 0.0]);
        assert_eq!(seconds_behind(&[]), [] as [f64; 0]);
    }

    #[test]
    fn a_standstill_of_workers_is_told_in_its_seconds() {
        // Nothing is completed in the second and the third second, then all that waits in two more.
        let behind = seconds_behind(&rows(&[(100, 100), (100, 0), (100, 0), (100, 200), (0, 100)]));
        assert_eq!(behind, [0.0, 1.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn a_few_requests_in_hand_are_a_fraction_of_an_interval() {
        assert_eq!(seconds_behind(&rows(&[(1000, 990)])), [0.010000000000000009]);
    }

    #[test]
    fn a_silence_of_the_publisher_makes_nobody_late() {
        // The one that waits was sent at the end of the first second.
        let behind = seconds_behind(&rows(&[(100, 99), (0, 0), (0, 0)]));
        assert!((behind[2] - 2.01).abs() < 1e-9, "{behind:?}");
        assert_eq!(seconds_behind(&rows(&[(100, 100), (0, 0), (0, 0)])), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn where_nobody_takes_requests_nobody_is_behind() {
        let mut alone = rows(&[(100, 0), (100, 0)]);
        fill(&mut alone);
        assert_eq!(alone[1].behind_s, None);
        let mut late = rows(&[(100, 100), (100, 0)]);
        fill(&mut late);
        assert_eq!(late[1].behind_s, Some(1.0));
        // Others don't tell what they take.
        late.iter_mut().for_each(|row| row.delivered = None);
        fill(&mut late);
        assert_eq!(late[1].behind_s, Some(1.0));
    }

    #[test]
    fn what_was_lost_is_not_waited_for() {
        let mut lost = rows(&[(100, 60), (100, 100)]);
        lost[0].lost = 40;
        assert_eq!(seconds_behind(&lost), [0.0, 0.0]);
    }
}
