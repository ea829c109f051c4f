//! Reads a record back.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::files::failed;
use crate::ReportError;
use weighbridge_record::pairs;
use weighbridge_record::result::{RunResult, SCHEMA_VERSION, bounds};

/// The name of the record in the folder of its run.
pub const RECORD: &str = "result.json";

/// Reads a `result.json`, or the one in a folder.
pub fn read(dir_or_file: &Path) -> Result<RunResult, ReportError> {
    let path = record_of(dir_or_file);
    let text = fs::read_to_string(&path)
        .map_err(|source| failed("read", &path, "give a result.json or the folder that holds one", source))?;
    let not_a_result = |source| ReportError::NotAResult { path: path.clone(), source };
    let json: serde_json::Value = serde_json::from_str(&text).map_err(not_a_result)?;
    // Looked at before the layout is, because another version may have another layout.
    let version = json.get("schema_version").cloned().unwrap_or(serde_json::Value::Null);
    if version != SCHEMA_VERSION {
        let found = if version.is_null() { "missing".to_owned() } else { version.to_string() };
        return Err(ReportError::SchemaVersion { path, found, known: SCHEMA_VERSION });
    }
    bounds::check(&json).map_err(|source| ReportError::OutOfBounds { path: path.clone(), source })?;
    let mut result = serde_json::from_value(json).map_err(not_a_result)?;
    pairs::renew(&mut result);
    Ok(result)
}

fn record_of(dir_or_file: &Path) -> PathBuf {
    if dir_or_file.is_dir() { dir_or_file.join(RECORD) } else { dir_or_file.to_owned() }
}

/// Whether a path, by whatever way, leads to the record of this run.
pub fn is_record_of(path: &Path, run: &Path) -> bool {
    let ends = |path: &Path| path.metadata().map(|file| (file.dev(), file.ino())).ok();
    ends(path).is_some_and(|end| ends(&record_of(run)) == Some(end))
}

/// Where a file of a run lies, of which the folder or the `result.json` is given.
pub fn beside(dir_or_file: &Path, name: &str) -> PathBuf {
    if dir_or_file.is_dir() { dir_or_file.join(name) } else { dir_or_file.with_file_name(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;

    #[test]
    fn a_record_is_known_by_whatever_way_leads_to_it() {
        let out = tempfile::tempdir().unwrap();
        let record = out.path().join(RECORD);
        fs::write(&record, "{}").unwrap();
        let (link, hard, other) =
            (out.path().join("link"), out.path().join("hard"), out.path().join("other"));
        std::os::unix::fs::symlink(&record, &link).unwrap();
        fs::hard_link(&record, &hard).unwrap();
        for path in [&record, &link, &hard] {
            assert!(is_record_of(path, out.path()) && is_record_of(path, &record), "{}", path.display());
        }
        assert!(!is_record_of(&other, out.path()));
        fs::write(&other, "{}").unwrap();
        assert!(!is_record_of(&other, out.path()) && !is_record_of(out.path(), out.path()));
    }

    #[test]
    fn another_schema_version_is_refused_by_number() {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join("result.json");
        fs::write(&path, r#"{"schema_version": 99, "new_layout": true}"#).unwrap();
        let error = read(out.path()).unwrap_err().to_string();
        assert!(error.contains("schema_version 99") && error.contains("reads 2"), "{error}");
        fs::write(&path, "{}").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("missing"));
        fs::write(&path, "not json").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("not a result"));
    }

    #[test]
    fn a_count_that_no_run_can_reach_is_named_with_file_and_place() {
        let out = tempfile::tempdir().unwrap();
        let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
        result.trials[1].ledger.completed = 1 << 62;
        fs::write(out.path().join(RECORD), serde_json::to_vec(&result).unwrap()).unwrap();
        let error = read(out.path()).unwrap_err().to_string();
        assert!(error.contains("result.json: trials[1].ledger.completed is 4611686018427387904"), "{error}");
    }
}
