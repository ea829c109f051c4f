//! Words of the model as the kernel knows them, and back.

use std::time::{Duration, SystemTime};

use fuser::{
    Errno, FileAttr, FileType, Generation, INodeNo, OpenFlags, ReplyAttr, ReplyEmpty, ReplyEntry, Request,
};

use super::content::PAGE_BYTES;
use super::words::{Attributes, Kind, Refusal, Safety, Status};

/// As long as a mount lasts.
pub(super) const FOREVER: Duration = Duration::from_secs(1 << 30);
/// Inode numbers are never used twice.
pub(super) const GENERATION: Generation = Generation(0);

pub(super) fn errno(refusal: Refusal) -> Errno {
    match refusal {
        Refusal::Missing => Errno::ENOENT,
        Refusal::Taken => Errno::EEXIST,
        Refusal::IsDirectory => Errno::EISDIR,
        Refusal::NotDirectory => Errno::ENOTDIR,
        Refusal::NotEmpty => Errno::ENOTEMPTY,
        Refusal::BelowItself => Errno::EINVAL,
        Refusal::NoSpace => Errno::ENOSPC,
        Refusal::TooLarge => Errno::EFBIG,
    }
}

pub(super) fn attributes(status: Status) -> FileAttr {
    let Attributes { permissions, uid, gid, modified } = status.attributes;
    FileAttr {
        ino: INodeNo(status.inode),
        size: status.size,
        blocks: status.used_bytes / 512,
        atime: modified,
        mtime: modified,
        ctime: modified,
        crtime: modified,
        kind: file_type(status.kind),
        perm: permissions,
        nlink: status.links,
        uid,
        gid,
        rdev: 0,
        blksize: PAGE_BYTES as u32,
        flags: 0,
    }
}

pub(super) fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::File => FileType::RegularFile,
        Kind::Directory => FileType::Directory,
    }
}

pub(super) fn made_by(request: &Request, mode: u32) -> Attributes {
    let permissions = (mode & 0o7777) as u16;
    Attributes { permissions, uid: request.uid(), gid: request.gid(), modified: SystemTime::now() }
}

pub(super) fn entry(reply: ReplyEntry, outcome: Result<FileAttr, Errno>) {
    match outcome {
        Ok(attributes) => reply.entry(&FOREVER, &attributes, GENERATION),
        Err(error) => reply.error(error),
    }
}

pub(super) fn empty(reply: ReplyEmpty, outcome: Result<(), Errno>) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

pub(super) fn attr(reply: ReplyAttr, outcome: Result<Status, Errno>) {
    match outcome {
        Ok(status) => reply.attr(&FOREVER, &attributes(status)),
        Err(error) => reply.error(error),
    }
}

pub(super) fn safety(flags: OpenFlags) -> Safety {
    // `O_SYNC` is `O_DSYNC` and a bit more.
    if flags.0 & libc::O_SYNC == libc::O_SYNC {
        Safety::Whole
    } else if flags.0 & libc::O_DSYNC == libc::O_DSYNC {
        Safety::Data
    } else {
        Safety::Seen
    }
}
