//! What the account of a request costs in memory, by counting allocations: a run of millions must stay small.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use weighbridge_plan::route::Leg;

use weighbridge::load::Account;
use weighbridge::mailbox::Mailboxes;
use weighbridge::metrics::Timeline;
use weighbridge::schedule::Stripe;
use weighbridge_record::terms::CompletedBy;

/// Bytes that are allocated and not freed.
static HELD_BYTES: AtomicIsize = AtomicIsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD_BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD_BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn held_bytes() -> f64 {
    HELD_BYTES.load(Ordering::Relaxed) as f64
}

const SECOND_NS: u64 = 1_000_000_000;
/// With the one before them they fill whole blocks of 4 096, so that none is left open at the end.
const REQUESTS: u64 = 488 * 4_096 - 1;

/// One test, so that nothing else allocates meanwhile.
#[test]
fn a_request_in_flight_takes_36_bytes_at_most_and_a_settled_one_1() {
    let timeline = Timeline::new(SECOND_NS, 0, 20 * SECOND_NS, 0);
    let mailboxes = Arc::new(Mailboxes::new(1, None));
    let mut account = Account::new(
        Stripe::WHOLE,
        timeline,
        mailboxes,
        Arc::default(),
        30 * SECOND_NS,
        CompletedBy::Result,
        1,
    );
    // All within one interval: its histogram is there before the first is counted.
    let at_ns = SECOND_NS + 1;
    let first = account.attempt(at_ns);
    account.sent(first, at_ns, at_ns);
    account.completed_over(Leg::First, first, at_ns + 1, 0);

    let empty = held_bytes();
    let sequences: std::ops::RangeInclusive<u64> = 1..=REQUESTS;
    for expected in sequences.clone() {
        let sequence = account.attempt(at_ns);
        assert_eq!(sequence, expected);
        account.sent(sequence, at_ns, at_ns);
    }
    let in_flight = (held_bytes() - empty) / REQUESTS as f64;
    assert!(in_flight <= 36.0, "{in_flight:.2} bytes for a request in flight");
    assert!(
        in_flight >= 28.0,
        "{in_flight:.2} bytes can't hold two times and three spans: the count is wrong"
    );

    for sequence in sequences {
        account.completed_over(Leg::First, sequence, at_ns + SECOND_NS / 10, 0);
    }
    let settled = (held_bytes() - empty) / REQUESTS as f64;
    assert!(settled <= 1.1, "{settled:.2} bytes for a settled request");
    assert!(settled >= 1.0, "{settled:.2} bytes can't hold its end: the count is wrong");
    assert_eq!(account.close().totals.completed, REQUESTS + 1);
}
