//! Facts about the machine, read from `/proc` and `/sys`. What can't be read is none, never a guess.

use std::fs;
use std::path::{Path, PathBuf};

use procfs::{CpuInfo, Current, CurrentSI, KernelStats, LoadAverage, Meminfo};
use rustix::process::{Resource, getrlimit};

#[derive(Debug)]
pub struct Machine {
    pub kernel: String,
    pub cpu_model: Option<String>,
    /// Cores that this process may use: its affinity and its group's quota count.
    pub cores_usable: usize,
    /// Cores that the kernel has.
    pub cores_present: Option<usize>,
    pub load_one_minute: Option<f64>,
    pub memory_bytes: Option<u64>,
    pub memory_available_bytes: Option<u64>,
    pub clock_source: Option<String>,
    /// Where managed brokers keep their data.
    pub temporary_folder: PathBuf,
    /// Type of its file system, for example `ext4`.
    pub temporary_file_system: Option<String>,
    /// Soft limit of open files; none if there is none.
    pub file_descriptors: Option<u64>,
}

impl Machine {
    pub fn read() -> Self {
        let uname = rustix::system::uname();
        let cpu = CpuInfo::current().ok();
        let memory = Meminfo::current().ok();
        let temporary_folder = std::env::temp_dir();
        Self {
            kernel: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
            cpu_model: cpu.as_ref().and_then(|cpu| cpu.model_name(0)).map(str::to_string),
            cores_usable: std::thread::available_parallelism().map_or(1, usize::from),
            cores_present: cpu.as_ref().map(CpuInfo::num_cores),
            load_one_minute: LoadAverage::current().ok().map(|load| f64::from(load.one)),
            memory_bytes: memory.as_ref().map(|memory| memory.mem_total),
            memory_available_bytes: memory.as_ref().and_then(|memory| memory.mem_available),
            clock_source: clock_source(),
            temporary_file_system: file_system(&temporary_folder),
            temporary_folder,
            file_descriptors: getrlimit(Resource::Nofile).current,
        }
    }
}

fn clock_source() -> Option<String> {
    let text = fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource").ok()?;
    Some(text.trim().to_string())
}

fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = procfs::process::Process::myself().ok()?.mountinfo().ok()?;
    let mounts = mounts.0.iter().map(|mount| (mount.mount_point.as_path(), mount.fs_type.as_str()));
    mounted_at(&folder, mounts).map(str::to_string)
}

/// Type of the deepest mount above `folder`. Of mounts on the same point the last one is seen.
fn mounted_at<'a>(folder: &Path, mounts: impl Iterator<Item = (&'a Path, &'a str)>) -> Option<&'a str> {
    let above = mounts.filter(|(point, _)| folder.starts_with(point));
    above.max_by_key(|(point, _)| point.components().count()).map(|(_, kind)| kind)
}

/// Processor time of the whole machine since it started, in ticks.
#[derive(Debug, Clone, Copy)]
pub struct ProcessorTime {
    pub total: u64,
    pub stolen: u64,
}

impl ProcessorTime {
    /// None where the kernel does not tell what the hypervisor took.
    pub fn now() -> Option<Self> {
        let time = KernelStats::current().ok()?.total;
        let stolen = time.steal?;
        // Guest time is within `user` already.
        let waiting = time.iowait.unwrap_or(0) + time.irq.unwrap_or(0) + time.softirq.unwrap_or(0);
        Some(Self { total: time.user + time.nice + time.system + time.idle + waiting + stolen, stolen })
    }

    /// Share that was stolen between two looks; none if no tick passed.
    pub fn steal_share(&self, later: &Self) -> Option<f64> {
        let total = later.total.saturating_sub(self.total);
        let stolen = later.stolen.saturating_sub(self.stolen);
        (total > 0).then(|| stolen as f64 / total as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_and_latest_mount_above_a_folder_counts() {
        let mounts =
            [("/", "ext4"), ("/tmp", "xfs"), ("/tmp", "tmpfs"), ("/tmpfoo", "nfs"), ("/tmp/a", "btrfs")];
        let kind = |folder| {
            mounted_at(Path::new(folder), mounts.iter().map(|(point, kind)| (Path::new(*point), *kind)))
        };
        assert_eq!(kind("/tmp"), Some("tmpfs"));
        assert_eq!(kind("/tmp/a/b"), Some("btrfs"));
        assert_eq!(kind("/var/tmp"), Some("ext4"));
    }

    #[test]
    fn stolen_time_is_a_share_of_the_time_between() {
        let look = |total, stolen| ProcessorTime { total, stolen };
        assert_eq!(look(1_000, 10).steal_share(&look(1_200, 20)), Some(0.05));
        assert_eq!(look(1_000, 10).steal_share(&look(1_000, 10)), None);
    }

    #[test]
    fn this_machine_can_be_read() {
        let machine = Machine::read();
        assert!(machine.cores_usable >= 1 && machine.kernel.starts_with("Linux "));
        assert!(machine.memory_bytes > Some(0) && machine.temporary_file_system.is_some());
    }
}
