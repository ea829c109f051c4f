//! An endpoint with all that its server is shown, as it goes through a pipe to a process of ours.

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
