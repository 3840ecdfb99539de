//! Memory that host and guest share, for the bytes of a program's streams.
//!
//! It has four parts of the same size. The first holds a mark and the counters; the
//! others are the rings of stdin, stdout and stderr. A ring has two counters: how many
//! bytes were ever put in, and how many were ever taken out. Each is written by one side
//! only, which keeps its own copy and never reads it back.
//!
//! All of it can be written by any program that is root in the guest. So a counter of
//! the other side is read once and then checked, bytes are copied out before they are looked
//! at, and what was carried is compared by its [`Digest`](super::Digest).
//!
//! Nothing waits here. A side that found nothing to take, or no room, may sleep until the
//! other one rings its bell, on the console: [`Moved::bell`] says when it must. Both sides
//! write their counter before they read the other's, in one order (SeqCst), so either one
//! sees the bytes or the other one rings.

use std::fmt;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::wire::Stream;

/// The size of the shared memory, in bytes: a power of two, as PCI wants it.
pub const SHARED_BYTES: usize = 4 * RING_BYTES;
/// How many bytes a ring holds.
pub const RING_BYTES: usize = 1 << 20;
/// The byte on the console by which the host says: look at the shared memory.
pub const BELL: u8 = 0x07;

/// The first word, by which the guest knows that this is the memory of its host.
const MARK: u64 = u64::from_le_bytes(*b"strata 1");
/// The words of a cache line: one for each counter.
const LINE: usize = 8;
/// The bytes of a word.
const WORD: usize = size_of::<u64>();

/// Marks new memory as shared.
pub fn mark(memory: &[AtomicU64]) {
    memory[0].store(MARK, Ordering::SeqCst);
}

/// Whether the memory is marked.
#[must_use]
pub fn is_marked(memory: &[AtomicU64]) -> bool {
    memory[0].load(Ordering::SeqCst) == MARK
}

/// The counter of the other side cannot be: something else has written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scribbled(pub Stream);

impl fmt::Display for Scribbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stream = self.0.name();
        write!(
            f,
            "something in the guest has written to the memory through which {stream} travels"
        )
    }
}

/// What was put in or taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// How many bytes.
    pub bytes: usize,
    /// Whether the other side may be asleep, and must be told.
    pub bell: bool,
}

/// One of the rings.
#[derive(Clone, Copy, Debug)]
struct Ring<M> {
    memory: M,
    stream: Stream,
}

impl<M: Deref<Target = [AtomicU64]>> Ring<M> {
    /// The counters of what was put in and of what was taken out.
    fn counters(&self) -> [&AtomicU64; 2] {
        let first = LINE * (1 + 2 * self.stream as usize);
        [&self.memory[first], &self.memory[first + LINE]]
    }

    fn data(&self) -> &[AtomicU64] {
        let words = self.memory.len() / 4;
        &self.memory[words * (1 + self.stream as usize)..][..words]
    }

    fn capacity(&self) -> usize {
        self.data().len() * WORD
    }

    /// The bytes that are held, if the counters can be true.
    fn held(&self, put: u64, taken: u64) -> Result<usize, Scribbled> {
        usize::try_from(put.wrapping_sub(taken))
            .ok()
            .filter(|held| *held <= self.capacity())
            .ok_or(Scribbled(self.stream))
    }

    /// Where `length` bytes from this place of the stream lie: in one or two parts, each
    /// with its offset in the ring.
    fn parts(&self, place: u64, length: usize) -> [(usize, usize); 2] {
        let capacity = self.capacity();
        assert!(length <= capacity, "{length} bytes are more than a ring");
        let offset = (place % capacity as u64) as usize;
        let first = length.min(capacity - offset);
        [(offset, first), (0, length - first)]
    }

    fn copy_in(&self, place: u64, bytes: &[u8]) {
        let ring = self.data().as_ptr().cast::<u8>().cast_mut();
        let mut rest = bytes;
        for (offset, length) in self.parts(place, bytes.len()) {
            let (part, after) = rest.split_at(length);
            // SAFETY: `parts` lie within the ring. Its memory may be written through a
            // shared reference, as it is of atomics; `bytes` is not part of it.
            unsafe { ptr::copy_nonoverlapping(part.as_ptr(), ring.add(offset), length) };
            rest = after;
        }
    }

    fn copy_out(&self, place: u64, bytes: &mut [u8]) {
        let ring = self.data().as_ptr().cast::<u8>();
        let parts = self.parts(place, bytes.len());
        let mut rest = bytes;
        for (offset, length) in parts {
            let (part, after) = rest.split_at_mut(length);
            // SAFETY: `parts` lie within the ring; `bytes` is not part of it. The other
            // side may write meanwhile: any bytes will do, as the digest tells.
            unsafe { ptr::copy_nonoverlapping(ring.add(offset), part.as_mut_ptr(), length) };
            rest = after;
        }
    }
}

/// The side of a ring that puts bytes in.
#[derive(Debug)]
pub struct RingWriter<M> {
    ring: Ring<M>,
    put: u64,
}

impl<M: Deref<Target = [AtomicU64]>> RingWriter<M> {
    /// Of this stream's ring, which is empty.
    pub const fn new(memory: M, stream: Stream) -> Self {
        let ring = Ring { memory, stream };
        Self { ring, put: 0 }
    }

    /// How many bytes were put in and, says the other side, not taken out.
    ///
    /// # Errors
    /// If the counter of the other side cannot be.
    pub fn held(&self) -> Result<usize, Scribbled> {
        let [_, taken] = self.ring.counters();
        self.ring.held(self.put, taken.load(Ordering::SeqCst))
    }

    /// For how many bytes there is room.
    ///
    /// # Errors
    /// If the counter of the other side cannot be.
    pub fn room(&self) -> Result<usize, Scribbled> {
        Ok(self.ring.capacity() - self.held()?)
    }

    /// Puts in as many of these bytes as there is room for.
    ///
    /// # Errors
    /// If the counter of the other side cannot be.
    pub fn put(&mut self, bytes: &[u8]) -> Result<Moved, Scribbled> {
        let bytes = &bytes[..bytes.len().min(self.room()?)];
        self.ring.copy_in(self.put, bytes);
        let before = self.put;
        self.put += bytes.len() as u64;
        let [put, taken] = self.ring.counters();
        put.store(self.put, Ordering::SeqCst);
        // The reader may have found it empty.
        let bell = !bytes.is_empty() && taken.load(Ordering::SeqCst) == before;
        let bytes = bytes.len();
        Ok(Moved { bytes, bell })
    }
}

/// The side of a ring that takes bytes out.
#[derive(Debug)]
pub struct RingReader<M> {
    ring: Ring<M>,
    taken: u64,
}

impl<M: Deref<Target = [AtomicU64]>> RingReader<M> {
    /// Of this stream's ring, which is empty.
    pub const fn new(memory: M, stream: Stream) -> Self {
        let ring = Ring { memory, stream };
        Self { ring, taken: 0 }
    }

    /// Takes out as many bytes as there are and the buffer holds.
    ///
    /// # Errors
    /// If the counter of the other side cannot be.
    pub fn take(&mut self, buffer: &mut [u8]) -> Result<Moved, Scribbled> {
        let [put, taken] = self.ring.counters();
        let held = self.ring.held(put.load(Ordering::SeqCst), self.taken)?;
        let length = held.min(buffer.len());
        if length == 0 {
            return Ok(Moved {
                bytes: 0,
                bell: false,
            });
        }
        self.ring.copy_out(self.taken, &mut buffer[..length]);
        let before = self.taken;
        self.taken += length as u64;
        taken.store(self.taken, Ordering::SeqCst);
        // The writer may have found it full.
        let full = before.wrapping_add(self.ring.capacity() as u64);
        let bell = put.load(Ordering::SeqCst) == full;
        Ok(Moved {
            bytes: length,
            bell,
        })
    }
}
