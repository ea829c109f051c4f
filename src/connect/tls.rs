//! TLS to Redis, and what is wrong with it on either broker, in words that name the mend.
//!
//! The NATS client reads the same files itself. Every connection makes a full handshake: neither client resumes one.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    self, AlertDescription, CertificateError, ClientConfig, RootCertStore, crypto::ring,
};

use weighbridge_plan::endpoint::{Certificates, Endpoint, Purpose, Tls, scheme};
use weighbridge_record::terms::BrokerKind;

/// Encrypts a connection to `host`, whose certificate must be its own and from a trusted issuer.
pub(super) async fn encrypt(
    stream: TcpStream,
    host: &str,
    certificates: &Certificates,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config(certificates)?)).connect(name, stream).await
}

fn config(certificates: &Certificates) -> io::Result<ClientConfig> {
    let issuers = match &certificates.issuers {
        Some(file) => trusted(file)?,
        None => of_the_system()?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let builder = builder.with_root_certificates(issuers);
    let mut config = match &certificates.own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::from_pem_file(&own.key).map_err(|error| unread(&own.key, &error))?;
            let shown = certificates_of(&own.certificate)?;
            builder.with_client_auth_cert(shown, key).map_err(|error| unread(&own.certificate, &error))?
        }
    };
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn trusted(file: &Path) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    for certificate in certificates_of(file)? {
        store.add(certificate).map_err(|error| unread(file, &error))?;
    }
    Ok(store)
}

/// Read once: it takes milliseconds.
fn of_the_system() -> io::Result<RootCertStore> {
    static STORE: OnceLock<RootCertStore> = OnceLock::new();
    if let Some(store) = STORE.get() {
        return Ok(store.clone());
    }
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    match found.errors.into_iter().next() {
        Some(error) if store.is_empty() => Err(io::Error::other(error)),
        _ => Ok(STORE.get_or_init(|| store).clone()),
    }
}

fn certificates_of(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if found.is_empty() => Err(unread(file, &"it holds no certificate")),
        Ok(found) => Ok(found),
        Err(error) => Err(unread(file, &error)),
    }
}

fn unread(file: &Path, reason: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {reason}", file.display()))
}

/// What to do about a failed handshake; none where TLS is not what is wrong.
pub(super) fn mend(kind: BrokerKind, error: &(dyn Error + 'static)) -> Option<String> {
    let flag = |purpose: Purpose| format!("--{}", purpose.flag(kind).unwrap_or_default());
    Some(match cause(error)? {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired: have it renewed".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet: compare the clocks, or wait until it is".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name: connect by one that it was made for".to_owned()
            }
            // A stranger who bears the name of a trusted issuer.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                let flag = flag(Purpose::Issuers);
                format!("the issuer of its certificate is not trusted: name the issuer's with {flag}")
            }
            other => format!("its certificate is not accepted: {other}"),
        },
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            let (certificate, key) = (flag(Purpose::Certificate), flag(Purpose::Key));
            format!("it asks for a certificate of ours: name one with {certificate} and {key}")
        }
        rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::DecryptError,
        ) => {
            format!(
                "it does not accept our certificate: name one from an issuer that it trusts with {}",
                flag(Purpose::Certificate)
            )
        }
        rustls::Error::InvalidMessage(_) => {
            format!(
                "what answers there does not speak TLS: write {}:// where it has none",
                scheme(kind, false)
            )
        }
        other => other.to_string(),
    })
}

/// What may be wrong where there is a connection and no understanding.
pub(super) fn hint(endpoint: &Endpoint) -> String {
    let (plain, given) = (scheme(endpoint.kind, false), endpoint.scheme());
    match endpoint.tls {
        Tls::On(_) => format!("; where it has no TLS, write {plain}:// instead of {given}://"),
        Tls::Off => String::new(),
    }
}

/// The error of TLS behind another.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    // Neither of these gives out what it wraps as its source.
    if let Some(wrapped) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return cause(wrapped);
    }
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return cause(shared.as_ref());
    }
    cause(error.source()?)
}
