use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::*;

fn sent(ledger: &mut Ledger) -> u64 {
    let number = ledger.attempt();
    ledger.sent(number);
    number
}

#[test]
fn a_request_that_ends_well_is_completed_and_nothing_else() {
    let mut ledger = Ledger::default();
    let number = sent(&mut ledger);
    assert_eq!(ledger.acknowledged(number), Entry::First { settles: false });
    assert_eq!(ledger.delivered(number), Entry::First { settles: false });
    assert_eq!(ledger.completed(number), Entry::First { settles: true });
    assert_eq!(ledger.open(), 0);
    let expected = LedgerTotals {
        attempted: 1,
        sent: 1,
        acknowledged: 1,
        delivered: 1,
        completed: 1,
        ..LedgerTotals::default()
    };
    assert_eq!(ledger.totals(), expected);
}

#[test]
fn loss_is_told_apart_by_where_it_happened() {
    let mut ledger = Ledger::default();
    let on_the_way_in = sent(&mut ledger);
    ledger.acknowledged(on_the_way_in);
    let on_the_way_back = sent(&mut ledger);
    ledger.delivered(on_the_way_back);
    let totals = ledger.totals();
    assert_eq!((totals.lost, totals.lost_requests, totals.lost_results), (2, 1, 1));
    assert_eq!(totals.lost_acknowledged, 1);
}

#[test]
fn a_late_completion_reconciles_an_indeterminate_or_rejected_send() {
    let mut ledger = Ledger::default();
    let (unknown, refused) = (sent(&mut ledger), sent(&mut ledger));
    ledger.indeterminate(unknown);
    ledger.rejected(refused);
    assert_eq!(ledger.completed(unknown), Entry::First { settles: true });
    assert_eq!(ledger.completed(refused), Entry::First { settles: false }, "it was settled as rejected");
    let totals = ledger.totals();
    assert_eq!((totals.completed, totals.rejected, totals.indeterminate), (2, 0, 1));
    assert_eq!(totals.check(), Ok(()));
}

#[test]
fn messages_for_requests_that_were_never_sent_are_unexpected() {
    let mut ledger = Ledger::default();
    let shed = ledger.attempt();
    ledger.unsent(shed);
    assert_eq!(ledger.completed(shed), Entry::Unknown);
    assert_eq!(ledger.delivered(99), Entry::Unknown);
    assert_eq!(ledger.totals().unexpected, 2);
}

#[test]
fn more_requests_than_a_block_holds_are_counted() {
    let mut ledger = Ledger::default();
    for _ in 0..BLOCK + 10 {
        let number = sent(&mut ledger);
        ledger.completed(number);
    }
    let totals = ledger.totals();
    assert_eq!((totals.attempted, totals.completed), (BLOCK as u64 + 10, BLOCK as u64 + 10));
}

proptest! {
    /// Whatever happens to requests, in whatever order, the account balances.
    #[test]
    fn the_account_balances_after_any_history(
        events in proptest::collection::vec((0_u8..7, 0_u64..20, any::<bool>()).prop_map(|event| event), 0..200)
    ) {
        let mut ledger = Ledger::default();
        for number in 0..10 {
            ledger.attempt();
            if number % 4 == 3 { ledger.unsent(number); } else { ledger.sent(number); }
        }
        for (event, number, flag) in events {
            match event {
                0 => ledger.acknowledged(number),
                1 => ledger.rejected(number),
                2 => ledger.indeterminate(number),
                3 => {
                    if flag { ledger.reordered(); }
                    ledger.delivered(number)
                }
                4 => ledger.completed(number),
                5 => ledger.parked(number),
                _ => { ledger.unexpected(); Entry::Unknown }
            };
        }
        let open = ledger.open();
        let totals = ledger.totals();
        prop_assert_eq!(totals.check(), Ok(()));
        prop_assert!(totals.lost == open, "what was open at the end is lost: {} against {}", totals.lost, open);
    }
}
