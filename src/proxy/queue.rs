//! Bytes on their way through the proxy, in order, and when they may leave.

use std::collections::VecDeque;

/// What an empty queue keeps for what comes next.
const KEPT_BYTES: usize = 64 * 1024;

/// Bytes, and the end of them: it takes its place in the order like any byte.
#[derive(Default)]
pub struct Queue {
    bytes: VecDeque<u8>,
    /// Of these, so many from the front may leave.
    due: usize,
    /// What comes after them, each mark for some bytes; due times rise.
    marks: VecDeque<Mark>,
}

struct Mark {
    bytes: usize,
    due_ns: u64,
}

impl Queue {
    /// Adds what is due at that time, or when all before it is, whichever is later. Zero: at once.
    pub fn push(&mut self, bytes: &[u8], due_ns: u64) {
        self.bytes.extend(bytes);
        match self.marks.back_mut() {
            Some(last) if last.due_ns >= due_ns => last.bytes += bytes.len(),
            None if due_ns == 0 => self.due += bytes.len(),
            _ => self.marks.push_back(Mark { bytes: bytes.len(), due_ns }),
        }
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing is to come any more, no end either.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.marks.is_empty()
    }

    /// When the next bytes are due, where none are yet.
    pub fn waits_until_ns(&self) -> Option<u64> {
        self.marks.front().filter(|_| self.due == 0).map(|mark| mark.due_ns)
    }

    /// Lets go what is due; looks at the clock only if something waits.
    pub fn ripen(&mut self, now_ns: impl FnOnce() -> u64) {
        if self.marks.is_empty() {
            return;
        }
        let now_ns = now_ns();
        while let Some(mark) = self.marks.pop_front_if(|mark| mark.due_ns <= now_ns) {
            self.due += mark.bytes;
        }
    }

    /// Bytes that may leave.
    pub fn due(&self) -> usize {
        self.due
    }

    /// The first of those that may leave, `most` at most.
    pub fn front(&self, most: usize) -> &[u8] {
        let front = self.bytes.as_slices().0;
        &front[..front.len().min(self.due).min(most)]
    }

    /// Takes away what has left.
    pub fn left(&mut self, bytes: usize) {
        self.bytes.drain(..bytes);
        self.due -= bytes;
        if self.bytes.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_at_once_waits_only_for_what_came_before_it() {
        let mut queue = Queue::default();
        queue.push(b"a", 0);
        assert_eq!((queue.due(), queue.waits_until_ns()), (1, None));
        queue.push(b"bc", 50);
        queue.push(b"d", 0);
        queue.push(b"e", 40);
        queue.push(b"f", 60);
        queue.left(1);
        assert_eq!((queue.due(), queue.waits_until_ns()), (0, Some(50)));
        queue.ripen(|| 49);
        assert_eq!(queue.front(9), b"");
        queue.ripen(|| 50);
        assert_eq!((queue.front(9), queue.front(3)), (&b"bcde"[..], &b"bcd"[..]));
        queue.left(4);
        assert_eq!(queue.waits_until_ns(), Some(60));
    }

    #[test]
    fn an_end_without_bytes_waits_for_its_time() {
        let mut queue = Queue::default();
        assert!(queue.is_empty());
        queue.push(b"", 0);
        assert!(queue.is_empty());
        queue.push(b"", 10);
        assert!(!queue.is_empty());
        queue.ripen(|| 10);
        assert!(queue.is_empty());
    }

    #[test]
    fn an_empty_queue_gives_its_memory_back() {
        let mut queue = Queue::default();
        queue.push(&vec![0; 4 * KEPT_BYTES], 0);
        while !queue.is_empty() {
            let left = queue.front(1_000).len();
            queue.left(left);
        }
        assert!(queue.bytes.capacity() <= KEPT_BYTES, "{}", queue.bytes.capacity());
    }
}
