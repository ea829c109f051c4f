//! The machine and the build, as they go into the record.

use std::collections::BTreeMap;
use std::fs;

use procfs::{Current, CurrentSI};

use crate::clock::{rfc3339, unix_seconds};
use crate::connect::patience;
use weighbridge_record::result::Environment;

/// The allocator of the `weighbridge` command.
const ALLOCATOR: &str = "mimalloc";

/// Reads the environment at the start of a run; `finished_at` is to be set at its end.
pub fn read(command: String) -> Environment {
    let now = rfc3339(unix_seconds());
    let uname = rustix::system::uname();
    let memory_bytes = procfs::Meminfo::current().map_or(0, |memory| memory.mem_total);
    let cores = cores();
    Environment {
        weighbridge_version: env!("CARGO_PKG_VERSION").to_string(),
        git_commit: Some(env!("WEIGHBRIDGE_COMMIT")).filter(|commit| !commit.is_empty()).map(str::to_string),
        started_at: now.clone(),
        finished_at: now,
        command,
        os: os_name(),
        kernel: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
        cpu_model: cpu_model(),
        cores,
        memory_bytes,
        clock_source: clock_source(),
        allocator: ALLOCATOR.to_string(),
        build_profile: env!("WEIGHBRIDGE_PROFILE").to_string(),
        placement: format!("generators, workers and managed brokers share {cores} cores; nothing is pinned"),
        clients: BTreeMap::from(
            [
                ("async-nats", env!("WEIGHBRIDGE_VERSION_ASYNC_NATS")),
                ("redis", env!("WEIGHBRIDGE_VERSION_REDIS")),
                ("tokio", env!("WEIGHBRIDGE_VERSION_TOKIO")),
            ]
            .map(|(name, version)| (name.to_string(), version.to_string())),
        ),
        connections: Some(patience::settings()),
    }
}

/// Cores that this process may use.
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32)
}

/// The kernel's clock; `unknown` where it does not say.
pub fn clock_source() -> String {
    one_line("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

/// Pages swapped in and out since the machine started; none where that can't be read.
pub fn swapped_pages() -> Option<u64> {
    let counts = fs::read_to_string("/proc/vmstat").ok()?;
    let count =
        |name: &str| counts.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    Some(count("pswpin ")? + count("pswpout ")?)
}

/// Seconds since the machine started in which something waited for `cpu`, `io` or `memory`: the line `some` of the
/// kernel's pressure stall information. None where the kernel keeps none.
pub fn pressure_s(resource: &str) -> Option<f64> {
    let told = fs::read_to_string(format!("/proc/pressure/{resource}")).ok()?;
    let some = told.lines().find(|line| line.starts_with("some "))?;
    let total_us: u64 = some.split_once("total=")?.1.trim().parse().ok()?;
    Some(total_us as f64 / 1e6)
}

/// CPU time of the whole machine since it started, in seconds: busy and stolen, summed over its cores.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MachineCpu {
    pub busy_s: f64,
    pub steal_s: f64,
    pub total_s: f64,
}

/// Reads `/proc/stat`; none where that can't be read.
pub fn machine_cpu() -> Option<MachineCpu> {
    let total = procfs::KernelStats::current().ok()?.total;
    let ticks_per_s = procfs::ticks_per_second() as f64;
    let idle = total.idle + total.iowait.unwrap_or(0);
    let steal = total.steal.unwrap_or(0);
    let busy = total.user + total.nice + total.system + total.irq.unwrap_or(0) + total.softirq.unwrap_or(0);
    Some(MachineCpu {
        busy_s: busy as f64 / ticks_per_s,
        steal_s: steal as f64 / ticks_per_s,
        total_s: (busy + steal + idle) as f64 / ticks_per_s,
    })
}

fn os_name() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| std::env::consts::OS.to_string(), |name| name.trim_matches('"').to_string())
}

fn cpu_model() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_string(), |(_, name)| name.trim().to_string())
}

fn one_line(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| "unknown".to_string(), |text| text.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_of_this_machine_is_known() {
        let environment = read("weighbridge run quickstart".to_string());
        assert!(environment.cores >= 1 && environment.memory_bytes > 0);
        assert!(environment.kernel.starts_with("Linux "), "{}", environment.kernel);
        assert_ne!(environment.clients["redis"], "unknown");
    }

    #[test]
    fn pressure_and_swapping_only_grow() {
        if let (Some(before), Some(after)) = (pressure_s("cpu"), pressure_s("cpu")) {
            assert!(after >= before);
        }
        assert_eq!(pressure_s("no such resource"), None);
        assert!(swapped_pages() <= swapped_pages());
    }

    #[test]
    fn machine_time_adds_up() {
        let cpu = machine_cpu().unwrap();
        assert!(cpu.busy_s > 0.0 && cpu.busy_s + cpu.steal_s <= cpu.total_s);
    }
}
