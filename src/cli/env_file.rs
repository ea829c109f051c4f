//! The file that `--env-file` names. It is read before the command line, since flags take their defaults from the
//! environment.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Why the file can't be used. No line of it is repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    #[error("--env-file needs the name of a file")]
    NoName,
    #[error("--env-file {}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("--env-file {}: line {line} is not NAME=VALUE; a value with blanks needs quotes", path.display())]
    Malformed { path: PathBuf, line: usize },
}

/// A file that was read, and the variables that come from it.
struct Loaded {
    path: PathBuf,
    names: BTreeSet<String>,
}

static LOADED: OnceLock<Loaded> = OnceLock::new();

/// Sets what the file among these words says, but for what the environment has already.
pub fn load(words: impl IntoIterator<Item = OsString>) -> Result<(), EnvFileError> {
    let Some(path) = named(words)? else { return Ok(()) };
    let unreadable = |error: &dyn std::fmt::Display| EnvFileError::Unreadable {
        path: path.clone(),
        reason: error.to_string(),
    };
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&error))?;
    let mut names = BTreeSet::new();
    for pair in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, _) = pair.map_err(|error| told(&path, &text, &error))?;
        if std::env::var_os(&name).is_none() {
            names.insert(name);
        }
    }
    dotenvy::from_read(text.as_bytes()).map_err(|error| told(&path, &text, &error))?;
    // Set once, as the process begins.
    let _ = LOADED.set(Loaded { path, names });
    Ok(())
}

/// Where a variable of the environment comes from, in words.
pub fn source(name: &str) -> String {
    match LOADED.get().filter(|loaded| loaded.names.contains(name)) {
        Some(loaded) => format!("file {}", loaded.path.display()),
        None => "environment".to_owned(),
    }
}

fn named(words: impl IntoIterator<Item = OsString>) -> Result<Option<PathBuf>, EnvFileError> {
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            break;
        }
        if text == "--env-file" {
            return words.next().map(|path| Some(path.into())).ok_or(EnvFileError::NoName);
        }
        if let Some(path) = text.strip_prefix("--env-file=") {
            return Ok(Some(Path::new(OsStr::new(path)).to_path_buf()));
        }
    }
    Ok(None)
}

fn told(path: &Path, text: &str, error: &dotenvy::Error) -> EnvFileError {
    let path = path.to_path_buf();
    match error {
        dotenvy::Error::LineParse(bad, _) => {
            let line = text.lines().position(|line| line.contains(bad.trim())).map_or(1, |index| index + 1);
            EnvFileError::Malformed { path, line }
        }
        other => EnvFileError::Unreadable { path, reason: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_in(words: &[&str]) -> Option<PathBuf> {
        named(words.iter().map(OsString::from)).unwrap()
    }

    #[test]
    fn the_file_is_found_among_the_words() {
        assert_eq!(named_in(&["weighbridge", "run", "--env-file", ".env", "x"]), Some(".env".into()));
        assert_eq!(named_in(&["weighbridge", "doctor", "--env-file=a b"]), Some("a b".into()));
        assert_eq!(named_in(&["weighbridge", "run", "--", "--env-file", "x"]), None);
        assert_eq!(named_in(&["weighbridge", "run", "x"]), None);
        assert!(named(["--env-file"].map(OsString::from)).is_err());
    }

    #[test]
    fn a_line_that_is_none_is_told_by_its_number_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "# mine\nWEIGHBRIDGE_A=1\nthe hush word\n").unwrap();
        let words = ["--env-file".into(), path.into_os_string()];
        let error = load(words).unwrap_err().to_string();
        assert!(error.contains("line 3") && !error.contains("hush"), "{error}");
        assert!(load(["--env-file", "/nonexistent"].map(OsString::from)).is_err());
    }
}
