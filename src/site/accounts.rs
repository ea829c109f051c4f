//! What a NATS server with decentralized accounts asks for: an operator, an account with JetStream, a user of it.
//!
//! Each is a JWT, version 2, signed by the one above it with its key (docs.nats.io, "JWTs and privacy").

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use nkeys::error::Error;
use serde_json::{Value, json};

/// An operator, its account with one user, and the account of the server itself.
pub struct Accounts {
    pub operator_jwt: String,
    pub system: String,
    pub system_jwt: String,
    pub account: String,
    pub account_jwt: String,
    /// A credentials file.
    pub credentials: String,
}

impl Accounts {
    pub fn new() -> Result<Self, Error> {
        let (operator, system) = (KeyPair::new_operator(), KeyPair::new_account());
        let (account, user) = (KeyPair::new_account(), KeyPair::new_user());
        let operator_jwt = signed(&operator, &operator, "operator", json!({ "type": "operator" }))?;
        let system_jwt = signed(&operator, &system, "SYS", json!({ "type": "account" }))?;
        // Without limits: those of the server hold.
        let limits = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true,
            "conn": -1, "leaf": -1, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
        });
        let account_jwt =
            signed(&operator, &account, "engine", json!({ "type": "account", "limits": limits }))?;
        let limits = json!({ "type": "user", "subs": -1, "data": -1, "payload": -1 });
        let user_jwt = signed(&account, &user, "engine", limits)?;
        let credentials = format!(
            "-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            user.seed()?
        );
        let (system, account) = (system.public_key(), account.public_key());
        Ok(Self { operator_jwt, system, system_jwt, account, account_jwt, credentials })
    }

    /// The part of a server's settings that makes it take the user.
    pub fn settings(&self) -> String {
        let Self { operator_jwt, system, system_jwt, account, account_jwt, .. } = self;
        format!(
            "operator: \"{operator_jwt}\"\nsystem_account: {system}\nresolver: MEMORY\n\
             resolver_preload: {{\n  {system}: \"{system_jwt}\"\n  {account}: \"{account_jwt}\"\n}}\n"
        )
    }
}

/// The JWT of `subject`, signed by `issuer`; `nats` is the part that says what it may do.
fn signed(issuer: &KeyPair, subject: &KeyPair, name: &str, mut nats: Value) -> Result<String, Error> {
    nats["version"] = 2.into();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = json!({
        "jti": subject.public_key(), "iat": now, "iss": issuer.public_key(), "sub": subject.public_key(),
        "name": name, "nats": nats,
    });
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let signing = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let signature = issuer.sign(signing.as_bytes())?;
    Ok(format!("{signing}.{}", encoded(signature)))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
