//! What of a scenario is not for showing, by where it stands in the tree: the URLs of servers, and URLs in other
//! texts, in keys and in comments.
//!
//! Values are replaced before they become text; only a file that can't be read as TOML is covered as text.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::document::{Node, Origin, Value, toml_key, toml_value};
use crate::credentials::{HIDDEN, redact, secret};
use crate::endpoint;
use weighbridge_record::terms::BrokerKind;

/// Keys of `[brokers]` that hold no URL. A misspelt one may be meant to.
const PLAIN_KEYS: [&str; 14] = [
    "durability",
    "prefix",
    "ack_wait",
    "max_deliver",
    "delivery",
    "subjects",
    "request_subject",
    "result_subject",
    "sync_subject",
    "jetstream_domain",
    "jetstream_max_memory",
    "jetstream_max_storage",
    "tls",
    "auth",
];

/// Whether the value at a path is the URL of a server, or may be meant to be one.
pub fn is_url(path: &[String]) -> bool {
    let key = match path {
        [table, key, ..] if table == "brokers" => Some(key.as_str()),
        [table, key, ..] if table == "sweep" => key.strip_prefix("brokers."),
        _ => None,
    };
    key.is_some_and(|key| !PLAIN_KEYS.contains(&key))
}

/// Hides the URLs in all texts and keys but those of servers, which are wanted whole.
pub fn hide_stray(document: &mut Node) {
    cover(document, &mut Vec::new(), false);
}

/// The value at `path` as it may be shown.
pub fn shown(node: &Node, path: &[String]) -> Node {
    let mut shown = node.clone();
    cover(&mut shown, &mut path.to_vec(), true);
    shown
}

fn cover(node: &mut Node, path: &mut Vec<String>, with_servers: bool) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| cover(item, path, with_servers)),
        Value::Table(entries) => {
            for entry in entries {
                entry.key = redact(&entry.key);
                path.push(entry.key.clone());
                cover(&mut entry.node, path, with_servers);
                path.pop();
            }
        }
        value if with_servers && is_url(path) => *value = Value::Text(shown_url(&path[1], value)),
        Value::Text(text) if !is_url(path) => *text = redact(text),
        _ => {}
    }
}

fn shown_url(key: &str, value: &Value) -> String {
    match (key, value) {
        ("redis_url", Value::Text(text)) => endpoint::shown(BrokerKind::RedisServer, text),
        ("nats_url", Value::Text(text)) => endpoint::shown(BrokerKind::NatsServer, text),
        _ => HIDDEN.to_owned(),
    }
}

/// The author's text, with comments, as it may be shown.
pub fn source(text: &str, document: &Node) -> String {
    rewritten(text, covered(text, document), |_, instead| instead)
}

/// As [`source`], but with as many bytes and lines as before, so that places in the text stay true.
pub fn masked(text: &str, document: &Node) -> String {
    rewritten(text, covered(text, document), |hidden, _| stars(hidden))
}

/// The text of a file that can't be read as TOML, in which nobody can say where a URL ends.
pub fn masked_unread(text: &str) -> String {
    let urls = ["redis_url", "nats_url"].into_iter().flat_map(|key| {
        let after = text.match_indices(key).map(move |(at, _)| at + key.len());
        after.map(|at| at..text[at..].find('\n').map_or(text.len(), |length| at + length))
    });
    let mut out = text.to_owned();
    for hidden in urls.chain(secret(text)) {
        let stars = stars(&text[hidden.clone()]);
        out.replace_range(hidden, &stars);
    }
    out
}

fn stars(hidden: &str) -> String {
    hidden.split('\n').map(|line| "*".repeat(line.len())).collect::<Vec<_>>().join("\n")
}

type Covered = (Range<usize>, String);

fn rewritten(text: &str, mut covered: Vec<Covered>, cover: impl Fn(&str, String) -> String) -> String {
    // From the end, so that the offsets of those before stay true.
    covered.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut out = text.to_owned();
    for (span, instead) in covered {
        let instead = cover(&text[span.clone()], instead);
        out.replace_range(span, &instead);
    }
    out
}

/// Places in the file, with what may stand there instead.
fn covered(text: &str, document: &Node) -> Vec<Covered> {
    let mut found = Vec::new();
    differing(document, &shown(document, &[]), &mut found);
    for token in Source::new(text).lex().filter(|token| token.kind() == TokenKind::Comment) {
        let span = token.span().start()..token.span().end();
        let comment = &text[span.clone()];
        let redacted = redact(comment);
        if redacted != comment {
            found.push((span, redacted));
        }
    }
    found
}

/// Keys and values of the file that are others when shown. The trees differ in nothing else.
fn differing(whole: &Node, shown: &Node, found: &mut Vec<Covered>) {
    let mut note = |origin: &Origin, instead: String| {
        if let Origin::File(span) = origin {
            found.push((span.clone(), instead));
        }
    };
    match (&whole.value, &shown.value) {
        (Value::Table(whole), Value::Table(shown)) => {
            for (whole, shown) in whole.iter().zip(shown) {
                if whole.key != shown.key {
                    note(&whole.key_origin, toml_key(&shown.key));
                }
            }
            whole.iter().zip(shown).for_each(|(whole, shown)| differing(&whole.node, &shown.node, found));
        }
        (Value::List(whole), Value::List(shown)) => {
            whole.iter().zip(shown).for_each(|(whole, shown)| differing(whole, shown, found));
        }
        (Value::Text(text), Value::Text(shown)) if text == shown => {}
        (_, Value::Text(_)) => note(&whole.origin, toml_value(shown)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::parse;
    use super::{masked, masked_unread, source};

    const FILE: &str = "question = \"Was redis://u:geheim@h fast?\" # not nats://ge\"heim @h\n[brokers]\n\
                        redis_url = \"\"\"redis://:ge\\\"heim@h:7\"\"\"\nnats_url = 'nats://h'\n";

    #[test]
    fn the_source_keeps_all_but_what_is_secret() {
        let shown = source(FILE, &parse(FILE).unwrap());
        assert_eq!(
            shown,
            "question = \"Was redis://***@h fast?\" # not nats://***@h\n[brokers]\n\
             redis_url = \"redis://***@h:7\"\nnats_url = 'nats://h'\n"
        );
    }

    #[test]
    fn a_mask_keeps_every_place() {
        let text = format!("{FILE}redis_ulr = \"\"\"ge\nheim\"\"\"\nurl = 4711\n");
        let masked = masked(&text, &parse(&text).unwrap());
        assert_eq!(masked.len(), text.len());
        let line_ends = |text: &str| text.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(line_ends(&masked), line_ends(&text));
        for secret in ["ge", "heim", "4711"] {
            assert!(!masked.contains(secret), "{masked}");
        }
        assert!(masked.contains("nats_url = 'nats://h'") && masked.contains("redis_ulr = "), "{masked}");
    }

    #[test]
    fn of_a_file_that_is_no_toml_nothing_is_shown_that_may_belong_to_a_url() {
        for broken in [
            "redis_url = \"redis://:geheim\"heim@h\"\nrate = 1",
            "redis_url = \"redis://:geheim\nheim@h\"\nrate = 1",
            "redis_url = \"geheim\nrate = 1",
            "redis_url = redis://:geheim\nrate = 1",
        ] {
            let masked = masked_unread(broken);
            assert!(!masked.contains("heim") && masked.len() == broken.len(), "{masked}");
        }
        assert_eq!(masked_unread("# see https://a.org/b\nrate = "), "# see https://a.org/b\nrate = ");
    }
}
