//! One process that may have several lives: ended and started again alike.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use weighbridge_unsynced::{FileSystem, MountError};

use super::parent::Parent;
use super::usage::{Usage, usage};
use super::variables::Variables;

/// A file system of ours, and where a process finds it.
#[derive(Debug, Clone)]
pub struct Mount {
    pub file_system: FileSystem,
    pub at: PathBuf,
}

/// How a process is started, each time alike.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub directory: PathBuf,
    pub talk: Talk,
    /// Set in its environment, beside what the harness has in its own.
    pub variables: Variables,
    /// Whether signals also go to what it has started: a command may be a shell that starts others.
    pub with_offspring: bool,
    /// Seen by it and its children only.
    pub mount: Option<Mount>,
}

/// What becomes of what a process reads and writes.
#[derive(Debug, Clone)]
pub enum Talk {
    /// It reads nothing and writes into this file; a later life adds to it.
    Log(PathBuf),
    /// The same with a file that is open already and has no name.
    Kept(Arc<fs::File>),
    /// Through pipes, which [`Process::take_pipes`] gives; its errors go where the harness's own go.
    Pipes,
    /// The same with errors into a file that is open already and has no name.
    PipesBeside(Arc<fs::File>),
}

/// A process of ours. All may be called from any thread; dropping it kills the process.
pub struct Process {
    parent: Parent,
    recipe: Recipe,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    child: Option<Child>,
    lives: u32,
    /// What ended lives have used.
    spent: Usage,
}

impl Process {
    /// Starts the first life.
    pub fn start(parent: &Parent, recipe: Recipe) -> io::Result<Self> {
        let process = Self { parent: parent.clone(), recipe, state: Mutex::default() };
        process.start_again()?;
        Ok(process)
    }

    /// Starts the next life; the one before is ended if it still goes on.
    pub fn start_again(&self) -> io::Result<()> {
        let mut state = self.state();
        state.end(self.recipe.with_offspring);
        let mut command = Command::new(&self.recipe.program);
        command.args(&self.recipe.arguments).current_dir(&self.recipe.directory);
        command.envs(self.recipe.variables.iter());
        match &self.recipe.talk {
            Talk::Log(path) => {
                let log = fs::OpenOptions::new().append(true).create(true).open(path)?;
                command.stdin(Stdio::null()).stderr(log.try_clone()?).stdout(log);
            }
            Talk::Kept(log) => {
                command.stdin(Stdio::null()).stderr(log.try_clone()?).stdout(log.try_clone()?);
            }
            Talk::Pipes => {
                command.stdin(Stdio::piped()).stdout(Stdio::piped());
            }
            Talk::PipesBeside(log) => {
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log.try_clone()?);
            }
        }
        state.child = Some(self.spawn(command)?);
        state.lives += 1;
        Ok(())
    }

    fn spawn(&self, mut command: Command) -> io::Result<Child> {
        let Some(Mount { file_system, at }) = &self.recipe.mount else { return self.parent.spawn(command) };
        let mounting = file_system.mount_for(&mut command, at).map_err(io::Error::other)?;
        let spawned = self.parent.spawn(command);
        // A refused mount is why nothing was spawned: its error says more.
        match (mounting.serve(), spawned) {
            (Ok(()), spawned) => spawned,
            (Err(error @ MountError::Refused { .. }), _) => Err(io::Error::other(error)),
            (Err(_), Err(error)) => Err(error),
            (Err(error), Ok(mut child)) => {
                child.kill()?;
                child.wait()?;
                Err(io::Error::other(error))
            }
        }
    }

    /// The pipes of this life: what it reads, and what it writes. None if they were taken, or there are none.
    pub fn take_pipes(&self) -> Option<(ChildStdin, ChildStdout)> {
        let mut state = self.state();
        let child = state.child.as_mut()?;
        child.stdin.take().zip(child.stdout.take())
    }

    /// Its process id; none while it is down.
    pub fn id(&self) -> Option<u32> {
        self.state().child.as_ref().map(Child::id)
    }

    /// Lives that have begun; counters that a process keeps itself start again with each.
    pub fn lives(&self) -> u32 {
        self.state().lives
    }

    /// Why it does not run, if it does not: it ended by itself, or was ended.
    pub fn ended(&self) -> Option<String> {
        let mut state = self.state();
        let Some(child) = &mut state.child else { return Some("it was ended".to_string()) };
        if self.recipe.with_offspring && has_exited(child) {
            signal_offspring(child, Signal::KILL);
        }
        match child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("it ended with {status}")),
            Err(error) => Some(format!("it can't be watched: {error}")),
        }
    }

    /// What all lives together have used; a process that is down holds no memory. None if it can't be read.
    pub fn usage(&self) -> Option<Usage> {
        let state = self.state();
        match &state.child {
            Some(child) => Some(state.spent.with(&usage(child.id())?)),
            None => Some(state.spent),
        }
    }

    /// Stops it where it stands, with SIGSTOP.
    pub fn pause(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on, with SIGCONT.
    pub fn resume(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Ends it with SIGKILL, which also ends one that is stopped, and waits until it is gone.
    pub fn kill(&self) {
        self.state().end(self.recipe.with_offspring);
    }

    /// Asks it to end, with SIGTERM; [`Process::ended`] says when it has.
    pub fn terminate(&self) -> io::Result<()> {
        self.signal(Signal::TERM)
    }

    /// While the lock is held, the process id can't become anybody else's.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        let state = self.state();
        if let (true, Some(child)) = (self.recipe.with_offspring, &state.child) {
            return match signal_offspring(child, signal) {
                true => Ok(()),
                false => Err(io::Error::other("the process is down")),
            };
        }
        let id = state.child.as_ref().and_then(|child| Pid::from_raw(i32::try_from(child.id()).ok()?));
        let id = id.ok_or_else(|| io::Error::other("the process is down"))?;
        Ok(kill_process(id, signal)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it is over, and nobody has waited for it yet.
fn has_exited(child: &Child) -> bool {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    id.is_some_and(|id| waitid(WaitId::Pid(id), look).is_ok_and(|status| status.is_some()))
}

/// Signals a process with all that it has started and that did not leave its group; false once it was waited for, as
/// its number may then be somebody else's.
fn signal_offspring(child: &Child, signal: Signal) -> bool {
    let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return false };
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    waitid(WaitId::Pid(id), look).is_ok() && kill_process_group(id, signal).is_ok()
}

impl State {
    fn end(&mut self, with_offspring: bool) {
        let Some(mut child) = self.child.take() else { return };
        if with_offspring {
            signal_offspring(&child, Signal::KILL);
        }
        // Fails only if the process has ended and was waited for, which is what is wanted.
        let _ = child.kill();
        if let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // Ended, and not yet forgotten by the kernel: its usage can still be read.
            let _ = waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            let last = usage(child.id()).unwrap_or_default();
            self.spent = Usage { rss_bytes: 0, ..self.spent.with(&last) };
        }
        let _ = child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// A shell that works for a while, then waits.
    fn working(directory: &std::path::Path) -> Process {
        let script = "echo up; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; echo done; sleep 60";
        let recipe = Recipe {
            program: "/bin/sh".into(),
            arguments: ["-c", script].map(OsString::from).into(),
            directory: directory.to_path_buf(),
            talk: Talk::Log(directory.join("log")),
            variables: Variables::default(),
            with_offspring: false,
            mount: None,
        };
        Process::start(&Parent::start().unwrap(), recipe).unwrap()
    }

    fn wait_for(mut condition: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !condition() {
            assert!(Instant::now() < deadline, "waited in vain");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn lines(directory: &std::path::Path, line: &str) -> usize {
        let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
        log.lines().filter(|found| *found == line).count()
    }

    #[test]
    fn a_second_life_adds_to_the_log_and_to_what_was_used() {
        let folder = tempfile::tempdir().unwrap();
        let process = working(folder.path());
        wait_for(|| lines(folder.path(), "done") == 1);
        let first = process.usage().unwrap();
        assert!(first.cpu_seconds > 0.0 && first.rss_bytes > 0);
        process.kill();
        let down = process.usage().unwrap();
        assert_eq!((process.id(), down.rss_bytes), (None, 0));
        assert!(down.cpu_seconds >= first.cpu_seconds, "{down:?} after {first:?}");
        process.start_again().unwrap();
        wait_for(|| lines(folder.path(), "done") == 2);
        assert_eq!(process.lives(), 2);
        let both = process.usage().unwrap();
        assert!(both.cpu_seconds > down.cpu_seconds, "{both:?} after {down:?}");
        assert!(both.disk_write_bytes >= down.disk_write_bytes);
    }

    #[test]
    fn a_stopped_process_goes_on_when_it_is_resumed_and_ends_when_it_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let process = working(folder.path());
        let state = || {
            let id = i32::try_from(process.id()?).ok()?;
            Some(procfs::process::Process::new(id).ok()?.stat().ok()?.state)
        };
        process.pause().unwrap();
        wait_for(|| state() == Some('T'));
        process.resume().unwrap();
        wait_for(|| state() != Some('T'));
        process.pause().unwrap();
        process.kill();
        assert_eq!(state(), None);
        assert!(process.pause().is_err(), "nobody else is signalled in its place");
    }

    #[test]
    fn an_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe {
            program: "/bin/sh".into(),
            arguments: ["-c", "exit 3"].map(OsString::from).into(),
            directory: folder.path().to_path_buf(),
            talk: Talk::Log(folder.path().join("log")),
            variables: Variables::default(),
            with_offspring: false,
            mount: None,
        };
        let process = Process::start(&Parent::start().unwrap(), recipe).unwrap();
        wait_for(|| process.ended().is_some());
        assert!(process.ended().unwrap().contains('3'));
        process.kill();
        assert!(process.ended().is_some());
    }

    #[test]
    fn what_a_command_has_started_ends_with_it_and_finds_its_variables() {
        let log = Arc::new(tempfile::tempfile().unwrap());
        let recipe = Recipe {
            program: "/bin/sh".into(),
            arguments: ["-c", "sleep 60 & echo \"$! $WHERE\"; wait"].map(OsString::from).into(),
            directory: ".".into(),
            talk: Talk::Kept(Arc::clone(&log)),
            variables: Variables::from_iter([("WHERE", "here".to_owned())]),
            with_offspring: true,
            mount: None,
        };
        let process = Process::start(&Parent::start().unwrap(), recipe).unwrap();
        let mut said = String::new();
        wait_for(|| {
            use std::os::unix::fs::FileExt;
            let mut bytes = [0; 100];
            let length = log.read_at(&mut bytes, 0).unwrap();
            said = String::from_utf8_lossy(&bytes[..length]).into_owned();
            said.ends_with('\n')
        });
        let (sleep, place) = said.trim().split_once(' ').unwrap();
        assert_eq!(place, "here");
        let state = || {
            let id: i32 = sleep.parse().unwrap();
            procfs::process::Process::new(id).ok()?.stat().ok().map(|stat| stat.state)
        };
        wait_for(|| state() == Some('S'));
        process.pause().unwrap();
        wait_for(|| state() == Some('T'));
        process.kill();
        wait_for(|| matches!(state(), None | Some('Z')));
    }
}
