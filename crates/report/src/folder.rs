//! The folder of a run: built aside, renamed when whole, and read back.
//!
//! A reader never sees half a report: until the rename there is only a hidden `.<name>.partial-<pid>`.
//! What stands in the files is decided elsewhere.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::{ReportError, badge, csv, hgrm, hlog, html, junit, markdown};
use weighbridge_record::result::{RunResult, SCHEMA_VERSION};

/// A file to lay beside the report under a plain name, for example a broker's log.
#[derive(Debug, Clone)]
pub struct Extra {
    pub name: String,
    pub content: ExtraContent,
}

#[derive(Debug, Clone)]
pub enum ExtraContent {
    Bytes(Vec<u8>),
    /// Copied; the original stays.
    CopyOf(PathBuf),
}

/// Folders of one name that may exist before giving up on a free one.
const SAME_NAME_MAX: u32 = 10_000;

/// Writes the whole folder, then points `<out_dir>/latest` at it. Returns its path.
pub fn write(result: &RunResult, out_dir: &Path, extra: &[Extra]) -> Result<PathBuf, ReportError> {
    fs::create_dir_all(out_dir).map_err(|source| {
        failed("create the folder", out_dir, "choose a folder you may write to with --out", source)
    })?;
    remove_stale(out_dir);
    let name = folder_name(result)?;
    let partial = out_dir.join(format!(".{name}.partial-{}", std::process::id()));
    let whole = fill(result, &partial, extra).and_then(|()| rename_to_free(&partial, out_dir, &name));
    if whole.is_err() {
        // The first error is the one to report; what can't be removed now is removed as stale later.
        let _ = fs::remove_dir_all(&partial);
    }
    let folder = whole?;
    point_latest_at(out_dir, &folder)?;
    Ok(folder)
}

/// Reads a `result.json`, or the one in a folder.
pub fn read(dir_or_file: &Path) -> Result<RunResult, ReportError> {
    let path = if dir_or_file.is_dir() { dir_or_file.join("result.json") } else { dir_or_file.to_owned() };
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
    serde_json::from_value(json).map_err(not_a_result)
}

/// Renders `report.html` and `badge.svg` again beside the `result.json` that is given itself or by its folder. Returns the path
/// of the page.
pub fn rerender(dir_or_file: &Path) -> Result<PathBuf, ReportError> {
    let result = read(dir_or_file)?;
    let path = beside(dir_or_file, "report.html");
    replace(&path, html::render(&result)?.as_bytes(), MEND_WRITE)?;
    replace(&beside(dir_or_file, "badge.svg"), badge::svg(&result).as_bytes(), MEND_WRITE)?;
    Ok(path)
}

/// Where a file of a run lies, of which the folder or the `result.json` is given.
pub fn beside(dir_or_file: &Path, name: &str) -> PathBuf {
    if dir_or_file.is_dir() { dir_or_file.join(name) } else { dir_or_file.with_file_name(name) }
}

/// Writes a file aside and renames it over the old one, so that nobody reads half of it.
pub fn replace(path: &Path, bytes: &[u8], mend: &'static str) -> Result<(), ReportError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.partial-{}", std::process::id()));
    let replaced = fs::write(&temporary, bytes)
        .map_err(|source| failed("write", path, mend, source))
        .and_then(|()| fs::rename(&temporary, path).map_err(|source| failed("replace", path, mend, source)));
    if replaced.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    replaced
}

const MEND_WRITE: &str = "free some space, or choose a folder you may write to with --out";

pub(super) fn failed(
    action: &'static str,
    path: &Path,
    mend: &'static str,
    source: io::Error,
) -> ReportError {
    ReportError::File { action, path: path.to_owned(), mend, source }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    fs::write(path, bytes).map_err(|source| failed("write", path, MEND_WRITE, source))
}

fn fill(result: &RunResult, partial: &Path, extra: &[Extra]) -> Result<(), ReportError> {
    fs::create_dir_all(partial).map_err(|source| failed("create the folder", partial, MEND_WRITE, source))?;
    for Extra { name, content } in extra {
        let path = partial.join(plain_file_name(name)?);
        match content {
            ExtraContent::Bytes(bytes) => write_file(&path, bytes)?,
            ExtraContent::CopyOf(original) => {
                fs::copy(original, &path)
                    .map_err(|source| failed("copy into the report", original, MEND_WRITE, source))?;
            }
        }
    }
    // After the extra files, so that none of them can stand in for the record.
    let mut json = serde_json::to_vec_pretty(result).map_err(|source| ReportError::Json { source })?;
    json.push(b'\n');
    write_file(&partial.join("result.json"), &json)?;
    write_file(&partial.join("scenario.toml"), result.scenario.source.as_bytes())?;
    for trial in &result.trials {
        write_file(&partial.join(hlog::file_name(trial)), &hlog::log(trial, &result.environment)?)?;
        if let Some(text) = hgrm::text(trial)? {
            write_file(&partial.join(hgrm::file_name(trial)), text.as_bytes())?;
        }
    }
    write_file(&partial.join("trials.csv"), &csv::trials(&result.trials)?)?;
    write_file(&partial.join("junit.xml"), junit::xml(result)?.as_bytes())?;
    write_file(&partial.join("summary.md"), markdown::summary(result).as_bytes())?;
    write_file(&partial.join("badge.svg"), badge::svg(result).as_bytes())?;
    write_file(&partial.join("report.html"), html::render(result)?.as_bytes())
}

fn plain_file_name(name: &str) -> Result<&str, ReportError> {
    let path = Path::new(name);
    if path.file_name().is_some_and(|file| file == name) && !name.starts_with('.') {
        Ok(name)
    } else {
        Err(ReportError::FileName { name: name.to_owned() })
    }
}

/// `20260102T030405Z-quickstart`; a scenario's name can't leave the folder.
fn folder_name(result: &RunResult) -> Result<String, ReportError> {
    let text = &result.environment.started_at;
    let started: jiff::Timestamp =
        text.parse().map_err(|source| ReportError::StartTime { text: text.clone(), source })?;
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let scenario: String = result.scenario.name.chars().take(80).map(safe).collect();
    let scenario = if scenario.is_empty() { "unnamed" } else { &scenario };
    Ok(format!("{}-{scenario}", started.strftime("%Y%m%dT%H%M%SZ")))
}

/// When the run of a folder began, if the folder has a name as `folder_name` makes them.
pub(super) fn began(name: &str) -> Option<jiff::Timestamp> {
    let (time, _) = name.split_once('-')?;
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
}

fn rename_to_free(partial: &Path, out_dir: &Path, name: &str) -> Result<PathBuf, ReportError> {
    for number in 1..=SAME_NAME_MAX {
        let folder = match number {
            1 => out_dir.join(name),
            _ => out_dir.join(format!("{name}-{number}")),
        };
        if folder.symlink_metadata().is_ok() {
            continue;
        }
        match fs::rename(partial, &folder) {
            Ok(()) => return Ok(folder),
            // Another run took the name between the look and the rename; rename never replaces a full folder.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
                ) => {}
            Err(source) => return Err(failed("rename the finished report to", &folder, MEND_WRITE, source)),
        }
    }
    let taken = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(failed("find a free name for", &out_dir.join(name), "remove old reports", taken))
}

/// A link is made aside and renamed over the old one, so that `latest` always points somewhere.
fn point_latest_at(out_dir: &Path, folder: &Path) -> Result<(), ReportError> {
    let latest = out_dir.join("latest");
    let Some(target) = folder.file_name() else { return Ok(()) };
    let temporary = out_dir.join(format!(".latest.partial-{}", std::process::id()));
    let _ = fs::remove_file(&temporary);
    symlink(target, &temporary).and_then(|()| fs::rename(&temporary, &latest)).map_err(|source| {
        let _ = fs::remove_file(&temporary);
        failed("point at the newest report", &latest, "remove what stands at `latest`", source)
    })
}

/// Removes what killed processes left behind. Failing to is no reason to lose a report.
fn remove_stale(out_dir: &Path) {
    let Ok(entries) = fs::read_dir(out_dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(partial_pid) else { continue };
        if Path::new("/proc").join(pid.to_string()).exists() {
            continue;
        }
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let _ = if is_dir { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
    }
}

fn partial_pid(name: &str) -> Option<u32> {
    let (_, pid) = name.strip_prefix('.')?.rsplit_once(".partial-")?;
    pid.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;

    fn result() -> RunResult {
        Fixture { seconds: 1, ..Fixture::default() }.build()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_holds_everything_and_latest_points_at_it() {
        let out = tempfile::tempdir().unwrap();
        let extra = [Extra { name: "nats.log".to_owned(), content: ExtraContent::Bytes(b"ready".to_vec()) }];
        let folder = write(&result(), out.path(), &extra).unwrap();
        insta::assert_snapshot!(names(&folder).join("\n"), @r"
        01-redis-pubsub-r1.hgrm
        01-redis-pubsub-r1.hlog
        02-redis-streams-r1.hgrm
        02-redis-streams-r1.hlog
        03-nats-core-r1.hgrm
        03-nats-core-r1.hlog
        04-nats-jetstream-r1.hgrm
        04-nats-jetstream-r1.hlog
        05-nats-request-r1.hgrm
        05-nats-request-r1.hlog
        badge.svg
        junit.xml
        nats.log
        report.html
        result.json
        scenario.toml
        summary.md
        trials.csv
        ");
        assert_eq!(names(out.path()), ["20260102T030405Z-quickstart", "latest"]);
        assert_eq!(
            fs::read_link(out.path().join("latest")).unwrap(),
            Path::new("20260102T030405Z-quickstart")
        );
        assert_eq!(read(&out.path().join("latest")).unwrap(), result());
    }

    #[test]
    fn a_taken_name_gets_a_number_and_latest_moves_on() {
        let out = tempfile::tempdir().unwrap();
        write(&result(), out.path(), &[]).unwrap();
        let second = write(&result(), out.path(), &[]).unwrap();
        assert!(second.ends_with("20260102T030405Z-quickstart-2"));
        assert_eq!(
            fs::read_link(out.path().join("latest")).unwrap(),
            Path::new("20260102T030405Z-quickstart-2")
        );
    }

    #[test]
    fn a_failed_write_leaves_nothing_and_names_path_and_mend() {
        let out = tempfile::tempdir().unwrap();
        let missing = out.path().join("gone.log");
        let extra = [Extra { name: "broker.log".to_owned(), content: ExtraContent::CopyOf(missing) }];
        let error = write(&result(), out.path(), &extra).unwrap_err().to_string();
        assert!(error.contains("gone.log") && error.contains("--out"), "{error}");
        assert_eq!(names(out.path()), Vec::<String>::new());
    }

    #[test]
    fn a_path_that_is_no_folder_is_named() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("reports");
        fs::write(&file, "a file").unwrap();
        let error = write(&result(), &file, &[]).unwrap_err().to_string();
        assert!(error.contains("reports") && error.contains("--out"), "{error}");
    }

    #[test]
    fn a_folder_at_latest_is_not_overwritten() {
        let out = tempfile::tempdir().unwrap();
        fs::create_dir_all(out.path().join("latest/kept")).unwrap();
        let error = write(&result(), out.path(), &[]).unwrap_err().to_string();
        assert!(error.contains("latest"), "{error}");
        assert!(out.path().join("latest/kept").exists());
    }

    #[test]
    fn what_a_dead_process_left_is_removed_and_a_living_ones_kept() {
        let out = tempfile::tempdir().unwrap();
        // Above the kernel's largest pid (2^22), so never alive.
        let dead = out.path().join(".20260101T000000Z-a.partial-4194999");
        let living = out.path().join(format!(".20260101T000000Z-b.partial-{}", std::process::id()));
        fs::create_dir_all(&dead).unwrap();
        fs::create_dir_all(&living).unwrap();
        write(&result(), out.path(), &[]).unwrap();
        assert!(!dead.exists());
        assert!(living.exists());
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for name in ["../x", "a/b", "", "..", ".hidden", "a/"] {
            assert!(plain_file_name(name).is_err(), "{name}");
        }
        let mut hostile = result();
        hostile.scenario.name = "../../etc/<script>".to_owned();
        assert_eq!(folder_name(&hostile).unwrap(), "20260102T030405Z-------etc--script-");
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
    fn a_page_is_rendered_again_in_place() {
        let out = tempfile::tempdir().unwrap();
        let folder = write(&result(), out.path(), &[]).unwrap();
        fs::write(folder.join("report.html"), "old").unwrap();
        let page = rerender(&folder).unwrap();
        assert!(fs::read_to_string(page).unwrap().contains("</html>"));
        assert!(!names(&folder).iter().any(|name| name.contains("partial")));
    }
}
