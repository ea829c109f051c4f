//! Servers that stand for somebody else's: started by a test, killed when it ends.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use weighbridge::site::{Binaries, find};
use weighbridge_record::terms::BrokerKind;

use super::wait_for;

/// A child process with its folder.
struct Server {
    child: Child,
    folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary(kind: BrokerKind) -> PathBuf {
    match find(kind, &Binaries::default()) {
        Ok(binary) => binary.path,
        Err(error) => panic!("this test needs {kind}; install it with `make brokers`: {error}"),
    }
}

impl Server {
    fn spawn(kind: BrokerKind, folder: TempDir, arguments: &[String]) -> Self {
        let log = File::create(folder.path().join("log")).expect("a log");
        let child = Command::new(binary(kind))
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a log"))
            .stdout(log)
            .spawn()
            .expect("starting a server");
        Self { child, folder }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// A Redis that the harness is to treat as external.
pub struct Redis {
    port: u16,
    server: Server,
}

impl Redis {
    /// `settings` as on the command line of `redis-server`.
    pub fn start(settings: &[&str]) -> Self {
        // The port that was free may be taken by the time the server binds it.
        (0..5).find_map(|_| Self::start_once(settings)).expect("a redis-server on a free port")
    }

    fn start_once(settings: &[&str]) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let folder = tempfile::tempdir().ok()?;
        let fixed = ["--bind", "127.0.0.1", "--save", "", "--port"];
        let mut arguments: Vec<String> = fixed.iter().map(|word| (*word).to_string()).collect();
        arguments.push(port.to_string());
        arguments.extend(settings.iter().map(|word| (*word).to_string()));
        let mut server = Server::spawn(BrokerKind::RedisServer, folder, &arguments);
        let ready = wait_for("redis-server", || {
            let ended = server.child.try_wait().expect("watching redis-server").is_some();
            let ready = server.log().contains("Ready to accept connections");
            (ended || ready).then_some(!ended)
        });
        ready.then_some(Self { port, server })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn url_of(&self, user: &str, password: &str) -> String {
        format!("redis://{user}:{password}@127.0.0.1:{}", self.port)
    }

    pub fn connect(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).expect("a URL");
        client.get_connection().expect("connecting to redis-server")
    }

    /// Stops the process, so that it answers nobody and every connection stays.
    pub fn freeze(&self) {
        let id = Pid::from_raw(self.server.child.id() as i32).expect("a process id");
        kill_process(id, Signal::STOP).expect("stopping redis-server");
    }

    /// Every key of the server.
    pub fn keys(&self) -> Vec<String> {
        redis::cmd("KEYS").arg("*").query(&mut self.connect()).expect("KEYS")
    }
}

/// A NATS server, with JetStream, that the harness is to treat as external.
pub struct Nats {
    pub address: String,
    _server: Server,
}

impl Nats {
    /// `settings` in the server's configuration language, beside those that every test needs.
    pub fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for nats-server");
        let path = folder.path().display();
        let config = format!(
            "listen: \"127.0.0.1:-1\"\nports_file_dir: \"{path}\"\n\
             jetstream {{ store_dir: \"{path}/store\" }}\n{settings}\n"
        );
        std::fs::write(folder.path().join("nats.conf"), config).expect("writing the configuration");
        let arguments = ["-c".to_string(), "nats.conf".to_string()];
        let mut server = Server::spawn(BrokerKind::NatsServer, folder, &arguments);
        let ports = server.folder.path().join(format!("nats-server_{}.ports", server.child.id()));
        let address = wait_for("nats-server", || {
            let ended = server.child.try_wait().expect("watching nats-server");
            assert!(ended.is_none(), "nats-server ended:\n{}", server.log());
            let ports: Value = serde_json::from_slice(&std::fs::read(&ports).ok()?).ok()?;
            Some(ports["nats"][0].as_str()?.strip_prefix("nats://")?.to_string())
        });
        Self { address, _server: server }
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    pub fn url_of(&self, user: &str, password: &str) -> String {
        format!("nats://{user}:{password}@{}", self.address)
    }

    pub async fn connect(&self) -> async_nats::Client {
        async_nats::connect(self.url()).await.expect("connecting to nats-server")
    }
}
