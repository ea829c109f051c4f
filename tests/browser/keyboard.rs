//! What a reader can do without a mouse, beyond reaching everything.

use fantoccini::key::Key;
use serde_json::Value;

use crate::driver::Browser;
use crate::{pages, pool};

fn focus(browser: &Browser, selector: &str) {
    browser.run(&format!("document.querySelector({}).focus();", Value::from(selector)));
}

fn pressed(browser: &Browser, selector: &str) -> Value {
    browser.run(&format!(
        "return document.querySelector({}).getAttribute('aria-pressed');",
        Value::from(selector)
    ))
}

#[test]
fn space_and_enter_work_a_legend() {
    let browser = pool::lend();
    browser.open(&pages::PLAIN);
    let legend = ".legend button[data-series]";
    focus(&browser, legend);
    browser.press([' '].into_iter());
    assert_eq!(pressed(&browser, legend), "false");
    browser.press([Key::Enter.into()].into_iter());
    assert_eq!(pressed(&browser, legend), "true");
}

#[test]
fn space_and_enter_work_the_switch_the_theme_and_what_is_folded() {
    let browser = pool::lend();
    browser.open(&pages::PLAIN);
    let second = ".switch button:nth-child(2)";
    focus(&browser, second);
    browser.press([' '].into_iter());
    assert_eq!(pressed(&browser, second), "true");
    focus(&browser, ".theme");
    browser.press([Key::Enter.into()].into_iter());
    assert_eq!(browser.run("return document.documentElement.dataset.theme;"), "dark");
    focus(&browser, "details.data > summary");
    browser.press([Key::Enter.into()].into_iter());
    assert_eq!(browser.run("return document.querySelector('details.data').open;"), true);
}
