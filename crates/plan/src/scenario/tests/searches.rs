//! Scenarios for `weighbridge search`.

use super::super::{Overrides, plan};
use super::{SOUND, planned, refused, refused_with, with};

/// `SOUND` with this in `[search]`.
fn searched(lines: &str) -> String {
    format!("{SOUND}[search]\n{lines}\n")
}

#[test]
fn a_search_is_read_with_its_defaults() {
    let plan = planned(&searched(""));
    let search = plan.search.clone().unwrap();
    assert_eq!((search.low_per_s, search.high_per_s, search.precision), (100.0, 10_000.0, 0.1));
    assert_eq!((search.confirm_ns, search.has_rate, plan.is_only_searched()), (20_000_000_000, true, false));
    let text = searched("low = 500\nhigh = 9000\nprecision = 0.2\nconfirm = \"3s\"");
    let plan = planned(&text.replace("rate = 100\n", ""));
    let search = plan.search.clone().unwrap();
    assert_eq!((search.low_per_s, search.high_per_s, search.precision), (500.0, 9_000.0, 0.2));
    assert_eq!((search.confirm_ns, plan.is_only_searched()), (3_000_000_000, true));
    assert_eq!(plan.points[0].load.peak_per_s(), Some(500.0));
    assert_eq!(planned(SOUND).search, None);
}

#[test]
fn mistakes_in_a_search_are_told() {
    let cases = [
        ("lwo = 5", "did you mean `low`?"),
        ("low = 0", "`search.low` must be greater than 0"),
        ("low = -5", "`search.low` must be greater than 0"),
        ("low = \"5\"", "`search.low` must be a number"),
        ("low = nan", "finite"),
        ("high = 0", "`search.high` must be greater than 0"),
        ("high = 1e9", "at most 100000000"),
        ("low = 500\nhigh = 500", "must be more than `search.low`"),
        ("low = 500\nhigh = 50", "must be more than `search.low`"),
        ("high = 50", "must be more than `search.low`"),
        ("high = 1e8", "requests in one trial"),
        ("precision = 0", "`search.precision` must be greater than 0"),
        ("precision = 1", "`search.precision` must be less than 1"),
        ("precision = -0.1", "`search.precision` must be greater than 0"),
        ("precision = true", "`search.precision` must be a number"),
        ("confirm = \"0s\"", "`search.confirm` must be longer than zero"),
        ("confirm = 5", "write \"5s\""),
        ("objective = \"lowest-latency\"", "known: highest-sustained-rate"),
    ];
    for (lines, says) in cases {
        let summary = refused(&searched(lines)).summary();
        assert!(summary.contains(says), "`{lines}` should say `{says}`, says: {summary}");
    }
    let errors = refused(&searched("low = 500\nhigh = 50")).errors;
    assert_eq!((errors.len(), errors[0].line, errors[0].column), (1, Some(14), Some(8)), "{errors:?}");
    let no_rate = refused(&searched("high = 50").replace("rate = 100\n", "")).errors;
    assert_eq!((no_rate.len(), no_rate[0].line), (1, Some(11)), "{no_rate:?}");
    assert!(no_rate[0].to_string().contains("`[search]` needs `low`"), "{no_rate:?}");
}

#[test]
fn a_search_needs_one_point_and_a_constant_rate() {
    let closed = "executor = \"closed-loop\"\nin_flight = 1";
    let closed = searched("low = 5").replace("executor = \"constant-arrival-rate\"\nrate = 100", closed);
    let errors = refused(&closed).errors;
    assert_eq!((errors.len(), errors[0].line), (1, Some(6)), "{errors:?}");
    assert!(errors[0].to_string().contains("needs executor constant-arrival-rate"), "{errors:?}");
    let swept = searched("low = 5\n[sweep]\n\"workers.count\" = [1, 2]");
    let errors = refused(&swept).errors;
    assert_eq!((errors.len(), errors[0].line), (1, Some(14)), "{errors:?}");
    assert!(errors[0].to_string().contains("`[sweep]` can't be searched"), "{errors:?}");
}

#[test]
fn a_scenario_that_does_not_ask_is_searched_from_its_own_rate() {
    let flags = Overrides { search: true, high: Some(5_000.0), ..Overrides::default() };
    let plan = plan("test.toml", SOUND, &flags).unwrap();
    let search = plan.search.unwrap();
    assert_eq!((search.low_per_s, search.high_per_s), (100.0, 5_000.0));
    assert_eq!(planned(&plan.source).search.map(|search| search.high_per_s), Some(5_000.0));
    let low = Overrides { search: true, low: Some(0.0), ..Overrides::default() };
    assert!(refused_with(SOUND, &low).starts_with("`--low 0`: "));
    let saturate = with("executor = \"constant-arrival-rate\"\nrate = 100", "executor = \"saturate\"");
    let asked = Overrides { search: true, ..Overrides::default() };
    assert!(refused_with(&saturate, &asked).contains("needs executor constant-arrival-rate"));
}
