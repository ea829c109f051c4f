//! What a Redis server tells of itself: `INFO`, `XLEN` and `XINFO` of the trial's streams, `CLIENT LIST`, `LATENCY`.

use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamInfoGroupsReply;
use redis::{AsyncCommands, RedisError, RedisResult, Value, from_redis_value};

use super::meter::Meter;
use crate::connect;
use crate::probe::{Row, column};
use weighbridge_plan::endpoint::Endpoint;

/// Longest that the server may take for all of it.
const WITHIN: Duration = Duration::from_millis(500);
/// Listing more clients than this would hold up a server with one thread.
const CLIENTS_MAX: f64 = 256.0;
/// An event of the latency monitor: the second in which it was last seen, and its length in milliseconds.
type Event = (u64, f64);

/// Columns that a line of `INFO` fills as it is.
const OF_INFO: [(&str, &str); 8] = [
    ("total_net_input_bytes", column::NET_IN_BYTES),
    ("total_net_output_bytes", column::NET_OUT_BYTES),
    ("used_memory", column::MEMORY_BYTES),
    ("used_memory_rss", column::RSS_BYTES),
    ("connected_clients", column::CONNECTIONS),
    ("aof_delayed_fsync", column::SYNCS_DELAYED),
    ("total_forks", column::FORKS),
    ("client_output_buffer_limit_disconnections", column::SLOW_CONSUMERS),
];
/// Lines whose sum is the CPU time of the server, its children left out.
const CPU: [&str; 2] = ["used_cpu_user", "used_cpu_sys"];
/// What a server that is well says where it says it at all.
const WELL: [(&str, &str); 3] =
    [("loading", "0"), ("aof_last_write_status", "ok"), ("rdb_last_bgsave_status", "ok")];
/// Commands of this file, as the server's own statistics name them.
const OURS: [&str; 6] = ["info", "xlen", "xinfo|groups", "client|list", "latency|latest", "xinfo"];

/// Asks on a connection of its own, opened where it is used.
pub(super) struct RedisMeter {
    endpoint: Endpoint,
    connection: Option<MultiplexedConnection>,
    streams: Vec<String>,
    /// The latest second of an event that was told.
    event_s: u64,
    /// What the server does not let us ask.
    refused: Vec<&'static str>,
}

impl RedisMeter {
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, connection: None, streams: Vec::new(), event_s: 0, refused: Vec::new() }
    }

    async fn told(&mut self) -> RedisResult<Row> {
        let mut connection = match &self.connection {
            Some(connection) => connection.clone(),
            None => {
                let opened = connect::redis::connect(&self.endpoint, Some(WITHIN), 0).await;
                let opened = opened.map_err(|error| std::io::Error::other(error.to_string()))?;
                self.connection.insert(opened).clone()
            }
        };
        let mut row = of_info(&info(&mut connection).await?);
        self.add(&mut row, "XINFO", stored(&mut connection, &self.streams).await)?;
        let clients = row.iter().find(|(name, _)| *name == column::CONNECTIONS);
        if clients.is_some_and(|(_, clients)| *clients <= CLIENTS_MAX) && self.may("CLIENT LIST") {
            let list: RedisResult<String> =
                redis::cmd("CLIENT").arg("LIST").query_async(&mut connection).await;
            let buffered = list.map(|list| vec![(column::BUFFERED_BYTES, buffered_bytes(&list))]);
            self.add(&mut row, "CLIENT LIST", buffered)?;
        }
        if self.may("LATENCY") {
            let events: RedisResult<Vec<Vec<Value>>> =
                redis::cmd("LATENCY").arg("LATEST").query_async(&mut connection).await;
            let events = events.map(|events| events.into_iter().filter_map(event).collect::<Vec<_>>());
            let stall = events.map(|events| vec![(column::STALL_SECONDS, self.newest_s(&events))]);
            self.add(&mut row, "LATENCY", stall)?;
        }
        Ok(row)
    }

    fn may(&self, command: &str) -> bool {
        !self.refused.contains(&command)
    }

    /// Adds what was answered. What the server refuses is not asked again: it would keep a log of it.
    fn add(&mut self, row: &mut Row, command: &'static str, answer: RedisResult<Row>) -> RedisResult<()> {
        match answer {
            Ok(more) => row.extend(more),
            Err(error) if error.is_io_error() => return Err(error),
            Err(_) => self.refused.push(command),
        }
        Ok(())
    }

    /// The longest event since the last look, in seconds; the server tells times in whole seconds.
    fn newest_s(&mut self, events: &[Event]) -> f64 {
        let newer = events.iter().filter(|(at_s, _)| *at_s > self.event_s);
        let longest_ms = newer.map(|(_, ms)| *ms).fold(0.0, f64::max);
        self.event_s = events.iter().map(|(at_s, _)| *at_s).fold(self.event_s, u64::max);
        longest_ms / 1e3
    }
}

#[async_trait(?Send)]
impl Meter for RedisMeter {
    async fn ask(&mut self) -> Row {
        match tokio::time::timeout(WITHIN, self.told()).await {
            Ok(Ok(row)) => row,
            _ => {
                // A late answer must not be taken for the next; a server that comes back is connected to anew.
                self.connection = None;
                Row::new()
            }
        }
    }

    fn look_into(&mut self, streams: &[String]) {
        self.streams = streams.to_vec();
    }
}

/// All that is read of `INFO`, in one answer. Servers before 7.0 take no list of sections, and have less in an answer
/// without one.
async fn info(connection: &mut MultiplexedConnection) -> RedisResult<String> {
    let sections = ["server", "clients", "memory", "persistence", "stats", "cpu", "commandstats"];
    match redis::cmd("INFO").arg(&sections).query_async(connection).await {
        Err(error) if !error.is_io_error() => redis::cmd("INFO").query_async(connection).await,
        other => other,
    }
}

/// Of name, second, latest length in milliseconds, and more.
fn event(fields: Vec<Value>) -> Option<Event> {
    let mut fields = fields.into_iter().skip(1);
    let mut number = || from_redis_value::<u64>(fields.next()?).ok();
    Some((number()?, number()? as f64))
}

/// The text behind a name in the answer to `INFO`.
fn line<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// A number in the answer to `INFO`.
pub(super) fn field(info: &str, name: &str) -> Option<f64> {
    line(info, name)?.parse().ok()
}

fn of_info(info: &str) -> Row {
    let plain = OF_INFO.iter().filter_map(|(name, column)| Some((*column, field(info, name)?)));
    let mut known = WELL.iter().filter_map(|(name, well)| Some(line(info, name)? == *well));
    let healthy = if known.all(|well| well) { 1.0 } else { 0.0 };
    let cpu = CPU.iter().map(|name| field(info, name)).sum::<Option<f64>>();
    let asked = [(column::HEALTHY, healthy), (column::ASKED_SECONDS, asked_seconds(info))];
    plain.chain(cpu.map(|seconds| (column::CPU_SECONDS, seconds))).chain(asked).collect()
}

/// What the server has spent on the commands that are asked here, by its own count.
fn asked_seconds(info: &str) -> f64 {
    let spent = |command: &&str| {
        let statistics = line(info, &format!("cmdstat_{command}"))?;
        let field = statistics.split(',').find_map(|field| field.strip_prefix("usec="))?;
        field.parse::<f64>().ok()
    };
    OURS.iter().filter_map(spent).sum::<f64>() / 1e6
}

/// What waits for clients to read it.
fn buffered_bytes(list: &str) -> f64 {
    let of_client = |client: &str| {
        let field = |name: &str| client.split(' ').find_map(|field| field.strip_prefix(name));
        Some(
            field("omem=")?.parse::<f64>().ok()?
                + field("obl=").and_then(|text| text.parse().ok()).unwrap_or(0.0),
        )
    };
    list.lines().filter_map(of_client).sum()
}

/// What the streams hold; nothing where there are none.
async fn stored(connection: &mut MultiplexedConnection, streams: &[String]) -> RedisResult<Row> {
    let (mut entries, mut undelivered, mut pending, mut groups) = (0, Some(0), 0, 0);
    for stream in streams {
        let Some(length) = unless_other(connection.xlen::<_, u64>(stream).await)? else { continue };
        entries += length;
        let reply = connection.xinfo_groups::<_, StreamInfoGroupsReply>(stream).await;
        for group in unless_other(reply)?.unwrap_or_default().groups {
            groups += 1;
            undelivered = undelivered.zip(group.lag).map(|(sum, lag)| sum + lag);
            pending += group.pending;
        }
    }
    let mut row = Row::new();
    if !streams.is_empty() {
        row.push((column::STORED_MESSAGES, entries as f64));
    }
    if groups > 0 {
        row.push((column::UNACKNOWLEDGED_MESSAGES, pending as f64));
        row.extend(undelivered.map(|count| (column::UNDELIVERED_MESSAGES, count as f64)));
    }
    Ok(row)
}

/// None of a key that is no stream or is not there, which is no reason to stop asking.
fn unless_other<T>(answer: RedisResult<T>) -> RedisResult<Option<T>> {
    let is_other = |error: &RedisError| matches!(error.code(), Some("WRONGTYPE" | "ERR"));
    match answer {
        Err(error) if is_other(&error) => Ok(None),
        other => other.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nloading:0\r\nused_memory:1000\r\nused_memory_rss:2000\r\n\
        connected_clients:3\r\nclient_output_buffer_limit_disconnections:2\r\naof_last_write_status:ok\r\n\
        total_net_input_bytes:10\r\ntotal_net_output_bytes:20\r\nused_cpu_sys:0.25\r\nused_cpu_user:0.5\r\n\
        cmdstat_info:calls=2,usec=300,usec_per_call=150.00,rejected_calls=0,failed_calls=0\r\n\
        cmdstat_client|list:calls=2,usec=100,usec_per_call=50.00\r\ncmdstat_xadd:calls=9,usec=900\r\n";

    fn value(row: &Row, name: &str) -> Option<f64> {
        row.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    #[test]
    fn info_fills_the_columns_that_it_has_lines_for() {
        let row = of_info(INFO);
        for (name, expected) in [
            (column::NET_IN_BYTES, Some(10.0)),
            (column::MEMORY_BYTES, Some(1000.0)),
            (column::RSS_BYTES, Some(2000.0)),
            (column::CPU_SECONDS, Some(0.75)),
            (column::SLOW_CONSUMERS, Some(2.0)),
            (column::FORKS, None),
            (column::HEALTHY, Some(1.0)),
            (column::ASKED_SECONDS, Some(0.0004)),
        ] {
            assert_eq!(value(&row, name), expected, "{name}");
        }
    }

    #[test]
    fn a_server_that_cannot_write_is_not_well() {
        for (well, ill) in [("write_status:ok", "write_status:err"), ("loading:0", "loading:1")] {
            assert_eq!(value(&of_info(&INFO.replace(well, ill)), column::HEALTHY), Some(0.0), "{ill}");
        }
    }

    #[test]
    fn output_buffers_of_all_clients_are_summed() {
        let list = "id=3 addr=127.0.0.1:1 name= qbuf=26 obl=5 oll=1 omem=20504 cmd=subscribe\n\
                    id=4 addr=127.0.0.1:2 qbuf=0 obl=0 oll=0 omem=0 cmd=client\n";
        assert_eq!(buffered_bytes(list), 20_509.0);
        assert_eq!(buffered_bytes(""), 0.0);
    }

    #[test]
    fn an_event_is_told_once() {
        let endpoint = Endpoint::loopback(weighbridge_record::terms::BrokerKind::RedisServer, 1);
        let mut meter = RedisMeter::new(endpoint);
        let events = |at_s| [(at_s, 30.0), (7, 90.0)];
        assert_eq!(meter.newest_s(&events(8)), 0.09);
        assert_eq!(meter.newest_s(&events(8)), 0.0);
        assert_eq!(meter.newest_s(&events(9)), 0.03);
    }
}
