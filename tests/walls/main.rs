//! The walls of the house: floors, circles, what a room must not know, and how long a file may be.
//!
//! The table of floors stands in `ARCHITECTURE.md` and nowhere else.

mod building;
mod floors;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use building::{Building, Place};
use floors::Floors;

/// Lines of a source file, tests beside it included.
const LINES_MAX: usize = 420;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The crates by name, with the folders of their sources.
fn crates() -> [(&'static str, PathBuf); 5] {
    [
        ("weighbridge-plan", root().join("crates/plan/src")),
        ("weighbridge-record", root().join("crates/record/src")),
        ("weighbridge-report", root().join("crates/report/src")),
        ("weighbridge-unsynced", root().join("crates/unsynced/src")),
        ("weighbridge", root().join("src")),
    ]
}

fn architecture() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

#[test]
fn every_file_stands_on_its_floor() {
    for (krate, folder) in crates() {
        let broken = Floors::of(&architecture(), krate).broken(&Building::read(&folder));
        assert!(broken.is_empty(), "{krate}:\n{}", broken.join("\n"));
    }
}

#[test]
fn no_file_grows_past_a_few_screens() {
    let mut folders: Vec<PathBuf> = crates().into_iter().map(|(_, folder)| folder).collect();
    folders.extend(["tests", "benches"].map(|folder| root().join(folder)));
    let mut long = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let lines = fs::read_to_string(&path).expect("a readable file").lines().count();
                long.extend((lines > LINES_MAX).then(|| format!("{}: {lines} lines", path.display())));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Where a file named in a document may lie.
fn named(name: &str) -> [PathBuf; 6] {
    let within = |krate: &str, prefix: &str| {
        let rest = name.strip_prefix(prefix).unwrap_or("none of this crate");
        root().join(krate).join("src").join(rest)
    };
    let [plan, record, report, unsynced] = ["plan", "record", "report", "unsynced"]
        .map(|krate| within(&format!("crates/{krate}"), &format!("{krate}/")));
    [root().join(name), root().join("src").join(name), plan, record, report, unsynced]
}

#[test]
fn files_that_the_documents_name_exist() {
    let mut gone = Vec::new();
    for document in ["ARCHITECTURE.md", "METHODOLOGY.md"] {
        let text = fs::read_to_string(root().join(document)).expect("a document");
        for word in text.split('`').skip(1).step_by(2) {
            let is_path = |c: char| c.is_ascii_lowercase() || "_/.-".contains(c);
            // A module alone is a matter of the floors.
            let word = word.trim_end_matches('/');
            if !word.contains('/') || word.starts_with(['/', '.']) || !word.chars().all(is_path) {
                continue;
            }
            let exists = |path: PathBuf| path.exists() || path.with_extension("rs").exists();
            if !named(word).into_iter().any(exists) {
                gone.push(format!("{document}: {word}"));
            }
        }
    }
    assert!(gone.is_empty(), "{}", gone.join("\n"));
}

const TABLE: &str = "\
## Floors of `planted`

| Modules | Job | Must not know |
|---|---|---|
| `top` | dispatches | |
| `middle/` | works | `clap`, `tokio::net`, the weather |
| `bottom` | words | |
";

fn broken(files: &[(&str, &str)]) -> Vec<String> {
    let sound = [("", "mod bottom; mod middle; mod top;"), ("top", ""), ("middle", ""), ("bottom", "")];
    let absent = |name: &&(&str, &str)| !files.iter().any(|(planted, _)| *planted == name.0);
    let all = files.iter().chain(sound.iter().filter(absent));
    let files = all.map(|(name, text)| {
        let place: Place = name.split('/').filter(|part| !part.is_empty()).map(str::to_string).collect();
        (place, (*text).to_string())
    });
    Floors::of(TABLE, "planted").broken(&Building::of(files))
}

#[test]
fn a_sound_house_has_no_findings() {
    let files = [
        ("top", "use crate::middle::Word; fn f() { crate::bottom::say() }"),
        ("middle", "mod inner; pub use inner::Word; use crate::bottom;"),
        ("middle/inner", "pub struct Word; #[cfg(test)] mod tests { use crate::top; use clap::Parser; }"),
    ];
    assert_eq!(broken(&files), Vec::<String>::new());
}

#[test]
fn an_arrow_upwards_is_found_in_imports_and_in_code() {
    assert_eq!(broken(&[("bottom", "use crate::top::T;")]), ["bottom imports top, a floor above it"]);
    let in_code = [("bottom", "fn f() { crate::middle::g() }")];
    assert_eq!(broken(&in_code), ["bottom imports middle, a floor above it"]);
}

#[test]
fn a_circle_is_found_also_between_a_parent_and_its_child() {
    let files = [
        ("middle", "mod inner; pub struct Word; fn f() { inner::g() }"),
        ("middle/inner", "use super::Word; pub fn g() {}"),
    ];
    assert_eq!(broken(&files), ["middle, middle/inner import each other"]);
}

#[test]
fn a_reexport_is_followed_to_where_the_thing_is_defined() {
    let files = [
        ("middle", "mod inner; mod word; pub use word::Word; fn f() { inner::g() }"),
        ("middle/inner", "use super::Word; pub fn g() {}"),
        ("middle/word", "pub struct Word;"),
    ];
    assert_eq!(broken(&files), Vec::<String>::new());
}

#[test]
fn what_a_room_must_not_know_is_found() {
    assert_eq!(broken(&[("middle", "use clap::Parser;")]), ["middle must not know clap"]);
    assert_eq!(broken(&[("middle", "fn f() { clap::run() }")]), ["middle must not know clap"]);
    assert_eq!(broken(&[("middle", "use tokio::net::TcpStream;")]), ["middle must not know tokio::net"]);
    assert_eq!(broken(&[("middle", "use tokio::time::sleep;")]), Vec::<String>::new());
}

#[test]
fn a_module_without_a_floor_and_a_floor_without_a_module_are_found() {
    assert_eq!(broken(&[("attic", "")]), ["attic has no floor"]);
    let table = TABLE.replace("`bottom`", "`bottom`, `cellar`");
    let files = ["top", "middle", "bottom"].map(|name| (vec![name.to_string()], String::new()));
    let found = Floors::of(&table, "planted").broken(&Building::of(files));
    assert_eq!(found, ["cellar has a floor and does not exist"]);
}
