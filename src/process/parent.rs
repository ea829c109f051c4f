//! The thread whose children our processes are.
//!
//! The kernel's parent-death signal follows the thread that forked, not its process. So one thread starts
//! them all, also those that are asked for in the middle of a trial by whoever carries out a fault, and does
//! nothing else. It ends when nobody holds the [`Parent`] any more, and its children end with it: also when
//! the harness is killed with SIGKILL.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc;

use rustix::process::{Signal, set_parent_process_death_signal};

/// Starts processes that live no longer than it. Cheap to clone.
#[derive(Clone)]
pub struct Parent {
    births: mpsc::Sender<Birth>,
}

/// A process that is asked for, and where it is to be handed over.
struct Birth {
    command: Command,
    reply: mpsc::Sender<io::Result<Child>>,
}

impl Parent {
    pub fn start() -> io::Result<Self> {
        let (births, asked) = mpsc::channel::<Birth>();
        std::thread::Builder::new().name("parent".to_string()).spawn(move || {
            for Birth { mut command, reply } in asked {
                // Whoever asked waits for it.
                let _ = reply.send(command.spawn());
            }
        })?;
        Ok(Self { births })
    }

    /// Starts a process, in a process group of its own.
    pub fn spawn(&self, mut command: Command) -> io::Result<Child> {
        // Ctrl-C at a terminal goes to the whole process group; a server must outlive it to be measured.
        command.process_group(0);
        let harness = rustix::process::getpid();
        // SAFETY: between fork and exec only two system calls are made; nothing allocates or locks.
        unsafe {
            command.pre_exec(move || {
                set_parent_process_death_signal(Some(Signal::KILL))?;
                // If the harness was killed before this line, don't start at all.
                if rustix::process::getppid() != Some(harness) {
                    return Err(io::Error::other("the harness is gone"));
                }
                Ok(())
            });
        }
        let (reply, born) = mpsc::channel();
        let gone = || io::Error::other("the thread that starts processes is gone");
        self.births.send(Birth { command, reply }).map_err(|_| gone())?;
        born.recv().map_err(|_| gone())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_outlive_whoever_asked_for_them_and_end_with_their_parent() {
        let parent = Parent::start().unwrap();
        let asking = parent.clone();
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        let mut child = std::thread::spawn(move || asking.spawn(sleep)).join().unwrap().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(child.try_wait().unwrap(), None, "it died with the thread that asked");
        drop(parent);
        assert!(!child.wait().unwrap().success(), "the parent-death signal ends it");
    }

    #[test]
    fn what_cannot_be_started_is_told() {
        let error = Parent::start().unwrap().spawn(Command::new("/nonexistent/server")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
