//! A headless Chromium, and the chromedriver that it is driven through.
//!
//! Blocks: a test does one thing after the other. Nothing is left behind: a dropped browser is closed, also by
//! a panic; where the tests are killed, the kernel ends chromedriver, and Chromium ends with the pipe to it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Far beyond what anything here takes; what hangs fails its test instead of stalling the suite.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// The first that is on PATH.
const CHROMIUMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Beside `--user-data-dir`. No name is ever resolved, so nothing can leave the machine; a run of a test that serves a
/// page is reached by its number.
const FLAGS: [&str; 15] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
    "--window-size=1280,900",
];

/// Put before every script.
const WORDS: &str = include_str!("checks/words.js");

pub struct Browser {
    // Dropped in this order, after `drop`.
    client: Option<Client>,
    driver: Chromedriver,
    runtime: Runtime,
    folder: TempDir,
}

struct Chromedriver {
    child: Child,
    port: u16,
    /// Kept open, so that it can go on writing.
    _stdout: BufReader<ChildStdout>,
}

/// How a page is shown.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub width: u32,
    pub scale: f64,
    /// `screen` or `print`.
    pub media: &'static str,
    pub dark: bool,
    /// They take part of the width.
    pub scrollbars: bool,
}

/// In pixels of the page.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Default for View {
    fn default() -> Self {
        Self { width: 1280, scale: 1.0, media: "screen", dark: false, scrollbars: true }
    }
}

impl Browser {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let driver = Chromedriver::start();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(&folder.path().join("profile")));
        let url = format!("http://127.0.0.1:{}", driver.port);
        let connected = async { tokio::time::timeout(ENDS_WITHIN, builder.connect(&url)).await };
        let client = runtime.block_on(connected).expect("Chromium did not start").expect("starting Chromium");
        Self { client: Some(client), driver, runtime, folder }
    }

    /// Shows a page from a file, as a reader would open it.
    pub fn open(&self, html: &str) {
        let file = self.folder.path().join("report.html");
        std::fs::write(&file, html).expect("writing the page");
        self.open_file(&file);
    }

    /// Forgets what was logged before.
    pub fn open_file(&self, file: &Path) {
        self.open_url(&format!("file://{}", file.display()));
    }

    /// The same of a page that a run serves.
    pub fn open_url(&self, url: &str) {
        self.log("browser");
        self.log("performance");
        self.wait_for(url, self.client().goto(url));
    }

    /// Opens the same page once more.
    pub fn reload(&self) {
        self.wait_for("the page", self.client().refresh());
    }

    /// The value of the function whose body is given.
    pub fn run(&self, script: &str) -> Value {
        let script = format!("{WORDS}\n{script}");
        self.wait_for("a script", self.client().execute(&script, Vec::new()))
    }

    /// What a check of the page found: the lines that its script returns.
    pub fn findings(&self, script: &str) -> Vec<String> {
        serde_json::from_value(self.run(script)).expect("a list of findings")
    }

    /// Changes how the open page is shown.
    pub fn show(&self, view: View) {
        let scheme = if view.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": view.media, "features": features }));
        let (width, scale) = (view.width, view.scale);
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": scale, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
        let scrollbars = if view.scrollbars { "auto" } else { "none" };
        self.run(&format!("document.documentElement.style.scrollbarWidth = '{scrollbars}';"));
    }

    /// A command of Chromium's own protocol.
    pub fn devtools(&self, method: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": method, "params": parameters });
        self.wait_for(method, self.client().issue_cmd(Vendor { path: "goog/cdp/execute", body }))
    }

    /// What was logged since this was asked last: `browser` is the console, `performance` the network.
    pub fn log(&self, kind: &str) -> Vec<Value> {
        let command = Vendor { path: "se/log", body: json!({ "type": kind }) };
        let entries = self.wait_for("the log", self.client().issue_cmd(command));
        serde_json::from_value(entries).expect("a list of entries")
    }

    /// Presses and releases one key after the other.
    pub fn press(&self, keys: impl Iterator<Item = char>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.wait_for("keys", self.client().perform_actions(actions));
    }

    /// The page on paper, as PDF.
    pub fn printed(&self) -> Vec<u8> {
        self.decoded(&self.devtools("Page.printToPDF", json!({})))
    }

    /// A PNG of a rectangle of the page.
    pub fn pictured(&self, area: Area) -> Vec<u8> {
        let clip =
            json!({ "x": area.x, "y": area.y, "width": area.width, "height": area.height, "scale": 1 });
        let wanted = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        self.decoded(&self.devtools("Page.captureScreenshot", wanted))
    }

    fn decoded(&self, answer: &Value) -> Vec<u8> {
        let data = answer["data"].as_str().expect("data");
        STANDARD.decode(data).expect("data in base64")
    }

    /// Where its profile is; every process of the browser names it.
    pub fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    pub fn chromedriver_id(&self) -> u32 {
        self.driver.child.id()
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("a browser that was not dropped")
    }

    fn wait_for<T, E: std::fmt::Display>(&self, what: &str, answer: impl Future<Output = Result<T, E>>) -> T {
        let answer = self.runtime.block_on(async { tokio::time::timeout(ENDS_WITHIN, answer).await });
        match answer {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => panic!("{what}: {error}"),
            Err(_) => panic!("{what}: no answer in {ENDS_WITHIN:?}"),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium writes into its profile until it is closed; then the folder can go.
        if let Some(client) = self.client.take() {
            let _ = self.runtime.block_on(async { tokio::time::timeout(ENDS_WITHIN, client.close()).await });
        }
    }
}

impl Chromedriver {
    /// On a free port of loopback.
    fn start() -> Self {
        let program = on_path("chromedriver");
        let mut command = Command::new(&program);
        command.args(["--port=0", "--log-level=SEVERE"]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let test = rustix::process::getpid();
        // SAFETY: between fork and exec only two system calls are made; nothing allocates or locks.
        unsafe {
            command.pre_exec(move || {
                set_parent_process_death_signal(Some(Signal::KILL))?;
                if rustix::process::getppid() != Some(test) {
                    return Err(std::io::Error::other("the test is gone"));
                }
                Ok(())
            });
        }
        let child = start_for_good(command);
        let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let port = read_port(&mut stdout);
        Self { child, port, _stdout: stdout }
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it on a thread that lives as long as the process. The kernel ends chromedriver with the thread that
/// started it, and that of a test ends with the test, while its browser may serve another.
fn start_for_good(command: Command) -> std::io::Result<Child> {
    type Asked = (Command, mpsc::Sender<std::io::Result<Child>>);
    static STARTER: LazyLock<mpsc::Sender<Asked>> = LazyLock::new(|| {
        let (ask, asked) = mpsc::channel::<Asked>();
        std::thread::spawn(move || {
            for (mut command, answer) in asked {
                // Nobody waits for it if the test is gone; then it is dropped, and ends with the process.
                let _ = answer.send(command.spawn());
            }
        });
        ask
    });
    let (answer, answered) = mpsc::channel();
    STARTER.send((command, answer)).expect("the thread that starts chromedriver");
    answered.recv().expect("the thread that starts chromedriver")
}

/// From the line `ChromeDriver was started successfully on port 40123.`
fn read_port(stdout: &mut impl BufRead) -> u16 {
    let mut told = String::new();
    while stdout.read_line(&mut told).expect("reading what chromedriver says") > 0 {
        let last = told.lines().last().unwrap_or_default();
        if let Some((_, port)) = last.split_once("successfully on port ") {
            return port.trim_end_matches('.').parse().expect("a port");
        }
    }
    panic!("chromedriver did not start:\n{told}");
}

fn on_path(name: &str) -> PathBuf {
    found(name).unwrap_or_else(|| panic!("{name} is not on PATH; run scripts/install-browser.sh"))
}

fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn capabilities(profile: &Path) -> serde_json::Map<String, Value> {
    let binary = CHROMIUMS.iter().find_map(|name| found(name));
    let binary = binary.expect("no Chromium is on PATH; run scripts/install-browser.sh");
    let profile = format!("--user-data-dir={}", profile.display());
    let flags: Vec<&str> = FLAGS.into_iter().chain([profile.as_str()]).collect();
    let options = json!({
        "binary": binary,
        "args": flags,
        "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
    });
    let Value::Object(capabilities) = json!({
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    }) else {
        unreachable!("an object was written")
    };
    capabilities
}

/// A command beyond WebDriver's own: `/session/<id>/<path>`.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
