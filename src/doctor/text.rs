//! The examination as text for a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use weighbridge_report::printable::{printable, printable_lines};
use weighbridge_report::wrapping::wrapped;

use super::brokers::{Answering, BrokerFinding, ROUND_TRIPS};
use super::examination::Examination;
use super::timing::{Lateness, SLEEP_NS, SLEEPS};
use super::verdict::{Sentence, Weight, sentences};

const COLUMNS: usize = 80;
/// Where the findings start.
const INDENT: usize = 18;

/// ANSI sequences, or nothing.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn paint(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    fn bold(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    fn weighted(self, weight: Weight, text: &str) -> String {
        let color = match weight {
            Weight::Good => AnsiColor::Green,
            Weight::Limit => AnsiColor::Yellow,
            Weight::Blocking => AnsiColor::Red,
        };
        self.paint(color.on_default(), text)
    }
}

/// Findings, line by line.
struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn heading(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&self.paint.bold(title));
        self.text.push('\n');
    }

    /// A name, and beside it what was found; further lines of the finding stand under its first.
    fn row(&mut self, name: &str, finding: &str) {
        // What a server has said can't steer the terminal.
        let finding = printable_lines(finding);
        let lines = finding.lines().flat_map(|line| {
            let text = line.trim_start();
            let indent = &line[..line.len() - text.len()];
            wrapped(text, indent, indent, COLUMNS - INDENT)
        });
        for (index, line) in lines.enumerate() {
            let name = if index == 0 { name } else { "" };
            // Writing to a String can't fail.
            let _ = writeln!(self.text, "  {name:<width$}{line}", width = INDENT - 2);
        }
    }

    /// A setting, and below it where it comes from.
    fn wide_row(&mut self, setting: &str, source: &str) {
        for line in wrapped(&printable(&format!("{setting}  ({source})")), "", "  ", COLUMNS - 2) {
            // Writing to a String can't fail.
            let _ = writeln!(self.text, "  {line}");
        }
    }

    fn sentence(&mut self, sentence: &Sentence) {
        let mark = match sentence.weight {
            Weight::Good => "ok",
            Weight::Limit => "note",
            Weight::Blocking => "STOP",
        };
        let mark = self.paint.weighted(sentence.weight, &format!("{mark:<6}"));
        for (index, line) in wrapped(&printable(&sentence.text), "", "", COLUMNS - 8).into_iter().enumerate()
        {
            let lead = if index == 0 { mark.as_str() } else { "      " };
            // Writing to a String can't fail.
            let _ = writeln!(self.text, "  {lead}{line}");
        }
    }
}

impl Examination {
    /// For people: aligned, at most 80 columns wide but for paths, with ANSI colours if `color` is set.
    pub fn text(&self, color: bool) -> String {
        let mut page = Page { text: String::new(), paint: Paint(color) };
        page.heading("Brokers");
        for broker in &self.brokers {
            page.row(broker.kind.name(), &broker_finding(broker));
        }
        if !self.in_force.is_empty() {
            page.heading("Configuration in force");
        }
        for setting in &self.in_force {
            page.wide_row(&format!("{} = {}", setting.name, setting.shown), &setting.source);
        }
        clock(&mut page, self);
        machine(&mut page, self);
        page.heading("What a run here can be trusted for");
        for sentence in sentences(&self.facts()) {
            page.sentence(&sentence);
        }
        page.text
    }
}

fn broker_finding(broker: &BrokerFinding) -> String {
    let named = broker.named_by.as_ref().map_or_else(String::new, |place| format!("\nnamed by {place}"));
    let found = match &broker.outcome {
        Ok(found) => {
            let how = if found.managed { "started" } else { "external, reached" };
            let (place, version) = (&found.place, &found.version);
            let ready = duration(found.ready_ns);
            let trip = duration(found.round_trip_ns_p50);
            let stores = stores(found);
            format!(
                "{}, {version}  {place}\n{how} within {ready}, round trip {trip} (median of {ROUND_TRIPS})\n{stores}",
                broker.status.name()
            )
        }
        Err(error) => format!("{}: {error}", broker.status.name()),
    };
    found + &named
}

/// What it keeps, and how connections are made.
fn stores(found: &Answering) -> String {
    let kept = match found.stores.jetstream_enabled {
        Some(true) => format!("JetStream with {} streams", found.stores.count),
        Some(false) => "no JetStream".to_owned(),
        None => format!("{} keys", found.stores.count),
    };
    format!("{kept}, TLS {}, credentials {}", found.tls, found.auth)
}

fn clock(page: &mut Page, examination: &Examination) {
    let timing = &examination.timing;
    page.heading("Clock");
    page.row("source", or_unknown(examination.machine.clock_source.as_deref()));
    let (cost, step) = (duration(timing.clock_cost_ns), duration(timing.clock_step_ns));
    page.row("one reading", &format!("{cost}; smallest step seen {step}"));
    match &timing.timer {
        Ok(late) => page.row("waking late", &lateness(late, "weighbridge's timer")),
        Err(error) => page.row("waking late", error),
    }
    page.row("", &lateness(&timing.tokio, "tokio's sleep, not used"));
    page.row("", &format!("({SLEEPS} sleeps of {} ms each)", SLEEP_NS / 1_000_000));
}

fn lateness(late: &Lateness, whose: &str) -> String {
    format!("p50 {:>8}  p99 {:>8}  {whose}", duration(late.p50_ns), duration(late.p99_ns))
}

fn machine(page: &mut Page, examination: &Examination) {
    let machine = &examination.machine;
    page.heading("Machine");
    page.row("processor", or_unknown(machine.cpu_model.as_deref()));
    let cores = match machine.cores_present {
        Some(present) if present != machine.cores_usable => {
            format!("{} of {present} may be used", machine.cores_usable)
        }
        _ => machine.cores_usable.to_string(),
    };
    page.row("cores", &cores);
    if let Some(load) = machine.load_one_minute {
        page.row("load average", &format!("{load:.2} over the last minute"));
    }
    if let Some(share) = examination.steal_share.filter(|share| *share > 0.0) {
        page.row("stolen time", &format!("{:.1} % during this examination", share * 100.0));
    }
    if let Some(total) = machine.memory_bytes {
        let available = machine.memory_available_bytes;
        let available = available.map_or(String::new(), |bytes| format!(", {} available", gib(bytes)));
        page.row("memory", &format!("{}{available}", gib(total)));
    }
    page.row("kernel", &machine.kernel);
    let kind = or_unknown(machine.temporary_file_system.as_deref());
    page.row("temporary data", &format!("{} ({kind})", machine.temporary_folder.display()));
    let files = machine.file_descriptors.map_or("unlimited".to_string(), |most| most.to_string());
    page.row("open files", &format!("at most {files}"));
    match &examination.forgetting {
        Ok(()) => page.row("plug and disk", "power-failure and fill-disk can be carried out"),
        Err(reason) => page.row("plug and disk", reason),
    }
}

fn or_unknown(text: Option<&str>) -> &str {
    text.unwrap_or("unknown")
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// Nanoseconds in the unit in which they read best, to three digits or so.
fn duration(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..10_000 => format!("{:.1} us", ns as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0} us", ns as f64 / 1e3),
        1_000_000..10_000_000 => format!("{:.2} ms", ns as f64 / 1e6),
        10_000_000..1_000_000_000 => format!("{:.0} ms", ns as f64 / 1e6),
        _ => format!("{:.1} s", ns as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_in_their_best_unit() {
        let cases = [
            (38, "38 ns"),
            (2_345, "2.3 us"),
            (61_400, "61 us"),
            (1_080_000, "1.08 ms"),
            (23_000_000, "23 ms"),
            (1_500_000_000, "1.5 s"),
        ];
        for (ns, text) in cases {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        assert_eq!(Paint(false).bold("x"), "x");
        assert_eq!(Paint(true).bold("x"), "\x1b[1mx\x1b[0m");
    }
}
