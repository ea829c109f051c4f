//! What the file system holds, and what becomes of it: pure. Nothing is mounted here, no clock is read.
//!
//! Each operation is whole when it returns, and each refusal has changed nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::Range;
use std::time::SystemTime;

use super::content::{PAGE_BYTES, pages_of};
use super::file::File;
use super::names::{Entry, Inode, Name, Names, ROOT};
use super::words::{Attributes, Kind, Refusal, Safety, Space, Status, Syncs, Unsynced};

/// Offsets stay far below where sums of them would overflow.
const SIZE_MAX: u64 = 1 << 60;

#[derive(Debug)]
pub struct Model {
    nodes: BTreeMap<Inode, Node>,
    names: Names,
    next: Inode,
    capacity_bytes: u64,
    /// Of all that is seen.
    used_pages: u64,
    syncs: Syncs,
    /// Power failures so far.
    failures: u64,
}

#[derive(Debug)]
struct Node {
    /// None for a directory.
    file: Option<File>,
    attributes: Attributes,
    /// How often the kernel was told of it and has not forgotten it yet.
    references: u64,
}

impl Model {
    /// An empty one, whose root has these attributes.
    pub fn new(capacity_bytes: u64, root: Attributes) -> Self {
        let root = Node { file: None, attributes: root, references: 1 };
        Self {
            nodes: BTreeMap::from([(ROOT, root)]),
            names: Names::default(),
            next: ROOT + 1,
            capacity_bytes,
            used_pages: 0,
            syncs: Syncs::default(),
            failures: 0,
        }
    }

    // ---- names

    pub fn lookup(&self, directory: Inode, name: &OsStr) -> Result<Inode, Refusal> {
        self.directory(directory)?;
        self.names.find(&Name::new(directory, name)).ok_or(Refusal::Missing)
    }

    pub fn status(&self, inode: Inode) -> Result<Status, Refusal> {
        let node = self.nodes.get(&inode).ok_or(Refusal::Missing)?;
        let (size, pages) = match &node.file {
            Some(file) => (file.live().size(), file.live().pages()),
            None => (0, 0),
        };
        let kind = if node.file.is_some() { Kind::File } else { Kind::Directory };
        let links = if kind == Kind::Directory { 2 } else { self.names.links(inode) as u32 };
        Ok(Status { inode, kind, size, used_bytes: pages * PAGE_BYTES, links, attributes: node.attributes })
    }

    /// Entries behind a cookie, in the order in which they were made. The directory itself and its parent are not
    /// among them.
    pub fn entries(&self, directory: Inode, behind: u64) -> Result<Vec<(&OsStr, Entry, Kind)>, Refusal> {
        self.directory(directory)?;
        let listed = self.names.within(directory).filter(|(_, entry)| entry.cookie > behind);
        let kind = |entry: &Entry| match self.nodes.get(&entry.inode) {
            Some(Node { file: None, .. }) => Kind::Directory,
            _ => Kind::File,
        };
        let mut listed: Vec<_> =
            listed.map(|(name, entry)| (name.name.as_os_str(), *entry, kind(entry))).collect();
        listed.sort_unstable_by_key(|(_, entry, _)| entry.cookie);
        Ok(listed)
    }

    pub fn parent(&self, directory: Inode) -> Inode {
        self.names.parent(directory)
    }

    pub fn create(
        &mut self,
        directory: Inode,
        name: &OsStr,
        kind: Kind,
        attributes: Attributes,
    ) -> Result<Inode, Refusal> {
        let name = self.free(directory, name)?;
        let file = (kind == Kind::File).then(File::default);
        let inode = self.next;
        self.next += 1;
        self.nodes.insert(inode, Node { file, attributes, references: 0 });
        self.names.set(&name, Some(inode));
        Ok(inode)
    }

    /// Gives a file one more name.
    pub fn link(&mut self, inode: Inode, directory: Inode, name: &OsStr) -> Result<(), Refusal> {
        self.file(inode)?;
        let name = self.free(directory, name)?;
        self.names.set(&name, Some(inode));
        Ok(())
    }

    pub fn unlink(&mut self, directory: Inode, name: &OsStr) -> Result<(), Refusal> {
        let inode = self.lookup(directory, name)?;
        self.file(inode)?;
        self.names.set(&Name::new(directory, name), None);
        self.settle(inode);
        Ok(())
    }

    pub fn remove_directory(&mut self, directory: Inode, name: &OsStr) -> Result<(), Refusal> {
        let inode = self.lookup(directory, name)?;
        self.empty_directory(inode)?;
        self.names.set(&Name::new(directory, name), None);
        self.settle(inode);
        Ok(())
    }

    /// What stood at the new name is displaced. As ext4 does (`auto_da_alloc`), a file that displaces another is
    /// written out first, so that nobody ever finds half of it.
    pub fn rename(&mut self, from: (Inode, &OsStr), to: (Inode, &OsStr)) -> Result<(), Refusal> {
        let inode = self.lookup(from.0, from.1)?;
        self.directory(to.0)?;
        let (from, to) = (Name::new(from.0, from.1), Name::new(to.0, to.1));
        let displaced = self.names.find(&to);
        if displaced == Some(inode) {
            return Ok(());
        }
        let moves_directory = self.directory(inode).is_ok();
        if moves_directory && self.names.is_below(to.directory, inode) {
            return Err(Refusal::BelowItself);
        }
        match displaced {
            Some(displaced) if moves_directory => self.empty_directory(displaced)?,
            Some(displaced) => {
                self.file(displaced)?;
                self.file_mut(inode)?.sync();
            }
            None => {}
        }
        self.names.set(&from, None);
        self.names.set(&to, Some(inode));
        displaced.into_iter().for_each(|displaced| self.settle(displaced));
        Ok(())
    }

    // ---- contents

    pub fn read(&self, inode: Inode, offset: u64, length: usize) -> Result<Vec<u8>, Refusal> {
        Ok(self.file(inode)?.live().read(offset, length))
    }

    /// How many bytes were written: fewer than given where room ends.
    pub fn write(
        &mut self,
        inode: Inode,
        offset: u64,
        bytes: &[u8],
        safety: Safety,
        now: SystemTime,
    ) -> Result<usize, Refusal> {
        within_limit(offset, bytes.len() as u64)?;
        let free = self.free_pages();
        let fitting = self.file(inode)?.live().fitting(offset, bytes.len(), free);
        if fitting == 0 && !bytes.is_empty() {
            return Err(Refusal::NoSpace);
        }
        self.change(inode, now, |file| file.write(offset, &bytes[..fitting]))?;
        if safety == Safety::Seen {
            return Ok(fitting);
        }
        self.sync_file(inode, safety)?;
        self.syncs.sync_writes += 1;
        Ok(fitting)
    }

    pub fn resize(&mut self, inode: Inode, size: u64, now: SystemTime) -> Result<(), Refusal> {
        within_limit(size, 0)?;
        self.change(inode, now, |file| file.resize(size))
    }

    /// Gives a range room, and a file that ends before its end that size.
    pub fn allocate(&mut self, inode: Inode, bytes: Range<u64>, now: SystemTime) -> Result<(), Refusal> {
        within_limit(bytes.end, 0)?;
        let live = self.file(inode)?.live();
        let pages = pages_of(bytes.clone());
        let wanted = (pages.end - pages.start) - live.numbers(pages).count() as u64;
        if wanted > self.free_pages() {
            return Err(Refusal::NoSpace);
        }
        let size = live.size().max(bytes.end);
        self.change(inode, now, |file| {
            file.resize(size);
            file.allocate(bytes);
        })
    }

    /// Makes a range a hole; the size stays.
    pub fn punch(&mut self, inode: Inode, bytes: Range<u64>, now: SystemTime) -> Result<(), Refusal> {
        within_limit(bytes.end, 0)?;
        self.change(inode, now, |file| file.punch(bytes))
    }

    pub fn set_attributes(&mut self, inode: Inode, attributes: Attributes) -> Result<(), Refusal> {
        self.nodes.get_mut(&inode).ok_or(Refusal::Missing)?.attributes = attributes;
        Ok(())
    }

    // ---- what becomes durable

    /// A file's contents and all its names, with the directories that lead there.
    pub fn fsync(&mut self, inode: Inode) -> Result<(), Refusal> {
        self.sync_file(inode, Safety::Whole)?;
        self.syncs.fsync += 1;
        Ok(())
    }

    /// A file's contents and size; its names only if it has no durable one yet.
    pub fn fdatasync(&mut self, inode: Inode) -> Result<(), Refusal> {
        self.sync_file(inode, Safety::Data)?;
        self.syncs.fdatasync += 1;
        Ok(())
    }

    /// A directory's entries, and its own. Not what lies in the files.
    pub fn sync_directory(&mut self, inode: Inode) -> Result<(), Refusal> {
        self.directory(inode)?;
        self.syncs.directory += 1;
        let mut concerned = self.names.commit_within(inode);
        concerned.extend(self.names.commit(inode));
        concerned.into_iter().for_each(|inode| self.settle(inode));
        Ok(())
    }

    /// All there is, as if it had been there for long.
    pub fn sync_all(&mut self) {
        self.nodes.values_mut().filter_map(|node| node.file.as_mut()).for_each(File::sync);
        self.names.commit_all();
        let inodes: Vec<Inode> = self.nodes.keys().copied().collect();
        inodes.into_iter().for_each(|inode| self.settle(inode));
    }

    /// All that was not made durable is gone, and whatever is open is stale.
    pub fn power_failure(&mut self) -> Unsynced {
        let lost = self.unsynced();
        self.failures += 1;
        self.names.power_failure();
        let names = &self.names;
        self.nodes.retain(|inode, _| names.is_durable(*inode));
        self.used_pages = 0;
        for (inode, node) in &mut self.nodes {
            node.references = u64::from(*inode == ROOT);
            if let Some(file) = &mut node.file {
                file.power_failure();
                self.used_pages += file.live().pages();
            }
        }
        lost
    }

    /// Empties it, for good. Whatever is open is stale.
    pub fn clear(&mut self) {
        self.failures += 1;
        self.names = Names::default();
        self.nodes.retain(|inode, _| *inode == ROOT);
        self.used_pages = 0;
    }

    // ---- figures

    /// Power failures so far; who was here before one must not go on after it.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    pub fn syncs(&self) -> Syncs {
        self.syncs
    }

    pub fn unsynced(&self) -> Unsynced {
        let files = self.nodes.values().filter_map(|node| node.file.as_ref());
        let pages: u64 = files.map(File::unsynced_pages).sum();
        Unsynced { bytes: pages * PAGE_BYTES, names: self.names.unsynced() as u64 }
    }

    pub fn space(&self) -> Space {
        Space { capacity_bytes: self.capacity_bytes, used_bytes: self.used_pages * PAGE_BYTES }
    }

    /// May be less than what is used: then nothing can be added until it is more again.
    pub fn set_capacity(&mut self, capacity_bytes: u64) {
        self.capacity_bytes = capacity_bytes;
    }

    // ---- what the kernel knows

    /// The kernel was told of it: it stays, with or without a name.
    pub fn retain(&mut self, inode: Inode) {
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.references += 1;
        }
    }

    /// The kernel has forgotten it, that often.
    pub fn release(&mut self, inode: Inode, times: u64) {
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.references = node.references.saturating_sub(times);
            self.settle(inode);
        }
    }

    // ---- within

    fn sync_file(&mut self, inode: Inode, safety: Safety) -> Result<(), Refusal> {
        self.file_mut(inode)?.sync();
        if safety == Safety::Whole || !self.names.is_durable(inode) {
            let concerned = self.names.commit(inode);
            concerned.into_iter().for_each(|inode| self.settle(inode));
        }
        Ok(())
    }

    /// Frees what nobody sees any more, and forgets what can't come back either.
    fn settle(&mut self, inode: Inode) {
        let Some(node) = self.nodes.get_mut(&inode) else { return };
        if node.references > 0 || self.names.links(inode) > 0 {
            return;
        }
        if let Some(file) = &mut node.file {
            self.used_pages -= file.live().pages();
            file.forget_live();
        }
        if !self.names.is_durable(inode) {
            self.nodes.remove(&inode);
        }
    }

    fn change(
        &mut self,
        inode: Inode,
        now: SystemTime,
        change: impl FnOnce(&mut File),
    ) -> Result<(), Refusal> {
        let node = self.nodes.get_mut(&inode).ok_or(Refusal::Missing)?;
        let file = node.file.as_mut().ok_or(Refusal::IsDirectory)?;
        let before = file.live().pages();
        change(file);
        self.used_pages = self.used_pages - before + file.live().pages();
        node.attributes.modified = now;
        Ok(())
    }

    fn free_pages(&self) -> u64 {
        (self.capacity_bytes / PAGE_BYTES).saturating_sub(self.used_pages)
    }

    fn free(&self, directory: Inode, name: &OsStr) -> Result<Name, Refusal> {
        match self.lookup(directory, name) {
            Ok(_) => Err(Refusal::Taken),
            // Nothing can be made in a directory that is gone.
            Err(Refusal::Missing) if directory == ROOT || self.names.links(directory) > 0 => {
                Ok(Name::new(directory, name))
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn directory(&self, inode: Inode) -> Result<(), Refusal> {
        match self.nodes.get(&inode).ok_or(Refusal::Missing)?.file {
            None => Ok(()),
            Some(_) => Err(Refusal::NotDirectory),
        }
    }

    fn empty_directory(&self, inode: Inode) -> Result<(), Refusal> {
        self.directory(inode)?;
        if self.names.within(inode).next().is_some() { Err(Refusal::NotEmpty) } else { Ok(()) }
    }

    fn file(&self, inode: Inode) -> Result<&File, Refusal> {
        self.nodes.get(&inode).ok_or(Refusal::Missing)?.file.as_ref().ok_or(Refusal::IsDirectory)
    }

    fn file_mut(&mut self, inode: Inode) -> Result<&mut File, Refusal> {
        self.nodes.get_mut(&inode).ok_or(Refusal::Missing)?.file.as_mut().ok_or(Refusal::IsDirectory)
    }
}

fn within_limit(offset: u64, length: u64) -> Result<(), Refusal> {
    if offset.saturating_add(length) > SIZE_MAX { Err(Refusal::TooLarge) } else { Ok(()) }
}
