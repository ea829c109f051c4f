//! What each thread of the harness has used, read from `/proc`.

use std::fs;

/// CPU time of one thread since it started.
#[derive(Debug, Clone, PartialEq)]
pub struct ThreadUsage {
    pub id: i32,
    /// As it was named, up to 15 bytes.
    pub name: String,
    pub cpu_ns: u64,
}

/// Usage of the threads that are there; one that ends meanwhile is left out, and all where `/proc` doesn't say.
pub fn own_threads() -> Vec<ThreadUsage> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let usage = |task: fs::DirEntry| {
        let read = |file: &str| fs::read_to_string(task.path().join(file)).ok();
        Some(ThreadUsage {
            id: task.file_name().to_str()?.parse().ok()?,
            name: read("comm")?.trim_end().to_owned(),
            cpu_ns: cpu_ns(&read("schedstat")?)?,
        })
    };
    tasks.flatten().filter_map(usage).collect()
}

/// The first figure of `schedstat` (proc(5)): time spent on a CPU, finer than the ticks of `stat`.
fn cpu_ns(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_thread_is_told_from_an_idle_one_by_its_name() {
        let busy = std::thread::Builder::new().name("busy-test".to_owned()).spawn(|| {
            let start = std::time::Instant::now();
            let mut sum = 0_u64;
            while start.elapsed().as_millis() < 300 {
                sum = sum.wrapping_add(std::hint::black_box(1));
            }
            sum
        });
        let idle = std::thread::Builder::new()
            .name("idle-test".to_owned())
            .spawn(|| std::thread::sleep(std::time::Duration::from_millis(300)));
        std::thread::sleep(std::time::Duration::from_millis(200));
        let threads = own_threads();
        let used = |name: &str| threads.iter().find(|thread| thread.name == name).expect(name).cpu_ns;
        assert!(used("busy-test") > used("idle-test"), "{threads:?}");
        assert!(busy.unwrap().join().unwrap() > 0);
        idle.unwrap().join().unwrap();
    }

    #[test]
    fn schedstat_begins_with_the_time_on_a_cpu() {
        assert_eq!(cpu_ns("1234567 89 10\n"), Some(1_234_567));
        assert_eq!(cpu_ns(""), None);
    }
}
