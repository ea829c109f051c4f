//! An endpoint with all that its server is shown, as it goes through a pipe to a process of ours.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Access, Certificates, Endpoint, Secret, Tls, UrlError};
use weighbridge_record::terms::BrokerKind;

/// Holds secrets in plain text: it stands in no file and in no process listing.
#[derive(Serialize, Deserialize)]
pub struct Exposed {
    kind: BrokerKind,
    url: String,
    nkey: Option<String>,
    credentials: Option<String>,
    certificates: Option<Certificates>,
}

impl Exposed {
    pub fn new(endpoint: &Endpoint) -> Self {
        let (nkey, credentials) = match &endpoint.access {
            Access::Nkey(seed) => (Some(seed.expose().to_owned()), None),
            Access::Credentials(text) => (None, Some(text.expose().to_owned())),
            Access::None | Access::Password { .. } | Access::Token(_) => (None, None),
        };
        let certificates = match &endpoint.tls {
            Tls::Off => None,
            Tls::On(certificates) => Some(certificates.clone()),
        };
        let url = endpoint.exposed_url().expose().to_owned();
        Self { kind: endpoint.kind, url, nkey, credentials, certificates }
    }

    /// As variables for the environment of a process that is not ours. Files have the names by which we take them, too;
    /// a seed and credentials are handed on as text.
    pub fn variables(self) -> Vec<(&'static str, String)> {
        let [url, issuers, certificate, key] = match self.kind {
            BrokerKind::RedisServer => {
                ["REDIS_URL", "REDIS_TLS_CA_PATH", "REDIS_TLS_CERT_PATH", "REDIS_TLS_KEY_PATH"]
            }
            BrokerKind::NatsServer => {
                ["NATS_URL", "NATS_TLS_CA_PATH", "NATS_TLS_CERT_PATH", "NATS_TLS_KEY_PATH"]
            }
        };
        let Certificates { issuers: trusted, own } = self.certificates.unwrap_or_default();
        let text = |path: PathBuf| path.display().to_string();
        let (own_certificate, own_key) = own.map(|own| (text(own.certificate), text(own.key))).unzip();
        let all = [
            (url, Some(self.url)),
            (issuers, trusted.map(text)),
            (certificate, own_certificate),
            (key, own_key),
            ("NATS_NKEY_SEED", self.nkey),
            ("NATS_CREDENTIALS", self.credentials),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub fn endpoint(self) -> Result<Endpoint, UrlError> {
        let mut endpoint = Endpoint::parse(self.kind, &self.url)?;
        if let Some(seed) = self.nkey {
            endpoint.access = Access::Nkey(Secret::new(seed));
        }
        if let Some(text) = self.credentials {
            endpoint.access = Access::Credentials(Secret::new(text));
        }
        if let Some(certificates) = self.certificates {
            endpoint.tls = Tls::On(certificates);
        }
        Ok(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Identity;
    use super::*;

    fn through_a_pipe(endpoint: &Endpoint) -> Endpoint {
        let text = serde_json::to_string(&Exposed::new(endpoint)).unwrap();
        serde_json::from_str::<Exposed>(&text).unwrap().endpoint().unwrap()
    }

    #[test]
    fn variables_carry_all_that_the_server_is_shown() {
        let own = Identity { certificate: "/c.pem".into(), key: "/k.pem".into() };
        let certificates = Certificates { issuers: Some("/ca.pem".into()), own: Some(own) };
        let plain = Endpoint::parse(BrokerKind::RedisServer, "redis://:ge@h:1").unwrap();
        let variables = Exposed::new(&Endpoint { tls: Tls::On(certificates), ..plain }).variables();
        let told: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            told,
            [
                ("REDIS_URL", "rediss://:ge@h:1"),
                ("REDIS_TLS_CA_PATH", "/ca.pem"),
                ("REDIS_TLS_CERT_PATH", "/c.pem"),
                ("REDIS_TLS_KEY_PATH", "/k.pem"),
            ]
        );
        let plain = Endpoint::parse(BrokerKind::NatsServer, "nats://h").unwrap();
        let variables =
            Exposed::new(&Endpoint { access: Access::Nkey(Secret::new("SU")), ..plain }).variables();
        assert_eq!(variables[1], ("NATS_NKEY_SEED", "SU".to_owned()));
    }

    #[test]
    fn what_comes_out_of_the_pipe_is_what_went_in() {
        for (kind, text) in [
            (BrokerKind::RedisServer, "redis://127.0.0.1:7000/3"),
            (BrokerKind::RedisServer, "rediss://:p%40ss%2Fw%3A%20@[::1]:6379"),
            (BrokerKind::RedisServer, "redis://us%3Aer:p%25@host:1"),
            (BrokerKind::NatsServer, "nats://t%C3%B6ken@host:4222"),
            (BrokerKind::NatsServer, "tls://user:p%2Cass@host:4222,other:1"),
        ] {
            let endpoint = Endpoint::parse(kind, text).unwrap();
            assert_eq!(through_a_pipe(&endpoint), endpoint, "{text}");
        }
        let own = Identity { certificate: "/c.pem".into(), key: "/k.pem".into() };
        let certificates = Certificates { issuers: Some("/ca.pem".into()), own: Some(own) };
        let plain = Endpoint::parse(BrokerKind::NatsServer, "nats://h").unwrap();
        for access in [Access::Nkey(Secret::new("SU")), Access::Credentials(Secret::new("a\nb\n"))] {
            let endpoint = Endpoint { access, tls: Tls::On(certificates.clone()), ..plain.clone() };
            assert_eq!(through_a_pipe(&endpoint), endpoint);
        }
    }
}
