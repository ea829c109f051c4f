//! Connecting to Redis.

use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisError,
};

use super::{Access, ConnectError, Endpoint};

/// Longest that connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// A connection for commands. `response_timeout`: none for blocking reads, which wait in the server.
pub(crate) async fn connect(
    endpoint: &Endpoint,
    response_timeout: Option<Duration>,
    queue: usize,
) -> Result<MultiplexedConnection, ConnectError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(response_timeout)
        .set_pipeline_buffer_size(queue.max(50));
    let connected = client(endpoint)?.get_multiplexed_async_connection_with_config(&config).await;
    connected.map_err(|error| unreachable(endpoint, &error))
}

/// A connection for subscriptions.
pub(crate) async fn subscriber(endpoint: &Endpoint) -> Result<PubSub, ConnectError> {
    let client = client(endpoint)?;
    // The library bounds no step of this.
    match tokio::time::timeout(CONNECT_WITHIN, client.get_async_pubsub()).await {
        Ok(connected) => connected.map_err(|error| unreachable(endpoint, &error)),
        Err(_) => {
            let (broker, address) = (endpoint.kind, endpoint.address());
            Err(ConnectError::Unavailable { broker, address, reason: "timed out".to_owned() })
        }
    }
}

fn client(endpoint: &Endpoint) -> Result<Client, ConnectError> {
    info(endpoint).and_then(Client::open).map_err(|error| unreachable(endpoint, &error))
}

fn info(endpoint: &Endpoint) -> Result<ConnectionInfo, RedisError> {
    let settings = RedisConnectionInfo::default().set_db(endpoint.database);
    let settings = match &endpoint.access {
        Access::None => settings,
        Access::Password { user, password } => match user {
            Some(user) => settings.set_username(user).set_password(password.expose()),
            None => settings.set_password(password.expose()),
        },
        // Redis knows no tokens; the one word that it takes is the default user's password.
        Access::Token(token) => settings.set_password(token.expose()),
    };
    let server = &endpoint.servers[0];
    let info = (server.host.as_str(), server.port).into_connection_info()?;
    // Nagle is on by default in redis 1.x and off in async-nats; left so, the comparison is worthless.
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    Ok(info.set_tcp_settings(tcp).set_redis_settings(settings))
}

/// Tells a server that refuses from one that isn't there.
pub(crate) fn unreachable(endpoint: &Endpoint, error: &RedisError) -> ConnectError {
    let (broker, address, reason) = (endpoint.kind, endpoint.address(), plain(error));
    let known = error.code().is_some_and(|code| {
        matches!(code, "NOAUTH" | "WRONGPASS" | "NOPERM") || code == "ERR" && reason.contains("AUTH")
    });
    if known || error.kind() == redis::ErrorKind::AuthenticationFailed {
        ConnectError::Refused { broker, address, reason: format!("{reason}; check user and password") }
    } else {
        ConnectError::Unavailable { broker, address, reason }
    }
}

/// An error in words, without the library's debug dressing.
pub(crate) fn plain(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    }
}
