//! A managed `redis-server`.
//!
//! Redis can't choose a port by itself: a free one is picked and handed over, and if somebody else took it
//! in between, the next is tried. Persistence is always set; the default would fork in the middle of a run.

use std::net::TcpListener;
use std::time::Duration;

use redis::aio::MultiplexedConnection;

use super::managed::{self, Managed};
use super::{Binary, BrokerError, Config, Traffic};
use crate::connect::{self, Endpoint};
use crate::terms::{BrokerKind, Durability};

const PORT_ATTEMPTS: u32 = 5;

/// Settings that bear on the figures.
const READ_BACK: &[&str] = &[
    "appendonly",
    "appendfsync",
    "save",
    "no-appendfsync-on-rewrite",
    "auto-aof-rewrite-percentage",
    "maxmemory",
    "maxmemory-policy",
    "io-threads",
    "client-output-buffer-limit",
    "tcp-backlog",
    "hz",
];

pub struct RedisServer {
    pub endpoint: Endpoint,
    pub version: String,
    pub config: Config,
    pub(super) process: Managed,
    connection: MultiplexedConnection,
}

impl RedisServer {
    pub async fn start(binary: &Binary, durability: Durability) -> Result<Self, BrokerError> {
        let mut attempt = 1;
        loop {
            match Self::start_once(binary, durability).await {
                Err(BrokerError::Start { reason, directory, .. })
                    if attempt < PORT_ATTEMPTS && reason.contains("Address already in use") =>
                {
                    // The port was taken in between; the directory holds nothing but that message.
                    std::fs::remove_dir_all(&directory).map_err(|source| BrokerError::Io {
                        action: format!("deleting {}", directory.display()),
                        source,
                    })?;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    async fn start_once(binary: &Binary, durability: Durability) -> Result<Self, BrokerError> {
        let kind = BrokerKind::RedisServer;
        let directory = managed::directory(kind)?;
        let free = |listener: TcpListener| listener.local_addr().map(|address| address.port());
        let port = TcpListener::bind("127.0.0.1:0").and_then(free);
        let port =
            port.map_err(|source| BrokerError::Io { action: "finding a free port".to_string(), source })?;
        let mut arguments = vec![
            "--port".to_string(),
            port.to_string(),
            "--bind".to_string(),
            "127.0.0.1".to_string(),
            "--daemonize".to_string(),
            "no".to_string(),
            "--dir".to_string(),
            directory.path().display().to_string(),
            "--save".to_string(),
            String::new(),
        ];
        arguments.extend(persistence(durability).iter().map(|word| (*word).to_string()));
        let mut process = Managed::spawn(kind, &binary.path, arguments, directory)?;
        let endpoint = Endpoint::loopback(kind, port);
        let own_pid = process.id();
        let connection = process.poll(async || our_own(&endpoint, own_pid).await).await?;
        let mut server =
            Self { endpoint, version: binary.version.clone(), config: Config::new(), process, connection };
        server.config = read_back(&mut server.connection).await?;
        for (name, expected) in expected(durability) {
            if server.config.get(name).map(String::as_str) != Some(expected) {
                let found = server.config.get(name).cloned().unwrap_or_default();
                let reason = format!("{name} is `{found}` where tier {durability} needs `{expected}`");
                return Err(server.process.fail(reason));
            }
        }
        Ok(server)
    }

    pub async fn traffic(&mut self) -> Option<Traffic> {
        let info: String = redis::cmd("INFO").arg("stats").query_async(&mut self.connection).await.ok()?;
        let field = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
        };
        Some(Traffic {
            in_bytes: field("total_net_input_bytes")?,
            out_bytes: field("total_net_output_bytes")?,
        })
    }
}

/// A connection, if the server on that port is the process that we started.
async fn our_own(endpoint: &Endpoint, pid: u32) -> Option<MultiplexedConnection> {
    let mut connection = connect::redis::connect(endpoint, Some(Duration::from_secs(1)), 0).await.ok()?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.ok()?;
    let answered = info.lines().find_map(|line| line.strip_prefix("process_id:")?.trim().parse::<u32>().ok());
    (answered == Some(pid)).then_some(connection)
}

fn persistence(durability: Durability) -> &'static [&'static str] {
    match durability {
        Durability::None | Durability::Memory => &["--appendonly", "no"],
        Durability::Lazy => &["--appendonly", "yes", "--appendfsync", "everysec"],
        Durability::Os => &["--appendonly", "yes", "--appendfsync", "no"],
        Durability::Sync => &["--appendonly", "yes", "--appendfsync", "always"],
    }
}

/// What must be read back for the tier to be what it says.
pub(super) fn expected(durability: Durability) -> Vec<(&'static str, &'static str)> {
    let aof = |sync| vec![("save", ""), ("appendonly", "yes"), ("appendfsync", sync)];
    match durability {
        Durability::None | Durability::Memory => vec![("save", ""), ("appendonly", "no")],
        Durability::Lazy => aof("everysec"),
        Durability::Os => aof("no"),
        Durability::Sync => aof("always"),
    }
}

/// Effective settings and versions of a server; `CONFIG` may be forbidden on external ones.
pub(super) async fn read_back(connection: &mut MultiplexedConnection) -> Result<Config, BrokerError> {
    let mut config = Config::new();
    for name in READ_BACK {
        let pair: Result<Vec<String>, _> =
            redis::cmd("CONFIG").arg("GET").arg(name).query_async(connection).await;
        if let Ok([name, value]) = pair.as_deref() {
            config.insert(name.clone(), value.clone());
        }
    }
    let info: Result<String, _> = redis::cmd("INFO").query_async(connection).await;
    for line in info.unwrap_or_default().lines() {
        if let Some((
            name @ ("redis_version" | "mem_allocator" | "multiplexing_api" | "aof_enabled"),
            value,
        )) = line.split_once(':')
        {
            config.insert(name.to_string(), value.trim().to_string());
        }
    }
    Ok(config)
}
