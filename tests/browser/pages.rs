//! The pages that are looked at: what a report of each record consists of.

use std::sync::LazyLock;

use weighbridge::report::html;
use weighbridge::result::RunResult;

use crate::fixtures;

pub struct Page {
    /// The record and the page, as findings name it.
    pub name: String,
    pub html: String,
}

pub fn report(result: &RunResult) -> String {
    html::render(result).expect("a page")
}

/// Every page of every record. Drawn once, which takes a build without optimisation some seconds.
pub static ALL: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let page = |record: &fixtures::Record| Page {
        name: format!("report of {}", record.name),
        html: report(&record.result),
    };
    fixtures::all().iter().map(page).collect()
});

/// One with most of what pages have: five transports, thresholds, doubts, variants.
pub static PLAIN: LazyLock<String> = LazyLock::new(|| report(&fixtures::measured("quickstart")));
