//! A file twice: as processes see it, and as a power failure leaves it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::content::{Content, PAGE_BYTES, pages_of};

#[derive(Debug, Default)]
pub struct File {
    live: Content,
    durable: Content,
    /// Numbers of the pages that may differ.
    unsynced: BTreeSet<u64>,
}

impl File {
    pub fn live(&self) -> &Content {
        &self.live
    }

    /// Pages that a power failure would take back.
    pub fn unsynced_pages(&self) -> u64 {
        self.unsynced.len() as u64
    }

    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        self.live.write(offset, bytes);
        self.unsynced.extend(pages_of(offset..offset + bytes.len() as u64));
    }

    pub fn allocate(&mut self, bytes: Range<u64>) {
        self.unsynced.extend(pages_of(bytes.clone()));
        self.live.allocate(bytes);
    }

    pub fn punch(&mut self, bytes: Range<u64>) {
        self.unsynced.extend(self.live.numbers(pages_of(bytes.clone())));
        self.live.punch(bytes);
    }

    pub fn resize(&mut self, size: u64) {
        if size < self.live.size() {
            let cut = size / PAGE_BYTES..u64::MAX;
            self.unsynced.extend(self.live.numbers(cut.clone()).chain(self.durable.numbers(cut)));
        }
        self.live.resize(size);
    }

    /// All of it.
    pub fn sync(&mut self) {
        for page in std::mem::take(&mut self.unsynced) {
            self.durable.take_page(&self.live, page);
        }
        self.durable.set_size(self.live.size());
    }

    /// Nobody sees it any more; it may come back at a power failure.
    pub fn forget_live(&mut self) {
        self.unsynced.clear();
        self.live = Content::default();
    }

    /// Takes back what was not synced.
    pub fn power_failure(&mut self) {
        self.live.clone_from(&self.durable);
        self.unsynced.clear();
    }
}
