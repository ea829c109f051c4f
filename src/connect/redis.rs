//! Connecting to Redis.

use std::pin::Pin;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::patience::CONNECT_WITHIN;
use super::{ConnectError, tls};
use weighbridge_plan::endpoint::{Access, Endpoint, Tls};

/// What runs a connection; ends as soon as the connection does, used or not.
pub(crate) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection for commands, and what runs it.
/// `response_timeout`: none for blocking reads, which wait in the server.
pub(crate) async fn open(
    endpoint: &Endpoint,
    response_timeout: Option<Duration>,
    queue: usize,
) -> Result<(MultiplexedConnection, Driver), ConnectError> {
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(response_timeout)
        .set_pipeline_buffer_size(queue.max(50));
    let info = info(endpoint);
    let opening = async {
        let stream = stream(endpoint).await?;
        // A stream of each kind makes a driver of its own kind: a plain connection pays for no choice.
        match encrypted(endpoint, stream).await? {
            Stream::Plain(stream) => {
                let (connection, driver) =
                    MultiplexedConnection::new_with_config(&info, stream, config).await?;
                Ok((connection, Box::pin(driver) as Driver))
            }
            Stream::Encrypted(stream) => {
                let (connection, driver) =
                    MultiplexedConnection::new_with_config(&info, *stream, config).await?;
                Ok((connection, Box::pin(driver) as Driver))
            }
        }
    };
    in_time(endpoint, opening).await
}

/// A connection for commands that runs by itself.
pub(crate) async fn connect(
    endpoint: &Endpoint,
    response_timeout: Option<Duration>,
    queue: usize,
) -> Result<MultiplexedConnection, ConnectError> {
    let (connection, driver) = open(endpoint, response_timeout, queue).await?;
    tokio::spawn(driver);
    Ok(connection)
}

/// A connection for subscriptions.
pub(crate) async fn subscriber(endpoint: &Endpoint) -> Result<PubSub, ConnectError> {
    let info = info(endpoint);
    let opening = async {
        match encrypted(endpoint, stream(endpoint).await?).await? {
            Stream::Plain(stream) => PubSub::new(&info, stream).await,
            Stream::Encrypted(stream) => PubSub::new(&info, *stream).await,
        }
    };
    in_time(endpoint, opening).await
}

async fn in_time<T>(
    endpoint: &Endpoint,
    opening: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, ConnectError> {
    match tokio::time::timeout(CONNECT_WITHIN, opening).await {
        Ok(opened) => opened.map_err(|error| unreachable(endpoint, &error)),
        Err(elapsed) => {
            let (within, hint) = (CONNECT_WITHIN.as_secs(), tls::hint(endpoint));
            let reason = format!("it did not answer within {within} s{hint}");
            Err(ConnectError::unavailable(endpoint, reason, &elapsed))
        }
    }
}

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

async fn encrypted(endpoint: &Endpoint, stream: TcpStream) -> Result<Stream, RedisError> {
    match &endpoint.tls {
        Tls::Off => Ok(Stream::Plain(stream)),
        Tls::On(certificates) => {
            let encrypted = tls::encrypt(stream, &endpoint.servers[0].host, certificates).await?;
            Ok(Stream::Encrypted(Box::new(encrypted)))
        }
    }
}

async fn stream(endpoint: &Endpoint) -> Result<TcpStream, RedisError> {
    let server = &endpoint.servers[0];
    let stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
    // As async-nats does. The library's own connections wait for more to send, which would make the comparison
    // worthless.
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn info(endpoint: &Endpoint) -> RedisConnectionInfo {
    let info = RedisConnectionInfo::default().set_db(endpoint.database);
    match &endpoint.access {
        Access::None => info,
        Access::Password { user: Some(user), password } => {
            info.set_username(user).set_password(password.expose())
        }
        Access::Password { user: None, password } => info.set_password(password.expose()),
        // Redis knows no tokens; the one word that it takes is the default user's password.
        Access::Token(token) => info.set_password(token.expose()),
        // Given to NATS alone.
        Access::Nkey(_) | Access::Credentials(_) => info,
    }
}

/// Tells a server that refuses from one that isn't there.
pub(crate) fn unreachable(endpoint: &Endpoint, error: &RedisError) -> ConnectError {
    let (broker, address, reason) = (endpoint.kind, endpoint.address(), plain(error));
    let known = is_refusal(error.code()) || error.code() == Some("ERR") && reason.contains("AUTH");
    if known || error.kind() == redis::ErrorKind::AuthenticationFailed {
        ConnectError::Refused { broker, address, reason: format!("{reason}; check user and password") }
    } else {
        let hint = "; a server with as many clients as its `maxclients` allows does that, and one that wants TLS: \
                    then write rediss://";
        let hint = if error.is_connection_dropped() { hint } else { "" };
        ConnectError::unavailable(endpoint, format!("{reason}{hint}"), error)
    }
}

/// Asks for a sign of life; an error where there is none yet. A server that can't write answers this with an error,
/// and goes on with what stores nothing.
pub(crate) async fn ping(connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    match redis::cmd("PING").exec_async(connection).await {
        Err(error) if is_alive(&error) => Ok(()),
        answer => answer,
    }
}

/// Whether this error is the answer of a server that lets us in and has loaded its data.
fn is_alive(error: &RedisError) -> bool {
    error.code().is_some_and(|code| code != "LOADING") && !is_refusal(error.code())
}

/// Whether this code of an error says that we may not.
pub(crate) fn is_refusal(code: Option<&str>) -> bool {
    matches!(code, Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
}

/// An error in words, without the library's debug dressing.
pub(crate) fn plain(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &[u8]) -> RedisError {
        let value = redis::parse_redis_value(line).expect("an answer");
        value.extract_error().expect_err("an error")
    }

    #[test]
    fn a_server_is_alive_that_answers_with_an_error_unless_it_loads_or_keeps_us_out() {
        for line in ["-MISCONF can't save", "-BUSY a script runs", "-ERR whatever", "-OOM no memory"] {
            assert!(is_alive(&answer(format!("{line}\r\n").as_bytes())), "{line}");
        }
        for line in ["-LOADING its data", "-NOAUTH who?", "-WRONGPASS no", "-NOPERM no"] {
            assert!(!is_alive(&answer(format!("{line}\r\n").as_bytes())), "{line}");
        }
        assert!(!is_alive(&std::io::Error::from(std::io::ErrorKind::TimedOut).into()), "no answer at all");
    }
}
