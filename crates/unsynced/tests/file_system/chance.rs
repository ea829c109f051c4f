//! Chance cases: the model must leave what the naive account leaves, and show what a plain directory shows.

use proptest::collection::vec;
use proptest::prelude::*;
use weighbridge_unsynced::Safety;

use super::disk::{OnFiles, OnModel, Step, shown};
use super::naive;

const DIRECTORIES: [&str; 2] = ["d", "e"];

fn path() -> impl Strategy<Value = String> + Clone {
    prop::sample::select(vec!["a", "b", "d/a", "d/b", "e/a"]).prop_map(str::to_string)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> + Clone {
    (1_u8.., prop_oneof![4 => 1_usize..20, 1 => 4000_usize..9000])
        .prop_map(|(byte, length)| vec![byte; length])
}

fn offset() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![0_u64..30, 4080_u64..4110, 0_u64..13_000]
}

fn step() -> impl Strategy<Value = Step> {
    let safety = prop::sample::select(vec![Safety::Seen, Safety::Seen, Safety::Data, Safety::Whole]);
    let directory = prop::sample::select(vec!["", "d", "e"]).prop_map(str::to_string);
    prop_oneof![
        4 => (path(), offset(), bytes(), safety).prop_map(|(p, o, b, s)| Step::Write(p, o, b, s)),
        2 => (path(), bytes()).prop_map(|(path, bytes)| Step::Append(path, bytes)),
        2 => (path(), offset()).prop_map(|(path, size)| Step::Resize(path, size)),
        3 => (path(), path()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => (path(), path()).prop_map(|(path, to)| Step::Link(path, to)),
        2 => path().prop_map(Step::Unlink),
        2 => path().prop_map(Step::Fsync),
        2 => path().prop_map(Step::Fdatasync),
        1 => directory.prop_map(Step::SyncDirectory),
    ]
}

/// A model with the directories, and nothing else.
fn prepared() -> OnModel {
    let mut disk = OnModel::new();
    for directory in DIRECTORIES {
        disk.apply(&Step::MakeDirectory(directory.to_string())).unwrap();
    }
    disk.apply(&Step::SyncDirectory(String::new())).unwrap();
    disk
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_is_what_the_naive_account_says(steps in vec(step(), 1..40)) {
        let mut disk = prepared();
        for step in &steps {
            // What can't be done changes nothing, there and here.
            let _ = disk.apply(step);
        }
        let used_bytes = disk.model.space().used_bytes;
        disk.model.power_failure();
        let (left, expected) = (disk.tree(), naive::left(&steps, &DIRECTORIES));
        prop_assert!(left == expected, "{:#?}, not {:#?}", shown(&left), shown(&expected));
        // Room is counted as it is taken.
        let before = disk.model.space().used_bytes;
        disk.model.power_failure();
        prop_assert_eq!(before, disk.model.space().used_bytes);
        for path in ["a", "b", "d/a", "d/b", "e/a"] {
            let _ = disk.apply(&Step::Unlink(path.to_string()));
        }
        prop_assert_eq!(disk.model.space().used_bytes, 0, "after {} before", used_bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_seen_is_what_a_plain_directory_shows(steps in vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let (mut disk, mut plain) = (prepared(), OnFiles::new(folder.path()));
        for directory in DIRECTORIES {
            plain.apply(&Step::MakeDirectory(directory.to_string())).unwrap();
        }
        for step in steps {
            let creates = matches!(step, Step::Write(..) | Step::Append(..));
            let (path, known) = (target(&step), disk.tree());
            // Opening a file to sync it would make it there.
            if !creates && !known.contains_key(path) && !path.is_empty() {
                continue;
            }
            let (here, there) = (disk.apply(&step), plain.apply(&step));
            prop_assert_eq!(here.is_ok(), there.is_ok(), "{:?}: {:?} {:?}", step, here, there);
            let (seen, expected) = (disk.tree(), plain.tree());
            prop_assert!(seen == expected, "{:#?}, not {:#?}", shown(&seen), shown(&expected));
        }
    }
}

fn target(step: &Step) -> &str {
    match step {
        Step::Resize(path, _)
        | Step::Rename(path, _)
        | Step::Link(path, _)
        | Step::Unlink(path)
        | Step::Fsync(path)
        | Step::Fdatasync(path)
        | Step::SyncDirectory(path)
        | Step::Write(path, ..)
        | Step::Append(path, _) => path,
        other => panic!("{other:?} is not among what is tried by chance"),
    }
}
