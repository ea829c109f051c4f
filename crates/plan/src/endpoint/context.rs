//! A context of the NATS command line: a JSON file that says where a server is and how to get in.

use std::fs;
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::beside::Purpose;
use super::given::GivenUrl;

/// What a context gives.
pub struct Context {
    pub url: GivenUrl,
    pub files: Vec<(Purpose, PathBuf)>,
    /// Where it stands, in words.
    pub place: String,
}

/// Why there is no such context.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    #[error("no NATS context {name}: {} can't be read: {reason}; `nats context ls` lists those there are", path.display())]
    Unreadable { name: String, path: PathBuf, reason: String },
    #[error("the NATS context {name}, {}, is no context: {reason}", path.display())]
    Malformed { name: String, path: PathBuf, reason: String },
    #[error("a NATS context is named by letters, digits, `.`, `_` and `-`")]
    Name,
}

/// The parts of the file that are read; what the command line leaves empty it leaves out or writes as "".
#[derive(Deserialize)]
#[serde(default)]
struct File {
    url: String,
    user: String,
    password: String,
    token: String,
    creds: PathBuf,
    nkey: PathBuf,
    cert: PathBuf,
    key: PathBuf,
    ca: PathBuf,
}

impl Default for File {
    fn default() -> Self {
        let none = PathBuf::new;
        Self {
            url: "nats://127.0.0.1:4222".to_owned(),
            user: String::new(),
            password: String::new(),
            token: String::new(),
            creds: none(),
            nkey: none(),
            cert: none(),
            key: none(),
            ca: none(),
        }
    }
}

impl Context {
    /// Reads the context of this name below `configuration`, the folder that XDG_CONFIG_HOME names; paths may start with
    /// `~`, which is `home`.
    pub fn read(name: &str, configuration: &Path, home: &Path) -> Result<Self, ContextError> {
        let plain = |c: char| c.is_alphanumeric() || ['.', '_', '-'].contains(&c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(ContextError::Name);
        }
        let path = configuration.join("nats/context").join(format!("{name}.json"));
        let text = fs::read(&path).map_err(|error| ContextError::Unreadable {
            name: name.to_owned(),
            path: path.clone(),
            reason: error.to_string(),
        })?;
        // What the parser says of a value may hold it.
        let file: File = serde_json::from_slice(&text).map_err(|error| ContextError::Malformed {
            name: name.to_owned(),
            path: path.clone(),
            reason: format!("line {}, column {}", error.line(), error.column()),
        })?;
        let place = format!("the NATS context {name}");
        Ok(Self { url: GivenUrl::by_context(file.whole_url(), name), files: file.files(home), place })
    }
}

impl File {
    /// The URL with user and password, or token; a user without a password is a token.
    fn whole_url(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let access = match (self.user.as_str(), self.password.as_str(), self.token.as_str()) {
            ("", "", "") => return self.url.clone(),
            ("", "", token) | (token, "", _) => format!("{}@", encoded(token)),
            (user, password, _) => format!("{}:{}@", encoded(user), encoded(password)),
        };
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("nats", &self.url));
        format!("{scheme}://{access}{rest}")
    }

    fn files(&self, home: &Path) -> Vec<(Purpose, PathBuf)> {
        let named = [
            (Purpose::Issuers, &self.ca),
            (Purpose::Certificate, &self.cert),
            (Purpose::Key, &self.key),
            (Purpose::Credentials, &self.creds),
            (Purpose::Nkey, &self.nkey),
        ];
        let named = named.into_iter().filter(|(_, path)| !path.as_os_str().is_empty());
        named
            .map(|(purpose, path)| {
                let path = path.strip_prefix("~").map_or_else(|_| path.clone(), |rest| home.join(rest));
                (purpose, path)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::*;
    use weighbridge_record::terms::AuthMode;

    fn read(text: &str) -> Result<Context, ContextError> {
        let folder = tempfile::tempdir().unwrap();
        let contexts = folder.path().join("nats/context");
        fs::create_dir_all(&contexts).unwrap();
        fs::write(contexts.join("mine.json"), text).unwrap();
        Context::read("mine", folder.path(), Path::new("/home/anna"))
    }

    #[test]
    fn a_context_says_where_a_server_is_and_how_to_get_in() {
        let text = r#"{"description": "", "url": "nats://a:1,nats://b:2", "user": "an na", "password": "h@sh",
                       "creds": "~/x.creds", "ca": "/ca.pem", "nkey": "", "token": "", "inbox_prefix": ""}"#;
        let context = read(text).unwrap();
        let endpoint = context.url.endpoint().unwrap();
        assert_eq!(
            (endpoint.address().as_str(), context.url.place().as_str()),
            ("a:1,b:2", "the NATS context mine")
        );
        assert!(matches!(endpoint.access, Access::Password { user: Some(user), password }
            if user == "an na" && password.expose() == "h@sh"));
        let creds = PathBuf::from("/home/anna/x.creds");
        assert_eq!(context.files, [(Purpose::Issuers, "/ca.pem".into()), (Purpose::Credentials, creds)]);
        for token in [r#"{"url": "tls://h", "token": "hush"}"#, r#"{"url": "tls://h", "user": "hush"}"#] {
            assert_eq!(read(token).unwrap().url.endpoint().unwrap().access.mode(), AuthMode::Token);
        }
        assert_eq!(read("{}").unwrap().url.endpoint().unwrap().address(), "127.0.0.1:4222");
    }

    #[test]
    fn a_context_that_is_none_is_told_without_what_stands_in_it() {
        for text in [r#"{"password": 4711}"#, "hush", r#"{"user": "hush""#] {
            let Err(error) = read(text).map(|_| ()) else { panic!("{text} was read") };
            let error = error.to_string();
            assert!(
                error.contains("mine.json") && !error.contains("hush") && !error.contains("4711"),
                "{error}"
            );
        }
        let folder = Path::new("/nonexistent");
        let error = |name: &str| Context::read(name, folder, folder).map(|_| ()).unwrap_err().to_string();
        assert!(error("other").contains("nats context ls"));
        assert!(error("../../x").contains("letters"));
    }
}
