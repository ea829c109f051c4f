//! A managed `nats-server` with JetStream. It picks its own ports and reports them in a file.

use std::fs;

use serde::Deserialize;

use super::managed::{self, Managed};
use super::{Binary, BrokerError, Config, Traffic};
use crate::connect::{self, Endpoint};
use crate::terms::{BrokerKind, Durability};

pub struct NatsServer {
    pub endpoint: Endpoint,
    pub version: String,
    pub config: Config,
    pub(super) process: Managed,
    monitoring: String,
    agent: ureq::Agent,
}

/// The file `nats-server_<pid>.ports`.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
    monitoring: Vec<String>,
}

/// The parts of `/varz` that are read.
#[derive(Deserialize)]
struct Varz {
    version: String,
    go: String,
    gomaxprocs: Option<u32>,
    max_payload: u64,
    max_pending: u64,
    write_deadline: u64,
    in_bytes: u64,
    out_bytes: u64,
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

impl NatsServer {
    pub async fn start(binary: &Binary, durability: Durability) -> Result<Self, BrokerError> {
        let kind = BrokerKind::NatsServer;
        let directory = managed::directory(kind)?;
        let folder = directory.path().to_path_buf();
        let file = folder.join("nats.conf");
        let io =
            |action: &str, source| BrokerError::Io { action: format!("{action} {}", file.display()), source };
        fs::write(&file, configuration(&folder.display().to_string(), durability))
            .map_err(|source| io("writing", source))?;
        let arguments = ["--config".into(), file.as_os_str().to_owned()];
        let mut process = Managed::spawn(kind, &binary.path, arguments, directory)?;
        let ports_file = folder.join(format!("nats-server_{}.ports", process.id()));
        let ports = process.poll(async || {
            // Half a file does not parse; the next look finds it whole.
            serde_json::from_slice::<Ports>(&fs::read(&ports_file).ok()?).ok()
        });
        let ports = ports.await?;
        let (Some(client_url), Some(monitoring)) = (ports.nats.first(), ports.monitoring.first()) else {
            return Err(process.fail("its ports file names no ports".to_string()));
        };
        let endpoint = match Endpoint::parse(kind, client_url) {
            Ok(endpoint) => endpoint,
            Err(error) => return Err(process.fail(format!("its ports file: {error}"))),
        };
        let reached = &endpoint;
        let reach = async || connect::nats::connect(reached, "weighbridge-readiness", 0).await.ok();
        process.poll(reach).await?;
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(std::time::Duration::from_secs(2)))
            .build()
            .into();
        let monitoring = monitoring.clone();
        let mut server =
            Self { endpoint, version: String::new(), config: Config::new(), process, monitoring, agent };
        match server.varz() {
            Ok(varz) => server.note(varz, durability)?,
            Err(error) => return Err(server.process.fail(format!("/varz: {error}"))),
        }
        Ok(server)
    }

    pub fn traffic(&self) -> Option<Traffic> {
        let varz = self.varz().ok()?;
        Some(Traffic { in_bytes: varz.in_bytes, out_bytes: varz.out_bytes })
    }

    fn varz(&self) -> Result<Varz, ureq::Error> {
        self.agent.get(format!("{}/varz", self.monitoring)).call()?.body_mut().read_json()
    }

    /// Keeps what was read back, and refuses a server whose sync setting is not the tier's.
    fn note(&mut self, varz: Varz, durability: Durability) -> Result<(), BrokerError> {
        self.version = varz.version;
        let mut add = |name: &str, value: String| self.config.insert(name.to_string(), value);
        add("go", varz.go);
        if let Some(processors) = varz.gomaxprocs {
            add("gomaxprocs", processors.to_string());
        }
        add("max_payload", varz.max_payload.to_string());
        add("max_pending", varz.max_pending.to_string());
        add("write_deadline_ms", (varz.write_deadline / 1_000_000).to_string());
        let Some(jetstream) = varz.jetstream.config else {
            return Err(self.process.fail("/varz shows no JetStream".to_string()));
        };
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
            return Ok(());
        }
        Err(self.process.fail(format!("sync_interval reads back as {found}, which is not tier {durability}")))
    }
}

fn configuration(folder: &str, durability: Durability) -> String {
    let sync = match durability {
        Durability::Sync => "sync_interval: always",
        Durability::Lazy => "sync_interval: \"1s\"",
        Durability::None | Durability::Memory | Durability::Os => "sync_interval: \"2m\"",
    };
    format!(
        "listen: \"127.0.0.1:-1\"\n\
         http: \"127.0.0.1:-1\"\n\
         ports_file_dir: \"{folder}\"\n\
         jetstream {{\n  store_dir: \"{folder}/jetstream\"\n  max_memory_store: 4GB\n  max_file_store: 16GB\n  {sync}\n}}\n"
    )
}
