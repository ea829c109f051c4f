//! How mistakes look, and that no secret shows in them.

use miette::{GraphicalReportHandler, GraphicalTheme, NarratableReportHandler};

use super::super::{LoadError, Overrides, plan};
use super::{SOUND, refused, with};
use crate::endpoint::GivenUrl;
use weighbridge_record::terms::BrokerKind;

const THREE: &str = r#"name = "three"
question = "Are all three told?"
transports = ["nats-core"]

[load]
executor = "constant-arrival-rate"
rate = 0
duration = "5"
warmpu = "1s"
"#;

#[test]
fn three_mistakes_are_told_in_one_pass_each_with_its_line_and_column() {
    let errors = refused(THREE).errors;
    let places: Vec<_> = errors.iter().map(|error| (error.line, error.column)).collect();
    assert_eq!(places, [(Some(7), Some(8)), (Some(8), Some(12)), (Some(9), Some(1))]);
    assert_eq!(errors[2].line_text.as_deref(), Some("warmpu = \"1s\""));
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r##"
    test.toml:7:8: `load.rate` must be greater than 0, not 0
    test.toml:8:12: `load.duration`: `5` has no unit: write "5s" for seconds or "5ms" for milliseconds
    test.toml:9:1: unknown key `warmpu` in `load`; did you mean `warmup`?
    "##);
}

#[test]
fn the_graphical_report_shows_each_line() {
    let mut out = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    handler.render_report(&mut out, &LoadError::Invalid(Box::new(refused(THREE)))).unwrap();
    insta::assert_snapshot!(out, @r##"
      × 3 errors in scenario test.toml

    Error: 
      × test.toml:7:8: `load.rate` must be greater than 0, not 0
       ╭─[test.toml:7:8]
     6 │ executor = "constant-arrival-rate"
     7 │ rate = 0
       ·        ┬
       ·        ╰── here
     8 │ duration = "5"
       ╰────

    Error: 
      × test.toml:8:12: `load.duration`: `5` has no unit: write "5s" for seconds or "5ms" for
      │ milliseconds
       ╭─[test.toml:8:12]
     7 │ rate = 0
     8 │ duration = "5"
       ·            ─┬─
       ·             ╰── here
     9 │ warmpu = "1s"
       ╰────

    Error: 
      × test.toml:9:1: unknown key `warmpu` in `load`; did you mean `warmup`?
       ╭─[test.toml:9:1]
     8 │ duration = "5"
     9 │ warmpu = "1s"
       · ───┬──
       ·    ╰── here
       ╰────
    "##);
}

#[test]
fn the_plain_report_shows_each_line() {
    let mut out = String::new();
    NarratableReportHandler::new()
        .render_report(&mut out, &refused(&with("rate = 100", "rate = -1")))
        .unwrap();
    insta::assert_snapshot!(out, @r##"
    1 error in scenario test.toml
        Diagnostic severity: error

    Error: test.toml:7:8: `load.rate` must be greater than 0, not -1
        Diagnostic severity: error

    Begin snippet for test.toml starting at line 6, column 1

    snippet line 6: executor = "constant-arrival-rate"
    snippet line 7: rate = -1
        label at line 7, columns 8 to 9: here
    snippet line 8: duration = "5s"
    "##);
}

#[test]
fn mistakes_in_the_syntax_have_a_place_too() {
    let errors = refused("name = \"a\"\nquestion = \n[load\n").errors;
    assert_eq!(errors[0].line, Some(2), "{errors:?}");
    assert!(errors.len() >= 2, "{errors:?}");
}

#[test]
fn a_password_in_a_url_is_nowhere_to_be_read() {
    let good = format!("{SOUND}\n[brokers]\nredis_url = 'redis://anna:geheim@h' # was nats://x:geheim@h\n");
    let plain = super::planned(&good);
    assert!(!plain.source.contains("geheim"), "{}", plain.source);
    assert!(plain.source.contains("redis://***@h"), "{}", plain.source);
    assert!(plain.source.contains("# was"), "comments are kept: {}", plain.source);
    assert_eq!(plain.points[0].brokers.redis.as_ref().unwrap().address(), "h:6379");
    assert!(!format!("{plain:?}").contains("geheim"));

    let urls = vec![GivenUrl::by_flag(BrokerKind::NatsServer, "nats://geheim@h")];
    let flags = Overrides { urls, seed: Some(2), ..Overrides::default() };
    let source = plan("test.toml", &good, &flags).unwrap().source;
    assert!(!source.contains("geheim") && source.contains("nats://***@h"), "{source}");

    let bad = format!("{SOUND}\n[brokers]\nredis_url = \"http://anna:geheim@h\"\n");
    let mut out = String::new();
    NarratableReportHandler::new().render_report(&mut out, &refused(&bad)).unwrap();
    out.push_str(&refused(&bad).summary());
    let flags =
        Overrides { set: vec!["brokers.nats_url=http://a:geheim@h".to_owned()], ..Overrides::default() };
    out.push_str(&super::refused_with(SOUND, &flags));
    assert!(!out.contains("geheim") && out.contains("redis://"), "{out}");
}

#[test]
fn a_url_that_names_no_server_is_told_at_its_place_and_not_repeated() {
    let told = |text: &str, overrides: &Overrides| {
        let errors = plan("test.toml", text, overrides).unwrap_err();
        let mut out = String::new();
        NarratableReportHandler::new().render_report(&mut out, &errors).unwrap();
        assert!(!out.contains("geheim"), "{out}");
        errors.errors[0].to_string()
    };
    let in_file =
        |url: &str| told(&format!("{SOUND}\n[brokers]\nredis_url = \"{url}\"\n"), &Overrides::default());
    for url in
        ["redis://:geheim@h:port", "redis://geheim@h", "geheim", "rediss://u:geheim@h?x", "redis://h/geheim"]
    {
        let error = in_file(url);
        assert!(error.starts_with("test.toml:14:13: ") && error.contains("redis://"), "{error}");
    }
    let given = |url| told(SOUND, &Overrides { urls: vec![url], ..Overrides::default() });
    let flag = given(GivenUrl::by_flag(BrokerKind::NatsServer, "nats://geheim@h:port"));
    assert!(flag.starts_with("`--nats-url`: not a URL of nats-server"), "{flag}");
    let variable = given(GivenUrl::by_variable(BrokerKind::RedisServer, "redis://geheim@h"));
    assert!(
        variable.starts_with("the environment variable REDIS_URL: not a URL of redis-server"),
        "{variable}"
    );
    let set = Overrides { set: vec!["brokers.redis_url=geheim".to_owned()], ..Overrides::default() };
    assert!(told(SOUND, &set).starts_with("`--set brokers.redis_url`: "));
}
