//! What is given beside a server's URL: certificates, and credentials that have no place in one.

use std::fs;
use std::path::{Path, PathBuf, absolute};

use super::parts::{is_off, prefix};
use super::{Access, Certificates, Endpoint, Identity, Secret, Tls};
use weighbridge_record::terms::BrokerKind;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Issuers to trust.
    Issuers,
    Certificate,
    Key,
    /// A user's JWT and seed.
    Credentials,
    /// A user's seed.
    Nkey,
}

/// The files for one kind of server.
#[derive(Debug, Clone)]
pub struct Beside {
    kind: BrokerKind,
    files: Vec<Given>,
    /// `TLS_ENABLED` says that there is none, whatever certificates are named.
    plain: bool,
}

/// A file, and where it was named.
#[derive(Debug, Clone)]
struct Given {
    purpose: Purpose,
    path: PathBuf,
    place: String,
    by_flag: bool,
}

/// Why an endpoint can't be completed.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    #[error("{place}: {} can't be read: {reason}", path.display())]
    Unreadable { place: String, path: PathBuf, reason: String },
    #[error("{place}: {} holds no seed, which is a word that starts with SU", path.display())]
    NoSeed { place: String, path: PathBuf },
    #[error("{place} names a {what} and nothing names its {other}: name it with {mend}")]
    Alone { place: String, what: &'static str, other: &'static str, mend: String },
    #[error("{place} and {with} both say how to get in: leave one out")]
    Twice { place: String, with: String },
    #[error("{place} is for a server that was named, and none was: add {flag} or leave it out")]
    NoServer { place: String, flag: &'static str },
}

impl BesideError {
    /// The flag or variable that is to be changed.
    pub fn place(&self) -> &str {
        match self {
            Self::Unreadable { place, .. }
            | Self::NoSeed { place, .. }
            | Self::Alone { place, .. }
            | Self::Twice { place, .. }
            | Self::NoServer { place, .. } => place,
        }
    }
}

impl Purpose {
    pub const ALL: [Self; 5] = [Self::Issuers, Self::Certificate, Self::Key, Self::Credentials, Self::Nkey];

    /// The flag that names such a file, without the hyphens; none where servers of this kind take none.
    pub fn flag(self, kind: BrokerKind) -> Option<&'static str> {
        match (kind, self) {
            (BrokerKind::NatsServer, Self::Issuers) => Some("nats-ca"),
            (BrokerKind::NatsServer, Self::Certificate) => Some("nats-cert"),
            (BrokerKind::NatsServer, Self::Key) => Some("nats-key"),
            (BrokerKind::NatsServer, Self::Credentials) => Some("nats-creds"),
            (BrokerKind::NatsServer, Self::Nkey) => Some("nats-nkey"),
            (BrokerKind::RedisServer, Self::Issuers) => Some("redis-ca"),
            (BrokerKind::RedisServer, Self::Certificate) => Some("redis-cert"),
            (BrokerKind::RedisServer, Self::Key) => Some("redis-key"),
            (BrokerKind::RedisServer, Self::Credentials | Self::Nkey) => None,
        }
    }

    /// The variable that names one where no flag does.
    fn variable(self, kind: BrokerKind) -> String {
        let name = match self {
            Self::Issuers => "TLS_CA_PATH",
            Self::Certificate => "TLS_CERT_PATH",
            Self::Key => "TLS_KEY_PATH",
            // As the NATS command line has them.
            Self::Credentials => "CREDS",
            Self::Nkey => "NKEY",
        };
        format!("{}_{name}", prefix(kind))
    }
}

impl Beside {
    /// `flags` by what they are for; what they leave out is taken from the environment. An empty variable is one that
    /// is not set.
    pub fn new(
        kind: BrokerKind,
        flags: impl IntoIterator<Item = (Purpose, PathBuf)>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let flags = flags.into_iter().filter_map(|(purpose, path)| {
            let place = format!("--{}", purpose.flag(kind)?);
            Some(Given { purpose, path, place, by_flag: true })
        });
        let mut files: Vec<_> = flags.collect();
        let taken: Vec<_> = Purpose::ALL.into_iter().filter(|purpose| purpose.flag(kind).is_some()).collect();
        for purpose in taken {
            let name = purpose.variable(kind);
            if let Some(path) = set(&name)
                && files.iter().all(|file| file.purpose != purpose)
            {
                files.push(Given { purpose, path: path.into(), place: name, by_flag: false });
            }
        }
        let plain = set(&format!("{}_TLS_ENABLED", prefix(kind))).is_some_and(|value| is_off(&value));
        Self { kind, files, plain }
    }

    /// The same with `more` where it names nothing for a purpose.
    pub fn or(mut self, place: &str, more: impl IntoIterator<Item = (Purpose, PathBuf)>) -> Self {
        for (purpose, path) in more {
            if self.of(purpose).is_none() {
                self.files.push(Given { purpose, path, place: place.to_owned(), by_flag: true });
            }
        }
        self
    }

    pub fn kind(&self) -> BrokerKind {
        self.kind
    }

    fn of(&self, purpose: Purpose) -> Option<&Given> {
        self.files.iter().find(|file| file.purpose == purpose)
    }

    /// What is in force, with the place where it was named.
    pub fn named(&self) -> impl Iterator<Item = (Purpose, &Path, &str)> {
        self.files.iter().map(|file| (file.purpose, file.path.as_path(), file.place.as_str()))
    }

    /// An error where a flag names a file for a server that nobody named. The environment may hold what is for others.
    pub fn without_server(&self) -> Result<(), BesideError> {
        match self.files.iter().find(|file| file.by_flag) {
            Some(file) => {
                let flag = super::GivenUrl::flag(self.kind);
                Err(BesideError::NoServer { place: file.place.clone(), flag })
            }
            None => Ok(()),
        }
    }

    /// `endpoint` with all that is given beside its URL. Certificates switch TLS on, unless `TLS_ENABLED` switches it off.
    pub fn complete(&self, mut endpoint: Endpoint) -> Result<Endpoint, BesideError> {
        if let Some(access) = self.access(&endpoint)? {
            endpoint.access = access;
        }
        let certificates = self.certificates()?;
        if certificates != Certificates::default() && (endpoint.tls.is_on() || !self.plain) {
            endpoint.tls = Tls::On(certificates);
        }
        Ok(endpoint)
    }

    fn access(&self, endpoint: &Endpoint) -> Result<Option<Access>, BesideError> {
        let given = (self.of(Purpose::Credentials), self.of(Purpose::Nkey));
        let file = match given {
            (None, None) => return Ok(None),
            (Some(one), Some(other)) => return Err(one.beside(&other.place)),
            (Some(file), None) | (None, Some(file)) => file,
        };
        if endpoint.access != Access::None {
            return Err(file.beside(&format!("the {} in the URL", endpoint.access.mode())));
        }
        let text = file.text()?;
        if file.purpose == Purpose::Credentials {
            return Ok(Some(Access::Credentials(Secret::new(text))));
        }
        let seed = text.split_whitespace().find(|word| word.starts_with("SU"));
        let seed =
            seed.ok_or_else(|| BesideError::NoSeed { place: file.place.clone(), path: file.path.clone() })?;
        Ok(Some(Access::Nkey(Secret::new(seed))))
    }

    fn certificates(&self) -> Result<Certificates, BesideError> {
        let issuers = self.of(Purpose::Issuers).map(Given::readable).transpose()?;
        let own = match (self.of(Purpose::Certificate), self.of(Purpose::Key)) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(Identity { certificate: certificate.readable()?, key: key.readable()? })
            }
            (Some(certificate), None) => {
                return Err(self.alone(certificate, "certificate", "key", Purpose::Key));
            }
            (None, Some(key)) => return Err(self.alone(key, "key", "certificate", Purpose::Certificate)),
        };
        Ok(Certificates { issuers, own })
    }

    fn alone(&self, file: &Given, what: &'static str, other: &'static str, missing: Purpose) -> BesideError {
        let variable = missing.variable(self.kind);
        let mend = match missing.flag(self.kind) {
            Some(flag) => format!("--{flag} or {variable}"),
            None => variable,
        };
        BesideError::Alone { place: file.place.clone(), what, other, mend }
    }
}

impl Given {
    fn text(&self) -> Result<String, BesideError> {
        fs::read_to_string(&self.path).map_err(|error| self.unreadable(&error))
    }

    /// Its path, wherever a process of ours runs.
    fn readable(&self) -> Result<PathBuf, BesideError> {
        self.text()?;
        absolute(&self.path).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &std::io::Error) -> BesideError {
        let (place, path) = (self.place.clone(), self.path.clone());
        BesideError::Unreadable { place, path, reason: error.to_string() }
    }

    fn beside(&self, other: &str) -> BesideError {
        BesideError::Twice { place: self.place.clone(), with: other.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn nats(url: &str) -> Endpoint {
        Endpoint::parse(BrokerKind::NatsServer, url).unwrap()
    }

    fn flags(files: &[(Purpose, &PathBuf)]) -> Beside {
        let files = files.iter().map(|(purpose, path)| (*purpose, (*path).clone()));
        Beside::new(BrokerKind::NatsServer, files, |_| None)
    }

    #[test]
    fn a_flag_goes_before_its_variable_and_certificates_switch_tls_on() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (file(&folder, "one", ""), file(&folder, "two", ""));
        let variable = |name: &str| (name == "NATS_TLS_CA_PATH").then(|| two.display().to_string());
        let issuers = |beside: Beside| match beside.complete(nats("nats://h")).unwrap().tls {
            Tls::On(certificates) => certificates.issuers,
            Tls::Off => None,
        };
        let by = |flags: Vec<(Purpose, PathBuf)>| Beside::new(BrokerKind::NatsServer, flags, variable);
        assert_eq!(issuers(by(vec![(Purpose::Issuers, one.clone())])), Some(one));
        assert_eq!(issuers(by(Vec::new())), Some(two.clone()));
        let off =
            |name: &str| if name == "NATS_TLS_ENABLED" { Some("false".to_owned()) } else { variable(name) };
        assert_eq!(issuers(Beside::new(BrokerKind::NatsServer, Vec::new(), off)), None);
        assert_eq!(issuers(Beside::new(BrokerKind::RedisServer, Vec::new(), variable)), None);
    }

    #[test]
    fn keys_and_credentials_are_read_from_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let seed = file(&folder, "seed", "# mine\nSUABC\n");
        let beside = flags(&[(Purpose::Nkey, &seed)]);
        assert!(beside.complete(nats("nats://h")).unwrap().access == Access::Nkey(Secret::new("SUABC")));
        let creds = file(&folder, "creds", "a\nb");
        let beside = flags(&[(Purpose::Credentials, &creds)]);
        assert!(
            beside.complete(nats("nats://h")).unwrap().access == Access::Credentials(Secret::new("a\nb"))
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_with_where_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, gone) = (file(&folder, "empty", "hush"), folder.path().join("gone"));
        let refused = |files: &[(Purpose, &PathBuf)], url: &str, words: &[&str]| {
            let error = flags(files).complete(nats(url)).expect_err("refused").to_string();
            assert!(words.iter().all(|word| error.contains(word)) && !error.contains("hush"), "{error}");
        };
        refused(&[(Purpose::Issuers, &gone)], "nats://h", &["--nats-ca", "gone can't be read"]);
        refused(&[(Purpose::Nkey, &empty)], "nats://h", &["--nats-nkey", "empty holds no seed"]);
        refused(
            &[(Purpose::Certificate, &empty)],
            "nats://h",
            &["--nats-cert", "--nats-key or NATS_TLS_KEY_PATH"],
        );
        refused(&[(Purpose::Key, &empty)], "nats://h", &["--nats-key", "--nats-cert"]);
        refused(&[(Purpose::Nkey, &empty)], "nats://u:hush@h", &["--nats-nkey and the password in the URL"]);
        let both = [(Purpose::Nkey, &empty), (Purpose::Credentials, &empty)];
        refused(&both, "nats://h", &["--nats-creds", "--nats-nkey"]);
    }

    #[test]
    fn a_flag_without_a_server_is_refused_and_a_variable_is_not() {
        let flag = flags(&[(Purpose::Issuers, &PathBuf::from("x"))]);
        assert!(flag.without_server().unwrap_err().to_string().contains("--nats-url"));
        let variable = Beside::new(BrokerKind::NatsServer, Vec::new(), |_| Some("x".to_owned()));
        assert!(variable.without_server().is_ok());
    }
}
