//! The harness itself and the machine it runs on.

use std::collections::HashMap;

use async_trait::async_trait;

use super::series::{Row, column};
use super::thread::Watched;
use crate::clock::{now_ns, wall_ns};
use crate::environment::{machine_cpu, pressure_s, swapped_pages};
use crate::process::{ThreadUsage, own_threads, own_usage};

/// What the instrument costs, workers inside the harness included, and how busy the machine is.
#[derive(Default)]
pub struct Harness {
    threads: Threads,
}

/// Kinds of threads by how their names begin. Clients of the brokers run on these threads too.
const KINDS: [(&str, &str); 2] =
    [("generator-", column::GENERATOR_THREAD_CORES), ("workers-", column::WORKER_THREAD_CORES)];

/// What threads had used when they were last looked at.
#[derive(Default)]
struct Threads {
    at_ns: u64,
    cpu_ns: HashMap<i32, u64>,
}

impl Threads {
    /// Cores that the busiest thread of each kind kept busy since the look before.
    fn look(&mut self, at_ns: u64, threads: &[ThreadUsage]) -> Row {
        let elapsed_ns = at_ns.saturating_sub(self.at_ns);
        let cores = |thread: &ThreadUsage| {
            let before = self.cpu_ns.get(&thread.id)?;
            Some(thread.cpu_ns.saturating_sub(*before) as f64 / elapsed_ns.max(1) as f64)
        };
        let busiest = |prefix: &str| {
            let of_kind = threads.iter().filter(|thread| thread.name.starts_with(prefix));
            of_kind.filter_map(cores).reduce(f64::max)
        };
        let row = KINDS.iter().filter_map(|(prefix, column)| Some((*column, busiest(prefix)?))).collect();
        self.cpu_ns = threads.iter().map(|thread| (thread.id, thread.cpu_ns)).collect();
        self.at_ns = at_ns;
        row
    }
}

#[async_trait(?Send)]
impl Watched for Harness {
    async fn look(&mut self) -> Row {
        let mut row = vec![(column::WALL_AHEAD_NS, (wall_ns() - now_ns() as i64) as f64)];
        if let Some(own) = own_usage() {
            row.push((column::CPU_SECONDS, own.cpu_seconds));
            row.push((column::RSS_BYTES, own.rss_bytes as f64));
        }
        if let Some(machine) = machine_cpu() {
            row.push((column::MACHINE_BUSY_SECONDS, machine.busy_s));
            row.push((column::MACHINE_STEAL_SECONDS, machine.steal_s));
            row.push((column::MACHINE_SECONDS, machine.total_s));
        }
        row.extend(self.threads.look(now_ns(), &own_threads()));
        if let Some(pages) = swapped_pages() {
            row.push((column::SWAPPED_PAGES, pages as f64));
        }
        for (name, resource) in [
            (column::CPU_PRESSURE_SECONDS, "cpu"),
            (column::IO_PRESSURE_SECONDS, "io"),
            (column::MEMORY_PRESSURE_SECONDS, "memory"),
        ] {
            if let Some(seconds) = pressure_s(resource) {
                row.push((name, seconds));
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_column_of_the_harness_is_filled() {
        let names: Vec<&str> = Harness::default().look().await.into_iter().map(|(name, _)| name).collect();
        for name in [
            column::WALL_AHEAD_NS,
            column::CPU_SECONDS,
            column::RSS_BYTES,
            column::MACHINE_BUSY_SECONDS,
            column::MACHINE_STEAL_SECONDS,
            column::MACHINE_SECONDS,
        ] {
            assert!(names.contains(&name), "{name}");
        }
    }

    #[test]
    fn the_busiest_thread_of_a_kind_counts_since_the_look_before() {
        let thread = |id, name: &str, cpu_ns| ThreadUsage { id, name: name.to_owned(), cpu_ns };
        let mut threads = Threads::default();
        let first =
            [thread(1, "generator-0", 5_000), thread(2, "workers-0", 100), thread(3, "workers-1", 900)];
        assert!(threads.look(1_000, &first).is_empty(), "nothing is known of the time before");
        let later =
            [thread(1, "generator-0", 5_500), thread(2, "workers-0", 1_100), thread(3, "workers-1", 950)];
        assert_eq!(
            threads.look(2_000, &later),
            [(column::GENERATOR_THREAD_CORES, 0.5), (column::WORKER_THREAD_CORES, 1.0)]
        );
    }
}
