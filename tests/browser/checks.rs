//! What is looked at on a page: one function a check, each with the findings, none if the page is right.

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::driver::{Browser, View};

/// Browsers lay paper out in this many pixels: A4 between margins of a centimetre.
const PAPER_PX: u32 = 718;

const NARROW_PX: u32 = 400;

pub type Check = fn(&Browser) -> Vec<String>;

/// The last one leaves a page without its scripts.
pub const ALL: [Check; 14] = [
    console, requests, inert, charts, labels, toggles, variants, hover, sorting, contrast, keyboard, print,
    narrow, unscripted,
];

/// All that the console got since the page was opened: errors, warnings, exceptions, and mere words too.
pub fn console(browser: &Browser) -> Vec<String> {
    let line = |entry: &Value| format!("console: {} {}", word(entry, "level"), word(entry, "message"));
    browser.log("browser").iter().map(line).collect()
}

/// Everything that was asked of the network or the disk, but for the page itself. The empty tab that Chromium
/// begins with may still load parts of its own.
pub fn requests(browser: &Browser) -> Vec<String> {
    let page = browser.run("return location.href.split('#')[0];");
    let asked = browser.log("performance").into_iter().filter_map(|entry| {
        let message: Value = serde_json::from_str(word(&entry, "message")).ok()?;
        let told = |path: &str| message.pointer(path).and_then(Value::as_str);
        let sent = told("/message/method")? == "Network.requestWillBeSent";
        let url = told("/message/params/request/url")?;
        let by = told("/message/params/documentURL").unwrap_or_default();
        let wanted = page == url || by.starts_with("chrome:");
        (sent && !wanted).then(|| format!("request: {url}"))
    });
    asked.collect()
}

pub fn inert(browser: &Browser) -> Vec<String> {
    browser.findings(include_str!("checks/inert.js"))
}

pub fn charts(browser: &Browser) -> Vec<String> {
    browser.findings(include_str!("checks/charts.js"))
}

pub fn labels(browser: &Browser) -> Vec<String> {
    browser.findings(include_str!("checks/labels.js"))
}

pub fn toggles(browser: &Browser) -> Vec<String> {
    browser.findings(include_str!("checks/toggles.js"))
}

pub fn variants(browser: &Browser) -> Vec<String> {
    browser.findings(include_str!("checks/variants.js"))
}

pub fn hover(browser: &Browser) -> Vec<String> {
    browser.findings(include_str!("checks/hover.js"))
}

pub fn sorting(browser: &Browser) -> Vec<String> {
    browser.findings(include_str!("checks/sorting.js"))
}

/// In light and in dark, each as the system's wish and as the button's; and legends that are switched off.
pub fn contrast(browser: &Browser) -> Vec<String> {
    let press = "const button = document.querySelector('.theme'); if (button) button.click();";
    let switch = "all('.legend button[data-series]').forEach((press) => press.click());";
    let steps =
        [("", "", "body"), (", after the button", press, "body"), (", legends off", switch, ".legend")];
    let mut findings = Vec::new();
    for dark in [false, true] {
        browser.show(View { dark, ..View::default() });
        for (step, script, part) in steps {
            browser.run(script);
            let check = format!("const PART = '{part}';\n{}", include_str!("checks/contrast.js"));
            let place = format!("{} system{step}: ", if dark { "dark" } else { "light" });
            findings.extend(browser.findings(&check).into_iter().map(|finding| place.clone() + &finding));
        }
        browser.run(&format!("{switch} delete document.documentElement.dataset.theme;"));
    }
    browser.show(View::default());
    findings
}

pub fn keyboard(browser: &Browser) -> Vec<String> {
    let steps = browser.run(include_str!("checks/listen.js")).as_u64().expect("a number of stops");
    browser.press((0..steps + 2).map(|_| Key::Tab.into()));
    browser.findings(include_str!("checks/keyboard.js"))
}

/// With a dark system and a dark button, which paper must not follow.
pub fn print(browser: &Browser) -> Vec<String> {
    browser.show(View { media: "print", width: PAPER_PX, dark: true, scrollbars: false, ..View::default() });
    browser.run("document.documentElement.dataset.theme = 'dark';");
    let mut findings = browser.findings(include_str!("checks/print.js"));
    findings.extend(browser.findings(include_str!("checks/width.js")));
    browser.run("delete document.documentElement.dataset.theme;");
    browser.show(View::default());
    findings
}

pub fn narrow(browser: &Browser) -> Vec<String> {
    browser.show(View { width: NARROW_PX, ..View::default() });
    let findings = browser.findings(include_str!("checks/width.js"));
    browser.show(View::default());
    findings
}

/// Opens the page again with scripts off.
pub fn unscripted(browser: &Browser) -> Vec<String> {
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.reload();
    let findings = browser.findings(include_str!("checks/unscripted.js"));
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": false }));
    findings
}

fn word<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}
