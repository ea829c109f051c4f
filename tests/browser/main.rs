//! Reports in a browser, as readers get them: headless Chromium, driven through chromedriver.
//!
//! `checks` lists what is looked at, mostly a piece of JavaScript each; `every_page` runs all of it on every page,
//! `planted` holds each check against a page with the very defect that it is for. Fails without Chromium and
//! chromedriver, which `scripts/install-browser.sh` installs.

mod checks;
mod driver;
mod endings;
mod every_page;
mod fixtures;
mod hostile;
mod keyboard;
mod live;
mod pages;
mod paper;
mod pictures;
mod planted;
mod pool;
