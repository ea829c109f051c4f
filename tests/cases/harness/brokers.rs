//! Servers that stand for somebody else's: started by a test, killed when it ends.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use weighbridge::site::{Binaries, find};
use weighbridge_record::terms::BrokerKind;

use super::wait_for;

/// Where the servers of the tests keep their data, in their folders.
const REDIS_DATA: &str = "appendonlydir";
const NATS_DATA: &str = "store";

/// A child process with its folder, which outlives it.
struct Server {
    binary: PathBuf,
    arguments: Vec<String>,
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
    fn spawn(binary: PathBuf, folder: TempDir, arguments: Vec<String>) -> Self {
        let child = Self::child(&binary, folder.path(), &arguments);
        Self { binary, arguments, child, folder }
    }

    fn child(binary: &Path, folder: &Path, arguments: &[String]) -> Child {
        let log = File::create(folder.join("log")).expect("a log");
        let mut command = Command::new(binary);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        command.stderr(log.try_clone().expect("a log")).stdout(log);
        command.spawn().expect("starting a server")
    }

    /// Ends it with SIGKILL.
    fn kill(&mut self) {
        self.child.kill().expect("killing a server of our own");
        self.child.wait().expect("waiting for a server of our own");
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.child.id() as i32).expect("a process id");
        kill_process(id, signal).expect("signalling a server of our own");
    }

    /// Stops it where it stands for so long.
    fn stand_still(&self, time: Duration) {
        self.signal(Signal::STOP);
        std::thread::sleep(time);
        self.signal(Signal::CONT);
    }

    fn spawn_again(&mut self) {
        self.child = Self::child(&self.binary, self.folder.path(), &self.arguments);
    }

    /// Keeps a copy of one of its folders as it stands.
    fn remember(&self, data: &str) {
        self.signal(Signal::STOP);
        let copied =
            Command::new("cp").args(["-a", data, "remembered"]).current_dir(self.folder.path()).status();
        self.signal(Signal::CONT);
        assert!(copied.expect("copying").success());
    }

    /// While it is down: puts that copy in the place of the folder, as if nothing since had reached the disk.
    fn forget(&self, data: &str) {
        let data = self.folder.path().join(data);
        std::fs::remove_dir_all(&data).expect("deleting a folder of a server of our own");
        std::fs::rename(self.folder.path().join("remembered"), data).expect("putting the copy in its place");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// A Redis that the harness is to treat as external.
pub struct Redis {
    port: u16,
    encrypted_port: Option<u16>,
    server: Server,
}

impl Redis {
    /// `settings` as on the command line of `redis-server`.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_of(&binary(BrokerKind::RedisServer), settings)
    }

    /// Of a binary that speaks the same.
    pub fn start_of(binary: &Path, settings: &[&str]) -> Self {
        // The port that was free may be taken by the time the server binds it.
        (0..5).find_map(|_| Self::start_once(binary, settings)).expect("a redis-server on a free port")
    }

    fn start_once(binary: &Path, settings: &[&str]) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let folder = tempfile::tempdir().ok()?;
        let fixed = ["--bind", "127.0.0.1", "--save", "", "--port"];
        let mut arguments: Vec<String> = fixed.iter().map(|word| (*word).to_string()).collect();
        arguments.push(port.to_string());
        arguments.extend(settings.iter().map(|word| (*word).to_string()));
        let mut server = Server::spawn(binary.to_owned(), folder, arguments);
        let ready = wait_for("redis-server", || {
            let ended = server.child.try_wait().expect("watching redis-server").is_some();
            let ready = server.log().contains("Ready to accept connections");
            (ended || ready).then_some(!ended)
        });
        ready.then_some(Self { port, encrypted_port: None, server })
    }

    /// One that takes encrypted connections on a port beside the plain one.
    pub fn start_encrypted(settings: &[&str]) -> Self {
        let start = || {
            let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
            let encrypted = ["--tls-port".to_owned(), port.to_string()];
            let words: Vec<&str> =
                encrypted.iter().map(String::as_str).chain(settings.iter().copied()).collect();
            Self::start_once(&binary(BrokerKind::RedisServer), &words)
                .map(|server| Self { encrypted_port: Some(port), ..server })
        };
        (0..5).find_map(|_| start()).expect("a redis-server on free ports")
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn encrypted_url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.encrypted_port.expect("a port with TLS"))
    }

    pub fn url_of(&self, user: &str, password: &str) -> String {
        format!("redis://{user}:{password}@127.0.0.1:{}", self.port)
    }

    pub fn connect(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).expect("a URL");
        client.get_connection().expect("connecting to redis-server")
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again on the same port, with its data or without.
    pub fn start_again(&mut self, with_data: bool) {
        if !with_data {
            let _ = std::fs::remove_dir_all(self.server.folder.path().join(REDIS_DATA));
        }
        self.server.spawn_again();
    }

    /// Keeps a copy of its data as they stand.
    pub fn remember(&self) {
        self.server.remember(REDIS_DATA);
    }

    /// While it is down: puts that copy in the place of its data.
    pub fn forget(&self) {
        self.server.forget(REDIS_DATA);
    }

    /// Waits until it has handled so many commands.
    pub fn wait_until_busy(&self, commands: u64) {
        wait_for("commands", || {
            let info: String = redis::cmd("INFO").arg("stats").query(&mut self.connect()).ok()?;
            let count = info.lines().find_map(|line| line.strip_prefix("total_commands_processed:"))?;
            (count.trim().parse::<u64>().ok()? >= commands).then_some(())
        });
    }

    /// Takes away the folder that it saves into, so that it answers writes and `PING` with MISCONF.
    pub fn fail_to_save(&self) {
        std::fs::remove_dir_all(self.server.folder.path()).expect("deleting a folder of a server of our own");
        let mut connection = self.connect();
        redis::cmd("CONFIG").arg(&["SET", "save", "3600 1"]).exec(&mut connection).expect("CONFIG SET");
        redis::cmd("BGSAVE").exec(&mut connection).expect("BGSAVE");
        wait_for("a save that failed", || {
            let info: String = redis::cmd("INFO").arg("persistence").query(&mut connection).ok()?;
            info.contains("rdb_last_bgsave_status:err").then_some(())
        });
        let refused = redis::cmd("PING").exec(&mut connection).expect_err("a refusal");
        assert_eq!(refused.code(), Some("MISCONF"));
    }

    /// It is not to save any more, and takes writes again.
    pub fn need_not_save(&self) {
        let mut config = redis::cmd("CONFIG");
        config.arg(&["SET", "save", ""]).exec(&mut self.connect()).expect("CONFIG SET");
    }

    /// Stops the process, so that it answers nobody and every connection stays.
    pub fn freeze(&self) {
        self.server.signal(Signal::STOP);
    }

    /// Stops the process where it stands for so long.
    pub fn stand_still(&self, time: Duration) {
        self.server.stand_still(time);
    }

    /// Every key of the server.
    pub fn keys(&self) -> Vec<String> {
        redis::cmd("KEYS").arg("*").query(&mut self.connect()).expect("KEYS")
    }
}

/// A NATS server, with JetStream, that the harness is to treat as external.
pub struct Nats {
    pub address: String,
    pub monitoring: String,
    server: Server,
}

impl Nats {
    /// `settings` in the server's configuration language, beside those that every test needs.
    pub fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for nats-server");
        let path = folder.path().display();
        let config = format!(
            "listen: \"127.0.0.1:-1\"\nhttp: \"127.0.0.1:-1\"\nports_file_dir: \"{path}\"\n\
             jetstream {{ store_dir: \"{path}/{NATS_DATA}\" }}\n{settings}\n"
        );
        std::fs::write(folder.path().join("nats.conf"), config).expect("writing the configuration");
        let arguments = vec!["-c".to_string(), "nats.conf".to_string()];
        let mut server = Server::spawn(binary(BrokerKind::NatsServer), folder, arguments);
        let ports = server.folder.path().join(format!("nats-server_{}.ports", server.child.id()));
        let (address, monitoring) = wait_for("nats-server", || {
            let ended = server.child.try_wait().expect("watching nats-server");
            assert!(ended.is_none(), "nats-server ended:\n{}", server.log());
            let ports: Value = serde_json::from_slice(&std::fs::read(&ports).ok()?).ok()?;
            // The scheme says whether it wants TLS.
            let address = ports["nats"][0].as_str()?.split_once("://")?.1.to_string();
            Some((address, ports["monitoring"][0].as_str()?.to_string()))
        });
        Self { address, monitoring, server }
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again on the same port, with its data or without.
    pub fn start_again(&mut self, with_data: bool) {
        let folder = self.server.folder.path();
        let config = folder.join("nats.conf");
        let text = std::fs::read_to_string(&config).expect("reading the configuration");
        let listen = format!("listen: \"{}\"", self.address);
        std::fs::write(&config, text.replace("listen: \"127.0.0.1:-1\"", &listen)).expect("writing it");
        if !with_data {
            let _ = std::fs::remove_dir_all(folder.join(NATS_DATA));
        }
        self.server.spawn_again();
    }

    /// Keeps a copy of its data as they stand.
    pub fn remember(&self) {
        self.server.remember(NATS_DATA);
    }

    /// While it is down: puts that copy in the place of its data.
    pub fn forget(&self) {
        self.server.forget(NATS_DATA);
    }

    /// Stops the process where it stands for so long.
    pub fn stand_still(&self, time: Duration) {
        self.server.stand_still(time);
    }

    /// Puts `new` in the place of `old` in its settings, and lets it read them again.
    pub fn reload(&self, old: &str, new: &str) {
        let config = self.server.folder.path().join("nats.conf");
        let text = std::fs::read_to_string(&config).expect("reading the configuration");
        assert!(text.contains(old), "{text}");
        let listen = format!("listen: \"{}\"", self.address);
        let text = text.replace("listen: \"127.0.0.1:-1\"", &listen).replace(old, new);
        std::fs::write(&config, text).expect("writing it");
        self.server.signal(Signal::HUP);
        wait_for("the new settings", || {
            self.server.log().contains("Reloaded server configuration").then_some(())
        });
    }

    /// Waits until it has got so many messages.
    pub fn wait_until_busy(&self, messages: u64) {
        wait_for("messages", || {
            let got = ureq::get(format!("{}/varz", self.monitoring)).call().ok()?.body_mut().read_json();
            let got: Value = got.ok()?;
            (got["in_msgs"].as_u64()? >= messages).then_some(())
        });
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
