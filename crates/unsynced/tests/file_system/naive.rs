//! The same rules once more, without a thought for speed: everything is computed anew from the list of what was done.
//!
//! Files are whole byte strings, names are pairs in two lists, and what is committed grows until nothing is added.

use std::collections::{BTreeMap, BTreeSet};

use weighbridge_unsynced::Safety;

use super::disk::{Step, Tree};

#[derive(Clone, Default)]
struct Contents {
    live: Vec<u8>,
    durable: Vec<u8>,
}

/// Whole paths lead to numbers; directories are known by their paths alone, which never change here.
#[derive(Default)]
struct Account {
    files: Vec<Contents>,
    live: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
}

/// What a power failure leaves of what was done. Steps that can't be done change nothing.
///
/// Directories are durable from the beginning and stay: the steps make and remove none.
pub fn left(steps: &[Step], directories: &[&str]) -> Tree {
    let mut account = Account::default();
    for step in steps {
        account.apply(step);
    }
    let mut tree: Tree = directories.iter().map(|path| ((*path).to_string(), None)).collect();
    tree.extend(
        account.durable.iter().map(|(path, file)| (path.clone(), Some(account.files[*file].durable.clone()))),
    );
    tree
}

impl Account {
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Write(path, offset, bytes, safety) => {
                let file = self.found_or_made(path);
                let (begin, end) = (*offset as usize, *offset as usize + bytes.len());
                let contents = &mut self.files[file];
                contents.live.resize(contents.live.len().max(end), 0);
                contents.live[begin..end].copy_from_slice(bytes);
                match safety {
                    Safety::Seen => return,
                    Safety::Data | Safety::Whole => contents.sync(),
                }
                if *safety == Safety::Whole || !self.durable.values().any(|other| *other == file) {
                    self.commit(&BTreeSet::from([file]));
                }
            }
            Step::Append(path, bytes) => {
                let file = self.found_or_made(path);
                self.files[file].live.extend(bytes);
            }
            Step::Resize(path, size) => {
                let Some(file) = self.live.get(path) else { return };
                let contents = &mut self.files[*file];
                contents.live.resize(*size as usize, 0);
            }
            Step::Rename(from, to) => {
                let Some(file) = self.live.get(from).copied() else { return };
                match self.live.get(to) {
                    Some(other) if *other == file => return,
                    Some(_) => self.files[file].sync(),
                    None => {}
                }
                self.live.remove(from);
                self.live.insert(to.clone(), file);
            }
            Step::Link(path, to) => {
                if let (Some(file), None) = (self.live.get(path).copied(), self.live.get(to)) {
                    self.live.insert(to.clone(), file);
                }
            }
            Step::Unlink(path) => {
                self.live.remove(path);
            }
            Step::Fsync(path) => {
                let Some(file) = self.live.get(path).copied() else { return };
                self.files[file].sync();
                self.commit(&BTreeSet::from([file]));
            }
            Step::Fdatasync(path) => {
                let Some(file) = self.live.get(path).copied() else { return };
                self.files[file].sync();
                if !self.durable.values().any(|other| *other == file) {
                    self.commit(&BTreeSet::from([file]));
                }
            }
            Step::SyncDirectory(path) => {
                let within =
                    |name: &String| name.rsplit_once('/').map_or("", |(directory, _)| directory) == path;
                let names: BTreeSet<String> = self
                    .live
                    .keys()
                    .chain(self.durable.keys())
                    .filter(|name| within(name))
                    .cloned()
                    .collect();
                let differs = |name: &&String| self.live.get(*name) != self.durable.get(*name);
                let files: BTreeSet<usize> = names
                    .iter()
                    .filter(differs)
                    .flat_map(|name| [self.live.get(name), self.durable.get(name)])
                    .flatten()
                    .copied()
                    .collect();
                self.commit(&files);
            }
            other => panic!("{other:?} is not among what is tried by chance"),
        }
    }

    fn found_or_made(&mut self, path: &str) -> usize {
        *self.live.entry(path.to_string()).or_insert_with(|| {
            self.files.push(Contents::default());
            self.files.len() - 1
        })
    }

    /// All names of these files, and of those that share a name that changed with them.
    fn commit(&mut self, files: &BTreeSet<usize>) {
        let mut files = files.clone();
        loop {
            let before = files.len();
            for name in self.names() {
                let sides = [self.live.get(&name).copied(), self.durable.get(&name).copied()];
                if sides[0] != sides[1] && sides.iter().flatten().any(|file| files.contains(file)) {
                    files.extend(sides.into_iter().flatten());
                }
            }
            if files.len() == before {
                break;
            }
        }
        for name in self.names() {
            let (live, durable) = (self.live.get(&name).copied(), self.durable.get(&name).copied());
            if [live, durable].iter().flatten().any(|file| files.contains(file)) {
                match live {
                    Some(file) => self.durable.insert(name, file),
                    None => self.durable.remove(&name),
                };
            }
        }
    }

    fn names(&self) -> BTreeSet<String> {
        self.live.keys().chain(self.durable.keys()).cloned().collect()
    }
}

impl Contents {
    fn sync(&mut self) {
        self.durable = self.live.clone();
    }
}
