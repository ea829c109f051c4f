//! What a witness wrote down, read and put in order.

use std::collections::BTreeSet;
use std::ops::Range;

/// What was heard, by the sequence numbers of requests.
#[derive(Debug, Default)]
pub struct Account {
    pub requests: BTreeSet<u64>,
    pub results: BTreeSet<u64>,
    /// Requests and results that were heard before.
    pub twice: u64,
    /// Times that it began to listen.
    pub connected: u32,
    /// Bodies that are neither.
    pub others: Vec<String>,
    /// What all ids begin with.
    run: Option<String>,
}

impl Account {
    /// Reads whole lines; the last may be half written.
    pub fn read(text: &str) -> Self {
        let mut account = Self::default();
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("connected", _) => account.connected += 1,
                ("lost", _) => {}
                ("request", id) => {
                    let sequence = account.sequence(id);
                    account.twice += u64::from(!account.requests.insert(sequence));
                }
                ("result", id) => {
                    let sequence = account.sequence(id);
                    account.twice += u64::from(!account.results.insert(sequence));
                }
                _ => account.others.push(line.to_string()),
            }
        }
        account
    }

    /// The number at the end of an id, which must be of the same run as the others.
    fn sequence(&mut self, id: &str) -> u64 {
        let (run, sequence) = id.rsplit_once('_').expect("an id with a number");
        let known = self.run.get_or_insert_with(|| run.to_string());
        assert_eq!(known, run, "an id of another run");
        sequence.parse().expect("a number")
    }

    /// From the first request of which something was not heard to the last, and those under way beside them.
    pub fn outage(&self, attempted: u64, under_way: u64) -> Range<u64> {
        let heard = |sequence: &u64| self.requests.contains(sequence) && self.results.contains(sequence);
        let unheard: Vec<u64> = (0..attempted).filter(|sequence| !heard(sequence)).collect();
        match (unheard.first(), unheard.last()) {
            (Some(first), Some(last)) => first.saturating_sub(under_way)..last + under_way,
            _ => 0..0,
        }
    }
}
