//! What is done to a file system, as values; and two that it is done to: the model, and a directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{FallocateFlags, OFlags, fallocate};
use weighbridge_unsynced::{Attributes, Inode, Kind, Model, ROOT, Refusal, Safety};

/// Paths are relative, without a slash before or behind. A path that begins with `@` is a descriptor that is held.
#[derive(Debug, Clone)]
pub enum Step {
    MakeDirectory(String),
    RemoveDirectory(String),
    /// Makes the file if there is none.
    Write(String, u64, Vec<u8>, Safety),
    /// Through a descriptor with `O_APPEND`.
    Append(String, Vec<u8>),
    Resize(String, u64),
    Allocate(String, u64, u64),
    Punch(String, u64, u64),
    Rename(String, String),
    Link(String, String),
    Unlink(String),
    /// Opens a file and holds it under another name.
    Hold(String, String),
    Fsync(String),
    Fdatasync(String),
    SyncDirectory(String),
}

/// In one line each, shortened where it is long.
pub fn shown(tree: &Tree) -> Vec<String> {
    let text = |bytes: &Vec<u8>| {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        format!("{text:?} of {} bytes", bytes.len())
    };
    tree.iter().map(|(path, bytes)| format!("{path}: {}", bytes.as_ref().map_or("-".into(), text))).collect()
}

/// Directories have no contents.
pub type Tree = BTreeMap<String, Option<Vec<u8>>>;

pub struct OnModel {
    pub model: Model,
    held: BTreeMap<String, Inode>,
}

impl OnModel {
    pub fn new() -> Self {
        Self { model: Model::new(1 << 30, attributes()), held: BTreeMap::new() }
    }

    pub fn apply(&mut self, step: &Step) -> Result<(), Refusal> {
        let now = SystemTime::UNIX_EPOCH;
        match step {
            Step::MakeDirectory(path) => {
                let (directory, name) = self.parent(path)?;
                self.model.create(directory, name, Kind::Directory, attributes()).map(drop)
            }
            Step::RemoveDirectory(path) => {
                let (directory, name) = self.parent(path)?;
                self.model.remove_directory(directory, name)
            }
            Step::Write(path, offset, bytes, safety) => {
                let inode = self.found_or_made(path)?;
                self.model.write(inode, *offset, bytes, *safety, now).map(drop)
            }
            Step::Append(path, bytes) => {
                let inode = self.found_or_made(path)?;
                let size = self.model.status(inode)?.size;
                self.model.write(inode, size, bytes, Safety::Seen, now).map(drop)
            }
            Step::Resize(path, size) => self.model.resize(self.find(path)?, *size, now),
            Step::Allocate(path, begin, end) => self.model.allocate(self.find(path)?, *begin..*end, now),
            Step::Punch(path, begin, end) => self.model.punch(self.find(path)?, *begin..*end, now),
            Step::Rename(from, to) => {
                let (from, to) = (self.parent(from)?, self.parent(to)?);
                self.model.rename(from, to)
            }
            Step::Link(path, to) => {
                let inode = self.find(path)?;
                let (directory, name) = self.parent(to)?;
                self.model.link(inode, directory, name)
            }
            Step::Unlink(path) => {
                let (directory, name) = self.parent(path)?;
                self.model.unlink(directory, name)
            }
            Step::Hold(path, name) => {
                let inode = self.find(path)?;
                self.model.retain(inode);
                self.held.insert(name.clone(), inode);
                Ok(())
            }
            Step::Fsync(path) => self.model.fsync(self.find(path)?),
            Step::Fdatasync(path) => self.model.fdatasync(self.find(path)?),
            Step::SyncDirectory(path) => self.model.sync_directory(self.find(path)?),
        }
    }

    pub fn tree(&self) -> Tree {
        let (mut tree, mut open) = (Tree::new(), vec![(String::new(), ROOT)]);
        while let Some((prefix, directory)) = open.pop() {
            for (name, entry, kind) in self.model.entries(directory, 0).unwrap() {
                let path = format!("{prefix}{}", name.to_str().unwrap());
                let contents = match kind {
                    Kind::Directory => {
                        open.push((format!("{path}/"), entry.inode));
                        None
                    }
                    Kind::File => Some(self.model.read(entry.inode, 0, 1 << 20).unwrap()),
                };
                tree.insert(path, contents);
            }
        }
        tree
    }

    fn find(&self, path: &str) -> Result<Inode, Refusal> {
        if let Some(held) = self.held.get(path) {
            return Ok(*held);
        }
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.into_iter().try_fold(ROOT, |directory, part| self.model.lookup(directory, OsStr::new(part)))
    }

    fn parent<'a>(&self, path: &'a str) -> Result<(Inode, &'a OsStr), Refusal> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.find(directory)?, OsStr::new(name)))
    }

    fn found_or_made(&mut self, path: &str) -> Result<Inode, Refusal> {
        match self.find(path) {
            Err(Refusal::Missing) => {
                let (directory, name) = self.parent(path)?;
                self.model.create(directory, name, Kind::File, attributes())
            }
            found => found,
        }
    }
}

fn attributes() -> Attributes {
    Attributes { permissions: 0o755, uid: 0, gid: 0, modified: SystemTime::UNIX_EPOCH }
}

pub struct OnFiles {
    root: PathBuf,
    /// Each opened twice: to write anywhere, and to append.
    held: BTreeMap<String, (File, File)>,
}

impl OnFiles {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf(), held: BTreeMap::new() }
    }

    pub fn apply(&mut self, step: &Step) -> std::io::Result<()> {
        match step {
            Step::MakeDirectory(path) => fs::create_dir(self.at(path)),
            Step::RemoveDirectory(path) => fs::remove_dir(self.at(path)),
            Step::Write(path, offset, bytes, safety) => {
                let flags = match safety {
                    Safety::Seen => OFlags::empty(),
                    Safety::Data => OFlags::DSYNC,
                    Safety::Whole => OFlags::SYNC,
                };
                self.opened(path, flags)?.write_all_at(bytes, *offset)
            }
            Step::Append(path, bytes) => {
                use std::io::Write;
                self.opened(path, OFlags::APPEND)?.write_all(bytes)
            }
            Step::Resize(path, size) => self.opened(path, OFlags::empty())?.set_len(*size),
            Step::Allocate(path, begin, end) => {
                let file = self.opened(path, OFlags::empty())?;
                Ok(fallocate(file, FallocateFlags::empty(), *begin, end - begin)?)
            }
            Step::Punch(path, begin, end) => {
                let file = self.opened(path, OFlags::empty())?;
                let punching = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
                Ok(fallocate(file, punching, *begin, end - begin)?)
            }
            Step::Rename(from, to) => fs::rename(self.at(from), self.at(to)),
            Step::Link(path, to) => fs::hard_link(self.at(path), self.at(to)),
            Step::Unlink(path) => fs::remove_file(self.at(path)),
            Step::Hold(path, name) => {
                let writing = self.opened(path, OFlags::empty())?;
                let appending = self.opened(path, OFlags::APPEND)?;
                self.held.insert(name.clone(), (writing, appending));
                Ok(())
            }
            Step::Fsync(path) => self.opened(path, OFlags::empty())?.sync_all(),
            Step::Fdatasync(path) => self.opened(path, OFlags::empty())?.sync_data(),
            Step::SyncDirectory(path) => File::open(self.at(path))?.sync_all(),
        }
    }

    pub fn tree(&self) -> Tree {
        let (mut tree, mut open) = (Tree::new(), vec![String::new()]);
        while let Some(prefix) = open.pop() {
            for entry in fs::read_dir(self.at(&prefix)).unwrap().map(Result::unwrap) {
                let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
                let contents = if entry.file_type().unwrap().is_dir() {
                    open.push(format!("{path}/"));
                    None
                } else {
                    Some(fs::read(entry.path()).unwrap())
                };
                tree.insert(path, contents);
            }
        }
        tree
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn opened(&self, path: &str, flags: OFlags) -> std::io::Result<File> {
        if let Some((writer, appender)) = self.held.get(path) {
            let held = if flags.contains(OFlags::APPEND) { appender } else { writer };
            return held.try_clone();
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).custom_flags(flags.bits() as i32);
        options.open(self.at(path))
    }
}
