//! Connecting to NATS.

use std::error::Error;
use std::io;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, ServerAddr};

use super::backoff::delay;
use super::patience::{CONNECT_WITHIN, PING_EVERY};
use super::{ConnectError, tls};
use weighbridge_plan::endpoint::{Access, Certificates, Endpoint, Tls};

/// Slow subscriptions drop beyond this, as the library's default does.
const SUBSCRIPTION_CAPACITY: usize = 65_536;

/// Connects, with a queue that holds all that may be in flight, so that a stalled server never stops the pacer.
pub(crate) async fn connect(endpoint: &Endpoint, name: &str, queue: usize) -> Result<Client, ConnectError> {
    open(endpoint, options(endpoint, name, queue)?).await
}

/// The settings of every connection.
pub(crate) fn options(endpoint: &Endpoint, name: &str, queue: usize) -> Result<ConnectOptions, ConnectError> {
    let options = ConnectOptions::new()
        .name(name)
        .client_capacity(queue.max(2048))
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        .ping_interval(PING_EVERY)
        .connection_timeout(CONNECT_WITHIN)
        // The server's INFO must not lead past the address that was checked.
        .ignore_discovered_servers()
        .skip_subject_validation(true)
        .read_buffer_capacity(u16::MAX)
        .max_reconnects(None)
        // The library counts from 1.
        .reconnect_delay_callback(|attempts| delay(attempts.saturating_sub(1) as u32))
        .require_tls(endpoint.tls.is_on());
    let options = match &endpoint.tls {
        Tls::Off => options,
        Tls::On(certificates) => with_certificates(options, certificates),
    };
    let options = match &endpoint.access {
        Access::None => options,
        Access::Nkey(seed) => options.nkey(seed.expose().to_owned()),
        Access::Password { user, password } => {
            options.user_and_password(user.clone().unwrap_or_default(), password.expose().to_owned())
        }
        Access::Token(token) => options.token(token.expose().to_owned()),
        Access::Credentials(text) => {
            return options.credentials(text.expose()).map_err(|error| unread(endpoint, &error));
        }
    };
    Ok(options)
}

/// The client reads the files itself, at every connection.
fn with_certificates(mut options: ConnectOptions, certificates: &Certificates) -> ConnectOptions {
    if let Some(issuers) = &certificates.issuers {
        options = options.add_root_certificates(issuers.clone());
    }
    if let Some(own) = &certificates.own {
        options = options.add_client_certificate(own.certificate.clone(), own.key.clone());
    }
    options
}

fn unread(endpoint: &Endpoint, error: &io::Error) -> ConnectError {
    let reason = format!("the credentials file can't be used: {error}");
    ConnectError::Refused { broker: endpoint.kind, address: endpoint.address(), reason }
}

pub(crate) async fn open(endpoint: &Endpoint, options: ConnectOptions) -> Result<Client, ConnectError> {
    let (broker, address) = (endpoint.kind, endpoint.address());
    let servers: Result<Vec<ServerAddr>, _> =
        endpoint.servers.iter().map(|server| format!("nats://{server}").parse()).collect();
    let servers = match servers {
        Ok(servers) => servers,
        Err(error) => {
            return Err(ConnectError::Unavailable {
                broker,
                address,
                reason: error.to_string(),
                nobody: false,
            });
        }
    };
    options.connect(servers).await.map_err(|error| match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            unreachable(endpoint, &error.kind().to_string())
        }
        ConnectErrorKind::TimedOut => {
            let reason = format!("it did not answer within {} s", CONNECT_WITHIN.as_secs());
            ConnectError::unavailable(endpoint, reason + &tls::hint(endpoint), &error)
        }
        _ if is_of_the_system(&error) => ConnectError::unavailable(endpoint, error.to_string(), &error),
        _ => ConnectError::unavailable(endpoint, error.to_string() + &tls::hint(endpoint), &error),
    })
}

/// Tells a server that refuses from one that isn't there, by the library's words for it.
pub(crate) fn unreachable(endpoint: &Endpoint, reason: &str) -> ConnectError {
    let (broker, address) = (endpoint.kind, endpoint.address());
    let refusals = [ConnectErrorKind::Authentication, ConnectErrorKind::AuthorizationViolation];
    if refusals.iter().any(|kind| kind.to_string() == reason) {
        let reason = format!("{reason}; {}", hint(&endpoint.access));
        return ConnectError::Refused { broker, address, reason };
    }
    ConnectError::Unavailable { broker, address, reason: reason.to_string(), nobody: false }
}

/// Whether there was no connection at all: nobody listens, no further file may be opened.
fn is_of_the_system(error: &async_nats::ConnectError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.raw_os_error().is_some())
}

fn hint(access: &Access) -> &'static str {
    match access {
        Access::None => "it asks for credentials",
        Access::Password { .. } => "check user and password",
        Access::Token(_) => "check the token",
        Access::Nkey(_) => "check the key that --nats-nkey or NATS_NKEY names",
        Access::Credentials(_) => "check the file that --nats-creds or NATS_CREDS names",
    }
}
