//! What a generator could know of the events, in the order in which it could: what workers and other generators tell
//! waits in its mailbox until it looks.

use weighbridge::transport::Unknown;

use crate::case::Case;
use crate::history::Event;
use crate::model::Named;

/// What a generator learns of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Sent,
    Accepted,
    Rejected,
    Indeterminate(&'static str),
    Delivered { worker: u32 },
    Completed,
    Parked,
}

/// A line of its books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Of(u64, Fact),
    Unexpected,
    Broken {
        connection: u32,
        unknown: Unknown,
    },
    /// It looked for overdue requests.
    Looked {
        at_ns: u64,
    },
    Reconnected,
    Epoch,
}

/// The books of one generator, up to where it closed them.
pub fn books(generator: u32, case: &Case, events: &[(u64, Event)]) -> Vec<Line> {
    let owner = |named: Named| match named {
        Named::Request(request) => (request % u64::from(case.load.generators)) as u32,
        Named::Nobody => 0,
    };
    let own = |request: u64| owner(Named::Request(request)) == generator;
    let mut lines = Vec::new();
    let mut mail = Vec::new();
    for (at_ns, event) in events {
        match *event {
            Event::Closed { generator: closed } if closed == generator => break,
            Event::Sent { request } if own(request) => lines.push(Line::Of(request, Fact::Sent)),
            Event::Accepted { request } if own(request) => lines.push(Line::Of(request, Fact::Accepted)),
            Event::Rejected { request } if own(request) => lines.push(Line::Of(request, Fact::Rejected)),
            Event::Indeterminate { request, reason } if own(request) => {
                lines.push(Line::Of(request, Fact::Indeterminate(reason)));
            }
            Event::Broken { generator: whose, connection, unknown } if whose == generator => {
                lines.push(Line::Broken { connection, unknown });
            }
            Event::Delivered { worker, named, parked, .. } if owner(named) == generator => {
                let fact = if parked { Fact::Parked } else { Fact::Delivered { worker } };
                mail.push(line(named, fact));
            }
            // The first generator collects, and passes on what is not its own.
            Event::Arrived { named } if owner(named) == generator => {
                let waiting = if generator == 0 { &mut lines } else { &mut mail };
                waiting.push(line(named, Fact::Completed));
            }
            Event::Looked { generator: looks, expires } if looks == generator => {
                lines.append(&mut mail);
                lines.extend(expires.then_some(Line::Looked { at_ns: *at_ns }));
            }
            Event::Reconnected { generator: whose } if whose == Some(generator) => {
                lines.push(Line::Reconnected);
            }
            Event::Epoch { generator: whose } if whose == Some(generator) => lines.push(Line::Epoch),
            _ => {}
        }
    }
    lines
}

fn line(named: Named, fact: Fact) -> Line {
    match named {
        Named::Request(request) => Line::Of(request, fact),
        Named::Nobody => Line::Unexpected,
    }
}
