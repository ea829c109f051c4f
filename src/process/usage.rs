//! What a process has used, read from `/proc`.

use procfs::process::Process;

/// Usage of a process since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    pub cpu_seconds: f64,
    /// Resident now.
    pub rss_bytes: u64,
    pub disk_write_bytes: u64,
}

impl Usage {
    /// Together with what a later life of the same process has used; memory is the later one's.
    pub(super) fn with(&self, later: &Self) -> Self {
        Self {
            cpu_seconds: self.cpu_seconds + later.cpu_seconds,
            rss_bytes: later.rss_bytes,
            disk_write_bytes: self.disk_write_bytes + later.disk_write_bytes,
        }
    }
}

/// Usage of process `pid`; none if it is gone.
pub(super) fn usage(pid: u32) -> Option<Usage> {
    read(&Process::new(i32::try_from(pid).ok()?).ok()?)
}

/// Usage of the harness itself.
pub fn own_usage() -> Option<Usage> {
    read(&Process::myself().ok()?)
}

fn read(process: &Process) -> Option<Usage> {
    let stat = process.stat().ok()?;
    let ticks_per_s = procfs::ticks_per_second() as f64;
    Some(Usage {
        cpu_seconds: (stat.utime + stat.stime) as f64 / ticks_per_s,
        rss_bytes: stat.rss * procfs::page_size(),
        // Readable for our own children; elsewhere it counts as nothing written.
        disk_write_bytes: process.io().map_or(0, |io| io.write_bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_in_the_cpu_time() {
        let before = own_usage().unwrap();
        let start = std::time::Instant::now();
        let mut sum = 0_u64;
        while start.elapsed().as_millis() < 60 {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        let after = own_usage().unwrap();
        assert!(sum > 0 && after.cpu_seconds > before.cpu_seconds);
        assert!(after.rss_bytes > 0);
    }

    #[test]
    fn a_process_that_is_gone_has_no_usage() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!(usage(pid), None);
    }
}
