//! A crate as files and the arrows between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::source::{Source, Written};

/// A module's place in its crate: `["transport", "nats", "core"]`; empty for the root.
pub type Place = Vec<String>;

/// All files of a crate, tests left out.
pub struct Building {
    sources: BTreeMap<Place, Source>,
}

/// An import of one file by another, or of another crate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    File(Place),
    /// `tokio`, or `weighbridge_plan::scenario` where a part of the crate is named.
    Crate(String),
}

impl Building {
    /// Reads all `.rs` files below `folder`, the `src` of a crate.
    pub fn read(folder: &Path) -> Self {
        let mut files = Vec::new();
        gather(folder, &mut Vec::new(), &mut files);
        Self::of(files)
    }

    /// A building of texts, for planted violations.
    pub fn of(files: impl IntoIterator<Item = (Place, String)>) -> Self {
        let parsed = files.into_iter().map(|(place, text)| {
            let source = Source::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", told(&place)));
            (place, source)
        });
        let mut sources: BTreeMap<Place, Source> = parsed.collect();
        let of_tests: Vec<Place> = sources
            .iter()
            .flat_map(|(place, source)| {
                source.test_modules.iter().map(|name| [place.clone(), vec![name.clone()]].concat())
            })
            .collect();
        sources.retain(|place, _| !of_tests.iter().any(|tests| place.starts_with(tests)));
        Self { sources }
    }

    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.sources.keys()
    }

    /// Everything that a file imports, itself left out.
    pub fn targets(&self, place: &Place) -> BTreeSet<Target> {
        let Some(source) = self.sources.get(place) else { return BTreeSet::new() };
        let resolved = source.paths.iter().filter_map(|path| self.resolve(place, path, 0));
        resolved.filter(|target| *target != Target::File(place.clone())).collect()
    }

    /// Follows a path as written in `from` to the file that defines what it names, through re-exports.
    fn resolve(&self, from: &Place, path: &Written, depth: u32) -> Option<Target> {
        let mut rest = path.as_slice();
        let mut place = match rest.first()?.as_str() {
            "crate" => Place::new(),
            "self" | "super" => from.clone(),
            child if self.sources.contains_key(&with(from, child)) => from.clone(),
            // A bare name is an item in scope, which an import named already, or another crate.
            _ if rest.len() > 1 => return Some(Target::Crate(rest[..2].join("::"))),
            _ => return None,
        };
        if matches!(rest[0].as_str(), "crate" | "self") {
            rest = &rest[1..];
        }
        while rest.first().is_some_and(|part| part == "super") {
            place.pop();
            rest = &rest[1..];
        }
        while let Some(next) = rest.first().filter(|next| self.sources.contains_key(&with(&place, next))) {
            place = with(&place, next);
            rest = &rest[1..];
        }
        let handed_on = rest.first().and_then(|item| self.sources.get(&place)?.reexports.get(item));
        match handed_on {
            // Re-exports of re-exports end somewhere; a circle of them does not compile.
            Some(path) if depth < 8 => self.resolve(&place, path, depth + 1),
            _ => Some(Target::File(place)),
        }
    }

    /// Groups of files that import each other, directly or by way of others.
    pub fn circles(&self) -> Vec<Vec<Place>> {
        let reach: BTreeMap<&Place, BTreeSet<Place>> =
            self.places().map(|place| (place, self.reachable(place))).collect();
        let mut circles: Vec<Vec<Place>> = Vec::new();
        for place in self.places().filter(|place| reach[place].contains(*place)) {
            if circles.iter().any(|circle| circle.contains(place)) {
                continue;
            }
            let back = |other: &&Place| reach[place].contains(*other) && reach[*other].contains(place);
            circles.push(self.places().filter(back).cloned().collect());
        }
        circles
    }

    fn reachable(&self, from: &Place) -> BTreeSet<Place> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from.clone()];
        while let Some(place) = open.pop() {
            for target in self.targets(&place) {
                if let Target::File(file) = target
                    && seen.insert(file.clone())
                {
                    open.push(file);
                }
            }
        }
        seen
    }
}

/// `transport/nats/core`; `lib` for the root.
pub fn told(place: &Place) -> String {
    if place.is_empty() { "lib".to_string() } else { place.join("/") }
}

fn with(place: &Place, name: &str) -> Place {
    place.iter().cloned().chain([name.to_string()]).collect()
}

fn gather(folder: &Path, place: &mut Place, files: &mut Vec<(Place, String)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            place.push(name);
            gather(&path, place, files);
            place.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a readable file");
            let own = if matches!(name.as_str(), "lib" | "mod") { place.clone() } else { with(place, &name) };
            files.push((own, text));
        }
    }
}
