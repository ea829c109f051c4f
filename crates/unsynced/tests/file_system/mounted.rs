//! On a real mount. It stands in a namespace of the process that it is made for, so whatever looks at it is a process
//! of its own: this program once more, told by its environment what to do.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::Mode;
use rustix::process::{Signal, set_parent_process_death_signal};
use weighbridge_unsynced::{FileSystem, MountError, Step as MountStep, Unsynced, allowed};

use super::cases;
use super::disk::{OnFiles, Tree, shown};

/// Set where a machine can't mount for a process: then these tests are skipped.
const CANNOT: &str = "WEIGHBRIDGE_TESTS_WITHOUT_MOUNT";
/// What the other process is to do, and where.
const ROLE: &str = "WEIGHBRIDGE_UNSYNCED_ROLE";
const PLACE: &str = "WEIGHBRIDGE_UNSYNCED_PLACE";
/// Lines for the test begin with it; those of the test runner don't.
const MARK: &str = "> ";
const CAPACITY_BYTES: u64 = 64 << 20;

fn machine_can() -> bool {
    match allowed() {
        Ok(()) => true,
        Err(error) if std::env::var_os(CANNOT).is_some() => {
            eprintln!("SKIPPED: {error}");
            false
        }
        Err(error) => panic!("{error}\nwhere this machine can't mount, set {CANNOT}=1"),
    }
}

/// A file system, and the place where processes find it.
struct Mounts {
    file_system: FileSystem,
    folder: tempfile::TempDir,
}

impl Mounts {
    fn new() -> Self {
        Self { file_system: FileSystem::new(CAPACITY_BYTES), folder: tempfile::tempdir().unwrap() }
    }

    fn place(&self) -> &Path {
        self.folder.path()
    }

    fn start(&self, mut command: Command) -> Child {
        let mounting = self.file_system.mount_for(&mut command, self.place()).unwrap();
        let child = command.stdout(Stdio::piped()).spawn();
        drop(command);
        mounting.serve().unwrap();
        child.unwrap()
    }

    /// What a shell script that finds the place as `$1` has printed when it ended well.
    fn script(&self, script: &str) -> String {
        let mut child = self.start(shell(script, self.place()));
        let mut printed = String::new();
        child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        assert!(child.wait().unwrap().success(), "{script}: {printed}");
        printed
    }

    /// Lets this program do something up to its last line, and kills it then, with its files open.
    fn act(&self, role: &str) -> Vec<String> {
        let mut child = self.start(this_program(role, self.place()));
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap) {
            match line.strip_prefix(MARK) {
                Some("done") => break,
                Some(line) => lines.push(line.to_string()),
                None => {}
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        lines
    }

    fn tree(&self) -> Tree {
        let entry = |line: String| match line.split_once('=') {
            Some((path, contents)) => {
                let bytes = contents.split_whitespace().map(|byte| byte.parse().unwrap()).collect();
                (path.to_string(), Some(bytes))
            }
            None => (line, None),
        };
        self.act("tree").into_iter().map(entry).collect()
    }
}

fn shell(script: &str, place: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-euc", script, "sh"]).arg(place);
    command
}

fn this_program(role: &str, place: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "mounted::what_another_process_does", "--nocapture"]);
    command.env(ROLE, role).env(PLACE, place);
    command
}

fn say(line: &str) {
    // The runner writes no newline behind the name of a test.
    println!("\n{MARK}{line}");
}

/// Does nothing unless this program was started by one of the tests below.
#[test]
fn what_another_process_does() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let place = PathBuf::from(std::env::var_os(PLACE).unwrap());
    let mut disk = OnFiles::new(&place);
    match role.split_once(' ') {
        Some(("case", number)) => {
            let case = cases::all().remove(number.parse().unwrap());
            case.steps.iter().for_each(|step| disk.apply(step).unwrap());
        }
        None if role == "tree" => {
            for (path, contents) in disk.tree() {
                let bytes = |bytes: Vec<u8>| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
                say(&contents.map_or(path.clone(), |contents| format!("{path}={}", bytes(contents))));
            }
        }
        None if role == "harness" => {
            let mounts = Mounts::new();
            let mut command = shell("echo text > \"$1/f\"; echo written; exec sleep 60", mounts.place());
            use std::os::unix::process::CommandExt;
            // SAFETY: one system call.
            unsafe {
                command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
            }
            let mut child = mounts.start(command);
            let mut written = [0; 8];
            child.stdout.take().unwrap().read_exact(&mut written).unwrap();
            say(&format!("{} {}", child.id(), mounts.place().display()));
            child.wait().unwrap();
        }
        other => panic!("{other:?}"),
    }
    say("done");
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn each_case_leaves_on_a_mount_what_it_must() {
    if !machine_can() {
        return;
    }
    for (number, case) in cases::all().into_iter().enumerate() {
        let mounts = Mounts::new();
        mounts.act(&format!("case {number}"));
        mounts.file_system.power_failure();
        let (left, expected) = (mounts.tree(), case.left());
        assert!(left == expected, "{}: {:#?}, not {:#?}", case.name, shown(&left), shown(&expected));
    }
}

#[test]
fn a_program_that_never_syncs_loses_everything() {
    if !machine_can() {
        return;
    }
    let mounts = Mounts::new();
    mounts.script(
        "mkdir \"$1/d\"; for n in 1 2 3; do echo $n >> \"$1/d/f\"; done; mv \"$1/d/f\" \"$1/d/g\"; sync -f \"$1\"",
    );
    assert_eq!(mounts.script("cat \"$1/d/g\""), "1\n2\n3\n", "a process that ends loses nothing");
    let lost = mounts.file_system.power_failure();
    assert!(lost.bytes > 0 && lost.names > 0, "{lost:?}");
    assert_eq!(mounts.script("ls -A \"$1\""), "");
}

#[test]
fn a_program_that_always_syncs_loses_nothing() {
    if !machine_can() {
        return;
    }
    let mounts = Mounts::new();
    mounts.script("dd if=/dev/zero of=\"$1/synced\" bs=1000 count=50 oflag=sync status=none");
    mounts.script(
        "mkdir \"$1/d\"; echo text > \"$1/d/f\"; sync \"$1/d/f\"; mv \"$1/d/f\" \"$1/f\"; sync \"$1\"",
    );
    let lost = mounts.file_system.power_failure();
    assert_eq!(lost, Unsynced::default());
    assert_eq!(mounts.script("cd \"$1\"; ls -A; wc -c < synced; cat f"), "d\nf\nsynced\n50000\ntext\n");
    let syncs = mounts.file_system.syncs();
    assert!(syncs.sync_writes >= 50 && syncs.fsync >= 1 && syncs.directory == 1, "{syncs:?}");
}

#[test]
fn a_full_file_system_says_so_and_has_room_again() {
    if !machine_can() {
        return;
    }
    let mounts = Mounts::new();
    mounts.script("echo text > \"$1/f\"");
    mounts.file_system.set_capacity(mounts.file_system.space().used_bytes);
    let full = mounts.script("echo more | dd of=\"$1/g\" status=none 2>&1 || true; df -k \"$1\" | tail -1");
    assert!(full.contains("No space left") && full.contains("100%"), "{full}");
    mounts.file_system.set_capacity(CAPACITY_BYTES);
    assert_eq!(mounts.script("echo more > \"$1/g\"; cat \"$1/f\" \"$1/g\""), "text\nmore\n");
}

#[test]
fn what_was_open_at_a_power_failure_is_stale() {
    if !machine_can() {
        return;
    }
    let mounts = Mounts::new();
    let script = "exec 3> \"$1/f\"; echo ready; read line < \"$2\"; echo more >&3 || echo refused";
    let pipe = mounts.folder.path().with_extension("go");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::from_raw_mode(0o600), 0)
        .unwrap();
    let mut command = shell(script, mounts.place());
    command.arg(&pipe).stderr(Stdio::null());
    let mut child = mounts.start(command);
    let mut printed = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    printed.read_line(&mut line).unwrap();
    mounts.file_system.power_failure();
    fs::write(&pipe, "go\n").unwrap();
    printed.read_to_string(&mut line).unwrap();
    child.wait().unwrap();
    fs::remove_file(&pipe).unwrap();
    assert_eq!(line, "ready\nrefused\n");
    assert!(mounts.tree().is_empty());
}

#[test]
fn nobody_else_sees_a_mount_and_a_killed_harness_leaves_none() {
    if !machine_can() {
        return;
    }
    let mut command = this_program("harness", Path::new("/"));
    let mut harness = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(harness.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.into_iter().find_map(|line| line.strip_prefix(MARK).map(str::to_string)).unwrap();
    let (server, place) = told.split_once(' ').unwrap();
    let mounts_of =
        |process: &str| fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap_or_default();
    assert!(mounts_of(server).contains(place), "the server itself has it");
    assert!(!mounts_of("self").contains(place));
    harness.kill().unwrap();
    harness.wait().unwrap();
    // Long, as other tests may have the cores.
    let deadline = Instant::now() + Duration::from_secs(20);
    while Path::new(&format!("/proc/{server}")).exists() {
        assert!(Instant::now() < deadline, "the server is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!mounts_of("self").contains(place));
    assert_eq!(fs::read_dir(place).unwrap().count(), 0, "nothing was written below the mount");
    fs::remove_dir(place).unwrap();
}

#[test]
fn a_mount_that_is_refused_is_told_with_the_step_that_failed() {
    if !machine_can() {
        return;
    }
    let file_system = FileSystem::new(CAPACITY_BYTES);
    let mut command = shell("true", Path::new("/"));
    let mounting = file_system.mount_for(&mut command, Path::new("/nonexistent/place")).unwrap();
    command.spawn().unwrap_err();
    drop(command);
    let error = mounting.serve().unwrap_err();
    assert!(matches!(error, MountError::Refused { step: MountStep::Mount, .. }), "{error}");
    assert!(error.to_string().contains("No such file"), "{error}");
}
