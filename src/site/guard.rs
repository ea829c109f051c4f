//! What a server of ours demands of who connects, and what its clients show. Secrets are made anew for each server and
//! stand in files of its folder, never on a command line.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nkeys::KeyPair;

use super::accounts::Accounts;
use super::authority::{Authority, Issued};
use super::error::SiteError;
use super::rights::Served;
use weighbridge_plan as plan;
use weighbridge_plan::endpoint::{Access, Certificates, Endpoint, Identity, Secret, Tls};
use weighbridge_record::terms::{AuthMode, BrokerKind, TlsMode, TransportKind};

/// The user that the paths under test connect as.
pub const USER: &str = "engine";
/// The user as whom settings and counters are read, where the other may not.
pub const WATCHER: &str = "watcher";
/// By which servers of ours are reached.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// What is demanded, and how it is met.
pub struct Guard {
    /// What the server is to be told about TLS.
    pub tls: Option<ServerFiles>,
    pub demand: Demand,
    /// How the paths under test get in.
    pub client: Access,
    /// How the harness gets in, to read settings and counters.
    pub watcher: Access,
    /// What both check, and show.
    shown: Tls,
}

/// Files of the server's side.
pub struct ServerFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub issuers: PathBuf,
    /// Clients have to show a certificate too.
    pub mutual: bool,
}

/// How the server knows its clients.
pub enum Demand {
    Nothing,
    Password(Secret),
    Token(Secret),
    /// A user's public key.
    Nkey(String),
    Accounts(Box<Accounts>),
    /// Passwords of a user with these rights alone, and of the watcher.
    Rights {
        user: Secret,
        watcher: Secret,
        served: Served,
    },
}

impl Guard {
    /// Makes all that the plan asks for in `folder`.
    pub fn new(
        kind: BrokerKind,
        brokers: &plan::Brokers,
        transports: &[TransportKind],
        folder: &Path,
    ) -> Result<Self, SiteError> {
        let (tls, shown) = match brokers.tls {
            TlsMode::Off => (None, Tls::Off),
            mode => {
                let made = certificates(folder, mode == TlsMode::Mutual);
                let (server, client) = made.map_err(SiteError::io("making certificates"))?;
                (Some(server), Tls::On(client))
            }
        };
        let admitted = admitted(kind, brokers, transports);
        let (demand, client, watcher) = admitted
            .map_err(|error| SiteError::io("making keys")(std::io::Error::other(error.to_string())))?;
        Ok(Self { tls, demand, client, watcher, shown })
    }

    /// `endpoint` as the paths under test reach it.
    pub fn for_clients(&self, endpoint: &Endpoint) -> Endpoint {
        self.with(endpoint, &self.client)
    }

    /// `endpoint` as the harness does.
    pub fn for_watcher(&self, endpoint: &Endpoint) -> Endpoint {
        self.with(endpoint, &self.watcher)
    }

    fn with(&self, endpoint: &Endpoint, access: &Access) -> Endpoint {
        Endpoint { access: access.clone(), tls: self.shown.clone(), ..endpoint.clone() }
    }
}

/// How the server knows its clients, what the paths show it, and what the harness does.
fn admitted(
    kind: BrokerKind,
    brokers: &plan::Brokers,
    transports: &[TransportKind],
) -> Result<(Demand, Access, Access), nkeys::error::Error> {
    let alike = |demand, access: Access| (demand, access.clone(), access);
    let password_of = |user: &str, password: &Secret| Access::Password {
        user: Some(user.to_owned()),
        password: password.clone(),
    };
    Ok(match brokers.auth {
        AuthMode::None => alike(Demand::Nothing, Access::None),
        AuthMode::Password => {
            let password = secret();
            let access = match kind {
                BrokerKind::NatsServer => password_of(USER, &password),
                BrokerKind::RedisServer => Access::Password { user: None, password: password.clone() },
            };
            alike(Demand::Password(password), access)
        }
        AuthMode::Token => {
            let token = secret();
            alike(Demand::Token(token.clone()), Access::Token(token))
        }
        AuthMode::Nkey => {
            let key = KeyPair::new_user();
            alike(Demand::Nkey(key.public_key()), Access::Nkey(Secret::new(key.seed()?)))
        }
        AuthMode::Credentials => {
            let accounts = Accounts::new()?;
            let access = Access::Credentials(Secret::new(accounts.credentials.clone()));
            alike(Demand::Accounts(Box::new(accounts)), access)
        }
        AuthMode::Acl => {
            let (user, watcher) = (secret(), secret());
            let (client, own) = (password_of(USER, &user), password_of(WATCHER, &watcher));
            let prefix = brokers.prefix.clone().unwrap_or_default();
            let served = Served {
                transports: transports.to_vec(),
                prefix,
                bases: brokers.base_subjects.clone(),
                delivery: brokers.delivery,
                domain: brokers.jetstream.domain.clone(),
            };
            (Demand::Rights { user, watcher, served }, client, own)
        }
    })
}

/// 256 random bits, in letters and digits.
fn secret() -> Secret {
    Secret::new(format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>()))
}

fn certificates(folder: &Path, mutual: bool) -> std::io::Result<(ServerFiles, Certificates)> {
    let authority = Authority::new().map_err(std::io::Error::other)?;
    let issuers = folder.join("ca.pem");
    fs::write(&issuers, authority.certificate())?;
    let server = issued(folder, "server", authority.server(&NAMES))?;
    let own = if mutual { Some(issued(folder, "client", authority.client())?) } else { None };
    let files =
        ServerFiles { certificate: server.certificate, key: server.key, issuers: issuers.clone(), mutual };
    Ok((files, Certificates { issuers: Some(issuers), own }))
}

fn issued(folder: &Path, name: &str, issued: Result<Issued, rcgen::Error>) -> std::io::Result<Identity> {
    let issued = issued.map_err(std::io::Error::other)?;
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}-key.pem")));
    fs::write(&certificate, issued.certificate)?;
    write_private(&key, &issued.key)?;
    Ok(Identity { certificate, key })
}

/// Writes a file that nobody else may read.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
