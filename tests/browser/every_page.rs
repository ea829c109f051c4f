//! Every page of every record passes every check.

use crate::checks::{self, Check};
use crate::{pages, pool};

/// Of one check on one page; more of them are told as a number.
const FINDINGS_MAX: usize = 12;

/// Opens every page anew for each group of checks, which leave a page as they found it.
fn pass(group: &[(&str, Check)]) {
    let browser = pool::lend();
    let mut told = String::new();
    for page in pages::ALL.iter() {
        browser.open(&page.html);
        for (name, check) in group {
            let findings = check(&browser);
            for finding in findings.iter().take(FINDINGS_MAX) {
                told += &format!("{}: {name}: {finding}\n", page.name);
            }
            if findings.len() > FINDINGS_MAX {
                told += &format!("{}: {name}: and {} more\n", page.name, findings.len() - FINDINGS_MAX);
            }
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn no_page_asks_for_anything_runs_what_is_not_its_own_or_complains() {
    pass(&[("console", checks::console), ("requests", checks::requests), ("inert", checks::inert)]);
}

#[test]
fn every_chart_is_drawn_labelled_and_told_in_a_table() {
    pass(&[("charts", checks::charts), ("labels", checks::labels)]);
}

#[test]
fn legends_switches_tables_and_the_pointer_do_what_they_say() {
    let group: [(&str, Check); 5] = [
        ("toggles", checks::toggles),
        ("variants", checks::variants),
        ("hover", checks::hover),
        ("sorting", checks::sorting),
        ("console", checks::console),
    ];
    pass(&group);
}

#[test]
fn every_text_can_be_read_in_light_and_in_dark() {
    pass(&[("contrast", checks::contrast)]);
}

#[test]
fn the_keyboard_reaches_everything_and_shows_where_it_is() {
    pass(&[("keyboard", checks::keyboard)]);
}

#[test]
fn paper_shows_everything_in_light() {
    pass(&[("print", checks::print)]);
}

#[test]
fn a_narrow_window_does_not_scroll_sideways() {
    pass(&[("narrow", checks::narrow)]);
}

#[test]
fn everything_is_readable_without_scripts() {
    pass(&[("unscripted", checks::unscripted)]);
}
