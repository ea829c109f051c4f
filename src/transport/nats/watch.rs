//! What the library and the server tell of a connection, as it is noted: breaks, errors, refusals.

use async_nats::{ClientError, Event, ServerError};

use crate::connect::ConnectError;
use crate::connect::nats::unreachable;
use crate::transport::troubles::{BreakId, Troubles};
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::{GapKind, Side};

/// What happened to a connection after it had been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Lost,
    Back,
}

/// Watches one connection.
pub(super) struct Watch {
    endpoint: Endpoint,
    side: Side,
    troubles: Troubles,
    /// Whether it was there once.
    made: bool,
    under_way: Option<BreakId>,
}

impl Watch {
    pub fn new(endpoint: Endpoint, (side, troubles): (Side, &Troubles)) -> Self {
        Self { endpoint, side, troubles: troubles.clone(), made: false, under_way: None }
    }

    /// Notes an event; gives back what it changes for the end of the path.
    pub fn note(&mut self, event: &Event, at_ns: u64) -> &'static [Change] {
        match event {
            Event::Disconnected => return self.lost(at_ns),
            Event::Connected => return self.back(at_ns),
            Event::ServerError(error) => self.server_error(error),
            Event::ClientError(error) => self.client_error(error),
            // One message for which the subscription had no room.
            Event::SlowConsumer(_) => self.troubles.dropped(),
            Event::LameDuckMode => {
                self.troubles.note(&self.said("it is about to shut down (lame duck mode)"))
            }
            Event::Draining | Event::Closed => {}
        }
        &[]
    }

    fn lost(&mut self, at_ns: u64) -> &'static [Change] {
        // What is lost can't be lost again.
        if self.under_way.is_some() {
            return &[];
        }
        let lost = "the connection to nats-server was lost";
        self.under_way = Some(self.troubles.begin(self.side, GapKind::Disconnected, lost, at_ns));
        &[Change::Lost]
    }

    fn back(&mut self, at_ns: u64) -> &'static [Change] {
        if !std::mem::replace(&mut self.made, true) {
            return &[];
        }
        // The library drops events that come too fast, and with them that of the loss.
        let dropped = self.under_way.is_none();
        if dropped {
            self.lost(at_ns);
        }
        if let Some(id) = self.under_way.take() {
            self.troubles.end(id, at_ns);
        }
        if dropped { &[Change::Lost, Change::Back] } else { &[Change::Back] }
    }

    fn server_error(&self, error: &ServerError) {
        let text = match error {
            ServerError::AuthorizationViolation => "Authorization Violation".to_owned(),
            ServerError::SlowConsumer(sid) => format!("subscription {sid} is a slow consumer"),
            ServerError::Other(text) => folded(text),
        };
        let said = self.said(&text);
        if is_refusal(&text) { self.troubles.refused(&said) } else { self.troubles.note(&said) }
    }

    /// An attempt to reconnect that failed.
    fn client_error(&self, error: &ClientError) {
        let ClientError::Other(reason) = error else { return self.troubles.note(error) };
        match unreachable(&self.endpoint, reason) {
            refused @ ConnectError::Refused { .. } => self.troubles.refused(&refused),
            other => self.troubles.note(&other),
        }
    }

    fn said(&self, text: &str) -> String {
        format!("{} at {}: {text}", self.endpoint.kind, self.endpoint.address())
    }
}

/// Whether the server says that we may not.
fn is_refusal(text: &str) -> bool {
    let text = text.to_lowercase();
    let said = |words: [&str; 2], ends: fn(&str, &str) -> bool| words.iter().any(|word| ends(&text, word));
    said(["permissions violation", "authorization violation"], |text, word| text.starts_with(word))
        || said(["authentication expired", "authentication revoked"], |text, word| text.ends_with(word))
}

/// Without what is another in each message: numbers in subjects, and the names of inboxes.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut last = "";
    for part in text.split_inclusive(['.', ' ', '"']) {
        let word = part.trim_end_matches(['.', ' ', '"']);
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let varies = is_number || last == "_INBOX";
        folded.push_str(if varies { "*" } else { word });
        folded.push_str(&part[word.len()..]);
        last = word;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::terms::BrokerKind;

    fn watch() -> (Watch, Troubles) {
        let troubles = Troubles::default();
        let endpoint = Endpoint::loopback(BrokerKind::NatsServer, 4222);
        let mut watch = Watch::new(endpoint, (Side::Worker, &troubles));
        assert!(watch.note(&Event::Connected, 1).is_empty(), "the first connection is no return");
        (watch, troubles)
    }

    #[test]
    fn a_break_is_told_once_and_so_is_its_end() {
        let (mut watch, troubles) = watch();
        assert_eq!(watch.note(&Event::Disconnected, 2), [Change::Lost]);
        assert_eq!(watch.note(&Event::Disconnected, 3), []);
        assert_eq!(watch.note(&Event::Connected, 4), [Change::Back]);
        let [noted] = &troubles.noted().breaks[..] else { panic!("{:?}", troubles.noted()) };
        assert_eq!((noted.start_ns, noted.end_ns), (2, Some(4)));
    }

    #[test]
    fn a_break_whose_begin_was_dropped_is_told_when_the_connection_is_back() {
        let (mut watch, troubles) = watch();
        assert_eq!(watch.note(&Event::Connected, 5), [Change::Lost, Change::Back]);
        let [noted] = &troubles.noted().breaks[..] else { panic!("{:?}", troubles.noted()) };
        assert_eq!((noted.start_ns, noted.end_ns), (5, Some(5)));
    }

    #[test]
    fn refusals_are_told_from_other_errors() {
        for (event, is_refusal) in [
            (Event::ServerError(ServerError::AuthorizationViolation), true),
            (Event::ServerError(ServerError::Other("User Authentication Revoked".to_owned())), true),
            (
                Event::ServerError(ServerError::Other(
                    "Permissions Violation for Publish to \"a\"".to_owned(),
                )),
                true,
            ),
            (Event::ServerError(ServerError::Other("Maximum Payload Violation".to_owned())), false),
            (Event::ClientError(ClientError::Other("authorization violation".to_owned())), true),
            (Event::ClientError(ClientError::Other("IO error".to_owned())), false),
            (Event::LameDuckMode, false),
        ] {
            let (mut watch, troubles) = watch();
            assert!(watch.note(&event, 2).is_empty());
            let noted = troubles.noted();
            assert_eq!(noted.refusal.is_some(), is_refusal, "{event:?}");
            let errors: Vec<_> = noted.errors.into_iter().collect();
            assert!(matches!(&errors[..], [(text, 1)] if text.contains("127.0.0.1:4222")), "{errors:?}");
        }
    }

    #[test]
    fn a_message_that_a_slow_subscription_had_no_room_for_is_counted() {
        let (mut watch, troubles) = watch();
        watch.note(&Event::SlowConsumer(3), 2);
        assert_eq!((troubles.noted().dropped, troubles.noted().errors.len()), (1, 0));
    }

    #[test]
    fn errors_of_single_messages_have_one_wording() {
        for (text, expected) in [
            (
                r#"Permissions Violation for Publish to "_INBOX.Ab3x.17""#,
                r#"Permissions Violation for Publish to "_INBOX.*.*""#,
            ),
            (r#"to "$JS.ACK.S.workers.1.77.12.170.0""#, r#"to "$JS.ACK.S.workers.*.*.*.*.*""#),
            (r#"to "prioritization.request.COST_2""#, r#"to "prioritization.request.COST_2""#),
            ("Slow Consumer", "Slow Consumer"),
        ] {
            assert_eq!(folded(text), expected);
        }
    }
}
