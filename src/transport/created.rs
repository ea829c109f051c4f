//! What a path has created on a server, with the command that deletes it. No command holds a password.

use crate::shell::quoted;
use weighbridge_plan::endpoint::{Access, Endpoint, Tls};
use weighbridge_record::result::LeftBehind;
use weighbridge_record::terms::BrokerKind;

/// Why something is there that nobody came to delete.
const NO_TIME: &str = "there was no time to delete it";

/// A key of Redis.
pub(super) fn key(endpoint: &Endpoint, name: String) -> LeftBehind {
    let command = format!("{} DEL {}", client(endpoint), quoted(&name));
    left("key", name, endpoint, command)
}

/// A JetStream stream.
pub(super) fn stream(endpoint: &Endpoint, name: String) -> LeftBehind {
    let command = format!("{} stream rm {} --force", client(endpoint), quoted(&name));
    left("stream", name, endpoint, command)
}

fn left(what: &str, name: String, endpoint: &Endpoint, command: String) -> LeftBehind {
    let (server, reason) = (whereabouts(endpoint), NO_TIME.to_owned());
    LeftBehind { what: what.to_owned(), name, server, reason, command }
}

/// The broker's own client with the way to a server, as a shell takes it.
pub fn client(endpoint: &Endpoint) -> String {
    match endpoint.kind {
        BrokerKind::RedisServer => redis_cli(endpoint),
        BrokerKind::NatsServer => nats(endpoint),
    }
}

/// That client on a server of whoever reads the command.
pub fn bare_client(kind: BrokerKind) -> &'static str {
    match kind {
        BrokerKind::RedisServer => "redis-cli",
        BrokerKind::NatsServer => "nats",
    }
}

fn redis_cli(endpoint: &Endpoint) -> String {
    let server = &endpoint.servers[0];
    let mut words = vec![bare_client(endpoint.kind), "-h", &server.host];
    let (port, database) = (server.port.to_string(), endpoint.database.to_string());
    words.extend(["-p", &port]);
    if endpoint.database != 0 {
        words.extend(["-n", &database]);
    }
    let certificates = certificates(&endpoint.tls, ["--cacert", "--cert", "--key"]);
    if endpoint.tls.is_on() {
        words.push("--tls");
        words.extend(certificates.iter().map(String::as_str));
    }
    match &endpoint.access {
        Access::None | Access::Nkey(_) | Access::Credentials(_) => {}
        Access::Password { user: Some(user), .. } => words.extend(["--user", user, "--askpass"]),
        Access::Password { user: None, .. } | Access::Token(_) => words.push("--askpass"),
    }
    joined(&words)
}

fn nats(endpoint: &Endpoint) -> String {
    let scheme = endpoint.scheme();
    let servers: Vec<_> = endpoint.servers.iter().map(|server| format!("{scheme}://{server}")).collect();
    let mut command = joined(&[bare_client(endpoint.kind), "--server", &servers.join(",")]);
    match &endpoint.access {
        Access::None => {}
        Access::Password { user, .. } => {
            let user = quoted(user.as_deref().unwrap_or_default());
            command.push_str(&format!(" --user {user} --password \"$NATS_PASSWORD\""));
        }
        Access::Token(_) => command.push_str(" --user \"$NATS_TOKEN\""),
        Access::Nkey(_) => command.push_str(" --nkey \"$NATS_NKEY\""),
        Access::Credentials(_) => command.push_str(" --creds \"$NATS_CREDS\""),
    }
    for word in certificates(&endpoint.tls, ["--tlsca", "--tlscert", "--tlskey"]) {
        command.push(' ');
        command.push_str(&quoted(&word));
    }
    command
}

/// Flags, by `names`, for issuers, certificate and key, each followed by its file.
fn certificates(tls: &Tls, names: [&str; 3]) -> Vec<String> {
    let Tls::On(files) = tls else { return Vec::new() };
    let own = files.own.as_ref();
    let files = [files.issuers.as_ref(), own.map(|own| &own.certificate), own.map(|own| &own.key)];
    let named = names.into_iter().zip(files).filter_map(|(name, file)| Some((name, file?)));
    named.flat_map(|(name, file)| [name.to_owned(), file.display().to_string()]).collect()
}

fn whereabouts(endpoint: &Endpoint) -> String {
    format!("{} at {}", endpoint.kind, endpoint.address())
}

/// Words as a shell takes them.
fn joined(words: &[&str]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(kind: BrokerKind, url: &str) -> Endpoint {
        Endpoint::parse(kind, url).unwrap()
    }

    fn words(left: &LeftBehind) -> Vec<String> {
        assert!(!left.command.contains("hush"), "{}", left.command);
        shlex::split(&left.command).unwrap()
    }

    #[test]
    fn a_key_is_deleted_where_it_is_by_who_may() {
        let plain = key(&endpoint(BrokerKind::RedisServer, "redis://[::1]:6380"), "own.a".to_owned());
        assert_eq!(words(&plain), ["redis-cli", "-h", "::1", "-p", "6380", "DEL", "own.a"]);
        let url = "redis://it%27s:hush@h:1/3";
        let secret = key(&endpoint(BrokerKind::RedisServer, url), "o wn;rm".to_owned());
        let expected =
            ["redis-cli", "-h", "h", "-p", "1", "-n", "3", "--user", "it's", "--askpass", "DEL", "o wn;rm"];
        assert_eq!(words(&secret), expected);
        assert_eq!(secret.server, "redis-server at h:1");
    }

    #[test]
    fn a_stream_is_deleted_where_it_is_by_who_may() {
        let plain = stream(&endpoint(BrokerKind::NatsServer, "nats://h:1"), "own_S".to_owned());
        assert_eq!(words(&plain), ["nats", "--server", "nats://h:1", "stream", "rm", "own_S", "--force"]);
        let secret = stream(&endpoint(BrokerKind::NatsServer, "tls://an%20na:hush@h:1"), "S".to_owned());
        let expected =
            "nats --server tls://h:1 --user 'an na' --password \"$NATS_PASSWORD\" stream rm S --force";
        assert_eq!(secret.command, expected);
        let token = stream(&endpoint(BrokerKind::NatsServer, "nats://hush@h:1"), "S".to_owned());
        assert!(token.command.contains("--user \"$NATS_TOKEN\" stream rm S"), "{}", token.command);
        assert_eq!(words(&token).len(), 9);
    }
}
