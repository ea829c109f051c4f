//! Certificates and keys of a test, in files.

use std::path::PathBuf;

use tempfile::TempDir;
use weighbridge::site::authority::{Authority, Issued};

/// A folder of files that a test makes.
pub struct Papers(TempDir);

impl Papers {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, text).expect("writing a file");
        path.display().to_string()
    }

    /// The files of a certificate and its key.
    pub fn issued(&self, name: &str, issued: &Issued) -> [String; 2] {
        [
            self.file(&format!("{name}.pem"), &issued.certificate),
            self.file(&format!("{name}-key.pem"), &issued.key),
        ]
    }
}

/// Certificates of servers that are to be refused, and of one that isn't, by what is wrong with them.
pub fn of_servers(good: &Authority) -> Vec<(&'static str, Issued)> {
    let here = ["127.0.0.1", "localhost"];
    let stranger = Authority::new().expect("an authority");
    let made = [
        ("good", good.server(&here)),
        ("untrusted", stranger.server(&here)),
        ("expired", good.server_valid(&here, (2001, 2002))),
        ("early", good.server_valid(&here, (2098, 2099))),
        ("misnamed", good.server(&["broker.example"])),
    ];
    made.map(|(name, issued)| (name, issued.expect("a certificate"))).into()
}
