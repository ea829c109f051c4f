//! What a run has made and not cleared up yet, for whoever ends the process at once.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use weighbridge_record::result::LeftBehind;

/// Shared by the thread that measures and the one that hears signals.
#[derive(Debug, Clone, Default)]
pub struct Remains(Arc<Mutex<There>>);

#[derive(Debug, Default)]
struct There {
    /// Folders of servers of ours.
    folders: Vec<PathBuf>,
    /// On servers that are not ours.
    stored: Vec<LeftBehind>,
}

impl Remains {
    /// These folders, and no others, are there.
    pub fn set_folders(&self, folders: Vec<PathBuf>) {
        self.there().folders = folders;
    }

    /// This, and nothing else, stands on servers that are not ours.
    pub fn set_stored(&self, stored: Vec<LeftBehind>) {
        self.there().stored = stored;
    }

    /// A line for each.
    pub fn lines(&self) -> Vec<String> {
        let there = self.there();
        let folder = |path: &PathBuf| {
            format!("the folder {} stays until the next run on this machine deletes it", path.display())
        };
        let stored = there.stored.iter().map(ToString::to_string);
        there.folders.iter().map(folder).chain(stored).collect()
    }

    fn there(&self) -> MutexGuard<'_, There> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_named_until_it_is_gone() {
        let (here, there) = (Remains::default(), Remains::default());
        let signals = here.clone();
        here.set_folders(vec!["/tmp/broker".into()]);
        here.set_stored(vec![LeftBehind {
            what: "key".to_owned(),
            name: "own.prioritization.request".to_owned(),
            server: "redis-server at h:1".to_owned(),
            reason: "no time".to_owned(),
            command: "redis-cli -h h -p 1 DEL own.prioritization.request".to_owned(),
        }]);
        let lines = signals.lines();
        assert!(lines[0].contains("/tmp/broker") && lines[1].contains("DEL own."), "{lines:?}");
        here.set_folders(Vec::new());
        here.set_stored(Vec::new());
        assert_eq!((signals.lines(), there.lines()), (Vec::new(), Vec::new()));
    }
}
