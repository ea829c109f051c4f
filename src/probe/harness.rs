//! The harness itself and the machine it runs on.

use async_trait::async_trait;

use super::series::{Row, column};
use super::thread::Watched;
use crate::clock::{now_ns, wall_ns};
use crate::environment::{machine_cpu, pressure_s, swapped_pages};
use crate::process::own_usage;

/// What the instrument costs, workers inside the harness included, and how busy the machine is.
pub struct Harness;

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
        let names: Vec<&str> = Harness.look().await.into_iter().map(|(name, _)| name).collect();
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
}
