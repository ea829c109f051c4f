//! `badge.svg`: the headline of a run in 20 pixels, for a README or the page of a CI job.
//!
//! Stands alone, so it carries its colours and its name space; nothing else of it is an address.

use std::fmt::Write;

use super::answer::headline;
use weighbridge_record::result::{RunResult, Verdict};

const LABEL: &str = "weighbridge";
const LABEL_FILL: u32 = 0x3B_4148;
const HEIGHT: u32 = 20;
/// On either side of a text.
const PADDING: u32 = 6;
/// A scenario's name in the title.
const NAME_CHARS_MAX: usize = 80;

/// The badge of a run.
pub fn svg(result: &RunResult) -> String {
    let message = match result.verdict {
        Verdict::Passed => headline(result).text,
        Verdict::Failed => format!("failed: {}", headline(result)),
        Verdict::Invalid => "invalid".to_owned(),
        Verdict::Aborted => "aborted".to_owned(),
    };
    let name: String = result.scenario.name.chars().take(NAME_CHARS_MAX).collect();
    let (label_width, message_width) = (width(LABEL), width(&message));
    let split = label_width + 2 * PADDING;
    let whole = split + message_width + 2 * PADDING;
    let (name, message, fill) = (escaped(&name), escaped(&message), fill(result.verdict));
    let mut svg = String::new();
    // Writing into a string does not fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"{HEIGHT}\" role=\"img\" \
         aria-label=\"{LABEL}: {message}\"><title>{name}: {message}</title>\
         <rect width=\"{whole}\" height=\"{HEIGHT}\" rx=\"3\" fill=\"#{LABEL_FILL:06x}\"/>\
         <path d=\"M{split} 0H{}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{split}z\" fill=\"#{fill:06x}\"/>\
         <g fill=\"#ffffff\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" font-size=\"11\">",
        whole - 3
    );
    for (x, width, text) in
        [(PADDING, label_width, LABEL), (split + PADDING, message_width, message.as_str())]
    {
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"14\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\">{text}</text>"
        );
    }
    svg.push_str("</g></svg>\n");
    svg
}

/// White text holds 4.5:1 on each.
fn fill(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Passed => 0x1A_6B3C,
        Verdict::Failed => 0xA6_1B1B,
        Verdict::Invalid => 0x7A_5200,
        Verdict::Aborted => 0x5C_6166,
    }
}

/// Room for a text at 11 pixels in the widest of the fonts asked for; `textLength` then fits it exactly.
fn width(text: &str) -> u32 {
    let tenths: u32 = text.chars().map(char_width_tenths).sum();
    tenths.div_ceil(10)
}

fn char_width_tenths(c: char) -> u32 {
    match c {
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '-' | '/' | '('
        | ')' => 50,
        ' ' | '\u{a0}' => 42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 112,
        c if c.is_ascii_uppercase() => 85,
        c if c.is_ascii() => 72,
        'µ' | '≥' | '×' => 92,
        _ => 115,
    }
}

/// Text for XML, without the characters that XML has no way to write.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::PairVerdict;
    use weighbridge_record::terms::TransportKind;

    fn result() -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        Fixture { transports, repetitions: 5, seconds: 1, rate_per_s: 1_500, ..Fixture::default() }.build()
    }

    fn title(result: &RunResult) -> String {
        let svg = svg(result);
        let title = svg.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
        title.replace('\u{a0}', " ")
    }

    #[test]
    fn the_headline_and_the_verdict_are_said_and_not_only_coloured() {
        let of = |verdict| RunResult { verdict, ..result() };
        let titles =
            [Verdict::Passed, Verdict::Failed, Verdict::Invalid, Verdict::Aborted].map(|v| title(&of(v)));
        insta::assert_snapshot!(titles.join("\n"), @r"
        quickstart: nats-core p99 2.73 ms
        quickstart: failed: nats-core p99 2.73 ms
        quickstart: invalid
        quickstart: aborted
        ");
    }

    #[test]
    fn what_has_no_single_leader_names_none() {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        let once = Fixture { transports, seconds: 1, rate_per_s: 1_500, ..Fixture::default() }.build();
        let mut level = result();
        level.ratios.iter_mut().for_each(|pair| pair.verdict = PairVerdict::NoDifferenceShown);
        let points = [1, 2].map(|n| [("load.rate".to_owned(), n.into())].into()).to_vec();
        let sweep = Fixture { points, seconds: 1, rate_per_s: 100, ..Fixture::default() }.build();
        let mut nothing = result();
        nothing.trials.clear();
        let titles = [title(&once), title(&level), title(&sweep), title(&nothing)];
        insta::assert_snapshot!(titles.join("\n"), @r"
        quickstart: one repetition, p99 2.65 ms to 5.86 ms
        quickstart: no winner, p99 2.73 ms to 5.86 ms
        quickstart: 2 points measured
        quickstart: nothing measured
        ");
    }

    #[test]
    fn text_is_escaped_and_the_name_space_is_the_only_address() {
        let mut hostile = result();
        hostile.scenario.name = "\"><script>alert('1')</script>&\u{0}\u{ffff}".to_owned();
        let svg = svg(&hostile);
        assert!(svg.contains("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;  :"), "{svg}");
        assert!(!svg.contains("<script") && !svg.contains("href"));
        assert_eq!(svg.matches("http").count(), 1);
    }

    #[test]
    fn every_text_lies_within_its_field() {
        let svg = svg(&RunResult { verdict: Verdict::Failed, ..result() });
        let number = |text: &str, key: &str| -> u32 {
            let value = text.split_once(&format!(" {key}=\"")).unwrap().1.split_once('"').unwrap().0;
            value.parse().unwrap()
        };
        let whole = number(&svg, "width");
        let mut end = 0;
        for text in svg.split("<text").skip(1) {
            assert!(number(text, "x") >= end + PADDING);
            end = number(text, "x") + number(text, "textLength") + PADDING;
        }
        assert_eq!(end, whole);
    }

    #[test]
    fn white_text_is_legible_on_every_field() {
        let luminance = |color: u32| {
            let channel = |shift: u32| {
                let c = f64::from((color >> shift) & 0xFF) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
        };
        let verdicts = [Verdict::Passed, Verdict::Failed, Verdict::Invalid, Verdict::Aborted];
        for field in verdicts.map(fill).into_iter().chain([LABEL_FILL]) {
            let contrast = 1.05 / (luminance(field) + 0.05);
            assert!(contrast >= 4.5, "{field:06x}: {contrast:.2}");
        }
    }
}
