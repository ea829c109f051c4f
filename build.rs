//! Records what the binary is built from: the commit, the profile, and the versions of the client libraries.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-changed=.git/HEAD");
    println!("cargo:rerun-if-changed=.git/refs/heads");
    println!("cargo:rustc-env=WEIGHBRIDGE_COMMIT={}", commit().unwrap_or_default());
    let profile = std::env::var("PROFILE").unwrap_or_default();
    println!("cargo:rustc-env=WEIGHBRIDGE_PROFILE={profile}");
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    for (name, variable) in [("async-nats", "ASYNC_NATS"), ("redis", "REDIS"), ("tokio", "TOKIO")] {
        let version = locked_version(&lock, name).unwrap_or_else(|| "unknown".to_string());
        println!("cargo:rustc-env=WEIGHBRIDGE_VERSION_{variable}={version}");
    }
}

/// The commit of the checkout; none outside of one.
fn commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success()).then(|| text.trim().to_string())
}

fn locked_version(lock: &str, name: &str) -> Option<String> {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"').map(str::to_string)
}
