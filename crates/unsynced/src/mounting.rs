//! Mounts the file system for one process, between its fork and its exec, in a mount namespace that ends with it.
//!
//! The process mounts by itself and hands the device over through a socket, from which the server reads what the
//! kernel asks for. With the right to mount (`CAP_SYS_ADMIN`) it takes a mount namespace only, else one within a user
//! namespace of its own, where the kernel lets everybody have one.

use std::ffi::{CStr, CString};
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::adapter::Adapter;
use super::model::Model;

/// Threads that answer the kernel for one mount.
const THREADS: usize = 2;
/// Of a directory, as the kernel wants it told.
const ROOT_MODE: &str = "40000";

/// What is done for a mount, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Namespace,
    Device,
    Mount,
}

/// Why there is no mount.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// This machine, or this user's rights, don't allow it.
    #[error("no file system can be mounted for a process: {step}: {source}", step = .step.text())]
    Refused { step: Step, source: io::Error },
    #[error("no file system can be mounted for a process: {0}")]
    Failed(#[from] io::Error),
}

impl Step {
    fn text(self) -> &'static str {
        match self {
            Self::Namespace => {
                "a mount namespace of its own (needs CAP_SYS_ADMIN, or user namespaces for everybody)"
            }
            Self::Device => "opening /dev/fuse",
            Self::Mount => "mounting of type fuse",
        }
    }

    fn of(number: u8) -> Option<Self> {
        [Self::Namespace, Self::Device, Self::Mount].into_iter().find(|step| *step as u8 == number)
    }
}

/// Whether mounts are allowed here. Mounts once, in a process that ends at once, and executes nothing.
pub fn allowed() -> Result<(), MountError> {
    let mut command = Command::new("/");
    let ours = mounts(&mut command, &std::env::temp_dir())?;
    // SAFETY: nothing is done at all.
    unsafe { command.pre_exec(|| Err(Errno::CANCELED.into())) };
    // An error in any case; which one is told by the process itself.
    let started = command.spawn().map(drop);
    match device(&ours)? {
        Some(_device) => Ok(()),
        None => Err(started.err().unwrap_or_else(|| io::Error::other("nothing was told")).into()),
    }
}

/// A mount that a process makes as it starts.
#[derive(Debug)]
pub struct Mounting {
    model: Arc<Mutex<Model>>,
    ours: OwnedFd,
}

impl Mounting {
    pub(super) fn prepare(
        model: Arc<Mutex<Model>>,
        command: &mut Command,
        directory: &Path,
    ) -> Result<Self, MountError> {
        Ok(Self { model, ours: mounts(command, directory)? })
    }

    /// Serves the process that was started, until the last process in its namespace has ended. Where starting it has
    /// failed, the error says whether the mount is the reason.
    pub fn serve(self) -> Result<(), MountError> {
        let Some(device) = device(&self.ours)? else {
            return Err(io::Error::other("the process was not started").into());
        };
        let mut config = fuser::Config::default();
        config.n_threads = Some(THREADS);
        // The kernel itself lets no other user in.
        let acl = fuser::SessionACL::All;
        let session = fuser::Session::from_fd(Adapter::new(self.model), device, acl, config)?;
        // Its threads end with the mount.
        drop(session.spawn()?);
        Ok(())
    }
}

/// Lets the process of `command` mount; it tells through the socket what became of that.
fn mounts(command: &mut Command, directory: &Path) -> io::Result<OwnedFd> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    let directory = CString::new(directory.as_os_str().as_bytes())?;
    // SAFETY: between fork and exec only system calls are made, with what stands ready or on the stack; nothing
    // allocates or locks.
    unsafe {
        command.pre_exec(move || match mounted(&directory) {
            Ok(device) => tell(&theirs, [0, 0], Some(&device)),
            Err((step, error)) => {
                tell(&theirs, [step as u8, error.raw_os_error() as u8], None)?;
                Err(error.into())
            }
        });
    }
    Ok(ours)
}

/// In the process itself: a namespace, the device, the mount.
fn mounted(directory: &CStr) -> Result<OwnedFd, (Step, Errno)> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    namespace(uid, gid).map_err(|error| (Step::Namespace, error))?;
    // The kernel wants it opened in the user namespace in which it is mounted.
    let device = rustix::fs::open(c"/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    let device = device.map_err(|error| (Step::Device, error))?;
    let number = device.as_raw_fd();
    let mut text = [0; 128];
    let options =
        format_args!("fd={number},rootmode={ROOT_MODE},user_id={uid},group_id={gid},default_permissions\0");
    let mounted = written(&mut text, options).and_then(|text| {
        let options = CStr::from_bytes_with_nul(text).map_err(|_| Errno::INVAL)?;
        let flags = MountFlags::NODEV | MountFlags::NOSUID;
        mount(c"weighbridge-unsynced", directory, c"fuse", flags, options)
    });
    mounted.map_err(|error| (Step::Mount, error))?;
    Ok(device)
}

/// A mount namespace from which nothing gets out.
fn namespace(uid: u32, gid: u32) -> Result<(), Errno> {
    // SAFETY: the process has this one thread, and keeps its table of descriptors.
    match unsafe { unshare_unsafe(UnshareFlags::NEWNS) } {
        Err(Errno::PERM) => {
            // SAFETY: as above.
            unsafe { unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNS) }?;
            let mut text = [0; 64];
            write_to(c"/proc/self/setgroups", b"deny")?;
            write_to(c"/proc/self/uid_map", written(&mut text, format_args!("{uid} {uid} 1"))?)?;
            write_to(c"/proc/self/gid_map", written(&mut text, format_args!("{gid} {gid} 1"))?)?;
        }
        other => other?,
    }
    mount_change(c"/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
}

fn write_to(path: &CStr, text: &[u8]) -> Result<(), Errno> {
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, text).map(drop)
}

/// Formats without allocating.
fn written<'a>(text: &'a mut [u8], what: std::fmt::Arguments<'_>) -> Result<&'a [u8], Errno> {
    let mut rest = &mut *text;
    rest.write_fmt(what).map_err(|_| Errno::OVERFLOW)?;
    let left = rest.len();
    let length = text.len() - left;
    Ok(&text[..length])
}

/// The device, or the step that failed and its error.
fn tell(socket: &OwnedFd, message: [u8; 2], device: Option<&OwnedFd>) -> io::Result<()> {
    let descriptors = device.map(std::os::fd::AsFd::as_fd);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if descriptors.is_some() {
        control.push(SendAncillaryMessage::ScmRights(descriptors.as_slice()));
    }
    sendmsg(socket, &[IoSlice::new(&message)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// What a process that was started has told: its device, the reason why not, or nothing as it didn't get that far.
fn device(socket: &OwnedFd) -> Result<Option<OwnedFd>, MountError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut message = [0; 2];
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut message)], &mut control, flags);
    match received {
        Ok(received) if received.bytes > 0 => {}
        // Nothing was told, by one that is still there or by one that is gone.
        Ok(_) | Err(Errno::AGAIN) => return Ok(None),
        Err(error) => return Err(MountError::Failed(error.into())),
    }
    let handed = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    match (handed, Step::of(message[0])) {
        (Some(device), _) => Ok(Some(device)),
        (None, Some(step)) => {
            let source = io::Error::from_raw_os_error(i32::from(message[1]));
            Err(MountError::Refused { step, source })
        }
        (None, None) => Err(io::Error::other("the process handed over no device").into()),
    }
}
