//! Pools and batches: what is asked, its defaults, and what makes no sense.

use super::{planned, refused, with};
use crate::{POOL_MAX, Publishing};
use weighbridge_record::terms::{Flush, Pool};

fn publishing(keys: &str) -> Option<Publishing> {
    planned(&with("rate = 100", &format!("rate = 100\n{keys}"))).points[0].load.publishing
}

fn assert_refused(keys: &str, says: &str) {
    let summary = refused(&with("rate = 100", &format!("rate = 100\n{keys}"))).summary();
    assert!(summary.contains(says), "`{keys}` should say `{says}`, says: {summary}");
}

#[test]
fn who_asks_for_no_policy_has_none() {
    let keys = "pool = \"shared\"\nflush = \"together\"\nlinger = \"0s\"\nbatch = 7";
    assert_eq!((publishing(""), publishing(keys)), (None, None));
    let load = planned(&with("rate = 100", &format!("rate = 100\n{keys}"))).points[0].load.clone();
    assert_eq!((load.batch, load.ordered_lanes()), (7, 1));
}

#[test]
fn a_batch_is_one_request_with_a_pool_alone_and_a_hundred_where_requests_are_gathered() {
    let of = |keys: &str| {
        let publishing = publishing(keys).unwrap();
        (publishing.batch, publishing.linger_ns)
    };
    assert_eq!(of("pool = \"checkout\""), (1, Some(0)));
    assert_eq!(of("linger = \"5ms\""), (100, Some(5_000_000)));
    assert_eq!(of("flush = \"one-by-one\""), (100, None));
    assert_eq!(of("flush = \"guide\"\nlinger = \"1s\"\nbatch = 9"), (9, Some(1_000_000_000)));
    assert_eq!(of("pool = \"guide\"\nbatch = 9"), (9, Some(0)));
}

#[test]
fn only_the_guides_pool_may_grow_and_only_shared_connections_keep_an_order() {
    let of = |keys: &str| {
        let load = planned(&with("rate = 100", &format!("rate = 100\nconnections = 4\n{keys}"))).points[0]
            .load
            .clone();
        let publishing = load.publishing.unwrap();
        (publishing.connections_max(load.connections, 2), load.ordered_lanes())
    };
    assert_eq!(of("pool = \"checkout\""), (4, 0));
    assert_eq!(of("pool = \"guide\""), (POOL_MAX / 2, 0));
    assert_eq!(of("flush = \"one-by-one\""), (4, 4));
    assert_eq!(of("flush = \"guide\""), (4, 0));
    let shared = Publishing { pool: Pool::Shared, flush: Flush::Together, batch: 1, linger_ns: Some(1) };
    assert!(shared.keeps_order());
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert_refused("pool = \"private\"", "`load.pool` can't be `private`");
    assert_refused("linger = 5", "write \"5s\"");
    assert_refused("flush = \"one-by-one\"\nlinger = \"0s\"", "`load.linger` must be longer than zero");
    let closed = with("constant-arrival-rate", "closed-loop").replace("rate = 100", "in_flight = 40");
    let stuck = closed.replace("in_flight = 40", "in_flight = 40\nflush = \"one-by-one\"");
    let summary = refused(&stuck).summary();
    assert!(summary.contains("never gets full"), "{summary}");
    planned(&stuck.replace("flush", "linger = \"1ms\"\nflush"));
    planned(&stuck.replace("flush", "batch = 40\nflush"));
}

#[test]
fn a_route_has_no_policy() {
    let route = "[route]\nkind = \"dual\"\nlegs = [[\"redis-pubsub\", \"nats-core\"]]\n\n[load]";
    let text = with("[load]", route).replace("transports = [\"nats-core\", \"redis-pubsub\"]\n", "");
    planned(&text);
    for (key, value) in [("pool", "checkout"), ("flush", "guide"), ("linger", "1ms")] {
        let summary =
            refused(&text.replace("rate = 100", &format!("rate = 100\n{key} = \"{value}\""))).summary();
        assert!(summary.contains(&format!("`load.{key}` doesn't go with a [route]")), "{summary}");
    }
}

#[test]
fn somebody_else_publishes_by_a_command_in_a_way_of_their_own() {
    let external = "kind = \"external\"\ncommand = [\"./publish\", \"--fast\"]";
    let load = planned(&with("rate = 100", &format!("rate = 100\n{external}"))).points[0].load.clone();
    assert_eq!(load.command.as_deref(), Some(&["./publish".to_owned(), "--fast".to_owned()][..]));
    assert_eq!((load.publishing, load.ordered_lanes()), (None, 0));
    assert_refused("command = [\"./publish\"]", "set `load.kind`");
    assert_refused("kind = \"external\"", "needs `command` in [load]");
    assert_refused("kind = \"external\"\ncommand = [\"\"]", "the program of `load.command` has no name");
    for key in
        ["connections = 2", "pool = \"checkout\"", "batch = 9", "linger = \"1ms\"", "flush = \"guide\""]
    {
        assert_refused(&format!("{external}\n{key}"), "is not for a load of kind external");
    }
    let text = with("rate = 100", &format!("rate = 100\n{external}"));
    let in_process = text.replace("\"redis-pubsub\"", "\"in-process\"");
    let summary = refused(&in_process).summary();
    assert!(summary.contains("in-process is memory of the harness"), "{summary}");
    let route = "[route]\nkind = \"dual\"\nlegs = [[\"redis-pubsub\", \"nats-core\"]]\n\n[load]";
    let routed =
        text.replace("[load]", route).replace("transports = [\"nats-core\", \"redis-pubsub\"]\n", "");
    let summary = refused(&routed).summary();
    assert!(summary.contains("a load of kind external doesn't go with a [route]"), "{summary}");
}
