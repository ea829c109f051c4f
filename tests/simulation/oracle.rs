//! What the instrument must say of a run, found by going through all lines of its books again for each question.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use weighbridge::transport::Unknown;
use weighbridge_record::result::{FINDINGS_MAX, FindingClass, LedgerTotals};
use weighbridge_record::terms::CompletedBy;

use crate::books::{Fact, Line, books};
use crate::case::Case;
use crate::history::Event;
use crate::model::Named;
use crate::publishing::REFUSED;

const OVERDUE: &str = "no result within the timeout";
const BROKEN: &str = "in flight when the connection was lost";

/// Class, request, and whether it was acknowledged by then.
pub type Found = (FindingClass, Option<u64>, bool);

/// What one generator, or all, must say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub totals: LedgerTotals,
    pub findings: Vec<Found>,
    pub errors: BTreeMap<String, u64>,
    pub disconnections: usize,
    pub epochs: usize,
    /// Requests that completed after they had been called unknown for their age.
    pub late_completions: usize,
    /// Most requests that were under way when one was sent.
    pub under_way_max: usize,
}

impl Expected {
    pub fn merge(&mut self, other: Self) {
        self.totals.merge(&other.totals);
        self.findings.extend(other.findings);
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self.disconnections += other.disconnections;
        self.epochs += other.epochs;
        self.late_completions += other.late_completions;
        self.under_way_max = self.under_way_max.max(other.under_way_max);
    }
}

/// What a generator must say.
pub fn expected(generator: u32, case: &Case, intended_ns: &[u64], events: &[(u64, Event)]) -> Expected {
    let lines = books(generator, case, events);
    let stripe = u64::from(case.load.generators);
    let attempted = (0..intended_ns.len() as u64).filter(|request| request % stripe == u64::from(generator));
    let of = |line: &Line| if let Line::Of(request, _) = line { Some(*request) } else { None };
    let sent: BTreeSet<u64> =
        lines.iter().filter(|line| matches!(line, Line::Of(_, Fact::Sent))).filter_map(of).collect();
    let mut found: Vec<(usize, Found)> = Vec::new();
    let mut expected = Expected::default();
    expected.totals.attempted = attempted.count() as u64;
    expected.totals.unsent = expected.totals.attempted - sent.len() as u64;
    let mut spans = Vec::new();
    for request in &sent {
        let intended_ns = intended_ns[*request as usize];
        let life = Life { request: *request, case, intended_ns, lines: &lines };
        life.add_to(&mut expected, &mut found);
        spans.extend(life.under_way());
    }
    let under_way = |place: usize| spans.iter().filter(|span| span.contains(&place)).count();
    expected.under_way_max = spans.iter().map(|span| under_way(span.start)).max().unwrap_or(0);
    for (place, line) in lines.iter().enumerate() {
        match line {
            Line::Unexpected => found.push((place, (FindingClass::Unexpected, None, false))),
            // Nobody sent it: a forgery, whatever is told of it.
            Line::Of(request, _) if !sent.contains(request) => {
                found.push((place, (FindingClass::Unexpected, Some(*request), false)));
            }
            Line::Reconnected => expected.disconnections += 1,
            Line::Epoch => expected.epochs += 1,
            _ => {}
        }
    }
    expected.totals.unexpected = count(&found, FindingClass::Unexpected);
    expected.totals.redelivered = count(&found, FindingClass::Redelivered);
    expected.totals.duplicated = count(&found, FindingClass::Duplicated);
    expected.totals.reordered = count(&found, FindingClass::Reordered);
    found.sort_by_key(|(place, _)| *place);
    expected.findings = first_of_each_class(found);
    expected
}

fn count(found: &[(usize, Found)], class: FindingClass) -> u64 {
    found.iter().filter(|(_, (of, ..))| *of == class).count() as u64
}

fn first_of_each_class(found: Vec<(usize, Found)>) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::new();
    for (_, finding) in found {
        if kept.iter().filter(|(class, ..)| *class == finding.0).count() < FINDINGS_MAX {
            kept.push(finding);
        }
    }
    kept
}

/// A request that was sent, and the books it stands in.
struct Life<'a> {
    request: u64,
    case: &'a Case,
    intended_ns: u64,
    lines: &'a [Line],
}

impl Life<'_> {
    /// Places of the lines that say this of it.
    fn places(&self, is: impl Fn(Fact) -> bool) -> Vec<usize> {
        let said =
            |line: &Line| matches!(line, Line::Of(request, fact) if *request == self.request && is(*fact));
        (0..self.lines.len()).filter(|place| said(&self.lines[*place])).collect()
    }

    fn first(&self, is: impl Fn(Fact) -> bool) -> Option<usize> {
        self.places(is).first().copied()
    }

    fn is_before(&self, place: usize, is: impl Fn(Fact) -> bool) -> bool {
        self.first(is).is_some_and(|first| first < place)
    }

    fn connection(&self) -> u32 {
        let load = &self.case.load;
        (self.request / u64::from(load.generators) % u64::from(load.connections)) as u32
    }

    /// Whether this ends it well.
    fn completes(&self, fact: Fact) -> bool {
        match self.case.completed_by {
            CompletedBy::Result => fact == Fact::Completed,
            CompletedBy::Delivery => is_delivery(fact),
            CompletedBy::Acknowledgement => fact == Fact::Accepted,
        }
    }

    fn ends(&self, fact: Fact) -> bool {
        self.completes(fact) || fact == Fact::Rejected || fact == Fact::Parked
    }

    /// Where it was first called unknown, and in which words.
    fn unknown(&self) -> Option<(usize, &'static str)> {
        let end = self.first(|fact| self.ends(fact)).unwrap_or(usize::MAX);
        let sent = self.first(|fact| fact == Fact::Sent)?;
        (sent..self.lines.len()).find_map(|place| {
            let reason = match self.lines[place] {
                Line::Of(request, Fact::Indeterminate(reason)) if request == self.request => reason,
                Line::Broken { connection, unknown } if place < end && connection == self.connection() => {
                    let known = |fact| fact == Fact::Accepted || is_delivery(fact);
                    let stored = unknown == Unknown::Unconfirmed && self.is_before(place, known);
                    (!stored).then_some(BROKEN)?
                }
                Line::Looked { at_ns } if place < end => {
                    (self.intended_ns + self.case.load.timeout_ns <= at_ns).then_some(OVERDUE)?
                }
                _ => return None,
            };
            Some((place, reason))
        })
    }

    /// From where it was sent to where it ended, or was called unknown.
    fn under_way(&self) -> Option<Range<usize>> {
        let end = self.first(|fact| self.ends(fact)).into_iter();
        let end = end.chain(self.unknown().map(|(place, _)| place)).min().unwrap_or(self.lines.len());
        Some(self.first(|fact| fact == Fact::Sent)?..end)
    }

    /// Whether a worker was given a later request of the same connection before.
    fn is_reordered(&self, first: usize) -> bool {
        let Line::Of(_, Fact::Delivered { worker: whose }) = self.lines[first] else { return false };
        self.lines[..first].iter().any(|line| {
            let Line::Of(request, Fact::Delivered { worker }) = *line else { return false };
            let other = Life { request, ..*self };
            worker == whose && request > self.request && other.connection() == self.connection()
                // A forged number puts nothing behind it.
                && other.first(|fact| fact == Fact::Sent).is_some()
        })
    }

    fn add_to(&self, expected: &mut Expected, found: &mut Vec<(usize, Found)>) {
        let (deliveries, results) = (self.places(is_delivery), self.places(|fact| fact == Fact::Completed));
        let (rejected, parked) =
            (self.first(|fact| fact == Fact::Rejected), self.first(|fact| fact == Fact::Parked));
        let completed = self.first(|fact| self.completes(fact));
        let acknowledged = self.first(|fact| fact == Fact::Accepted).is_some();
        let unknown = self.unknown();
        let mut find = |class: FindingClass, place: usize| {
            let acknowledged = self.is_before(place, |fact| fact == Fact::Accepted);
            found.push((place, (class, Some(self.request), acknowledged)));
        };
        deliveries.iter().skip(1).for_each(|place| find(FindingClass::Redelivered, *place));
        results.iter().skip(1).for_each(|place| find(FindingClass::Duplicated, *place));
        rejected.into_iter().for_each(|place| find(FindingClass::Rejected, place));
        parked.into_iter().for_each(|place| find(FindingClass::Parked, place));
        unknown.into_iter().for_each(|(place, _)| find(FindingClass::Indeterminate, place));
        let reordered = deliveries.first().filter(|first| self.is_reordered(**first));
        reordered.into_iter().for_each(|place| find(FindingClass::Reordered, *place));
        self.add_errors(expected, unknown);

        let totals = &mut expected.totals;
        totals.sent += 1;
        totals.acknowledged += u64::from(acknowledged);
        totals.indeterminate += u64::from(unknown.is_some());
        totals.delivered += u64::from(!deliveries.is_empty());
        match (completed, rejected, parked) {
            (Some(completed), _, _) => {
                totals.completed += 1;
                let late = unknown.is_some_and(|(place, reason)| reason == OVERDUE && place < completed);
                expected.late_completions += usize::from(late);
            }
            (None, Some(_), _) => totals.rejected += 1,
            (None, None, Some(_)) => totals.parked += 1,
            (None, None, None) => {
                totals.lost += 1;
                totals.lost_acknowledged += u64::from(acknowledged);
                let class = if deliveries.is_empty() {
                    totals.lost_requests += 1;
                    FindingClass::LostRequest
                } else {
                    totals.lost_results += 1;
                    FindingClass::LostResult
                };
                found.push((self.lines.len(), (class, Some(self.request), acknowledged)));
            }
        }
    }

    fn add_errors(&self, expected: &mut Expected, unknown: Option<(usize, &'static str)>) {
        let mut add = |error: &str| *expected.errors.entry(error.to_owned()).or_default() += 1;
        for line in self.lines {
            match *line {
                Line::Of(request, Fact::Rejected) if request == self.request => add(REFUSED),
                Line::Of(request, Fact::Indeterminate(reason)) if request == self.request => add(reason),
                _ => {}
            }
        }
        if let Some((_, reason @ (OVERDUE | BROKEN))) = unknown {
            add(reason);
        }
    }
}

fn is_delivery(fact: Fact) -> bool {
    matches!(fact, Fact::Delivered { .. })
}

/// A request that was acknowledged before a result of it was stored, although a worker could read it; a sentence.
pub fn broken_promise(events: &[(u64, Event)]) -> Option<String> {
    events.iter().enumerate().find_map(|(place, (_, event))| {
        let Event::Acknowledged { receipt: done } = event else { return None };
        let excuses = |(_, event): &(u64, Event)| match event {
            Event::ResultStored { receipt } => receipt == done,
            Event::Delivered { receipt, named: Named::Nobody, .. } => receipt == done,
            _ => false,
        };
        let is_excused = events[..place].iter().any(excuses);
        (!is_excused).then(|| format!("receipt {done} was acknowledged before its result was stored"))
    })
}
