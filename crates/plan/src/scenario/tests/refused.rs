//! Every kind of mistake, by the words that tell it.

use super::super::{Overrides, plan, schema};
use super::{SOUND, planned, refused, refused_with, with};

/// Line to replace, replacement, what the error must say.
fn assert_refused(old: &str, new: &str, says: &str) {
    let summary = refused(&with(old, new)).summary();
    assert!(summary.contains(says), "`{new}` should say `{says}`, says: {summary}");
}

#[test]
fn the_sound_scenario_is_accepted_with_its_defaults() {
    let plan = planned(SOUND);
    let point = &plan.points[0];
    assert_eq!((plan.repeat, plan.seed, plan.points.len()), (1, 1, 1));
    assert_eq!((point.load.warmup_ns, point.load.cooldown_ns), (1_000_000_000, 500_000_000));
    assert_eq!((point.load.drain_ns, point.load.timeout_ns), (10_000_000_000, 30_000_000_000));
    let work = point.workers.work().unwrap();
    assert_eq!((point.load.max_in_flight, work.count, work.concurrency), (20_000, 2, 16));
    assert_eq!(point.payload.description_bytes, [256]);
    assert!(!point.payload.categories.is_empty() && !point.payload.requester_roles.is_empty());
}

#[test]
fn zero_negative_and_infinite_numbers_are_refused() {
    for rate in ["0", "-1", "nan", "inf", "-inf", "1e300", "1e9", "99999999999999999999"] {
        assert_refused("rate = 100", &format!("rate = {rate}"), "`load.rate` must be");
    }
    for count in ["-2", "1.5", "10001", "99999999999999999999"] {
        assert_refused("count = 2", &format!("count = {count}"), "`workers.count` must be");
    }
    for bytes in ["-1", "8388609", "[]", "[1, -1]"] {
        assert_refused(
            "[workers]",
            &format!("[payload]\ndescription_bytes = {bytes}\n[workers]"),
            "description_bytes",
        );
    }
    for weight in ["0", "-1", "nan"] {
        assert_refused(
            "[workers]",
            &format!("[payload]\ncategories = {{ A = {weight} }}\n[workers]"),
            "categories.A",
        );
    }
    for batch in ["0", "100001"] {
        assert_refused("rate = 100", &format!("rate = 100\nbatch = {batch}"), "`load.batch` must be");
    }
    assert_refused("question", "repeat = 0\nquestion", "`repeat` must be at least 1");
    assert_refused("question", "seed = -1\nquestion", "`seed` must be at least 0");
}

#[test]
fn durations_without_unit_say_what_to_write() {
    assert_refused("\"5s\"", "5", "write \"5s\"");
    assert_refused("\"5s\"", "\"5\"", "write \"5s\"");
    assert_refused("\"5s\"", "2.5", "write \"2.5s\"");
    assert_refused("\"5s\"", "\"5 parsecs\"", "unknown unit `parsecs`");
    assert_refused("\"5s\"", "\"5sec\"", "unknown unit `sec`");
    assert_refused("\"5s\"", "\"-5s\"", "can't be negative");
    assert_refused("\"5s\"", "\"0s\"", "`load.duration` must be longer than zero");
    assert_refused("\"5s\"", "\"25h\"", "at most 24h");
    assert_refused("\"5s\"", "true", "a duration with its unit");
}

#[test]
fn a_window_too_short_to_be_an_interval_is_refused() {
    for duration in ["1ns", "1us", "99ms"] {
        assert_refused("\"5s\"", &format!("\"{duration}\""), "`load.duration` must be at least 100ms");
    }
    let stages = |each: &str| {
        let ramp = format!(
            "stages = [{{ target = 100, duration = \"{each}\" }}, {{ target = 200, duration = \"{each}\" }}]"
        );
        with("constant-arrival-rate", "ramping-arrival-rate").replace("rate = 100\nduration = \"5s\"", &ramp)
    };
    let summary = refused(&stages("49ms")).summary();
    assert!(summary.contains("`load.stages` must be at least 100ms"), "{summary}");
    planned(&stages("50ms"));
    planned(&with("\"5s\"", "\"100ms\""));
    let confirm = format!("{SOUND}[search]\nconfirm = \"99ms\"\n");
    let summary = refused(&confirm).summary();
    assert!(summary.contains("`search.confirm` must be at least 100ms"), "{summary}");
}

#[test]
fn what_would_be_cut_into_too_many_intervals_is_refused() {
    for key in ["warmup", "cooldown", "drain"] {
        let text = |duration: &str| with("rate = 100", &format!("rate = 100\n{key} = \"{duration}\""));
        let summary = refused(&text("5001s")).summary();
        assert!(summary.contains(&format!("`load.{key}` is more than 1000 times")), "{summary}");
        assert!(summary.contains("lasts 5s"), "{summary}");
        planned(&text("5000s"));
    }
}

#[test]
fn zero_is_good_where_it_makes_sense() {
    let text = with("rate = 100", "rate = 100\nwarmup = \"0s\"\ncooldown = \"0s\"");
    assert_eq!(planned(&text).points[0].load.warmup_ns, 0);
    planned(&with("count = 2", "service_time = \"0s\"\n[payload]\ndescription_bytes = 0"));
    for key in ["drain", "timeout"] {
        assert_refused("rate = 100", &format!("rate = 100\n{key} = \"0s\""), "must be longer than zero");
    }
}

#[test]
fn an_unknown_key_in_each_table_is_refused() {
    let full = format!(
        "{SOUND}service_time = {{ distribution = \"exponential\", mean = \"2ms\" }}\n[payload]\n[brokers]\n[search]\n"
    );
    planned(&full);
    for (table, near) in [
        ("[load]", "duration"),
        ("[workers]", "count"),
        ("[payload]", "categories"),
        ("[brokers]", "durability"),
        ("[search]", "precision"),
    ] {
        let misspelt: String = near.chars().rev().take(2).chain(near.chars().skip(2)).collect();
        for key in ["zzzzzzzzzz", &format!("{near}x"), &misspelt] {
            let text = full.replacen(table, &format!("{table}\n{key} = 1"), 1);
            assert!(refused(&text).summary().contains(&format!("unknown key `{key}`")), "{key} in {table}");
        }
        let text = full.replacen(table, &format!("{table}\n{near}x = 1"), 1);
        assert!(refused(&text).summary().contains(&format!("did you mean `{near}`?")), "{table}");
    }
    assert_refused("question", "extra = 1\nquestion", "unknown key `extra`");
    assert_refused("question", "rate = 5\nquestion", "it belongs in [load]");
    assert_refused(
        "count = 2",
        "service_time = { distribution = \"constant\", value = \"1s\", x = 1 }",
        "unknown key `x`",
    );
}

#[test]
fn every_key_of_the_schema_is_refused_when_misspelt() {
    let schema = serde_json::Value::from(schema());
    let sections = ["Load", "Payload", "Workers", "Brokers", "Search"];
    for section in sections {
        let keys = schema["$defs"][section]["properties"].as_object();
        // `load` is written in place, as it is required.
        let keys = keys.or_else(|| schema["properties"]["load"]["properties"].as_object()).unwrap();
        for key in keys.keys() {
            let table = section.to_lowercase();
            let flags = Overrides { set: vec![format!("{table}.{key}_=1")], ..Overrides::default() };
            let summary = refused_with(SOUND, &flags);
            assert!(summary.contains(&format!("unknown key `{key}_`")), "{summary}");
        }
    }
}

#[test]
fn unknown_words_list_the_known_ones() {
    assert_refused("\"nats-core\"", "\"nats-cor\"", "did you mean `nats-core`?");
    assert_refused("\"nats-core\"", "\"kafka\"", "redis-streams");
    assert_refused("constant-arrival-rate", "constant-rate", "ramping-arrival-rate");
    assert_refused("rate = 100", "rate = 100\narrivals = \"pareto\"", "known: uniform, poisson");
    assert_refused(
        "[workers]",
        "[brokers]\ndurability = \"paranoid\"\n[workers]",
        "known: none, memory, lazy, os, sync",
    );
    assert_refused(
        "count = 2",
        "service_time = { distribution = \"pareto\" }",
        "known: constant, exponential, lognormal",
    );
}

#[test]
fn missing_keys_are_named() {
    assert_refused("name = \"sound\"\n", "", "missing key `name`");
    assert_refused("question = \"Is it sound?\"\n", "", "missing key `question`");
    assert_refused("transports = [\"nats-core\", \"redis-pubsub\"]\n", "", "missing key `transports`");
    assert_refused("executor = \"constant-arrival-rate\"\n", "", "missing key `executor` in `load`");
    assert_refused("rate = 100\n", "", "constant-arrival-rate needs `rate`");
    assert_refused("duration = \"5s\"\n", "", "constant-arrival-rate needs `duration`");
    assert!(refused("").summary().contains("missing key `load`"));
}

#[test]
fn a_misspelt_key_is_not_called_missing_as_well() {
    let errors = refused(&with("duration", "duratoin")).errors;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(refused(&with("question", "qestion")).errors.len(), 1);
}

#[test]
fn wrong_types_and_empty_values_are_refused() {
    assert_refused("name = \"sound\"", "name = 5", "`name` must be a string, not 5");
    assert_refused("name = \"sound\"", "name = \"So und\"", "small letters");
    assert_refused("\"Is it sound?\"", "\"  \"", "`question` must not be empty");
    assert_refused("[\"nats-core\", \"redis-pubsub\"]", "[]", "`transports` must not be empty");
    assert_refused("[\"nats-core\", \"redis-pubsub\"]", "\"nats-core\"", "`transports` must be a list");
    assert_refused("\"redis-pubsub\"", "\"nats-core\"", "stands twice");
    assert_refused("rate = 100", "rate = \"100\"", "`load.rate` must be a number");
    assert_refused("count = 2", "service_time = 5", "a duration with its unit, such as \"5s\" or a table");
    assert_refused("[workers]\ncount = 2", "workers = 3", "unknown key `workers`");
    assert_refused("[workers]\ncount = 2", "[[workers]]\ncount = 2", "`workers` must be a table");
}

#[test]
fn keys_of_another_executor_are_refused() {
    let executor = "executor = \"constant-arrival-rate\"\nrate = 100\nduration = \"5s\"";
    let cases = [
        ("executor = \"saturate\"\nduration = \"5s\"\nrate = 5", "`load.rate` doesn't belong to saturate"),
        ("executor = \"saturate\"\nduration = \"5s\"\nin_flight = 5", "write `max_in_flight`"),
        ("executor = \"closed-loop\"\nduration = \"5s\"", "closed-loop needs `in_flight`"),
        (
            "executor = \"closed-loop\"\nduration = \"5s\"\nin_flight = 9\nmax_in_flight = 5",
            "less than `load.in_flight`",
        ),
        ("executor = \"ramping-arrival-rate\"", "needs `stages`"),
        ("executor = \"ramping-arrival-rate\"\nstages = []", "must not be empty"),
        ("executor = \"ramping-arrival-rate\"\nstages = [{ target = 0, duration = \"1s\" }]", "send nothing"),
        (
            "executor = \"ramping-arrival-rate\"\nstages = [{ target = 5 }]",
            "missing key `duration` in `load.stages[0]`",
        ),
        (
            "executor = \"ramping-arrival-rate\"\nstages = [{ target = 5, duration = \"0s\" }]",
            "longer than zero",
        ),
        (
            "executor = \"ramping-arrival-rate\"\nduration = \"1s\"\nstages = [{ target = 5, duration = \"1s\" }]",
            "say how long they last",
        ),
        (
            "executor = \"constant-arrival-rate\"\nrate = 5\nduration = \"5s\"\nstart_rate = 1",
            "`load.start_rate` doesn't belong",
        ),
        ("executor = \"constant-arrival-rate\"\nrate = 1e8\nduration = \"24h\"", "requests in one trial"),
    ];
    for (new, says) in cases {
        assert_refused(executor, new, says);
    }
}

#[test]
fn distributions_take_their_own_keys_only() {
    let cases = [
        ("{ distribution = \"exponential\" }", "needs `mean`"),
        ("{ distribution = \"exponential\", mean = \"0s\" }", "longer than zero"),
        ("{ distribution = \"exponential\", mean = \"2ms\", sigma = 1 }", "`sigma` doesn't belong"),
        ("{ distribution = \"lognormal\", median = \"2ms\" }", "needs `sigma`"),
        ("{ distribution = \"lognormal\", median = \"2ms\", sigma = 0 }", "must be greater than 0"),
        ("{ distribution = \"constant\", value = \"2h\" }", "at most 1h"),
        ("{ mean = \"2ms\" }", "missing key `distribution`"),
    ];
    for (new, says) in cases {
        assert_refused("count = 2", &format!("service_time = {new}"), says);
    }
}

#[test]
fn words_that_would_break_a_subject_are_refused() {
    for key in ["\"A.B\"", "\"A B\"", "\"*\"", "\">\"", "lower", "\"\""] {
        assert_refused(
            "[workers]",
            &format!("[payload]\ncategories = {{ {key} = 1 }}\n[workers]"),
            "one token of a subject",
        );
    }
    assert_refused("[workers]", "[payload]\ncategories = {}\n[workers]", "must not be empty");
    assert_refused("[workers]", "[brokers]\nprefix = \"a.b\"\n[workers]", "`brokers.prefix` must be letters");
    assert_refused("[workers]", "[brokers]\nnats_url = \"http://x\"\n[workers]", "nats:// or tls://");
}

#[test]
fn tier_none_on_a_path_that_stores_is_refused() {
    let text = with("\"nats-core\"", "\"nats-jetstream\"")
        .replace("[workers]", "[brokers]\ndurability = \"none\"\n[workers]");
    assert!(refused(&text).summary().contains("nats-jetstream stores requests"));
    planned(&with("[workers]", "[brokers]\ndurability = \"none\"\n[workers]"));
}

#[test]
fn thresholds_are_read_and_their_mistakes_told() {
    let text = format!(
        "{SOUND}[thresholds]\n\"turnaround.p99\" = \"< 50ms\"\n\"ledger.lost\" = \"== 0\"\n\"rates.completed_per_s\" = \">=99.5\"\n"
    );
    let bounds: Vec<_> = planned(&text).points[0].thresholds.iter().map(|t| t.bound).collect();
    assert_eq!(bounds, [50e6, 0.0, 99.5, 0.0], "the last is about what got no answer");
    let cases = [
        ("\"turnaround\" = \"< 5ms\"", "no metric"),
        ("\"turnarund.p99\" = \"< 5ms\"", "did you mean `turnaround`?"),
        ("\"turnaround.p98\" = \"< 5ms\"", "known in turnaround"),
        ("\"ledger.los\" = \"== 0\"", "did you mean `lost`?"),
        ("\"rates.x\" = \"> 0\"", "known in rates"),
        ("\"turnaround.p99\" = \"< 50\"", "no unit"),
        ("\"turnaround.p99\" = \"< 0s\"", "zero"),
        ("\"turnaround.p99\" = \"50ms\"", "must start with one of"),
        ("\"turnaround.p99\" = \"!= 50ms\"", "must start with one of"),
        ("\"turnaround.p99\" = 50", "must be a string"),
        ("\"ledger.lost\" = \"== 0.5\"", "whole requests"),
        ("\"ledger.lost\" = \"== nan\"", "finite"),
        ("\"ledger.lost\" = \"== -1\"", "isn't negative"),
        ("\"ledger.lost\" = \"== x\"", "not a number"),
    ];
    for (line, says) in cases {
        assert_refused("[workers]", &format!("[thresholds]\n{line}\n[workers]"), says);
    }
}

#[test]
fn sweeps_are_limited_and_checked_value_by_value() {
    let many: Vec<_> = (1..=65).map(|n| n.to_string()).collect();
    let many = format!("\"load.rate\" = [{}]", many.join(", "));
    let cases = [
        ("\"load.rate\" = [1, 0]", "`load.rate` must be greater than 0"),
        ("\"load.rat\" = [1]", "did you mean `rate`?"),
        ("\"load.rate\" = []", "has no values"),
        ("\"load.rate\" = 5", "must be a list of values"),
        ("load.rate = [5]", "in quotes"),
        ("\"name\" = [\"a\"]", "can't be swept"),
        ("\"brokers.redis_url\" = [\"redis://h\"]", "can't be swept"),
        (&many, "64 points are run"),
    ];
    for (line, says) in cases {
        assert_refused("[workers]", &format!("[sweep]\n{line}\n[workers]"), says);
    }
    let errors = refused(
        &with("[workers]", "[sweep]\n\"load.rate\" = [1, 0]\n[workers]").replace("count = 2", "count = -2"),
    );
    assert_eq!(errors.errors.len(), 2, "each mistake once, not once a point: {}", errors.summary());
}

#[test]
fn a_missing_key_points_at_its_table() {
    let errors = refused(&with("rate = 100\n", "")).errors;
    assert_eq!((errors[0].line, errors[0].column), (Some(5), Some(2)), "{errors:?}");
    let errors = refused(&with("executor = \"constant-arrival-rate\"\n", "")).errors;
    assert_eq!(errors[0].line, Some(5), "{errors:?}");
    let ramp = with(
        "executor = \"constant-arrival-rate\"\nrate = 100\nduration = \"5s\"",
        "executor = \"ramping-arrival-rate\"\n[[load.stages]]\ntarget = 5\nduration = \"1s\"\n[[load.stages]]\ntarget = 5",
    );
    let errors = refused(&ramp).errors;
    assert_eq!(errors[0].line, Some(10), "{errors:?}");
}

#[test]
fn a_mistake_in_a_swept_value_points_at_the_value() {
    let errors = refused(&format!("{SOUND}[sweep]\n\"load.rate\" = [1, 0]\n")).errors;
    assert_eq!((errors[0].line, errors[0].column), (Some(13), Some(19)), "{errors:?}");
}

fn validator() -> &'static jsonschema::Validator {
    static VALIDATOR: std::sync::OnceLock<jsonschema::Validator> = std::sync::OnceLock::new();
    VALIDATOR.get_or_init(|| jsonschema::validator_for(&schema().into()).unwrap())
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_checks_panic(text: String) {
        let _ = plan("test.toml", &text, &Overrides::default());
    }

    #[test]
    fn no_mutilated_scenario_gets_past_the_json_schema(at in 0..SOUND.len(), length in 0..40_usize, new in "[\\[\\]{}=\".a-z0-9\n-]{0,8}") {
        let text = format!("{}{new}{}", &SOUND[..at], SOUND.get(at + length..).unwrap_or_default());
        let accepted = plan("test.toml", &text, &Overrides::default()).is_ok();
        if let (true, Ok(table)) = (accepted, toml::from_str::<toml::Table>(&text)) {
            let json = serde_json::to_value(table).unwrap();
            proptest::prop_assert!(validator().is_valid(&json), "accepted against the JSON Schema:\n{text}");
        }
    }

    #[test]
    fn no_flag_makes_the_checks_panic(set: String, path in "[a-z.]{1,20}", value in "[ -~]{0,20}") {
        let flags = Overrides { set: vec![set, format!("{path}={value}")], ..Overrides::default() };
        let _ = plan("test.toml", SOUND, &flags);
    }
}
