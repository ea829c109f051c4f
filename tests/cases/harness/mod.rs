//! Runs the binary with a report folder of its own, and reads what it left.

pub mod brokers;
pub mod guide;
pub mod library;
pub mod papers;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use weighbridge::site::can_forget;
use weighbridge_record::result::{RunResult, Trial};
use weighbridge_report::folder;

/// Far beyond what any run here takes; a run that hangs fails its test instead of stalling the suite.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

const SHORT: &str = "tests/cases/harness/short.toml";

/// A command of the binary, being put together.
pub struct Run {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    /// A line of bash that runs it.
    line: Option<String>,
    folders: Folders,
}

/// Where a command may write: reports, and what its brokers need while they run.
struct Folders {
    out: TempDir,
    scratch: TempDir,
}

/// What a command left.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    folders: Folders,
}

impl Run {
    /// Any verb, without `--out`.
    pub fn command(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_string()).collect();
        let folder = || tempfile::tempdir().expect("a folder");
        Self {
            arguments,
            variables: Vec::new(),
            line: None,
            folders: Folders { out: folder(), scratch: folder() },
        }
    }

    /// `run` with `--out`. No trial is measured again: whoever listens on the wire would hear it twice.
    pub fn scenario(reference: &str) -> Self {
        Self::measuring("run", reference)
    }

    /// `search` of the slow load from 100/s to 300/s, with probes and a confirmation of a blink.
    pub fn search(transports: &[&str]) -> Self {
        let mut run = Self::measuring("search", SHORT);
        for transport in transports {
            run = run.with(&["--transport", transport]);
        }
        // With `--set`, which gives way to the flags of a test.
        for key in ["search.low=100", "search.high=300", "search.confirm=600ms", "load.duration=300ms"] {
            run = run.with(&["--set", key]);
        }
        run
    }

    fn measuring(verb: &str, reference: &str) -> Self {
        let run = Self::command(&[verb, reference]);
        let out = run.out().display().to_string();
        run.with(&["--out", &out, "--measure-again", "0"])
    }

    /// A second of slow load, see the file; all five broker paths where `transports` is empty.
    pub fn short(transports: &[&str]) -> Self {
        let mut run = Self::scenario(SHORT);
        for transport in transports {
            run = run.with(&["--transport", transport]);
        }
        run
    }

    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_string()));
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_string(), value.to_string()));
        self
    }

    /// No file that it writes may be longer, as if the disk were full.
    pub fn with_files_up_to(self, bytes: u64) -> Self {
        // The signal that a write beyond the limit raises would end the process.
        self.by(&format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", bytes / 1024))
    }

    /// Runs it by a line of bash, in which `"$0" "$@"` is the command.
    pub fn by(mut self, line: &str) -> Self {
        self.line = Some(line.to_string());
        self
    }

    /// It may open no more files at a time.
    pub fn with_open_files_up_to(self, count: u64) -> Self {
        self.by(&format!("ulimit -n {count}; exec \"$0\" \"$@\""))
    }

    pub fn out(&self) -> &Path {
        self.folders.out.path()
    }

    /// Where its brokers have their folders.
    pub fn scratch(&self) -> &Path {
        self.folders.scratch.path()
    }

    fn prepared(&self) -> Command {
        let mut command = self.program();
        command.args(&self.arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        for name in [
            "REDIS_URL",
            "NATS_URL",
            "NATS_CONTEXT",
            "NATS_CREDS",
            "NATS_NKEY",
            "NATS_MONITORING_URL",
            "PRIORITY_REQUEST_SUBJECT",
            "PRIORITY_RESULT_SUBJECT",
            "PRIORITY_SYNC_SUBJECT",
            "JETSTREAM_DOMAIN",
            "JETSTREAM_MAX_MEMORY",
            "JETSTREAM_MAX_STORAGE",
            "NO_COLOR",
            "WEIGHBRIDGE_LOG",
        ] {
            command.env_remove(name);
        }
        for kind in ["REDIS", "NATS"] {
            ["HOST", "PORT", "CLUSTER_HOST", "TLS_CA_PATH", "TLS_CERT_PATH", "TLS_KEY_PATH"]
                .iter()
                .for_each(|part| _ = command.env_remove(format!("{kind}_{part}")));
        }
        // A killed run can't clear up behind its brokers.
        command.env("TMPDIR", self.folders.scratch.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn program(&self) -> Command {
        let binary = env!("CARGO_BIN_EXE_weighbridge");
        let Some(line) = &self.line else { return Command::new(binary) };
        let mut command = Command::new("bash");
        command.args(["-c", line, binary]);
        command
    }

    /// Runs it to its end.
    pub fn end(self) -> Ran {
        let started = Instant::now();
        let output = assert_cmd::Command::from_std(self.prepared()).timeout(ENDS_WITHIN).output();
        Ran::new(output.expect("starting the binary"), started.elapsed(), self.folders)
    }

    /// Starts it and leaves it to the test.
    pub fn start(self) -> Running {
        let mut command = self.prepared();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("starting the binary");
        Running { child: Some(child), started: Instant::now(), folders: Some(self.folders) }
    }
}

impl Ran {
    fn new(output: Output, took: Duration, folders: Folders) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        // A signal or the timeout leaves no code.
        Self { code: output.status.code().unwrap_or(-1), stdout, stderr, took, folders }
    }

    pub fn expect_code(&self, codes: &[i32]) -> &Self {
        assert!(codes.contains(&self.code), "exit {} not in {codes:?}\n{}", self.code, self.stderr);
        self
    }

    /// The run was measured and kept its thresholds. A machine too busy to send in time makes a trial
    /// invalid (100), which says nothing of what is looked at here: the ledger and the wire.
    pub fn expect_measured(&self) -> &Self {
        self.expect_code(&[0, 100])
    }

    /// All of `words` stand on standard error, whose lines are wrapped as the terminal would have it.
    pub fn expect_error(&self, words: &[&str]) -> &Self {
        let told: String = self.stderr.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
        for word in words {
            assert!(told.contains(word), "`{word}` is not told:\n{}", self.stderr);
        }
        self
    }

    pub fn expect_no_report(&self) -> &Self {
        assert_eq!(entries(self.folders.out.path()), Vec::<String>::new(), "something was written");
        self
    }

    /// `secret` stands neither in the output nor in any file of the report.
    pub fn expect_hidden(&self, secret: &str) -> &Self {
        assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "{secret} is shown");
        for file in files(self.folders.out.path()) {
            let bytes = std::fs::read(&file).expect("reading a file of the report");
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {}", file.display());
        }
        self
    }

    /// The folder of the run.
    pub fn latest(&self) -> PathBuf {
        self.folders.out.path().join("latest")
    }

    /// The record in the report folder.
    pub fn result(&self) -> RunResult {
        let record = self.latest();
        folder::read(&record).unwrap_or_else(|error| panic!("{error}\n{}", self.stderr))
    }

    /// The only trial of the run, its ledger in balance.
    pub fn trial(&self) -> Trial {
        let mut trials = self.result().trials;
        assert_eq!(trials.len(), 1, "one trial");
        let trial = trials.remove(0);
        assert_eq!(trial.ledger.check(), Ok(()));
        trial
    }

    /// The only trial of a run that had little time to write it: in its report, or left to be made into one.
    pub fn kept(&self) -> Trial {
        for left in folder::left(self.folders.out.path()) {
            folder::make_whole(&left.path).unwrap_or_else(|error| panic!("{error}"));
        }
        self.trial()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}

/// A run that the test watches; killed when dropped.
pub struct Running {
    child: Option<Child>,
    started: Instant,
    folders: Option<Folders>,
}

impl Running {
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("a run that was not waited for").id()
    }

    pub fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.id() as i32).expect("a process id");
        kill_process(id, signal).expect("signalling the run");
    }

    /// Waits for a line on standard error that begins so, and gives the rest of it. What is told until then is read.
    pub fn told(&mut self, beginning: &str) -> String {
        let errors = self.child.as_mut().and_then(|child| child.stderr.as_mut()).expect("a run that tells");
        let (mut line, mut byte) = (Vec::new(), [0]);
        while errors.read(&mut byte).expect("reading what it tells") == 1 {
            if byte != *b"\n" {
                line.push(byte[0]);
                continue;
            }
            let told = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
            if let Some(rest) = told.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
        panic!("the run ended and told nothing that begins with {beginning:?}");
    }

    /// Whoever read its output and its errors has gone.
    pub fn is_left(&mut self) {
        let child = self.child.as_mut().expect("a run that was not waited for");
        drop((child.stdout.take(), child.stderr.take()));
    }

    /// Waits for the end.
    pub fn end(mut self) -> Ran {
        let child = self.child.take().expect("a run that was not waited for");
        let output = child.wait_with_output().expect("waiting for the binary");
        Ran::new(output, self.started.elapsed(), self.folders.take().expect("its folders"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Polls until `condition` gives something; fails the test after thirty seconds.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Names in a folder, hidden ones too; none where there is no folder.
pub fn entries(folder: &Path) -> Vec<String> {
    let Ok(read) = std::fs::read_dir(folder) else { return Vec::new() };
    read.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// All files below a folder; links are left out.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in entries(folder) {
        let path = folder.join(name);
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() { found.append(&mut files(&path)) } else { found.push(path) }
    }
    found
}

/// Set where a machine can't mount for a process: then tests that need it are skipped.
const CANNOT: &str = "WEIGHBRIDGE_TESTS_WITHOUT_MOUNT";

/// Whether a server can have a file system that forgets what was not synced.
pub fn machine_can_forget() -> bool {
    match can_forget() {
        Ok(()) => true,
        Err(error) if std::env::var_os(CANNOT).is_some() => {
            eprintln!("SKIPPED: {error}");
            false
        }
        Err(error) => panic!("{error}\nwhere this machine can't mount, set {CANNOT}=1"),
    }
}
