//! A server that shows a certificate: it is refused unless it is trusted, and nobody falls back to a plain connection.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::harness::Run;
use crate::harness::brokers::Nats;

/// A certificate for 127.0.0.1 that nobody but itself vouches for, and its key.
struct SelfSigned {
    folder: TempDir,
}

impl SelfSigned {
    fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().expect("a folder") };
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        openssl.args(["-days", "2", "-subj", "/CN=127.0.0.1"]);
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.args(["-addext", "subjectAltName=IP:127.0.0.1"]);
        openssl.arg("-out").arg(made.certificate()).arg("-keyout").arg(made.key());
        let output = openssl.output().expect("this test needs openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        made
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}

/// A server that wants TLS, and shows this certificate.
fn server(shown: &SelfSigned) -> Nats {
    let quoted = |path: &Path| format!("\"{}\"", path.display());
    let (certificate, key) = (quoted(&shown.certificate()), quoted(&shown.key()));
    Nats::start(&format!("tls {{ cert_file: {certificate}, key_file: {key} }}"))
}

#[test]
fn an_untrusted_certificate_is_refused_whatever_the_scheme_and_the_way_to_trust_it_is_told() {
    let shown = SelfSigned::new();
    let server = server(&shown);
    for scheme in ["tls", "nats"] {
        let url = format!("{scheme}://{}", server.address);
        let ran = Run::short(&["nats-core"]).with(&["--nats-url", &url]).end();
        let words = [&server.address, "the issuer of its certificate is not trusted", "--nats-ca"];
        ran.expect_code(&[69]).expect_error(&words);
        ran.expect_no_report();
        assert!(!ran.stderr.contains("instead of"), "{}", ran.stderr);
    }
}

#[test]
fn a_certificate_that_is_trusted_by_file_is_accepted() {
    let shown = SelfSigned::new();
    let server = server(&shown);
    let file = shown.certificate().display().to_string();
    for transport in ["nats-core", "nats-jetstream"] {
        let url = format!("tls://{}", server.address);
        let run = Run::short(&[transport]).with(&["--nats-url", &url]);
        let ran = run.variable("SSL_CERT_FILE", &file).end();
        ran.expect_measured();
        let ledger = ran.trial().ledger;
        assert!(ledger.completed > 0 && ledger.completed == ledger.attempted, "{ledger:?}");
    }
}
