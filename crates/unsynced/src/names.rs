//! The entries of all directories twice: as processes see them, and as a power failure leaves them.
//!
//! What is committed is committed whole: a file with all its names, what they displaced, and the directories that lead
//! to them. So a power failure never shows a rename by halves.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::ops::Range;

/// The number of a file or a directory. Never used twice.
pub type Inode = u64;

pub const ROOT: Inode = 1;
/// Cookies below stand for `.` and `..`.
const FIRST_COOKIE: u64 = 3;

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub directory: Inode,
    pub name: OsString,
}

impl Name {
    pub fn new(directory: Inode, name: &OsStr) -> Self {
        Self { directory, name: name.to_os_string() }
    }

    /// All names within a directory.
    fn all(directory: Inode) -> Range<Self> {
        Self::new(directory, OsStr::new(""))..Self::new(directory + 1, OsStr::new(""))
    }
}

/// What a name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub inode: Inode,
    /// Its place in a listing, which stays as entries come and go.
    pub cookie: u64,
}

/// The entries of one moment, found by name and by what they lead to.
#[derive(Debug, Clone, Default)]
struct Entries {
    by_name: BTreeMap<Name, Entry>,
    by_inode: BTreeMap<Inode, BTreeSet<Name>>,
}

#[derive(Debug)]
pub struct Names {
    live: Entries,
    durable: Entries,
    /// Names at which the two differ.
    changed: BTreeSet<Name>,
    next_cookie: u64,
}

impl Entries {
    fn set(&mut self, name: &Name, entry: Option<Entry>) {
        let before = match entry {
            Some(entry) => self.by_name.insert(name.clone(), entry),
            None => self.by_name.remove(name),
        };
        if let Some(before) = before
            && let Some(names) = self.by_inode.get_mut(&before.inode)
        {
            names.remove(name);
            if names.is_empty() {
                self.by_inode.remove(&before.inode);
            }
        }
        if let Some(entry) = entry {
            self.by_inode.entry(entry.inode).or_default().insert(name.clone());
        }
    }

    fn names(&self, inode: Inode) -> impl Iterator<Item = &Name> {
        self.by_inode.get(&inode).into_iter().flatten()
    }

    fn within(&self, directory: Inode) -> impl Iterator<Item = (&Name, &Entry)> {
        self.by_name.range(Name::all(directory))
    }
}

impl Default for Names {
    fn default() -> Self {
        Self {
            live: Entries::default(),
            durable: Entries::default(),
            changed: BTreeSet::new(),
            next_cookie: FIRST_COOKIE,
        }
    }
}

impl Names {
    pub fn find(&self, name: &Name) -> Option<Inode> {
        self.live.by_name.get(name).map(|entry| entry.inode)
    }

    /// Lets a name lead elsewhere, or nowhere.
    pub fn set(&mut self, name: &Name, inode: Option<Inode>) {
        let cookie = self.next_cookie;
        self.next_cookie += 1;
        self.live.set(name, inode.map(|inode| Entry { inode, cookie }));
        if self.durable.by_name.get(name).map(|entry| entry.inode) == inode {
            self.changed.remove(name);
        } else {
            self.changed.insert(name.clone());
        }
    }

    /// How many names lead to it.
    pub fn links(&self, inode: Inode) -> usize {
        self.live.names(inode).count()
    }

    pub fn is_durable(&self, inode: Inode) -> bool {
        inode == ROOT || self.durable.by_inode.contains_key(&inode)
    }

    /// The directory in which a directory stands.
    pub fn parent(&self, directory: Inode) -> Inode {
        self.live.names(directory).next().map_or(ROOT, |name| name.directory)
    }

    pub fn within(&self, directory: Inode) -> impl Iterator<Item = (&Name, &Entry)> {
        self.live.within(directory)
    }

    /// Whether one directory stands somewhere below the other, or is it.
    pub fn is_below(&self, mut directory: Inode, other: Inode) -> bool {
        while directory != ROOT && directory != other {
            directory = self.parent(directory);
        }
        directory == other
    }

    /// Names that a power failure would take back.
    pub fn unsynced(&self) -> usize {
        self.changed.len()
    }

    /// Commits the names of a file or directory. Gives what was named before or is named now.
    pub fn commit(&mut self, inode: Inode) -> BTreeSet<Inode> {
        self.commit_names(self.all_names(inode))
    }

    /// Commits the entries of a directory.
    pub fn commit_within(&mut self, directory: Inode) -> BTreeSet<Inode> {
        let names = self.changed.range(Name::all(directory)).cloned().collect();
        self.commit_names(names)
    }

    /// Commits all there is.
    pub fn commit_all(&mut self) {
        self.durable.clone_from(&self.live);
        self.changed.clear();
    }

    fn commit_names(&mut self, mut open: Vec<Name>) -> BTreeSet<Inode> {
        let mut concerned = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !self.changed.remove(&name) {
                continue;
            }
            let (before, after) =
                (self.durable.by_name.get(&name).copied(), self.live.by_name.get(&name).copied());
            self.durable.set(&name, after);
            for Entry { inode, .. } in [before, after].into_iter().flatten() {
                open.extend(self.all_names(inode));
                if self.links(inode) == 0 {
                    // A directory that is gone is gone with what it held.
                    open.extend(self.durable.within(inode).map(|(name, _)| name.clone()));
                }
                concerned.insert(inode);
            }
            open.extend(self.all_names(name.directory));
        }
        concerned
    }

    fn all_names(&self, inode: Inode) -> Vec<Name> {
        self.live.names(inode).chain(self.durable.names(inode)).cloned().collect()
    }

    /// Takes back what was not committed.
    pub fn power_failure(&mut self) {
        self.live.clone_from(&self.durable);
        self.changed.clear();
    }
}
