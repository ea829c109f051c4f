//! A server named by variables of the environment, a part each, as the engine's own configuration has them.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::given::GivenUrl;
use super::url::scheme;
use weighbridge_record::terms::BrokerKind;

/// What switches TLS off; whatever else is set switches it on.
const OFF: [&str; 4] = ["0", "false", "no", "off"];
/// Where a server is whose port alone is given.
const HERE: &str = "127.0.0.1";

/// Whether the value of a variable switches off what it is about; any other switches it on.
pub fn is_off(value: &str) -> bool {
    OFF.contains(&value.to_lowercase().as_str())
}

/// Stand before the names of the variables.
pub(super) fn prefix(kind: BrokerKind) -> &'static str {
    match kind {
        BrokerKind::RedisServer => "REDIS",
        BrokerKind::NatsServer => "NATS",
    }
}

/// The URL that `HOST`, `PORT`, `USERNAME`, `PASSWORD`, `TLS_ENABLED`, for Redis `DB`, and for NATS `TOKEN` and
/// `CLUSTER_HOST` make, each behind `REDIS_` or `NATS_`; none where neither a host nor a port is set. `CLUSTER_HOST`, a
/// list with commas, goes before the one server. An empty variable is one that is not set.
pub fn from_parts(kind: BrokerKind, variable: impl Fn(&str) -> Option<String>) -> Option<GivenUrl> {
    let mut named = Vec::new();
    let mut part = |part: &str| {
        let name = format!("{}_{part}", prefix(kind));
        let value = variable(&name).filter(|value| !value.is_empty())?;
        named.push(name);
        Some(value)
    };
    let cluster = if kind == BrokerKind::NatsServer { part("CLUSTER_HOST") } else { None };
    let encrypted = cluster.as_ref().is_some_and(|list| list.contains("tls://"));
    let hosts = match cluster {
        Some(list) => cluster_hosts(&list),
        None => one_host(part("HOST"), part("PORT"))?,
    };
    let tls = part("TLS_ENABLED").map_or(encrypted, |value| !is_off(&value));
    let encoded =
        |part: Option<String>| part.map(|part| utf8_percent_encode(&part, NON_ALPHANUMERIC).to_string());
    let access = match (encoded(part("USERNAME")), encoded(part("PASSWORD"))) {
        // A name without a password is a token, as the NATS command line has it.
        (user, password) if user.is_some() || password.is_some() => {
            format!("{}:{}@", user.unwrap_or_default(), password.unwrap_or_default())
        }
        _ if kind == BrokerKind::NatsServer => {
            encoded(part("TOKEN")).map_or_else(String::new, |token| format!("{token}@"))
        }
        _ => String::new(),
    };
    let database = if kind == BrokerKind::RedisServer { part("DB") } else { None };
    let database = database.map_or_else(String::new, |database| format!("/{database}"));
    let text = format!("{}://{access}{hosts}{database}", scheme(kind, tls));
    Some(GivenUrl::by_parts(kind, text, named))
}

/// None where neither is set.
fn one_host(host: Option<String>, port: Option<String>) -> Option<String> {
    if host.is_none() && port.is_none() {
        return None;
    }
    let host = host.unwrap_or_else(|| HERE.to_owned());
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
    Some(format!("{host}{}", port.map_or_else(String::new, |port| format!(":{port}"))))
}

/// Without their schemes, which follow what is said of TLS.
fn cluster_hosts(list: &str) -> String {
    let bare = |host: &str| host.trim().trim_start_matches("nats://").trim_start_matches("tls://").to_owned();
    list.split(',').map(bare).filter(|host| !host.is_empty()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{Access, Endpoint, Secret, Tls};
    use weighbridge_record::terms::AuthMode;

    fn endpoint(kind: BrokerKind, set: &[(&str, &str)]) -> Option<Endpoint> {
        let given = from_parts(kind, |name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        given.map(|given| given.endpoint().unwrap_or_else(|error| panic!("{set:?}: {error}")))
    }

    #[test]
    fn host_or_port_name_a_server_and_credentials_alone_name_none() {
        let nats = BrokerKind::NatsServer;
        let found = endpoint(nats, &[("NATS_HOST", "10.0.0.7"), ("NATS_PORT", "4333")]).unwrap();
        assert!(found.address() == "10.0.0.7:4333" && found.access == Access::None);
        assert_eq!(endpoint(nats, &[("NATS_PORT", "4333")]).unwrap().address(), "127.0.0.1:4333");
        assert_eq!(endpoint(nats, &[("NATS_HOST", "::1")]).unwrap().address(), "[::1]:4222");
        for alone in [&[("NATS_PASSWORD", "hush")][..], &[("NATS_HOST", "")], &[("REDIS_HOST", "h")], &[]] {
            assert_eq!(endpoint(nats, alone).map(|found| found.address()), None);
        }
    }

    #[test]
    fn user_and_password_are_those_that_were_set_whatever_they_hold() {
        let set = [("NATS_HOST", "h"), ("NATS_USERNAME", "an na"), ("NATS_PASSWORD", "p@ss:/w%rd")];
        let Access::Password { user, password } = endpoint(BrokerKind::NatsServer, &set).unwrap().access
        else {
            panic!("no password")
        };
        assert_eq!((user.as_deref(), password.expose()), (Some("an na"), "p@ss:/w%rd"));
        let set = [("REDIS_HOST", "h"), ("REDIS_PASSWORD", "hush"), ("REDIS_DB", "3")];
        let redis = endpoint(BrokerKind::RedisServer, &set).unwrap();
        assert_eq!(redis.database, 3);
        assert!(matches!(redis.access, Access::Password { user: None, .. }), "Redis' default user");
    }

    #[test]
    fn tls_is_on_unless_it_is_switched_off() {
        let tls = |value| {
            let set = [("NATS_HOST", "h"), ("NATS_TLS_ENABLED", value)];
            endpoint(BrokerKind::NatsServer, &set).unwrap().tls
        };
        assert!(["true", "1", "yes", "maybe"].map(tls).iter().all(Tls::is_on));
        assert!(!["false", "False", "0", "off", "no", ""].map(tls).iter().any(Tls::is_on));
    }

    #[test]
    fn a_cluster_goes_before_the_one_server_and_a_token_is_shown_where_no_user_is_set() {
        let set = [
            ("NATS_HOST", "one"),
            ("NATS_CLUSTER_HOST", "nats://a:1, b"),
            ("NATS_TOKEN", "hu sh"),
            ("NATS_TLS_ENABLED", "true"),
        ];
        let found = endpoint(BrokerKind::NatsServer, &set).unwrap();
        assert!(found.address() == "a:1,b:4222" && found.tls.is_on());
        assert!(found.access == Access::Token(Secret::new("hu sh")));
        let user = [
            ("NATS_HOST", "one"),
            ("NATS_TOKEN", "hush"),
            ("NATS_USERNAME", "anna"),
            ("NATS_PASSWORD", "hush"),
        ];
        assert_eq!(endpoint(BrokerKind::NatsServer, &user).unwrap().access.mode(), AuthMode::Password);
    }

    #[test]
    fn a_mistake_is_told_where_it_was_made_and_without_the_password() {
        let set = |name: &str| match name {
            "NATS_HOST" => Some("h".to_owned()),
            "NATS_PORT" => Some("many".to_owned()),
            "NATS_PASSWORD" => Some("hush".to_owned()),
            _ => None,
        };
        let given = from_parts(BrokerKind::NatsServer, set).unwrap();
        assert_eq!(given.place(), "the environment variables NATS_HOST, NATS_PORT, NATS_PASSWORD");
        let error = given.endpoint().expect_err("no port").to_string();
        assert!(error.contains("port") && !error.contains("hush"), "{error}");
        assert!(!format!("{given:?} {}", given.shown()).contains("hush"));
    }
}
