//! A managed `redis-server`.
//!
//! Redis can't choose a port by itself: a free one is picked and handed over, and if somebody else took it
//! in between, the next is tried. Persistence is always set; the default would fork in the middle of a run.

use std::ffi::OsString;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;

use super::asked::Asked;
use super::discover::Binary;
use super::error::SiteError;
use super::guard::{Demand, Guard, USER, WATCHER, write_private};
use super::node::{Config, Node};
use super::redis_meter::{RedisMeter, field};
use super::rights;
use super::server::{Directory, Server, port_taken};
use crate::connect;
use crate::process::Parent;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::{BrokerKind, Durability};

const PORT_ATTEMPTS: u32 = 5;
/// Connections that it takes, as by default. It is set, so that more are refused before a server is started.
pub(super) const MAXCLIENTS: u64 = 10_000;
/// What its latency monitor notes, in milliseconds. By default it notes nothing.
const NOTED_FROM_MS: u64 = 10;

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
    "latency-monitor-threshold",
];

/// Starts a server of our own and reads its settings back.
pub async fn start(
    parent: &Parent,
    name: &str,
    binary: &Binary,
    asked: &Asked<'_>,
) -> Result<Node, SiteError> {
    let mut attempt = 1;
    loop {
        match start_once(parent, name, binary, asked).await {
            // The port was taken in between.
            Err(SiteError::Start { reason, .. }) if attempt < PORT_ATTEMPTS && port_taken(&reason) => {
                attempt += 1;
            }
            other => return other,
        }
    }
}

async fn start_once(
    parent: &Parent,
    name: &str,
    binary: &Binary,
    asked: &Asked<'_>,
) -> Result<Node, SiteError> {
    let durability = asked.brokers.durability;
    let free = |listener: TcpListener| listener.local_addr().map(|address| address.port());
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(free).map_err(SiteError::io("finding a free port"))?;
    let directory = Directory::new(name, asked.stored)?;
    let guard = Guard::new(BrokerKind::RedisServer, asked.brokers, asked.transports, directory.path())?;
    let file = directory.path().join("redis.conf");
    write_private(&file, &guarded(&guard)).map_err(SiteError::io(format!("writing {}", file.display())))?;
    let arguments =
        [file.into_os_string()].into_iter().chain(arguments(port, &directory, durability, &guard));
    let place = Endpoint::loopback(BrokerKind::RedisServer, port);
    let watched = guard.for_watcher(&place);
    let answering = watched.clone();
    let answers = Box::new(move |id| {
        let endpoint = answering.clone();
        Box::pin(async move { answers(&endpoint, id).await.unwrap_or(false) }) as _
    });
    let server = Server::start(parent, name, directory, &binary.path, arguments, answers)?;
    server.ready().await?;
    let mut connection = connect::redis::connect(&watched, Some(Duration::from_secs(1)), 0).await?;
    let config = read_back(&mut connection).await?;
    for (setting, expected) in expected(durability) {
        let found = config.get(setting).map(String::as_str).unwrap_or_default();
        if found != expected {
            let reason = format!("{setting} is `{found}` where tier {durability} needs `{expected}`");
            return Err(server.failure(reason));
        }
    }
    let meter = RedisMeter::new(watched.clone());
    Ok(Node {
        storage: None,
        name: name.to_string(),
        endpoint: guard.for_clients(&place),
        watched,
        version: binary.version.clone(),
        config,
        tier_doubts: Vec::new(),
        server: Some(Arc::new(server)),
        link: None,
        meter: Some(Box::new(meter)),
    })
}

fn arguments(port: u16, directory: &Directory, durability: Durability, guard: &Guard) -> Vec<OsString> {
    // An encrypted server has no plain port.
    let plain = if guard.tls.is_some() { 0 } else { port };
    let fixed: [(&str, OsString); 7] = [
        ("--port", plain.to_string().into()),
        ("--bind", "127.0.0.1".into()),
        ("--daemonize", "no".into()),
        ("--dir", directory.data().into_os_string()),
        ("--save", OsString::new()),
        ("--maxclients", MAXCLIENTS.to_string().into()),
        ("--latency-monitor-threshold", NOTED_FROM_MS.to_string().into()),
    ];
    let tls = guard.tls.iter().flat_map(|files| {
        let clients = if files.mutual { "yes" } else { "no" };
        [
            ("--tls-port", port.to_string().into()),
            ("--tls-cert-file", files.certificate.clone().into_os_string()),
            ("--tls-key-file", files.key.clone().into_os_string()),
            ("--tls-ca-cert-file", files.issuers.clone().into_os_string()),
            ("--tls-auth-clients", clients.into()),
        ]
    });
    let fixed = fixed.into_iter().chain(tls).flat_map(|(flag, value)| [flag.into(), value]);
    fixed.chain(persistence(durability).iter().map(Into::into)).collect()
}

/// The settings by which a server demands what the guard says; nothing where it demands nothing.
fn guarded(guard: &Guard) -> String {
    match &guard.demand {
        Demand::Password(password) => format!("requirepass {}\n", password.expose()),
        Demand::Rights { user, watcher, served } => format!(
            "user default off\nuser {USER} on >{} {}\nuser {WATCHER} on >{} ~* &* +@all\n",
            user.expose(),
            rights::redis(served).join(" "),
            watcher.expose()
        ),
        // Those are of NATS, and refused with the scenario.
        Demand::Nothing | Demand::Token(_) | Demand::Nkey(_) | Demand::Accounts(_) => String::new(),
    }
}

/// Whether the server on that port is the process that we started, and has read its data.
async fn answers(endpoint: &Endpoint, id: u32) -> Option<bool> {
    let mut connection = connect::redis::connect(endpoint, Some(Duration::from_secs(1)), 0).await.ok()?;
    let info: String = redis::cmd("INFO").query_async(&mut connection).await.ok()?;
    Some(field(&info, "process_id") == Some(f64::from(id)) && field(&info, "loading") == Some(0.0))
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
pub(super) async fn read_back(connection: &mut MultiplexedConnection) -> Result<Config, SiteError> {
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
            name @ ("redis_version" | "server_name" | "valkey_version" | "mem_allocator" | "multiplexing_api"
            | "aof_enabled"),
            value,
        )) = line.split_once(':')
        {
            config.insert(name.to_string(), value.trim().to_string());
        }
    }
    Ok(config)
}
