//! Leg by leg and broker by broker: what went over each, which subjects reach it, who takes a request that goes to both,
//! and what is left on the servers.

use super::table::{Table, known};
use weighbridge_record::format;
use weighbridge_record::result::{Held, Leg, RouteRecord, SeamCheck, Trial, TwinAnswers};
use weighbridge_record::result::{LatencySummary, PublishWaits};
use weighbridge_record::terms::{OnFailure, TransportKind};

pub fn legs(trial: &Trial) -> Table {
    let columns = [
        "leg",
        "requests",
        "confirmed",
        "answered",
        "lost",
        "of these confirmed",
        "doubled",
        "redelivered",
        "out of order",
        "still stored",
    ];
    let note = "A request that takes both legs is in both rows. Still stored: requests, asked of the server after the \
                drain.";
    Table::new("Leg by leg", note, &columns, trial.legs.iter().map(leg).collect())
}

fn leg(leg: &Leg) -> Vec<String> {
    let ledger = &leg.ledger;
    let confirms = leg.transport.answers_publish();
    vec![
        leg.transport.to_string(),
        format::count(ledger.attempted),
        if confirms { format::count(ledger.acknowledged) } else { String::new() },
        format::count(ledger.completed),
        format::count(ledger.lost),
        format::count(ledger.lost_acknowledged),
        format::count(ledger.duplicated),
        format::count(ledger.redelivered),
        format::count(ledger.reordered),
        known(leg.stored, format::count),
    ]
}

/// Which subjects reach the workers of a leg.
pub fn subjects(route: &RouteRecord) -> Option<Table> {
    let columns = ["leg", "published on", "", "messages", "came to a worker"];
    let note = "Tried on the servers before the load. Who publishes on a subject from which nothing comes to a worker \
                loses every request.";
    let row = |check: &SeamCheck| {
        vec![
            check.transport.to_string(),
            check.subject.clone(),
            if check.used { "as here" } else { "the other form" }.to_owned(),
            format::count(check.published),
            format::count(check.delivered),
        ]
    };
    let rows = route.seam.iter().map(row).collect();
    Table { words: 3, ..Table::new("Subjects", note, &columns, rows) }.shown()
}

/// What either policy of the publisher makes of the requests that went to both brokers.
pub fn policies(trial: &Trial) -> Option<Table> {
    let pairs = trial.pairs.as_ref()?;
    let columns = [
        "the publisher needs",
        "told as failed",
        "of these answered all the same",
        "waits p50",
        "waits p99",
        "waits at most",
    ];
    let note = "The same requests under either policy, as both send the same. Needs both: what the guide's gather raises \
                for, with one broker written. Waits: from handing a request over to the confirmation that is needed.";
    let row = |name: &str, failed: Option<(u64, u64)>, waits: fn(&PublishWaits) -> &LatencySummary| {
        let wait = |read: fn(&LatencySummary) -> Option<u64>| {
            known(pairs.publish_ns.as_ref().and_then(|all| read(waits(all))), format::latency_ns)
        };
        vec![
            name.to_owned(),
            known(failed, |(failed, _)| format::count(failed)),
            known(failed, |(_, answered)| format::count(answered)),
            wait(|wait| wait.p50),
            wait(|wait| wait.p99),
            wait(|wait| wait.max),
        ]
    };
    let failed = |policy| pairs.taken.map(|taken| taken.failed(policy));
    let mut rows = vec![
        row("both brokers (both)", failed(OnFailure::Both), |waits| &waits.both),
        row("one of them (any)", failed(OnFailure::Any), |waits| &waits.any),
        // What it would have been told of failures is not known.
        row("the first alone, without a second", None, |waits| &waits.from),
    ];
    rows.retain(|row| row[1..].iter().any(|cell| !cell.is_empty()));
    Table::new("Every request to both", note, &columns, rows).shown()
}

/// The two answers to each request, held against each other.
pub fn pairs(pairs: &TwinAnswers) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("pairs of answers", format::count(pairs.compared)),
        ("pairs with another level or score", format::count(pairs.different)),
        ("answered by the second leg alone", format::count(pairs.missing_from)),
        ("answered by the first leg alone", format::count(pairs.missing_to)),
        ("pairs of which the first leg was ahead", format::count(pairs.from_ahead)),
    ];
    for (name, of) in [
        ("lag between the two answers", &pairs.lag_ns),
        ("turnaround of the second answer", &pairs.second_ns),
    ] {
        let Some(of) = of else { continue };
        let figures = [("p50", of.p50), ("p99", of.p99), ("longest", of.max)].into_iter();
        let figures = figures.filter_map(|(name, ns)| Some(format!("{name} {}", format::latency_ns(ns?))));
        facts.push((name, figures.collect::<Vec<_>>().join(", ")));
    }
    facts
}

/// What the servers still hold, with the commands that show and delete it.
pub fn left(trial: &Trial) -> Option<Table> {
    let columns = ["leg", "what", "name", "show it", "delete it", "entries", "not acknowledged"];
    let note = "After the drain. Not acknowledged: delivered, and nobody has said that it is done. Commands are for a \
                server of your own where the servers of the run are gone with it.";
    let row = |(transport, held): (TransportKind, &Held)| {
        vec![
            transport.to_string(),
            held.what.clone(),
            held.name.clone(),
            held.show.clone(),
            held.remove.clone(),
            known(held.entries, format::count),
            known(held.pending, format::count),
        ]
    };
    let held = trial.legs.iter().flat_map(|leg| leg.held.iter().map(|held| (leg.transport, held)));
    Table { words: 5, ..Table::new("Left on the servers", note, &columns, held.map(row).collect()) }.shown()
}
