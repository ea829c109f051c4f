//! What a NATS server tells of itself over HTTP: `/varz`, `/connz`, `/jsz` and `/healthz`.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::meter::Meter;
use crate::probe::{Row, column};

/// Longest that each answer may take.
const WITHIN: Duration = Duration::from_millis(500);
/// Connections whose buffers are looked at: those with most in them.
const CONNECTIONS: u32 = 64;

/// The parts of `/varz` that are read over and over.
#[derive(Deserialize)]
struct Varz {
    server_id: String,
    in_bytes: u64,
    out_bytes: u64,
    /// Bytes.
    mem: u64,
    /// Percent of a core.
    cpu: f64,
    connections: u64,
    slow_consumers: u64,
}

#[derive(Deserialize)]
struct Connz {
    #[serde(default)]
    connections: Vec<Connection>,
}

#[derive(Deserialize)]
struct Connection {
    #[serde(default)]
    pending_bytes: u64,
}

/// `/jsz` with streams and consumers; a server without JetStream has no accounts.
#[derive(Deserialize)]
struct Jsz {
    #[serde(default)]
    account_details: Vec<Account>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    stream_detail: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    name: String,
    state: State,
    #[serde(default)]
    consumer_detail: Vec<Consumer>,
}

#[derive(Deserialize)]
struct State {
    messages: u64,
}

#[derive(Deserialize)]
struct Consumer {
    num_pending: u64,
    num_ack_pending: u64,
}

/// Asks one server; only the thread of its probe waits for the answer.
pub(super) struct NatsMeter {
    /// `http://127.0.0.1:8222`
    monitoring: String,
    agent: ureq::Agent,
    streams: Vec<String>,
}

impl NatsMeter {
    pub fn new(monitoring: &str) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(WITHIN));
        // One that is ill says so with a status, and why in its body.
        let agent = config.http_status_as_error(false).build().into();
        Self { monitoring: monitoring.trim_end_matches('/').to_owned(), agent, streams: Vec::new() }
    }

    /// A page as the server gives it.
    pub fn page<T: DeserializeOwned>(&self, path: &str) -> Result<T, ureq::Error> {
        self.agent.get(format!("{}/{path}", self.monitoring)).call()?.body_mut().read_json()
    }

    /// How the server names itself to its clients as well.
    pub fn server_id(&self) -> Result<String, ureq::Error> {
        self.page::<Varz>("varz").map(|varz| varz.server_id)
    }

    fn told(&self) -> Result<Row, ureq::Error> {
        let varz: Varz = self.page("varz")?;
        let connz: Connz = self.page(&format!("connz?sort=pending&limit={CONNECTIONS}"))?;
        let healthy = self.agent.get(format!("{}/healthz", self.monitoring)).call()?.status().is_success();
        let buffered: u64 = connz.connections.iter().map(|connection| connection.pending_bytes).sum();
        let mut row = vec![
            (column::NET_IN_BYTES, varz.in_bytes as f64),
            (column::NET_OUT_BYTES, varz.out_bytes as f64),
            (column::RSS_BYTES, varz.mem as f64),
            (column::CPU_CORES, varz.cpu / 100.0),
            (column::CONNECTIONS, varz.connections as f64),
            (column::SLOW_CONSUMERS, varz.slow_consumers as f64),
            (column::BUFFERED_BYTES, buffered as f64),
            (column::HEALTHY, f64::from(u8::from(healthy))),
        ];
        if !self.streams.is_empty() {
            row.extend(stored(&self.page("jsz?accounts=true&streams=true&consumers=true")?, &self.streams));
        }
        Ok(row)
    }
}

#[async_trait(?Send)]
impl Meter for NatsMeter {
    async fn ask(&mut self) -> Row {
        self.told().unwrap_or_default()
    }

    fn look_into(&mut self, streams: &[String]) {
        self.streams = streams.to_vec();
    }
}

/// What the streams of these names hold.
fn stored(jsz: &Jsz, names: &[String]) -> Row {
    let streams = jsz.account_details.iter().flat_map(|account| &account.stream_detail);
    let ours: Vec<&Stream> = streams.filter(|stream| names.contains(&stream.name)).collect();
    let consumers = || ours.iter().flat_map(|stream| &stream.consumer_detail);
    let mut row = Row::new();
    if !ours.is_empty() {
        let messages: u64 = ours.iter().map(|stream| stream.state.messages).sum();
        row.push((column::STORED_MESSAGES, messages as f64));
    }
    if consumers().next().is_some() {
        let sum = |count: fn(&Consumer) -> u64| consumers().map(count).sum::<u64>() as f64;
        row.push((column::UNDELIVERED_MESSAGES, sum(|consumer| consumer.num_pending)));
        row.push((column::UNACKNOWLEDGED_MESSAGES, sum(|consumer| consumer.num_ack_pending)));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_others_are_left_out() {
        let text = r#"{"streams": 2, "account_details": [
            {"name": "A", "stream_detail": [
                {"name": "PRIORITY_REQUESTS", "state": {"messages": 9}, "consumer_detail": [
                    {"name": "priority-workers", "num_pending": 5, "num_ack_pending": 3},
                    {"name": "other", "num_pending": 1, "num_ack_pending": 0}]},
                {"name": "THEIRS", "state": {"messages": 1000}, "consumer_detail": [
                    {"name": "theirs", "num_pending": 1000, "num_ack_pending": 1}]}]},
            {"name": "B"}]}"#;
        let jsz: Jsz = serde_json::from_str(text).unwrap();
        let ours = stored(&jsz, &["PRIORITY_REQUESTS".to_owned()]);
        let expected = [
            (column::STORED_MESSAGES, 9.0),
            (column::UNDELIVERED_MESSAGES, 6.0),
            (column::UNACKNOWLEDGED_MESSAGES, 3.0),
        ];
        assert_eq!(ours, expected);
        assert_eq!(stored(&jsz, &["wb.PRIORITY_REQUESTS".to_owned()]), []);
    }
}
