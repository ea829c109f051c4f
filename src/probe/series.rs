//! Figures over time, column by column. A figure that could not be had is a hole, never a zero.

use std::collections::BTreeMap;

/// Names of columns. Counters only ever rise; whoever fills them sees to that when a process starts again.
pub mod column {
    /// Counter.
    pub const CPU_SECONDS: &str = "cpu_seconds";
    /// Cores that the busiest generator thread kept busy since the look before.
    pub const GENERATOR_THREAD_CORES: &str = "generator_thread_cores";
    /// The same of the busiest worker thread.
    pub const WORKER_THREAD_CORES: &str = "worker_thread_cores";
    /// Resident now.
    pub const RSS_BYTES: &str = "rss_bytes";
    /// Counter.
    pub const DISK_WRITE_BYTES: &str = "disk_write_bytes";
    /// Counter, as the server counts.
    pub const NET_IN_BYTES: &str = "net_in_bytes";
    /// Counter, as the server counts.
    pub const NET_OUT_BYTES: &str = "net_out_bytes";
    /// How long a server took to answer all that it was asked at a look.
    pub const ANSWER_SECONDS: &str = "answer_seconds";
    /// Counter: questions that a server did not answer in time.
    pub const UNANSWERED: &str = "unanswered";
    /// Memory that the server says it uses.
    pub const MEMORY_BYTES: &str = "memory_bytes";
    /// Cores that the server says it keeps busy.
    pub const CPU_CORES: &str = "cpu_cores";
    /// Clients connected now.
    pub const CONNECTIONS: &str = "connections";
    /// Messages that it holds in the streams of the trial.
    pub const STORED_MESSAGES: &str = "stored_messages";
    /// Of these, messages that were not yet delivered to the groups or consumers that read them.
    pub const UNDELIVERED_MESSAGES: &str = "undelivered_messages";
    /// Messages that were delivered and not yet acknowledged.
    pub const UNACKNOWLEDGED_MESSAGES: &str = "unacknowledged_messages";
    /// What waits in the server for its clients to read it.
    pub const BUFFERED_BYTES: &str = "buffered_bytes";
    /// Counter: clients that it cut off because they read too slowly.
    pub const SLOW_CONSUMERS: &str = "slow_consumers";
    /// Counter: writes that waited for a sync to the disk.
    pub const SYNCS_DELAYED: &str = "syncs_delayed";
    /// Counter: times that it forked.
    pub const FORKS: &str = "forks";
    /// The longest event that held it up since the look before, by its own latency monitor.
    pub const STALL_SECONDS: &str = "stall_seconds";
    /// 1 if it says that it is well, else 0.
    pub const HEALTHY: &str = "healthy";
    /// Counter: time that it spent answering us, where it tells.
    pub const ASKED_SECONDS: &str = "asked_seconds";

    /// Counters of a server that start again with its process.
    pub const OF_A_LIFE: [&str; 7] =
        [CPU_SECONDS, NET_IN_BYTES, NET_OUT_BYTES, SLOW_CONSUMERS, SYNCS_DELAYED, FORKS, ASKED_SECONDS];
    /// Counter over all cores of the machine.
    pub const MACHINE_BUSY_SECONDS: &str = "machine_busy_seconds";
    /// Counter: time that the hypervisor gave to others.
    pub const MACHINE_STEAL_SECONDS: &str = "machine_steal_seconds";
    /// Counter: idle time included.
    pub const MACHINE_SECONDS: &str = "machine_seconds";
    /// Counter: pages swapped in and out.
    pub const SWAPPED_PAGES: &str = "swapped_pages";
    /// Counter: time in which something waited for a core.
    pub const CPU_PRESSURE_SECONDS: &str = "cpu_pressure_seconds";
    /// Counter: time in which something waited for a disk.
    pub const IO_PRESSURE_SECONDS: &str = "io_pressure_seconds";
    /// Counter: time in which something waited for memory.
    pub const MEMORY_PRESSURE_SECONDS: &str = "memory_pressure_seconds";
    /// By how much the wall clock runs ahead of the monotonic one.
    pub const WALL_AHEAD_NS: &str = "wall_ahead_ns";

    /// The counters among them, for those who must tell them from figures that rise and fall.
    pub const COUNTERS: &[&str] = &[
        CPU_SECONDS,
        DISK_WRITE_BYTES,
        NET_IN_BYTES,
        NET_OUT_BYTES,
        UNANSWERED,
        SLOW_CONSUMERS,
        SYNCS_DELAYED,
        FORKS,
        ASKED_SECONDS,
        MACHINE_BUSY_SECONDS,
        MACHINE_STEAL_SECONDS,
        MACHINE_SECONDS,
        SWAPPED_PAGES,
        CPU_PRESSURE_SECONDS,
        IO_PRESSURE_SECONDS,
        MEMORY_PRESSURE_SECONDS,
    ];
}

/// Shortest stretch that a worst share is taken over, a little less than the second that looks are apart.
const STRETCH_NS: u64 = 950_000_000;

/// A look and its figure.
type Known = (usize, f64);

/// What one look gave: columns by name.
pub type Row = Vec<(&'static str, f64)>;

/// Looks in the order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    at_ns: Vec<u64>,
    columns: BTreeMap<&'static str, Vec<Option<f64>>>,
}

impl Series {
    /// Adds a look; columns that it does not name get a hole.
    pub fn push(&mut self, at_ns: u64, row: Row) {
        let before = self.at_ns.len();
        self.at_ns.push(at_ns);
        for (name, value) in row {
            let values = self.columns.entry(name).or_default();
            values.resize(before, None);
            values.push(Some(value));
        }
    }

    /// When each look was taken, on the monotonic clock.
    pub fn at_ns(&self) -> &[u64] {
        &self.at_ns
    }

    /// A figure of one look.
    pub fn value(&self, name: &str, look: usize) -> Option<f64> {
        *self.columns.get(name)?.get(look)?
    }

    /// How fast a counter rose up to a look since it was last read, over holes if need be.
    pub fn per_s(&self, name: &str, look: usize) -> Option<f64> {
        let value = self.value(name, look)?;
        let (before, earlier) = self.known(name).take_while(|(index, _)| *index < look).last()?;
        let seconds = self.at_ns[look].saturating_sub(self.at_ns[before]) as f64 / 1e9;
        (seconds > 0.0).then(|| (value - earlier).max(0.0) / seconds)
    }

    /// By how much a counter rose from the first look that had it up to this one.
    pub fn risen(&self, name: &str, look: usize) -> Option<f64> {
        let (_, first) = self.known(name).next()?;
        Some(self.value(name, look)? - first)
    }

    /// By how much a figure changed from the first look that had it to the last; none if only one had it.
    pub fn change(&self, name: &str) -> Option<f64> {
        let mut known = self.known(name);
        let ((_, first), (_, last)) = (known.next()?, known.last()?);
        Some(last - first)
    }

    /// How far a figure got from where the first look had it, down if negative; none if only one had it.
    pub fn departure(&self, name: &str) -> Option<f64> {
        let mut known = self.known(name).map(|(_, value)| value);
        let first = known.next()?;
        let farther = |far: f64, value: f64| if value.abs() > far.abs() { value } else { far };
        known.map(|value| value - first).reduce(farther)
    }

    /// How fast a counter rose where it rose fastest, over stretches of about a second; over the whole where that
    /// is shorter. Intervals may be too short for what counts in hundredths of a second.
    pub fn worst_per_s(&self, name: &str) -> Option<f64> {
        let seconds =
            |earlier: usize, later: usize| self.at_ns[later].saturating_sub(self.at_ns[earlier]) as f64 / 1e9;
        let rises =
            self.stretches(name).map(|((earlier, from), (later, to))| (to - from, seconds(earlier, later)));
        rises.filter(|(_, seconds)| *seconds > 0.0).map(|(rise, seconds)| rise / seconds).reduce(f64::max)
    }

    /// The largest share of a counter in another over such stretches.
    pub fn worst_share(&self, part: &str, whole: &str) -> Option<f64> {
        let share = |((earlier, from), (later, to)): (Known, Known)| {
            let whole = self.value(whole, later)? - self.value(whole, earlier)?;
            (whole > 0.0).then(|| (to - from) / whole)
        };
        self.stretches(part).filter_map(share).reduce(f64::max)
    }

    /// Pairs of looks that have a figure and lie about a second apart, the first and the last of a shorter series.
    fn stretches(&self, name: &str) -> impl Iterator<Item = (Known, Known)> {
        let known: Vec<Known> = self.known(name).collect();
        let apart = |a: &Known, b: &Known| self.at_ns[b.0].saturating_sub(self.at_ns[a.0]) >= STRETCH_NS;
        let mut pairs: Vec<(Known, Known)> = known
            .iter()
            .enumerate()
            .filter_map(|(place, later)| {
                let earlier = known[..place].iter().rfind(|earlier| apart(earlier, later))?;
                Some((*earlier, *later))
            })
            .collect();
        if let (true, [first, .., last]) = (pairs.is_empty(), known.as_slice()) {
            pairs.push((*first, *last));
        }
        pairs.into_iter()
    }

    pub fn max(&self, name: &str) -> Option<f64> {
        self.known(name).map(|(_, value)| value).reduce(f64::max)
    }

    /// The looks that have a figure.
    fn known(&self, name: &str) -> impl Iterator<Item = (usize, f64)> + '_ {
        let values = self.columns.get(name).map(Vec::as_slice).unwrap_or_default();
        values.iter().enumerate().filter_map(|(look, value)| Some((look, (*value)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn series(values: &[Option<f64>]) -> Series {
        let mut series = Series::default();
        for (second, value) in values.iter().enumerate() {
            let row = value.map(|value| (column::NET_IN_BYTES, value));
            series.push(second as u64 * SECOND_NS, row.into_iter().collect());
        }
        series
    }

    #[test]
    fn a_rate_is_the_difference_over_the_time_since_the_last_reading() {
        let series = series(&[Some(100.0), Some(300.0), None, None, Some(900.0)]);
        let rates = (0..5).map(|look| series.per_s(column::NET_IN_BYTES, look));
        assert_eq!(rates.collect::<Vec<_>>(), [None, Some(200.0), None, None, Some(200.0)]);
        assert_eq!(
            (series.change(column::NET_IN_BYTES), series.max(column::NET_IN_BYTES)),
            (Some(800.0), Some(900.0))
        );
    }

    #[test]
    fn the_worst_second_is_found_among_quiet_ones_and_the_whole_where_it_is_shorter() {
        let mut series = Series::default();
        // Looks every quarter of a second; the counter rises by 0.9 within the third second, else by 0.1 a second.
        let mut counted = 0.0;
        for look in 0_u64..=16 {
            let row =
                vec![(column::MACHINE_STEAL_SECONDS, counted), (column::MACHINE_SECONDS, look as f64 / 2.0)];
            series.push(look * SECOND_NS / 4, row);
            counted += if (8..12).contains(&look) { 0.225 } else { 0.025 };
        }
        let worst = series.worst_share(column::MACHINE_STEAL_SECONDS, column::MACHINE_SECONDS).unwrap();
        assert!((worst - 0.45).abs() < 1e-9, "{worst}");
        assert!((series.worst_per_s(column::MACHINE_STEAL_SECONDS).unwrap() - 0.9).abs() < 1e-9);
        let mut short = Series::default();
        short.push(0, vec![(column::CPU_SECONDS, 1.0)]);
        short.push(SECOND_NS / 2, vec![(column::CPU_SECONDS, 1.4)]);
        assert!((short.worst_per_s(column::CPU_SECONDS).unwrap() - 0.8).abs() < 1e-9);
        assert_eq!(short.worst_per_s(column::SWAPPED_PAGES), None);
    }

    #[test]
    fn the_counters_are_those_whose_words_say_so() {
        let source = include_str!("series.rs").split("#[cfg(test)]").next().unwrap_or_default();
        let mut words = String::new();
        for line in source.lines().map(str::trim) {
            if let Some(doc) = line.strip_prefix("/// ") {
                words += doc;
            } else if let Some(constant) =
                line.strip_prefix("pub const ").filter(|rest| rest.contains("&str ="))
            {
                let name = constant.split('"').nth(1).unwrap();
                let says_so = words.to_lowercase().contains("counter");
                assert_eq!(column::COUNTERS.contains(&name), says_so, "{name}: {words}");
                words.clear();
            } else {
                words.clear();
            }
        }
    }

    #[test]
    fn a_single_reading_shows_no_change() {
        assert_eq!(series(&[Some(100.0), None]).change(column::NET_IN_BYTES), None);
    }

    #[test]
    fn a_departure_is_the_farthest_and_is_not_undone_by_the_way_back() {
        let departure = |values: &[Option<f64>]| series(values).departure(column::NET_IN_BYTES);
        assert_eq!(departure(&[Some(5.0), None, Some(9.0), Some(5.0)]), Some(4.0));
        assert_eq!(departure(&[Some(5.0), Some(7.0), Some(1.0), Some(6.0)]), Some(-4.0));
        assert_eq!(departure(&[None, Some(5.0), Some(5.0)]), Some(0.0));
        assert_eq!((departure(&[Some(5.0), None]), departure(&[])), (None, None));
    }

    #[test]
    fn what_was_never_read_is_no_zero() {
        let series = series(&[None, None]);
        assert_eq!(series.at_ns(), [0, SECOND_NS]);
        assert_eq!(series.value(column::NET_IN_BYTES, 1), None);
        assert_eq!(series.change(column::NET_IN_BYTES), None);
        assert_eq!(series.max(column::RSS_BYTES), None);
    }

    #[test]
    fn a_column_that_begins_late_stands_beside_its_looks() {
        let mut series = Series::default();
        series.push(0, vec![(column::RSS_BYTES, 1.0)]);
        series.push(SECOND_NS, vec![(column::RSS_BYTES, 2.0), (column::CPU_SECONDS, 7.0)]);
        assert_eq!(
            (series.value(column::CPU_SECONDS, 0), series.value(column::CPU_SECONDS, 1)),
            (None, Some(7.0))
        );
    }
}
