//! Everything that is drawn from the record: one page that fails keeps no other back, and never the record.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::files::{MEND_WRITE, replace};
use super::name::began;
use super::read::{beside, read};
use crate::{ReportError, badge, certificate, csv, hgrm, hlog, html, junit, markdown};
use weighbridge_record::result::RunResult;

/// Those that `weighbridge report` always draws again.
const REDRAWN: [&str; 2] = ["badge.svg", "report.html"];

/// A page that is not there, and why.
#[derive(Debug)]
pub struct Undrawn {
    pub name: String,
    pub error: ReportError,
}

/// What a page holds; none where there is nothing to tell.
type Drawn = Result<Option<Vec<u8>>, ReportError>;

/// Draws all pages into the folder of the record.
pub fn draw(result: &RunResult, folder: &Path) -> Vec<Undrawn> {
    let mut undrawn = Vec::new();
    each(result, &mut |name, page| {
        if let Err(error) = put(&folder.join(&name), page) {
            undrawn.push(Undrawn { name, error });
        }
    });
    undrawn
}

/// Draws `report.html` and `badge.svg` again beside the `result.json` that is given itself or by its folder; in a
/// folder with the name that a run gave it, also what else is missing. Returns the path of the page.
pub fn rerender(dir_or_file: &Path) -> Result<PathBuf, ReportError> {
    let result = read(dir_or_file)?;
    let folder = dir_or_file.canonicalize().ok();
    let folder =
        folder.and_then(|path| if path.is_dir() { Some(path) } else { Some(path.parent()?.to_owned()) });
    let name = folder.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let is_ours = name.is_some_and(|name| began(&name).is_some());
    let mut outcome = Ok(());
    each(&result, &mut |name, page| {
        let path = beside(dir_or_file, &name);
        if REDRAWN.contains(&name.as_str()) || (is_ours && !path.exists()) {
            let put = put(&path, page);
            outcome = std::mem::replace(&mut outcome, Ok(())).and(put);
        }
    });
    outcome.map(|()| beside(dir_or_file, "report.html"))
}

/// Every page with its name.
fn each(result: &RunResult, visit: &mut dyn FnMut(String, &dyn Fn() -> Drawn)) {
    visit("scenario.toml".to_owned(), &|| Ok(Some(result.scenario.source.clone().into_bytes())));
    for trial in &result.trials {
        visit(hlog::file_name(trial), &|| hlog::log(trial, &result.environment).map(Some));
        visit(hgrm::file_name(trial), &|| Ok(hgrm::text(trial)?.map(String::into_bytes)));
    }
    visit("trials.csv".to_owned(), &|| csv::trials(&result.trials).map(Some));
    visit("junit.xml".to_owned(), &|| Ok(Some(junit::xml(result)?.into_bytes())));
    visit("summary.md".to_owned(), &|| Ok(Some(markdown::summary(result).into_bytes())));
    visit("certificate.md".to_owned(), &|| Ok(certificate::markdown(result).map(String::into_bytes)));
    visit("certificate.json".to_owned(), &|| Ok(certificate::json(result).map(String::into_bytes)));
    visit("badge.svg".to_owned(), &|| Ok(Some(badge::svg(result).into_bytes())));
    visit("report.html".to_owned(), &|| Ok(Some(html::render(result)?.into_bytes())));
}

fn put(path: &Path, page: &dyn Fn() -> Drawn) -> Result<(), ReportError> {
    // Drawing only reads the record, so nothing is left half changed.
    let drawn = catch_unwind(AssertUnwindSafe(page)).unwrap_or(Err(ReportError::Panicked));
    drawn?.map_or(Ok(()), |bytes| replace(path, &bytes, MEND_WRITE))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use weighbridge_record::fixture::Fixture;

    fn result() -> RunResult {
        Fixture { seconds: 1, ..Fixture::default() }.build()
    }

    #[test]
    fn a_page_that_cannot_be_drawn_or_written_keeps_no_other_back() {
        let out = tempfile::tempdir().unwrap();
        let mut result = result();
        result.trials[0].latency_ns.turnaround.as_mut().unwrap().histogram = "damaged".to_owned();
        fs::create_dir(out.path().join("trials.csv")).unwrap();
        let undrawn = draw(&result, out.path());
        let names: Vec<&str> = undrawn.iter().map(|undrawn| undrawn.name.as_str()).collect();
        assert_eq!(names, ["01-redis-pubsub-r1.hgrm", "trials.csv", "report.html"]);
        assert!(
            out.path().join("junit.xml").exists() && out.path().join("02-redis-streams-r1.hgrm").exists()
        );
        let left = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("partial")));
    }

    #[test]
    fn a_page_that_panics_is_one_that_fails() {
        let out = tempfile::tempdir().unwrap();
        let error = put(&out.path().join("page"), &|| panic!("drawn beyond the edge")).unwrap_err();
        assert!(matches!(error, ReportError::Panicked));
    }

    #[test]
    fn pages_are_drawn_again_in_place_and_in_a_runs_own_folder_also_those_that_are_missing() {
        let out = tempfile::tempdir().unwrap();
        for (name, all) in [("20260102T030405Z-quickstart", true), ("copy", false)] {
            let folder = out.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("result.json"), serde_json::to_vec(&result()).unwrap()).unwrap();
            fs::write(folder.join("report.html"), "old").unwrap();
            let page = rerender(&folder).unwrap();
            assert!(fs::read_to_string(page).unwrap().contains("</html>"));
            assert!(folder.join("badge.svg").exists());
            assert_eq!(folder.join("01-redis-pubsub-r1.hlog").exists(), all, "{name}");
            assert_eq!(folder.join("summary.md").exists(), all, "{name}");
        }
    }
}
