//! The bytes of one file, in pages; what was never written is a hole and takes no room.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub const PAGE_BYTES: u64 = 4096;

/// Shared between what processes see and what is durable, until one of them is written to.
type Page = Arc<[u8; PAGE_BYTES as usize]>;

/// Pages by their number. What lies behind `size` in the last page is zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    pages: BTreeMap<u64, Page>,
    size: u64,
}

/// The numbers of the pages in which these bytes lie.
pub fn pages_of(bytes: Range<u64>) -> Range<u64> {
    if bytes.is_empty() { 0..0 } else { bytes.start / PAGE_BYTES..bytes.end.div_ceil(PAGE_BYTES) }
}

impl Content {
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Pages that take room.
    pub fn pages(&self) -> u64 {
        self.pages.len() as u64
    }

    /// Those of these numbers whose pages take room.
    pub fn numbers(&self, pages: Range<u64>) -> impl Iterator<Item = u64> {
        self.pages.range(pages).map(|(number, _)| *number)
    }

    /// Up to `length` bytes; fewer at the end of the file.
    pub fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let end = self.size.min(offset.saturating_add(length as u64));
        let mut bytes = vec![0; end.saturating_sub(offset) as usize];
        for (page, within, from) in pieces(offset, bytes.len()) {
            if let Some(found) = self.pages.get(&page) {
                bytes[from..from + within.len()].copy_from_slice(&found[within]);
            }
        }
        bytes
    }

    /// How many of `length` bytes can be written there if no more than `pages` pages may be added.
    pub fn fitting(&self, offset: u64, length: usize, mut pages: u64) -> usize {
        for (page, _, from) in pieces(offset, length) {
            if self.pages.contains_key(&page) {
                continue;
            }
            match pages.checked_sub(1) {
                Some(left) => pages = left,
                None => return from,
            }
        }
        length
    }

    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        for (page, within, from) in pieces(offset, bytes.len()) {
            let length = within.len();
            self.page(page)[within].copy_from_slice(&bytes[from..from + length]);
        }
        self.size = self.size.max(offset + bytes.len() as u64);
    }

    /// Gives these bytes room; those that have none yet are zero.
    pub fn allocate(&mut self, bytes: Range<u64>) {
        for page in pages_of(bytes) {
            self.page(page);
        }
    }

    /// Makes these bytes zero, and a hole where whole pages are.
    pub fn punch(&mut self, bytes: Range<u64>) {
        let concerned: Vec<u64> = self.numbers(pages_of(bytes.clone())).collect();
        for page in concerned {
            let (begin, end) = (page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
            if bytes.start <= begin && end <= bytes.end {
                self.pages.remove(&page);
            } else if let Some(found) = self.pages.get_mut(&page) {
                let within = bytes.start.max(begin) - begin..bytes.end.min(end) - begin;
                Arc::make_mut(found)[within.start as usize..within.end as usize].fill(0);
            }
        }
    }

    /// Cuts off what lies behind, or lets a hole follow.
    pub fn resize(&mut self, size: u64) {
        self.pages.split_off(&size.div_ceil(PAGE_BYTES));
        self.size = size;
        self.clear_tail();
    }

    /// Takes over one page as it is in `other`.
    pub fn take_page(&mut self, other: &Self, page: u64) {
        match other.pages.get(&page) {
            Some(found) => self.pages.insert(page, Arc::clone(found)),
            None => self.pages.remove(&page),
        };
    }

    /// Makes zero what lies behind the end in the last page.
    fn clear_tail(&mut self) {
        let used = (self.size % PAGE_BYTES) as usize;
        if used > 0
            && let Some(last) = self.pages.get_mut(&(self.size / PAGE_BYTES))
            && last[used..].iter().any(|byte| *byte != 0)
        {
            Arc::make_mut(last)[used..].fill(0);
        }
    }

    /// A size without the pages for it.
    pub fn set_size(&mut self, size: u64) {
        self.size = size;
    }

    fn page(&mut self, page: u64) -> &mut [u8; PAGE_BYTES as usize] {
        Arc::make_mut(self.pages.entry(page).or_insert_with(|| Arc::new([0; PAGE_BYTES as usize])))
    }
}

/// Page, bytes within it, and where they stand among the `length` bytes from `offset` on.
fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (u64, Range<usize>, usize)> {
    pages_of(offset..offset + length as u64).map(move |page| {
        let begin = offset.max(page * PAGE_BYTES);
        let end = (offset + length as u64).min((page + 1) * PAGE_BYTES);
        let within = (begin - page * PAGE_BYTES) as usize..(end - page * PAGE_BYTES) as usize;
        (page, within, (begin - offset) as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_written_is_zero_and_takes_no_room() {
        let mut content = Content::default();
        content.write(3 * PAGE_BYTES - 2, b"abcd");
        assert_eq!((content.size(), content.pages()), (3 * PAGE_BYTES + 2, 2));
        assert_eq!(content.read(3 * PAGE_BYTES - 4, 100), b"\0\0abcd");
        assert_eq!(content.read(0, 3), b"\0\0\0");
        assert_eq!(content.read(4 * PAGE_BYTES, 3), b"");
    }

    #[test]
    fn what_was_cut_off_does_not_come_back() {
        let mut content = Content::default();
        content.write(0, b"abcdef");
        content.resize(2);
        content.resize(5);
        assert_eq!(content.read(0, 9), b"ab\0\0\0");
        content.resize(0);
        assert_eq!((content.pages(), content.read(0, 9)), (0, vec![]));
    }

    #[test]
    fn a_write_is_cut_where_its_pages_find_no_room() {
        let mut content = Content::default();
        content.write(0, b"x");
        let (one, two) = (PAGE_BYTES as usize, 2 * PAGE_BYTES as usize);
        assert_eq!(content.fitting(10, one - 10, 0), one - 10, "the page is there");
        assert_eq!(content.fitting(10, two, 0), one - 10);
        assert_eq!(content.fitting(10, two, 1), two - 10);
        assert_eq!(content.fitting(10, two, 2), two);
    }

    #[test]
    fn a_punched_page_is_a_hole() {
        let mut content = Content::default();
        content.write(0, &[7; 3 * PAGE_BYTES as usize]);
        content.punch(10..2 * PAGE_BYTES + 10);
        assert_eq!((content.pages(), content.size()), (2, 3 * PAGE_BYTES));
        assert_eq!(content.read(9, 2), b"\x07\0");
        assert_eq!(content.read(2 * PAGE_BYTES + 9, 2), b"\0\x07");
    }
}
