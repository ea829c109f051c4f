//! Memory for request bodies, used again and again.
//!
//! A buffer can be used again once the client library has let go of every body that was cut from it. So
//! batches take turns with a few buffers: by the time a buffer's turn comes, its bodies are mostly gone, and
//! its memory is still in the core's cache.

use bytes::BytesMut;

const BUFFERS: usize = 4;
const BUFFER_BYTES: usize = 96 * 1024;

pub struct Arenas {
    buffers: [BytesMut; BUFFERS],
    current: usize,
}

impl Arenas {
    pub fn new() -> Self {
        Self { buffers: std::array::from_fn(|_| BytesMut::with_capacity(BUFFER_BYTES)), current: 0 }
    }

    /// Where the bodies of the current batch are cut from.
    #[inline]
    pub fn current(&mut self) -> &mut BytesMut {
        &mut self.buffers[self.current]
    }

    /// The next batch begins.
    pub fn turn(&mut self) {
        self.current = (self.current + 1) % BUFFERS;
        // If bodies of this buffer are still on their way, it goes on with what is left of it, and gets
        // new memory when that is used up.
        let _is_free = self.buffers[self.current].try_reclaim(BUFFER_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the bodies of one round of buffers lie; they are held or dropped at once.
    fn round(arenas: &mut Arenas, mut held: Option<&mut Vec<bytes::Bytes>>) -> Vec<*const u8> {
        let mut seen = Vec::new();
        for _ in 0..BUFFERS {
            let arena = arenas.current();
            arena.extend_from_slice(&[7; 1000]);
            let body = arena.split().freeze();
            seen.push(body.as_ptr());
            if let Some(held) = &mut held {
                held.push(body);
            }
            arenas.turn();
        }
        seen
    }

    #[test]
    fn buffers_are_used_again_once_their_bodies_are_gone_and_not_before() {
        let mut arenas = Arenas::new();
        let mut held = Vec::new();
        let first = round(&mut arenas, Some(&mut held));
        let second = round(&mut arenas, Some(&mut held));
        assert!(first.iter().all(|address| !second.contains(address)), "held bodies were overwritten");
        assert!(held.iter().all(|body| body[..] == [7; 1000]));
        drop(held);
        // A buffer is looked at when its turn comes, so the first round finds them, the next ones use them.
        round(&mut arenas, None);
        assert_eq!(round(&mut arenas, None), first);
    }
}
