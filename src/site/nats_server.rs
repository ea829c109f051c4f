//! A managed `nats-server` with JetStream. It picks its own ports and reports them in a file; then they are
//! written into its settings, so that it comes back on the same ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::asked::Asked;
use super::discover::Binary;
use super::error::SiteError;
use super::guard::{Demand, Guard, USER, WATCHER, write_private};
use super::nats_meter::NatsMeter;
use super::node::{Config, Node};
use super::rights;
use super::server::{Directory, Server};
use crate::connect;
use crate::process::Parent;
use weighbridge_plan::JetStream;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::{BrokerKind, Durability};

/// Longest body, as it is by default. It is set, so that a payload beyond it is refused before a server is started.
pub(super) const MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// Lets the server choose.
const ANY_PORT: &str = "-1";

/// The file `nats-server_<pid>.ports`.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
    monitoring: Vec<String>,
}

/// The settings that `/varz` shows.
#[derive(Deserialize)]
struct Varz {
    version: String,
    go: String,
    gomaxprocs: Option<u32>,
    max_payload: u64,
    max_pending: u64,
    write_deadline: u64,
    jetstream: JetStreamVarz,
}

#[derive(Deserialize)]
struct JetStreamVarz {
    config: Option<JetStreamConfig>,
}

#[derive(Deserialize)]
struct JetStreamConfig {
    max_memory: i64,
    max_storage: i64,
    /// Nanoseconds.
    sync_interval: Option<u64>,
    sync_always: Option<bool>,
}

/// Starts a server of our own and reads its settings back.
pub async fn start(
    parent: &Parent,
    name: &str,
    binary: &Binary,
    asked: &Asked<'_>,
) -> Result<Node, SiteError> {
    let durability = asked.brokers.durability;
    let directory = Directory::new(name, asked.stored)?;
    let guard = Guard::new(BrokerKind::NatsServer, asked.brokers, asked.transports, directory.path())?;
    let guard = Arc::new(guard);
    let settings = Settings {
        directory: directory.path().to_path_buf(),
        data: directory.data(),
        durability,
        jetstream: asked.brokers.jetstream.clone(),
        guard: guarded(&guard),
    };
    settings.write(ANY_PORT, ANY_PORT)?;
    let arguments = ["--config".into(), settings.file().into_os_string()];
    let folder = directory.path().to_path_buf();
    let by = Arc::clone(&guard);
    let answers = Box::new(move |id| {
        let (folder, by) = (folder.clone(), Arc::clone(&by));
        Box::pin(async move { answers(&folder, id, &by).await.unwrap_or(false) }) as _
    });
    let server = Server::start(parent, name, directory, &binary.path, arguments, answers)?;
    server.ready().await?;
    let ports = server.id().and_then(|id| Ports::read(server.directory(), id));
    let Some((endpoint, monitoring)) = ports.as_ref().and_then(Ports::first) else {
        return Err(server.failure("its ports file names no ports".to_string()));
    };
    settings.write(&port(&endpoint.address()), &port(&monitoring))?;
    let meter = NatsMeter::new(&monitoring);
    let varz: Varz = match meter.page("varz") {
        Ok(varz) => varz,
        Err(error) => return Err(server.failure(format!("/varz: {error}"))),
    };
    let version = varz.version.clone();
    let config = config(varz, durability).map_err(|reason| server.failure(reason))?;
    Ok(Node {
        storage: None,
        name: name.to_string(),
        endpoint: guard.for_clients(&endpoint),
        watched: guard.for_watcher(&endpoint),
        version,
        config,
        tier_doubts: Vec::new(),
        server: Some(Arc::new(server)),
        link: None,
        meter: Some(Box::new(meter)),
    })
}

impl Ports {
    /// What process `id` has written; none while there is nothing, or half a file.
    fn read(folder: &Path, id: u32) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(format!("nats-server_{id}.ports"))).ok()?).ok()
    }

    /// Where clients connect, and the URL of the monitoring.
    fn first(&self) -> Option<(Endpoint, String)> {
        let endpoint = Endpoint::parse(BrokerKind::NatsServer, self.nats.first()?).ok()?;
        Some((endpoint, self.monitoring.first()?.clone()))
    }
}

/// What stands behind the last colon.
fn port(address: &str) -> String {
    address.rsplit_once(':').map_or(address, |(_, port)| port).trim_end_matches('/').to_string()
}

/// Whether the process has its ports and takes clients.
async fn answers(folder: &Path, id: u32, guard: &Guard) -> Option<bool> {
    let (endpoint, _) = Ports::read(folder, id)?.first()?;
    let endpoint = guard.for_watcher(&endpoint);
    Some(connect::nats::connect(&endpoint, "weighbridge-readiness", 0).await.is_ok())
}

/// What was read back; an error for a server whose settings are not those that were written.
fn config(varz: Varz, durability: Durability) -> Result<Config, String> {
    let mut config = Config::new();
    let mut add = |name: &str, value: String| config.insert(name.to_string(), value);
    add("go", varz.go);
    if let Some(processors) = varz.gomaxprocs {
        add("gomaxprocs", processors.to_string());
    }
    if varz.max_payload != MAX_PAYLOAD_BYTES as u64 {
        return Err(format!("max_payload reads back as {}, not as {MAX_PAYLOAD_BYTES}", varz.max_payload));
    }
    add("max_payload", varz.max_payload.to_string());
    add("max_pending", varz.max_pending.to_string());
    add("write_deadline_ms", (varz.write_deadline / 1_000_000).to_string());
    let jetstream = varz.jetstream.config.ok_or("/varz shows no JetStream")?;
    add("jetstream.max_memory", jetstream.max_memory.to_string());
    add("jetstream.max_storage", jetstream.max_storage.to_string());
    let always = jetstream.sync_always.unwrap_or(false);
    let interval_ns = jetstream.sync_interval.unwrap_or(0);
    let found = if always { "always".to_string() } else { format!("{} s", interval_ns / 1_000_000_000) };
    add("jetstream.sync_interval", found.clone());
    let as_wanted = match durability {
        Durability::Sync => always,
        Durability::Lazy => !always && interval_ns == 1_000_000_000,
        Durability::None | Durability::Memory | Durability::Os => !always,
    };
    if as_wanted {
        return Ok(config);
    }
    Err(format!("sync_interval reads back as {found}, which is not tier {durability}"))
}

/// The settings by which a server demands what the guard says.
fn guarded(guard: &Guard) -> String {
    let tls = guard.tls.as_ref().map_or_else(String::new, |files| {
        format!(
            "tls {{\n  cert_file: {:?}\n  key_file: {:?}\n  ca_file: {:?}\n  verify: {}\n}}\n",
            files.certificate, files.key, files.issuers, files.mutual
        )
    });
    let demand = match &guard.demand {
        Demand::Nothing => String::new(),
        Demand::Password(password) => {
            format!("authorization {{ user: {USER}, password: \"{}\" }}\n", password.expose())
        }
        Demand::Token(token) => format!("authorization {{ token: \"{}\" }}\n", token.expose()),
        Demand::Nkey(key) => format!("authorization {{ users: [ {{ nkey: {key} }} ] }}\n"),
        Demand::Accounts(accounts) => accounts.settings(),
        Demand::Rights { user, watcher, served } => {
            let (publish, subscribe) = rights::nats(served);
            format!(
                "authorization {{ users: [\n  {{ user: {USER}, password: \"{}\", permissions: \
                 {{ publish: {publish:?}, subscribe: {subscribe:?} }} }}\n  \
                 {{ user: {WATCHER}, password: \"{}\" }}\n] }}\n",
                user.expose(),
                watcher.expose()
            )
        }
    };
    tls + &demand
}

/// The settings of one server.
struct Settings {
    directory: PathBuf,
    data: PathBuf,
    durability: Durability,
    jetstream: JetStream,
    /// The part about encryption and credentials.
    guard: String,
}

impl Settings {
    fn file(&self) -> PathBuf {
        self.directory.join("nats.conf")
    }

    fn write(&self, client_port: &str, monitoring_port: &str) -> Result<(), SiteError> {
        let action = format!("writing {}", self.file().display());
        write_private(&self.file(), &self.text(client_port, monitoring_port)).map_err(SiteError::io(action))
    }

    fn text(&self, client_port: &str, monitoring_port: &str) -> String {
        let sync = match self.durability {
            Durability::Sync => "sync_interval: always",
            Durability::Lazy => "sync_interval: \"1s\"",
            Durability::None | Durability::Memory | Durability::Os => "sync_interval: \"2m\"",
        };
        let (folder, data) = (self.directory.display(), self.data.display());
        let JetStream { domain, max_memory, max_storage } = &self.jetstream;
        let domain = domain.as_ref().map_or_else(String::new, |domain| format!("domain: \"{domain}\"\n  "));
        format!(
            "listen: \"127.0.0.1:{client_port}\"\n\
             http: \"127.0.0.1:{monitoring_port}\"\n\
             ports_file_dir: \"{folder}\"\n\
             max_payload: {MAX_PAYLOAD_BYTES}\n\
             jetstream {{\n  store_dir: \"{data}\"\n  max_memory_store: {max_memory}\n  \
             max_file_store: {max_storage}\n  {domain}{sync}\n}}\n{}",
            self.guard
        )
    }
}
