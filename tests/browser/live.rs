//! The page of a run that goes on: fed by a real run on a private broker, looked at while it runs and when it has ended.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::checks::{self, Check};
use crate::driver::Browser;
use crate::{pages, pool};

const WITHIN: Duration = Duration::from_secs(30);

/// A run that serves its page; killed when dropped.
struct Served {
    child: Child,
    url: String,
    out: TempDir,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Some seconds of a slow load.
fn serve(seconds: u32) -> Served {
    let out = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_weighbridge"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["run", "tests/cases/harness/short.toml", "--live"]);
    command.args(["--transport", "nats-jetstream", "--measure-again", "0"]);
    command.args(["--set", &format!("load.duration={seconds}s"), "--set", "load.rate=400", "--out"]);
    command.arg(out.path()).env_remove("NATS_URL").env_remove("REDIS_URL");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("starting the binary");
    let mut errors = BufReader::new(child.stderr.take().expect("its errors"));
    let mut line = String::new();
    errors.read_line(&mut line).expect("a line");
    let url = line.trim().strip_prefix("Live: ").unwrap_or_else(|| panic!("no address: {line}")).to_owned();
    // Nobody reads on; writes that fail end nothing.
    Served { child, url, out }
}

fn text(browser: &Browser, selector: &str) -> String {
    let told = browser.run(&format!(
        "return (document.querySelector({}) || {{}}).textContent || '';",
        Value::from(selector)
    ));
    told.as_str().unwrap_or_default().to_owned()
}

fn wait_for(browser: &Browser, what: &str, holds: impl Fn(&Browser) -> bool) {
    let begun = Instant::now();
    while !holds(browser) {
        assert!(begun.elapsed() < WITHIN, "waited in vain for {what}: {}", text(browser, "body"));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The figures that a reader sees, by their names.
fn figures(browser: &Browser) -> Vec<(String, String)> {
    let rows = "return all('#figures .now').flatMap((box) => all('dl div', box).map((row) => \
        [box.querySelector('h3').textContent + ': ' + row.children[0].textContent, row.children[1].textContent]));";
    serde_json::from_value(browser.run(rows)).expect("pairs")
}

fn figure(browser: &Browser, name: &str) -> String {
    let found = figures(browser).into_iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value).unwrap_or_default()
}

fn expect_nothing(browser: &Browser, checks: &[(&str, Check)]) {
    for (name, check) in checks {
        assert_eq!(check(browser), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn figures_change_while_the_run_goes_on_and_the_end_names_the_report() {
    let browser = pool::lend();
    let run = serve(8);
    browser.open_url(&run.url);
    wait_for(&browser, "a rate", |browser| figure(browser, "Requests: completed").contains("/s"));
    assert!(text(&browser, "#state").starts_with("Trial 1 of 1: nats-jetstream in short"));
    let first = figure(&browser, "The run so far: completed");
    wait_for(&browser, "more completions", |browser| figure(browser, "The run so far: completed") != first);
    wait_for(&browser, "CPU of the broker", |browser| figure(browser, "nats-server: CPU").contains("cores"));
    wait_for(&browser, "percentiles", |browser| figure(browser, "Requests: turnaround p50").contains("s"));
    wait_for(&browser, "charts", |browser| {
        browser.run("return all('article.chart figure svg .line').length;").as_u64() >= Some(5)
    });

    // Whoever wants to read them in peace can.
    browser.run("document.getElementById('hold').click();");
    let held = figures(&browser);
    std::thread::sleep(Duration::from_millis(2_200));
    assert_eq!(figures(&browser), held, "held still");
    browser.run("document.getElementById('hold').click();");
    assert_ne!(figures(&browser), held);

    wait_for(&browser, "the end", |browser| text(browser, "#state").starts_with("The run has ended."));
    let report = text(&browser, "#state code");
    assert!(
        report.starts_with(&run.out.path().display().to_string()) && report.ends_with("report.html"),
        "{report}"
    );
    assert!(std::fs::exists(&report).unwrap());
    assert_eq!(
        checks::requests(&browser),
        [format!("request: {}events", run.url)],
        "its events and nothing else"
    );
    // The page stays, and is as sound as any other.
    expect_nothing(
        &browser,
        &[
            ("console", checks::console),
            ("inert", checks::inert),
            ("charts", checks::charts),
            ("labels", checks::labels),
            ("contrast", checks::contrast),
            ("keyboard", checks::keyboard),
            ("print", checks::print),
            ("narrow", checks::narrow),
        ],
    );
}

#[test]
fn a_run_that_is_killed_is_told_as_one_that_does_not_answer() {
    let browser = pool::lend();
    let mut run = serve(20);
    browser.open_url(&run.url);
    wait_for(&browser, "a trial", |browser| text(browser, "#state").starts_with("Trial 1"));
    run.child.kill().expect("killing a run of our own");
    wait_for(&browser, "words", |browser| text(browser, "#state").starts_with("The run does not answer"));
    // Else it would go on asking.
    browser.open(&pages::PLAIN);
}

#[test]
fn a_saved_page_asks_nobody_and_shows_what_it_has() {
    let browser = pool::lend();
    browser.open(&pages::live());
    assert!(text(&browser, "#state").starts_with("Trial 2 of 2: nats-jetstream in "));
    assert_eq!(figure(&browser, "Faults of this trial: kill-broker at 5.0\u{a0}s"), "begun");
    assert_eq!(figure(&browser, "nats-server: pending"), "42");
    let drawn = browser.run("return all('article.chart h2').map((title) => title.textContent);");
    let titles = ["Rate", "Turnaround", "In flight", "Broker CPU", "Broker memory", "Broker backlog"];
    assert_eq!(drawn, Value::from(titles.to_vec()));
    // A line does not go on from one trial to the next, which is on another path.
    let paths = "return all('#rate figure .line').map((line) => line.getAttribute('class'));";
    assert_eq!(browser.run(paths), Value::from(vec!["line s-redis-streams", "line s-nats-jetstream"]));
}
