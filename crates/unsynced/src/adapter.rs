//! The model as the kernel asks for it, over FUSE.
//!
//! All that changes it comes through the one kernel that has it mounted, so names, attributes and pages may stay in
//! its caches for as long as the mount lasts: a power failure ends the mount, and the next has caches of its own.
//! Writes are not held back there (`FUSE_WRITEBACK_CACHE` is not asked for), so what a process wrote is in the model
//! when its `write` returns. Pages that are written through a shared mapping arrive when the kernel writes them out:
//! with `msync` or `fsync`, or late, as on any file system. `sync(2)` and `syncfs(2)` are not told to FUSE servers:
//! they make nothing durable here.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use fuser::{
    BsdFileFlags, CopyFileRangeFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, INodeNo,
    IoctlFlags, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyLseek, ReplyOpen, ReplyStatfs, ReplyWrite, ReplyXattr, Request,
    TimeOrNow, WriteFlags,
};

use super::answers::{
    FOREVER, GENERATION, attr, attributes, empty, entry, errno, file_type, made_by, safety,
};
use super::content::PAGE_BYTES;
use super::model::Model;
use super::names::Inode;
use super::words::{Attributes, Kind, Refusal, Safety};

const NO_HANDLE: FileHandle = FileHandle(0);
/// Nothing else changes a file, and `close` has nothing to flush.
const OPENED: FopenFlags = FopenFlags::FOPEN_KEEP_CACHE.union(FopenFlags::FOPEN_NOFLUSH);
const NAME_BYTES_MAX: u32 = 255;
/// Room for entries costs nothing.
const FILES: u64 = 1 << 32;
/// A hole never changes the size: the kernel allows no other.
const PUNCH_HOLE: i32 = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
/// Cookies of what each directory lists first.
const DOT: u64 = 1;
const DOT_DOT: u64 = 2;

/// One mount of the file system. It is stale after a power failure: all that comes then is refused with `EIO`.
pub struct Adapter {
    model: Arc<Mutex<Model>>,
    /// Power failures when it was mounted.
    failures: u64,
    /// How often the kernel was told of each inode and has not forgotten it yet.
    known: Mutex<HashMap<Inode, u64>>,
}

impl Adapter {
    pub fn new(model: Arc<Mutex<Model>>) -> Self {
        let failures = locked(&model).failures();
        Self { model, failures, known: Mutex::default() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Model) -> Result<T, Refusal>) -> Result<T, Errno> {
        let mut model = locked(&self.model);
        if model.failures() != self.failures {
            return Err(Errno::EIO);
        }
        act(&mut model).map_err(errno)
    }

    /// Like [`Self::with`], for an inode that the kernel is told of.
    fn telling(&self, act: impl FnOnce(&mut Model) -> Result<Inode, Refusal>) -> Result<FileAttr, Errno> {
        self.with(|model| {
            let inode = act(model)?;
            model.retain(inode);
            *locked(&self.known).entry(inode).or_default() += 1;
            model.status(inode).map(attributes)
        })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Filesystem for Adapter {
    /// The mount is gone: whatever the kernel had not forgotten is forgotten.
    fn destroy(&mut self) {
        let known = std::mem::take(&mut *locked(&self.known));
        // Stale inodes were forgotten by the power failure.
        let _ = self.with(|model| {
            known.into_iter().for_each(|(inode, times)| model.release(inode, times));
            Ok(())
        });
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(reply, self.telling(|model| model.lookup(parent.0, name)));
    }

    fn forget(&self, _: &Request, inode: INodeNo, times: u64) {
        let mut known = locked(&self.known);
        if let Some(left) = known.get_mut(&inode.0) {
            *left = left.saturating_sub(times);
            if *left == 0 {
                known.remove(&inode.0);
            }
        }
        drop(known);
        // As above: nothing is left to forget after a power failure.
        let _ = self.with(|model| {
            model.release(inode.0, times);
            Ok(())
        });
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        attr(reply, self.with(|model| model.status(inode.0)));
    }

    fn setattr(
        &self,
        _: &Request,
        inode: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let outcome = self.with(|model| {
            if let Some(size) = size {
                model.resize(inode.0, size, SystemTime::now())?;
            }
            let before = model.status(inode.0)?.attributes;
            let modified = match modified {
                Some(TimeOrNow::SpecificTime(time)) => time,
                Some(TimeOrNow::Now) => SystemTime::now(),
                None => before.modified,
            };
            model.set_attributes(
                inode.0,
                Attributes {
                    permissions: mode.map_or(before.permissions, |mode| (mode & 0o7777) as u16),
                    uid: uid.unwrap_or(before.uid),
                    gid: gid.unwrap_or(before.gid),
                    modified,
                },
            )?;
            model.status(inode.0)
        });
        attr(reply, outcome);
    }

    fn mkdir(&self, by: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        let made = made_by(by, mode);
        entry(reply, self.telling(|model| model.create(parent.0, name, Kind::Directory, made)));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.with(|model| model.unlink(parent.0, name)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.with(|model| model.remove_directory(parent.0, name)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let keeping = RenameFlags::RENAME_NOREPLACE;
        if !keeping.contains(flags) {
            return reply.error(Errno::EINVAL);
        }
        let outcome = self.with(|model| {
            if flags == keeping && model.lookup(new_parent.0, new_name).is_ok() {
                return Err(Refusal::Taken);
            }
            model.rename((parent.0, name), (new_parent.0, new_name))
        });
        empty(reply, outcome);
    }

    fn link(&self, _: &Request, inode: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let outcome = self.telling(|model| model.link(inode.0, parent.0, name).map(|()| inode.0));
        entry(reply, outcome);
    }

    fn create(
        &self,
        by: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let made = made_by(by, mode);
        match self.telling(|model| model.create(parent.0, name, Kind::File, made)) {
            Ok(attributes) => reply.created(&FOREVER, &attributes, GENERATION, NO_HANDLE, OPENED),
            Err(error) => reply.error(error),
        }
    }

    fn open(&self, _: &Request, inode: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.with(|model| model.status(inode.0)) {
            Ok(_) => reply.opened(NO_HANDLE, OPENED),
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.with(|model| model.read(inode.0, offset, size as usize)) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        bytes: &[u8],
        write_flags: WriteFlags,
        flags: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        // What comes out of the cache late belongs to no descriptor.
        let late = write_flags.contains(WriteFlags::FUSE_WRITE_CACHE);
        let safety = if late { Safety::Seen } else { safety(flags) };
        match self.with(|model| model.write(inode.0, offset, bytes, safety, SystemTime::now())) {
            Ok(written) => reply.written(written as u32),
            Err(error) => reply.error(error),
        }
    }

    fn fsync(&self, _: &Request, inode: INodeNo, _: FileHandle, data_only: bool, reply: ReplyEmpty) {
        let sync = |model: &mut Model| {
            if data_only { model.fdatasync(inode.0) } else { model.fsync(inode.0) }
        };
        empty(reply, self.with(sync));
    }

    fn readdir(&self, _: &Request, inode: INodeNo, _: FileHandle, behind: u64, mut reply: ReplyDirectory) {
        let outcome = self.with(|model| {
            let parent = model.parent(inode.0);
            let dots = [(DOT, inode.0, "."), (DOT_DOT, parent, "..")];
            for (cookie, number, name) in dots.into_iter().filter(|(cookie, ..)| *cookie > behind) {
                if reply.add(INodeNo(number), cookie, FileType::Directory, name) {
                    return Ok(());
                }
            }
            for (name, entry, kind) in model.entries(inode.0, behind)? {
                if reply.add(INodeNo(entry.inode), entry.cookie, file_type(kind), name) {
                    break;
                }
            }
            Ok(())
        });
        match outcome {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(error),
        }
    }

    fn fsyncdir(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(reply, self.with(|model| model.sync_directory(inode.0)));
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        match self.with(|model| Ok(model.space())) {
            Ok(space) => {
                let free_bytes = space.capacity_bytes.saturating_sub(space.used_bytes);
                let (blocks, free) = (space.capacity_bytes / PAGE_BYTES, free_bytes / PAGE_BYTES);
                let block = PAGE_BYTES as u32;
                reply.statfs(blocks, free, free, FILES, FILES, block, NAME_BYTES_MAX, block);
            }
            Err(error) => reply.error(error),
        }
    }

    fn fallocate(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let (range, now) = (offset..offset.saturating_add(length), SystemTime::now());
        let outcome = match mode {
            0 => self.with(|model| model.allocate(inode.0, range, now)),
            PUNCH_HOLE => self.with(|model| model.punch(inode.0, range, now)),
            _ => Err(Errno::EOPNOTSUPP),
        };
        empty(reply, outcome);
    }

    // What the kernel does by itself once it is told that nobody does it here.

    fn lseek(&self, _: &Request, _: INodeNo, _: FileHandle, _: i64, _: i32, reply: ReplyLseek) {
        reply.error(Errno::ENOSYS);
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn copy_file_range(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: u64,
        _: INodeNo,
        _: FileHandle,
        _: u64,
        _: u64,
        _: CopyFileRangeFlags,
        reply: ReplyWrite,
    ) {
        reply.error(Errno::ENOSYS);
    }

    // What is not to be had.

    fn getxattr(&self, _: &Request, _: INodeNo, _: &OsStr, _: u32, reply: ReplyXattr) {
        reply.error(Errno::ENOSYS);
    }

    fn listxattr(&self, _: &Request, _: INodeNo, _: u32, reply: ReplyXattr) {
        reply.error(Errno::ENOSYS);
    }

    fn setxattr(&self, _: &Request, _: INodeNo, _: &OsStr, _: &[u8], _: i32, _: u32, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn ioctl(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: IoctlFlags,
        _: u32,
        _: &[u8],
        _: u32,
        reply: ReplyIoctl,
    ) {
        reply.error(Errno::ENOTTY);
    }
}
