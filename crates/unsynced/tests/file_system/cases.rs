//! The table: what is done, and what a power failure leaves of it.

use weighbridge_unsynced::Safety;

use super::disk::{OnModel, Step, Tree, shown};

pub struct Case {
    pub name: &'static str,
    pub steps: Vec<Step>,
    /// Path and contents of what must be there, and nothing else; a directory's path ends in a slash.
    pub left: Vec<(&'static str, Vec<u8>)>,
}

impl Case {
    pub fn left(&self) -> Tree {
        let entry = |(path, contents): &(&str, Vec<u8>)| match path.strip_suffix('/') {
            Some(directory) => (directory.to_string(), None),
            None => ((*path).to_string(), Some(contents.clone())),
        };
        self.left.iter().map(entry).collect()
    }
}

fn write(path: &str, text: &str) -> Step {
    write_at(path, 0, text)
}

fn write_at(path: &str, offset: u64, text: &str) -> Step {
    Step::Write(path.into(), offset, text.into(), Safety::Seen)
}

fn write_as(path: &str, offset: u64, text: &str, safety: Safety) -> Step {
    Step::Write(path.into(), offset, text.into(), safety)
}

fn append(path: &str, text: &str) -> Step {
    Step::Append(path.into(), text.into())
}

fn rename(from: &str, to: &str) -> Step {
    Step::Rename(from.into(), to.into())
}

fn hold(path: &str, name: &str) -> Step {
    Step::Hold(path.into(), name.into())
}

fn fsync(path: &str) -> Step {
    Step::Fsync(path.into())
}

fn fdatasync(path: &str) -> Step {
    Step::Fdatasync(path.into())
}

fn make_directory(path: &str) -> Step {
    Step::MakeDirectory(path.into())
}

fn sync_directory(path: &str) -> Step {
    Step::SyncDirectory(path.into())
}

fn unlink(path: &str) -> Step {
    Step::Unlink(path.into())
}

fn case<const S: usize, const L: usize>(
    name: &'static str,
    steps: [Step; S],
    left: [(&'static str, &str); L],
) -> Case {
    let left = left.map(|(path, text)| (path, text.as_bytes().to_vec()));
    Case { name, steps: steps.into(), left: left.into() }
}

pub fn all() -> Vec<Case> {
    [contents(), names(), descriptors()].into_iter().flatten().collect()
}

fn contents() -> Vec<Case> {
    let page = "p".repeat(4096);
    let long = format!("{}{}", page, "\0".repeat(4096));
    vec![
        case("a file that was never synced is gone", [write("f", "text")], []),
        case("a new file that was synced is there", [write("f", "text"), fsync("f")], [("f", "text")]),
        case("so is one by fdatasync", [write("f", "text"), fdatasync("f")], [("f", "text")]),
        case(
            "what was overwritten without a sync is as before",
            [write("f", "before"), fsync("f"), write("f", "AFTER")],
            [("f", "before")],
        ),
        case(
            "what was appended without a sync is gone",
            [write("f", "kept"), fsync("f"), append("f", " lost")],
            [("f", "kept")],
        ),
        case(
            "fdatasync keeps what was appended, and the size",
            [write("f", "one"), fsync("f"), append("f", " two"), fdatasync("f"), append("f", " three")],
            [("f", "one two")],
        ),
        case(
            "a truncation without a sync is undone",
            [write("f", "whole text"), fsync("f"), Step::Resize("f".into(), 5)],
            [("f", "whole text")],
        ),
        case(
            "a truncation that was synced stays, and what it cut off does not come back",
            [
                write("f", "whole text"),
                fsync("f"),
                Step::Resize("f".into(), 5),
                fsync("f"),
                Step::Resize("f".into(), 7),
                fsync("f"),
            ],
            [("f", "whole\0\0")],
        ),
        case(
            "a hole is zero",
            [write_at("f", 4, "end"), fsync("f"), write_at("f", 0, "lost")],
            [("f", "\0\0\0\0end")],
        ),
        case(
            "a file may end in a hole",
            [write("f", &page), Step::Resize("f".into(), 8192), fsync("f")],
            [("f", &long)],
        ),
        case(
            "room that was given is zero, and counts as written",
            [write("f", "ab"), Step::Allocate("f".into(), 0, 5), fsync("f")],
            [("f", "ab\0\0\0")],
        ),
        case(
            "a hole that was punched without a sync is filled again",
            [write("f", "abcdef"), fsync("f"), Step::Punch("f".into(), 1, 3), write("g", ""), fsync("g")],
            [("f", "abcdef"), ("g", "")],
        ),
        case(
            "a hole that was punched and synced stays",
            [write("f", "abcdef"), fsync("f"), Step::Punch("f".into(), 1, 3), fsync("f")],
            [("f", "a\0\0def")],
        ),
        case(
            "a write with O_SYNC is durable, with the new file",
            [write_as("f", 0, "text", Safety::Whole)],
            [("f", "text")],
        ),
        case(
            "a write with O_DSYNC is durable, with the new file",
            [write_as("f", 0, "text", Safety::Data)],
            [("f", "text")],
        ),
        case(
            "a write with O_DSYNC syncs what was written before it",
            [write("f", &page), fsync("f"), write("f", "KEPT"), write_as("f", 4096, "kept", Safety::Data)],
            [("f", &format!("KEPT{}kept", &page[4..]))],
        ),
        case(
            "a write with O_DSYNC keeps a truncation before it",
            [
                write("f", "whole text"),
                fsync("f"),
                Step::Resize("f".into(), 0),
                write_as("f", 0, "new", Safety::Data),
            ],
            [("f", "new")],
        ),
    ]
}

fn names() -> Vec<Case> {
    vec![
        case("a directory that was never synced is gone", [make_directory("d")], []),
        case(
            "a file that was synced brings the directories that lead to it",
            [make_directory("d"), make_directory("d/e"), write("d/e/f", "text"), fsync("d/e/f")],
            [("d/", ""), ("d/e/", ""), ("d/e/f", "text")],
        ),
        case(
            "it brings nothing that stands beside it",
            [make_directory("d"), write("d/other", "lost"), write("d/f", "text"), fsync("d/f")],
            [("d/", ""), ("d/f", "text")],
        ),
        case(
            "a synced directory has its entries, but not what was written to them",
            [write("f", "lost"), make_directory("d"), sync_directory("")],
            [("d/", ""), ("f", "")],
        ),
        case(
            "a rename without a sync is undone",
            [write("f", "text"), fsync("f"), rename("f", "g")],
            [("f", "text")],
        ),
        case(
            "a rename is durable when its directory is",
            [write("f", "text"), fsync("f"), rename("f", "g"), sync_directory("")],
            [("g", "text")],
        ),
        case(
            "a rename is durable when its file is synced",
            [write("f", "text"), fsync("f"), rename("f", "g"), fsync("g")],
            [("g", "text")],
        ),
        case(
            "a rename is no business of fdatasync",
            [write("f", "text"), fsync("f"), rename("f", "g"), fdatasync("g")],
            [("f", "text")],
        ),
        case(
            "a rename over a file without a sync leaves the old one, whole",
            [write("f", "old"), fsync("f"), write("new", "new"), fsync("new"), rename("new", "f")],
            [("f", "old"), ("new", "new")],
        ),
        case(
            "a rename over a file is durable with its directory: the new one, whole",
            [write("f", "old"), fsync("f"), write("new", "new"), rename("new", "f"), sync_directory("")],
            [("f", "new")],
        ),
        case(
            "a file that was displaced and is synced brings what displaced it",
            [
                write("f", "old"),
                fsync("f"),
                hold("f", "@f"),
                write("new", "new"),
                fsync("new"),
                rename("new", "f"),
                fsync("@f"),
            ],
            [("f", "new")],
        ),
        case(
            "a rotated log is there once",
            [write("log", "first"), fsync("log"), rename("log", "log.1"), write("log", ""), fsync("log.1")],
            [("log", ""), ("log.1", "first")],
        ),
        case(
            "a rename between directories is whole when one of them is synced",
            [
                make_directory("a"),
                make_directory("b"),
                write("a/f", "text"),
                fsync("a/f"),
                sync_directory(""),
                rename("a/f", "b/f"),
                sync_directory("b"),
            ],
            [("a/", ""), ("b/", ""), ("b/f", "text")],
        ),
        case(
            "an unlink without a sync is undone",
            [write("f", "text"), fsync("f"), unlink("f")],
            [("f", "text")],
        ),
        case(
            "an unlink is durable with its directory",
            [write("f", "text"), fsync("f"), unlink("f"), sync_directory("")],
            [],
        ),
        case(
            "a directory that was removed and synced is gone with what it held",
            [
                make_directory("d"),
                write("d/f", "text"),
                fsync("d/f"),
                unlink("d/f"),
                Step::RemoveDirectory("d".into()),
                sync_directory(""),
            ],
            [],
        ),
        case(
            "a second name is durable with the file",
            [write("f", "text"), Step::Link("f".into(), "g".into()), fsync("f")],
            [("f", "text"), ("g", "text")],
        ),
    ]
}

fn descriptors() -> Vec<Case> {
    vec![
        case(
            "what is written to an unlinked file is lost with it",
            [
                write("f", "text"),
                fsync("f"),
                hold("f", "@f"),
                unlink("f"),
                sync_directory(""),
                append("@f", "more"),
                fsync("@f"),
            ],
            [],
        ),
        case(
            "a file that was unlinked without a sync comes back as it was synced last",
            [
                write("f", "text"),
                fsync("f"),
                hold("f", "@f"),
                append("@f", " more"),
                fdatasync("@f"),
                unlink("f"),
                append("@f", " lost"),
            ],
            [("f", "text more")],
        ),
        case(
            "two descriptors that append overwrite nothing, and either syncs for both",
            [
                write("f", ""),
                hold("f", "@1"),
                hold("f", "@2"),
                append("@1", "one "),
                append("@2", "two "),
                append("@1", "three "),
                fsync("@2"),
                append("@2", "lost"),
            ],
            [("f", "one two three ")],
        ),
    ]
}

#[test]
fn each_case_leaves_on_the_model_what_it_must() {
    for case in all() {
        let mut disk = OnModel::new();
        for step in &case.steps {
            disk.apply(step).unwrap_or_else(|refusal| panic!("{}: {step:?}: {refusal}", case.name));
        }
        disk.model.power_failure();
        let (left, expected) = (disk.tree(), case.left());
        assert!(left == expected, "{}: {:#?}, not {:#?}", case.name, shown(&left), shown(&expected));
        assert_eq!(disk.model.unsynced(), weighbridge_unsynced::Unsynced::default(), "{}", case.name);
    }
}

#[test]
fn what_a_power_failure_takes_back_is_told() {
    let mut disk = OnModel::new();
    for step in [write("kept", "text"), fsync("kept"), append("kept", "!"), write("lost", "text")] {
        disk.apply(&step).unwrap();
    }
    let lost = disk.model.power_failure();
    assert_eq!((lost.bytes, lost.names), (2 * 4096, 1));
    let syncs = disk.model.syncs();
    assert_eq!((syncs.fsync, syncs.fdatasync, syncs.sync_writes, syncs.directory), (1, 0, 0, 0));
}

#[test]
fn what_has_been_there_for_long_is_durable_and_what_was_removed_before_is_gone() {
    let mut disk = OnModel::new();
    let steps =
        [write("gone", "text"), fsync("gone"), unlink("gone"), make_directory("d"), write("d/f", "text")];
    steps.iter().for_each(|step| disk.apply(step).unwrap());
    disk.model.sync_all();
    disk.apply(&append("d/f", " lost")).unwrap();
    disk.model.power_failure();
    let case = case("", [], [("d/", ""), ("d/f", "text")]);
    assert_eq!(shown(&disk.tree()), shown(&case.left()));
}

#[test]
fn room_ends_at_the_capacity_and_comes_back_with_it_or_with_what_is_removed() {
    let mut disk = OnModel::new();
    disk.apply(&write("f", "text")).unwrap();
    disk.model.set_capacity(disk.model.space().used_bytes);
    disk.apply(&append("f", " more")).unwrap();
    let refused = disk.apply(&write("g", "text"));
    assert_eq!(refused, Err(weighbridge_unsynced::Refusal::NoSpace));
    disk.apply(&hold("f", "@f")).unwrap();
    disk.apply(&unlink("f")).unwrap();
    assert!(disk.apply(&write("g", "text")).is_err(), "it is still open");
    let inode = 2;
    disk.model.release(inode, 1);
    disk.apply(&write("g", "text")).unwrap();
    assert!(disk.apply(&write("h", "text")).is_err());
    disk.model.set_capacity(1 << 20);
    disk.apply(&write("h", "text")).unwrap();
}
