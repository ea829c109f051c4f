//! Where a server is and how to get in, read from a URL once.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

use super::{Access, Secret, Tls};
use crate::credentials::HIDDEN;
use weighbridge_record::terms::BrokerKind;

/// A server, or several that belong together, of one kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub kind: BrokerKind,
    /// Never empty.
    pub servers: Vec<Server>,
    pub access: Access,
    pub tls: Tls,
    /// The database to select in Redis; 0 elsewhere.
    pub database: i64,
}

/// One server's place on the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A name or an address, an IPv6 one without brackets.
    pub host: String,
    pub port: u16,
}

/// Why a URL names no server. It does not repeat the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("not a URL of {kind} ({reason}); write {}", form(*.kind))]
    Malformed { kind: BrokerKind, reason: String },
}

fn form(kind: BrokerKind) -> &'static str {
    match kind {
        BrokerKind::RedisServer => {
            "redis://HOST:PORT, or rediss:// for TLS, with USER:PASSWORD@ before the host where it asks for them"
        }
        BrokerKind::NatsServer => {
            "nats://HOST:PORT, or tls:// for TLS, with USER:PASSWORD@ or TOKEN@ before the host where it asks for one"
        }
    }
}

impl Endpoint {
    /// Reads a URL, or those of the servers of a NATS cluster with commas between. User, password and token are
    /// percent-decoded.
    pub fn parse(kind: BrokerKind, text: &str) -> Result<Self, UrlError> {
        let texts = match kind {
            BrokerKind::RedisServer => vec![text.to_owned()],
            BrokerKind::NatsServer => several(text),
        };
        let endpoints: Result<Vec<_>, _> = texts.iter().map(|text| Self::parse_one(kind, text)).collect();
        let mut all = endpoints?.into_iter();
        let mut first = all.next().expect("of no commas there is one");
        for other in all {
            if other.tls != first.tls || other.access != Access::None && other.access != first.access {
                let reason =
                    "the servers of a cluster are reached alike: all by the same scheme and credentials";
                return Err(UrlError::Malformed { kind, reason: reason.to_owned() });
            }
            first.servers.extend(other.servers);
        }
        Ok(first)
    }

    fn parse_one(kind: BrokerKind, text: &str) -> Result<Self, UrlError> {
        let malformed = |reason: &str| UrlError::Malformed { kind, reason: reason.to_owned() };
        // The parser leaves them out, so that another password would be sent.
        if text.trim().contains(['\n', '\r', '\t']) {
            return Err(malformed(
                "a line break or tab has no place in it; in a password write %0A, %0D or %09",
            ));
        }
        let url = Url::parse(text).map_err(|error| malformed(&error.to_string()))?;
        let tls = match (kind, url.scheme()) {
            (BrokerKind::RedisServer, "redis") | (BrokerKind::NatsServer, "nats") => Tls::Off,
            (BrokerKind::RedisServer, "rediss") | (BrokerKind::NatsServer, "tls") => Tls::of_the_system(),
            _ => return Err(malformed("its scheme is another")),
        };
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) if host.to_string().contains(',') => {
                return Err(malformed("it names several servers"));
            }
            Some(host) if !host.to_string().is_empty() => host.to_string(),
            _ => return Err(malformed("the host is missing")),
        };
        let server = Server { host, port: url.port().unwrap_or(default_port(kind)) };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(malformed("`?` and `#` have no meaning in it; in a password write %3F and %23"));
        }
        let access = access(kind, &url).map_err(malformed)?;
        let database = database(kind, &url).ok_or_else(|| match kind {
            BrokerKind::RedisServer => malformed("what follows the port is no database number"),
            BrokerKind::NatsServer => malformed("nothing may follow the port"),
        })?;
        Ok(Self { kind, servers: vec![server], access, tls, database })
    }

    /// A server that asks for nothing, on this machine.
    pub fn loopback(kind: BrokerKind, port: u16) -> Self {
        let servers = vec![Server { host: "127.0.0.1".to_owned(), port }];
        Self { kind, servers, access: Access::None, tls: Tls::Off, database: 0 }
    }

    /// Its URL, with stars for what the server is shown.
    fn redacted(&self) -> String {
        self.url(&format!("{HIDDEN}@"))
    }

    /// Its URL with user and password or token; keys and credentials files have no place in one.
    pub(super) fn exposed_url(&self) -> Secret {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let access = match &self.access {
            Access::None | Access::Nkey(_) | Access::Credentials(_) => String::new(),
            Access::Password { user, password } => {
                let user = user.as_deref().map_or(String::new(), encoded);
                format!("{user}:{}@", encoded(password.expose()))
            }
            Access::Token(token) => format!("{}@", encoded(token.expose())),
        };
        Secret::new(self.url(&access))
    }

    fn url(&self, access: &str) -> String {
        let scheme = self.scheme();
        let database = if self.database == 0 { String::new() } else { format!("/{}", self.database) };
        format!("{scheme}://{access}{}{database}", self.address())
    }

    /// What its URL begins with.
    pub fn scheme(&self) -> &'static str {
        scheme(self.kind, self.tls.is_on())
    }

    /// Where it is, without credentials.
    pub fn address(&self) -> String {
        let servers: Vec<_> = self.servers.iter().map(Server::to_string).collect();
        servers.join(",")
    }
}

/// What the URL of a server begins with.
pub fn scheme(kind: BrokerKind, encrypted: bool) -> &'static str {
    match (kind, encrypted) {
        (BrokerKind::RedisServer, false) => "redis",
        (BrokerKind::RedisServer, true) => "rediss",
        (BrokerKind::NatsServer, false) => "nats",
        (BrokerKind::NatsServer, true) => "tls",
    }
}

/// The URLs of a list. After a comma may stand a whole URL, or a host alone, which takes the rest from the one before.
/// A comma in a password is none of those.
fn several(text: &str) -> Vec<String> {
    let mut whole = vec![String::new()];
    for piece in text.split_inclusive(',') {
        let starts = ["nats://", "tls://"].iter().any(|scheme| piece.trim_start().starts_with(scheme));
        match whole.last_mut() {
            Some(last) if last.is_empty() || !starts => last.push_str(piece),
            _ => whole.push(piece.trim_start().to_owned()),
        }
    }
    let hosts = |url: &String| {
        let url = url.trim_end_matches(',');
        let hosts_at = url.rfind('@').map(|at| at + 1).or_else(|| Some(url.find("://")? + 3)).unwrap_or(0);
        let (before, hosts) = url.split_at(hosts_at);
        hosts.split(',').map(|host| format!("{before}{}", host.trim())).collect::<Vec<_>>()
    };
    whole.iter().flat_map(hosts).collect()
}

/// A URL as it may be shown: without user, password and token. One that can't be read is hidden whole.
pub fn shown(kind: BrokerKind, text: &str) -> String {
    match Endpoint::parse(kind, text) {
        Ok(endpoint) if endpoint.access == Access::None => text.to_owned(),
        Ok(endpoint) => endpoint.redacted(),
        Err(_) => HIDDEN.to_owned(),
    }
}

fn default_port(kind: BrokerKind) -> u16 {
    match kind {
        BrokerKind::RedisServer => 6379,
        BrokerKind::NatsServer => 4222,
    }
}

fn access(kind: BrokerKind, url: &Url) -> Result<Access, &'static str> {
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| "user and password are not UTF-8")
    };
    let user = Some(decoded(url.username())?).filter(|user| !user.is_empty());
    let password = url.password().map(decoded).transpose()?.map(Secret::new);
    match (kind, user, password) {
        (_, None, None) => Ok(Access::None),
        (BrokerKind::RedisServer, user, Some(password)) => Ok(Access::Password { user, password }),
        (BrokerKind::RedisServer, Some(_), None) => Err("a user without a password"),
        (BrokerKind::NatsServer, Some(token), None) => Ok(Access::Token(Secret::new(token))),
        (BrokerKind::NatsServer, None, Some(_)) => Err("a password without a user"),
        (BrokerKind::NatsServer, user, Some(password)) => Ok(Access::Password { user, password }),
    }
}

fn database(kind: BrokerKind, url: &Url) -> Option<i64> {
    match (kind, url.path().trim_matches('/')) {
        (_, "") => Some(0),
        (BrokerKind::RedisServer, number) => number.parse().ok().filter(|number| *number >= 0),
        (BrokerKind::NatsServer, _) => None,
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Endpoint {
    /// Without what the server is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("kind", &self.kind)
            .field("servers", &self.servers)
            .field("access", &self.access.mode().name())
            .field("tls", &self.tls)
            .field("database", &self.database)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redis(text: &str) -> Result<Endpoint, UrlError> {
        Endpoint::parse(BrokerKind::RedisServer, text)
    }

    fn nats(text: &str) -> Result<Endpoint, UrlError> {
        Endpoint::parse(BrokerKind::NatsServer, text)
    }

    fn password(user: Option<&str>, password: &str) -> Access {
        Access::Password { user: user.map(str::to_owned), password: Secret::new(password) }
    }

    #[test]
    fn a_url_gives_host_port_and_database_with_their_defaults() {
        let plain = redis("redis://10.0.0.7").unwrap();
        assert_eq!((plain.address().as_str(), plain.database), ("10.0.0.7:6379", 0));
        assert!(plain.access == Access::None && plain.tls == Tls::Off);
        let whole = redis("redis://cache.example:7000/3").unwrap();
        assert_eq!((whole.address().as_str(), whole.database), ("cache.example:7000", 3));
        assert_eq!(nats("nats://h/").unwrap().address(), "h:4222");
        let six = redis("redis://[::1]:7000").unwrap();
        assert_eq!((six.servers[0].host.as_str(), six.address().as_str()), ("::1", "[::1]:7000"));
    }

    #[test]
    fn user_password_and_token_are_percent_decoded() {
        let odd = "p%40s%2Fs%3A%23%25%20%C3%A4";
        for endpoint in [redis(&format!("redis://an%2Fna:{odd}@h")), nats(&format!("nats://an%2Fna:{odd}@h"))]
        {
            assert!(endpoint.unwrap().access == password(Some("an/na"), "p@s/s:#% ä"));
        }
        assert!(redis("redis://:se%2Fcret@h").unwrap().access == password(None, "se/cret"));
        assert!(nats("nats://to%2Fken@h").unwrap().access == Access::Token(Secret::new("to/ken")));
    }

    #[test]
    fn tls_is_asked_for_by_scheme() {
        assert_eq!(nats("tls://h").unwrap().tls, Tls::of_the_system());
        assert_eq!(redis("rediss://h").unwrap().tls, Tls::of_the_system());
        assert_eq!(shown(BrokerKind::RedisServer, "rediss://:hush@h:7/3"), "rediss://***@h:7/3");
    }

    #[test]
    fn the_servers_of_a_cluster_stand_in_a_list() {
        for text in
            ["nats://a:1,nats://b:2,nats://c", "nats://a:1,b:2,c:4222", "nats://a:1, b:2 ,nats://c:4222,"]
        {
            assert_eq!(nats(text).unwrap().address(), "a:1,b:2,c:4222", "{text}");
        }
        let listed = nats("tls://us,er:p,ss@a:1,b:2").unwrap();
        assert_eq!(listed.address(), "a:1,b:2");
        assert!(listed.access == password(Some("us,er"), "p,ss") && listed.tls.is_on());
        assert_eq!(shown(BrokerKind::NatsServer, "nats://u:hush@a:1,b:2"), "nats://***@a:1,b:2");
        for text in
            ["nats://u:geheim@a,tls://b", "nats://u:geheim@a,nats://u:other@b", "nats://u:geheim@a,,b"]
        {
            assert!(nats(text).is_err(), "{text}");
        }
        assert!(redis("redis://a,b").is_err(), "Redis is one server");
    }

    #[test]
    fn what_names_no_server_is_refused_without_being_repeated() {
        for text in [
            "geheim",
            "redis://",
            "http://geheim@h",
            "redis://geheim@h",
            "redis://:geheim@h:port",
            "redis://:geheim@h/geheim",
            "redis://:geheim@h/-1",
            "redis://:geheim@h?db=1",
            "redis://:ge#heim@h",
            "redis://:geheim%FF@h",
            "redis://:ge\nheim@h",
            "redis://:ge\theim@h",
            "nats://h",
        ] {
            let error = redis(text).expect_err(text).to_string();
            assert!(!error.contains("geheim") && error.contains("redis://HOST:PORT"), "{error}");
        }
        for text in ["nats://:geheim@h", "nats://geheim@h/x", "nats://u:geheim@", "redis://h"] {
            let error = nats(text).expect_err(text).to_string();
            assert!(!error.contains("geheim") && error.contains("nats://HOST:PORT"), "{error}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_credentials_and_not_at_all_where_it_cannot_be_read() {
        let shown_redis = |text: &str| shown(BrokerKind::RedisServer, text);
        for odd in ["geheim", "ge\"heim", "ge heim", "ge@heim", "ge:heim", "ge'heim", "ge%heim", "geheimä\\"]
        {
            let url = format!("redis://anna:{odd}@h:7/3");
            assert_eq!(shown_redis(&url), "redis://***@h:7/3", "{odd}");
        }
        assert_eq!(shown(BrokerKind::NatsServer, "tls://geheim@h"), "tls://***@h:4222");
        assert_eq!(shown_redis("redis://h/0"), "redis://h/0");
        for broken in ["geheim", "redis://:ge/heim@h", "redis://:ge#heim@h", "redis://:ge\nheim@h", ""] {
            assert_eq!(shown_redis(broken), "***", "{broken}");
        }
    }

    #[test]
    fn debug_shows_the_way_and_not_the_key() {
        let shown = format!("{:?}", nats("nats://anna:geheim@h:1").unwrap());
        assert!(shown.contains("password") && shown.contains("\"h\""), "{shown}");
        assert!(!shown.contains("geheim") && !shown.contains("anna"), "{shown}");
    }
}
