//! Names of run folders: `20260102T030405Z-quickstart` where it is whole, `.<that>.partial-<pid>` until then.

use std::path::Path;

use crate::ReportError;

/// The name of a run's folder; a scenario's name can't leave the folder it is in.
pub fn folder_name(scenario: &str, started_at: &str) -> Result<String, ReportError> {
    let started: jiff::Timestamp = started_at
        .parse()
        .map_err(|source| ReportError::StartTime { text: started_at.to_owned(), source })?;
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let scenario: String = scenario.chars().take(80).map(safe).collect();
    let scenario = if scenario.is_empty() { "unnamed" } else { &scenario };
    Ok(format!("{}-{scenario}", started.strftime("%Y%m%dT%H%M%SZ")))
}

/// When the run of a folder began, if the folder has a name as [`folder_name`] makes them.
pub fn began(name: &str) -> Option<jiff::Timestamp> {
    let (time, _) = name.split_once('-')?;
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
}

/// What this process builds aside until it is whole.
pub fn partial_name(name: &str) -> String {
    format!(".{name}.partial-{}", std::process::id())
}

/// Something that a process builds, or has left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partial<'a> {
    /// The name that it is to have.
    pub name: &'a str,
    pub pid: u32,
}

impl<'a> Partial<'a> {
    /// Reads a name as [`partial_name`] makes them.
    pub fn parse(name: &'a str) -> Option<Self> {
        let (name, pid) = name.strip_prefix('.')?.rsplit_once(".partial-")?;
        Some(Self { name, pid: pid.parse().ok()? })
    }

    /// Whether its process, or another with the same number, is there.
    pub fn is_at_work(self) -> bool {
        Path::new("/proc").join(self.pid.to_string()).exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_when_the_run_began_and_keeps_within_the_folder() {
        let name = folder_name("../../etc/<script>", "2026-01-02T03:04:05.250Z").unwrap();
        assert_eq!(name, "20260102T030405Z-------etc--script-");
        assert_eq!(began(&name), Some("2026-01-02T03:04:05Z".parse().unwrap()));
        assert!(folder_name("x", "yesterday").is_err() && began("copy").is_none());
    }

    #[test]
    fn a_partial_name_is_read_back() {
        let name = partial_name("20260102T030405Z-a.partial-7");
        let partial = Partial::parse(&name).unwrap();
        assert_eq!(partial, Partial { name: "20260102T030405Z-a.partial-7", pid: std::process::id() });
        assert!(partial.is_at_work());
        // Above the kernel's largest pid (2^22), so never alive.
        assert!(!Partial::parse(".a.partial-4194999").unwrap().is_at_work());
        for other in ["a.partial-7", ".a.partial-x", ".a", "latest"] {
            assert_eq!(Partial::parse(other), None);
        }
    }
}
