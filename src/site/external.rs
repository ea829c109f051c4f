//! A server that somebody else runs, reached by URL. It is never signalled, and only what a run created in
//! it is deleted.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use super::discover::at_least;
use super::error::SiteError;
use super::meter::Meter;
use super::nats_meter::NatsMeter;
use super::node::{Config, Node};
use super::options::Options;
use super::redis_meter::RedisMeter;
use super::redis_server::{expected, read_back};
use crate::connect::{self, ConnectError};
use url::Url;
use weighbridge_plan::credentials::redact;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::{BrokerKind, Durability};

/// Servers before 2.10.23 could lose whole streams on a mere kill (nats-server #6888).
const NATS_MINIMUM: &str = "2.10.23";

const ATTEMPTS: u32 = 4;

/// Checks where the endpoint is, connects, and reads what can be read.
pub async fn reach(
    name: &str,
    endpoint: &Endpoint,
    options: &Options,
    durability: Durability,
) -> Result<Node, SiteError> {
    for server in &endpoint.servers {
        check_host(&server.to_string(), &options.allowed_hosts)?;
    }
    let Reached { version, config, meter } = match endpoint.kind {
        BrokerKind::RedisServer => redis(endpoint).await?,
        BrokerKind::NatsServer => nats(endpoint, options).await?,
    };
    let tier_doubts = match endpoint.kind {
        BrokerKind::RedisServer => redis_doubts(&config, durability),
        BrokerKind::NatsServer => nats_doubts(durability),
    };
    Ok(Node {
        name: name.to_string(),
        endpoint: endpoint.clone(),
        watched: endpoint.clone(),
        version,
        config,
        tier_doubts,
        storage: None,
        server: None,
        link: None,
        meter,
    })
}

/// What a server that answers has told.
struct Reached {
    version: String,
    config: Config,
    meter: Option<Box<dyn Meter>>,
}

async fn redis(endpoint: &Endpoint) -> Result<Reached, SiteError> {
    let timeout = Some(Duration::from_secs(5));
    let mut connection = retry(async || connect::redis::connect(endpoint, timeout, 0).await).await?;
    let config = read_back(&mut connection).await?;
    // Valkey gives the version of Redis that it is compatible with as well.
    let told = ["valkey_version", "redis_version"].into_iter().find_map(|name| config.get(name));
    let version = told.cloned().unwrap_or_else(|| "unknown".to_string());
    Ok(Reached { version, config, meter: Some(Box::new(RedisMeter::new(endpoint.clone()))) })
}

async fn nats(endpoint: &Endpoint, options: &Options) -> Result<Reached, SiteError> {
    let name = "weighbridge-preflight";
    let client = retry(async || connect::nats::connect(endpoint, name, 0).await).await?;
    let info = client.server_info();
    if !at_least(&info.version, NATS_MINIMUM) {
        let reason = format!(
            "version {} is older than {NATS_MINIMUM}, the first that keeps streams over a kill",
            info.version
        );
        let (broker, address) = (endpoint.kind, endpoint.address());
        return Err(ConnectError::Refused { broker, address, reason }.into());
    }
    let config = Config::from([
        ("go".to_string(), info.go.clone()),
        ("max_payload".to_string(), info.max_payload.to_string()),
    ]);
    let meter = options.nats_monitoring.as_deref().map(|url| monitored(url, &info.server_id, options));
    let meter = meter.transpose()?.map(|meter| Box::new(meter) as Box<dyn Meter>);
    Ok(Reached { version: info.version.clone(), config, meter })
}

/// The monitoring at `url`, which must be that of the server of this id.
fn monitored(url: &str, server_id: &str, options: &Options) -> Result<NatsMeter, SiteError> {
    let shown = redact(url);
    let wrong = |reason: String| SiteError::Monitoring { url: shown.clone(), reason };
    let parsed = Url::parse(url).map_err(|error| wrong(format!("is no URL ({error})")))?;
    // Who asks has no credentials for it, and it is shown in errors.
    let plain = parsed.username().is_empty() && parsed.password().is_none();
    let (Some(host), "http", true) = (parsed.host_str(), parsed.scheme(), plain) else {
        return Err(wrong("is no URL of the form http://HOST:PORT".to_owned()));
    };
    check_host(&format!("{host}:{}", parsed.port_or_known_default().unwrap_or(80)), &options.allowed_hosts)?;
    let meter = NatsMeter::new(url);
    match meter.server_id() {
        Ok(id) if id == server_id => Ok(meter),
        Ok(_) => Err(wrong("is that of another server".to_owned())),
        Err(error) => Err(wrong(format!("does not answer ({error})"))),
    }
}

/// Every setting that is not the tier's, or can't be read.
fn redis_doubts(config: &Config, durability: Durability) -> Vec<String> {
    let doubt = |(name, expected): (&str, &str)| match config.get(name) {
        Some(found) if found == expected => None,
        Some(found) => Some(format!("{name} is `{found}` where tier {durability} needs `{expected}`")),
        None => Some(format!("{name} can't be read, so tier {durability} is not known to hold")),
    };
    expected(durability).into_iter().filter_map(doubt).collect()
}

fn nats_doubts(durability: Durability) -> Vec<String> {
    let storage = "the stream's storage follows the tier, the server's sync_interval can't be read from here";
    if durability > Durability::Memory { vec![storage.to_string()] } else { Vec::new() }
}

/// Tries some times while a server can't be reached; a refusal is final.
async fn retry<T>(mut attempt: impl AsyncFnMut() -> Result<T, ConnectError>) -> Result<T, ConnectError> {
    let mut wait = Duration::from_millis(100);
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(ConnectError::Unavailable { .. }) => {}
            other => return other,
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    attempt().await
}

/// Refuses hosts that are not loopback unless they were allowed by name. Judges by the addresses that the
/// name resolves to, since a name proves nothing.
pub fn check_host(address: &str, allowed_hosts: &[String]) -> Result<(), SiteError> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if allowed_hosts.iter().any(|allowed| allowed == bare) {
        return Ok(());
    }
    let resolved = address.to_socket_addrs();
    let resolved = resolved
        .map_err(|error| SiteError::Unresolved { host: bare.to_string(), reason: error.to_string() })?;
    judge(bare, &resolved.map(|address| address.ip()).collect::<Vec<_>>())
}

/// Refuses a host that was not allowed, unless all that its name resolves to is loopback.
fn judge(host: &str, resolved: &[IpAddr]) -> Result<(), SiteError> {
    if !resolved.is_empty() && resolved.iter().all(IpAddr::is_loopback) {
        return Ok(());
    }
    let list: Vec<_> = resolved.iter().map(ToString::to_string).collect();
    Err(SiteError::HostNotAllowed { host: host.to_string(), resolved: list.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_is_not_the_tiers_is_a_doubt() {
        let config = Config::from(
            [("save", "3600 1"), ("appendonly", "no")]
                .map(|(name, value)| (name.to_string(), value.to_string())),
        );
        let doubts = redis_doubts(&config, Durability::Sync);
        assert_eq!(doubts.len(), 3, "{doubts:?}");
        assert!(doubts[0].contains("save") && doubts[1].contains("appendonly"), "{doubts:?}");
        assert!(doubts[2].contains("appendfsync can't be read"), "{doubts:?}");
        let sound = Config::from(
            [("save", ""), ("appendonly", "no")].map(|(name, value)| (name.to_string(), value.to_string())),
        );
        assert_eq!(redis_doubts(&sound, Durability::Memory), Vec::<String>::new());
    }

    #[test]
    fn loopback_passes_and_other_hosts_need_to_be_allowed() {
        assert!(check_host("127.0.0.1:6379", &[]).is_ok());
        assert!(check_host("localhost:6379", &[]).is_ok());
        assert!(check_host("[::1]:6379", &[]).is_ok());
        let error = check_host("192.0.2.7:6379", &[]).unwrap_err().to_string();
        assert!(error.contains("--allow-host 192.0.2.7"), "{error}");
        assert!(check_host("192.0.2.7:6379", &["192.0.2.7".to_string()]).is_ok());
    }

    #[test]
    fn a_name_passes_only_where_all_that_it_resolves_to_is_loopback() {
        let judged = |resolved: &[[u8; 4]]| {
            judge("broker", &resolved.iter().map(|address| IpAddr::from(*address)).collect::<Vec<_>>())
        };
        assert!(judged(&[[127, 0, 0, 1], [127, 0, 0, 2]]).is_ok());
        for resolved in
            [&[[127, 0, 0, 1], [192, 0, 2, 7]][..], &[[192, 0, 2, 7], [127, 0, 0, 1]], &[[0; 4]], &[]]
        {
            let error = judged(resolved).unwrap_err().to_string();
            assert!(error.contains("--allow-host broker"), "{resolved:?}: {error}");
        }
    }
}
