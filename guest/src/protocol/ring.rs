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

/// The size of the shared memory of a program, in bytes: a power of two, as PCI wants it.
pub const SHARED_BYTES: usize = 4 * RING_BYTES;
/// How many bytes a ring holds.
pub const RING_BYTES: usize = 1 << 20;
/// The bell, a byte on the console: look at the shared memory. It is no message, and so
/// costs little; whatever else rings it does no harm.
pub const BELL: u8 = 0x07;

/// The first word, by which the guest knows that this is the memory of its host.
const MARK: u64 = u64::from_le_bytes(*b"strata 1");
/// The words of a cache line: one for each counter.
const LINE: usize = 8;
/// How many rings there are.
const STREAMS: usize = 3;
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

/// The part of the memory that a lane has: as much as a machine for one program at a time.
/// None if there are not so many.
#[must_use]
pub fn of_lane(memory: &[AtomicU64], lane: usize) -> Option<&[AtomicU64]> {
    let words = SHARED_BYTES / WORD;
    memory.get(lane.checked_mul(words)?..)?.get(..words)
}

/// Empties the rings, which neither side uses now.
pub fn clear(memory: &[AtomicU64]) {
    for counter in memory[LINE..].iter().step_by(LINE).take(2 * STREAMS) {
        counter.store(0, Ordering::SeqCst);
    }
}

/// The counter of the other side cannot be: something else has written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scribbled(pub Stream);

impl std::error::Error for Scribbled {}

impl fmt::Display for Scribbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stream = self.0.name();
        write!(
            f,
            "something in the guest has written to the shared memory of {stream}"
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
        put.checked_sub(taken)
            .and_then(|held| usize::try_from(held).ok())
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
        let [put, taken] = self.ring.counters();
        // Each look repeats it: the other side would wait for ever for what something
        // else has overwritten.
        put.store(self.put, Ordering::SeqCst);
        self.ring.held(self.put, taken.load(Ordering::SeqCst))
    }

    /// How many bytes were ever put in.
    pub const fn place(&self) -> u64 {
        self.put
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

    /// Passes over what stands before this place of the stream, counted from its
    /// beginning, and was not taken out.
    ///
    /// # Errors
    /// If the other side has not put so much in.
    pub fn skip_to(&mut self, place: u64) -> Result<(), Scribbled> {
        let [put, taken] = self.ring.counters();
        if !(self.taken..=put.load(Ordering::SeqCst)).contains(&place) {
            return Err(Scribbled(self.ring.stream));
        }
        self.taken = place;
        taken.store(place, Ordering::SeqCst);
        Ok(())
    }

    /// Takes out as many bytes as there are and the buffer holds.
    ///
    /// # Errors
    /// If the counter of the other side cannot be.
    pub fn take(&mut self, buffer: &mut [u8]) -> Result<Moved, Scribbled> {
        let [put, taken] = self.ring.counters();
        // As in `RingWriter::held`.
        taken.store(self.taken, Ordering::SeqCst);
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
        let full = before + self.ring.capacity() as u64;
        let bell = put.load(Ordering::SeqCst) == full;
        Ok(Moved {
            bytes: length,
            bell,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Rings of 512 bytes.
    const WORDS: usize = 4 * 64;

    fn memory() -> Vec<AtomicU64> {
        (0..WORDS).map(|_| AtomicU64::new(0)).collect()
    }

    fn ends(memory: &[AtomicU64]) -> (RingWriter<&[AtomicU64]>, RingReader<&[AtomicU64]>) {
        let writer = RingWriter::new(memory, Stream::Stdout);
        (writer, RingReader::new(memory, Stream::Stdout))
    }

    const fn moved(bytes: usize, bell: bool) -> Result<Moved, Scribbled> {
        Ok(Moved { bytes, bell })
    }

    #[test]
    fn the_bell_is_rung_for_a_side_that_may_be_asleep() {
        let memory = memory();
        let (mut writer, mut reader) = ends(&memory);
        let mut buffer = [0; 600];
        assert_eq!(reader.take(&mut buffer), moved(0, false));
        assert_eq!(writer.put(&[1; 100]), moved(100, true));
        assert_eq!(writer.put(&[2; 600]), moved(412, false));
        assert_eq!(writer.room(), Ok(0));
        assert_eq!(writer.put(&[3; 1]), moved(0, false));
        assert_eq!(reader.take(&mut buffer[..7]), moved(7, true));
        assert_eq!(reader.take(&mut buffer), moved(505, false));
        assert_eq!(writer.put(&[]), moved(0, false));
        assert_eq!(writer.room(), Ok(512));
    }

    #[test]
    fn the_rings_lie_apart() {
        let memory = memory();
        mark(&memory);
        let streams = [Stream::Stdin, Stream::Stdout, Stream::Stderr];
        for stream in streams {
            let mut writer = RingWriter::new(&memory[..], stream);
            assert_eq!(writer.put(&[stream as u8; 512]), moved(512, true));
        }
        for stream in streams {
            let mut buffer = [9; 600];
            let mut reader = RingReader::new(&memory[..], stream);
            assert_eq!(reader.take(&mut buffer), moved(512, true));
            assert_eq!(buffer[..512], [stream as u8; 512]);
            assert_eq!(buffer[512..], [9; 88]);
        }
        assert!(is_marked(&memory));
    }

    #[test]
    fn what_is_cleared_is_empty_and_still_marked() {
        let memory = memory();
        mark(&memory);
        for stream in [Stream::Stdin, Stream::Stdout, Stream::Stderr] {
            RingWriter::new(&memory[..], stream).put(&[1; 99]).unwrap();
            RingReader::new(&memory[..], stream)
                .take(&mut [0; 9])
                .unwrap();
        }
        clear(&memory);
        assert!(is_marked(&memory));
        for stream in [Stream::Stdin, Stream::Stdout, Stream::Stderr] {
            assert_eq!(RingWriter::new(&memory[..], stream).room(), Ok(512));
            let mut reader = RingReader::new(&memory[..], stream);
            assert_eq!(reader.take(&mut [0; 9]), moved(0, false));
        }
    }

    #[test]
    fn lanes_have_parts_of_their_own() {
        let words = SHARED_BYTES / WORD;
        let memory: Vec<AtomicU64> = (0..2 * words).map(|_| AtomicU64::new(0)).collect();
        let [first, second] = [0, 1].map(|lane| of_lane(&memory, lane).unwrap());
        assert_eq!((first.len(), second.len()), (words, words));
        assert!(std::ptr::eq(&raw const second[0], &raw const memory[words]));
        assert!(of_lane(&memory, 2).is_none());
        assert!(of_lane(&memory, usize::MAX).is_none());
    }

    /// One thread puts in and another takes out; either sleeps until its bell is rung.
    #[test]
    fn nothing_is_lost_and_neither_side_sleeps_for_ever() {
        const PATIENCE: Duration = Duration::from_secs(60);
        let memory = memory();
        let (mut writer, mut reader) = ends(&memory);
        let bytes: Vec<u8> = (0..300_000).map(|number| (number % 251) as u8).collect();
        let (ring_reader, reader_bell) = channel();
        let (ring_writer, writer_bell) = channel();
        let heard = thread::scope(|scope| {
            let (bytes, total) = (&bytes, bytes.len());
            scope.spawn(move || {
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let moved = writer.put(&rest[..rest.len().min(97)]).unwrap();
                    rest = &rest[moved.bytes..];
                    if moved.bell {
                        ring_reader.send(()).unwrap();
                    }
                    if moved.bytes == 0 {
                        writer_bell.recv_timeout(PATIENCE).unwrap();
                    }
                }
            });
            let mut heard: Vec<u8> = Vec::new();
            let mut buffer = [0; 211];
            while heard.len() < total {
                let moved = reader.take(&mut buffer).unwrap();
                heard.extend(&buffer[..moved.bytes]);
                if moved.bell {
                    // The writer may be done.
                    let _ = ring_writer.send(());
                }
                if moved.bytes == 0 {
                    reader_bell.recv_timeout(PATIENCE).unwrap();
                }
            }
            heard
        });
        assert!(heard == bytes);
    }

    proptest! {
        /// Pieces of any length, across the end of the ring.
        #[test]
        fn bytes_come_out_as_they_went_in(lengths in vec((0..700_usize, 0..700_usize), 1..40)) {
            let memory = memory();
            let (mut writer, mut reader) = ends(&memory);
            let (mut sent, mut heard) = (Vec::<u8>::new(), Vec::<u8>::new());
            for (put, take) in lengths {
                let piece: Vec<u8> = (0..put).map(|byte| (sent.len() + byte) as u8).collect();
                let room = 512 - (sent.len() - heard.len());
                let moved = writer.put(&piece).unwrap();
                prop_assert_eq!(moved.bytes, put.min(room));
                sent.extend(&piece[..moved.bytes]);
                let mut buffer = vec![0; take];
                let moved = reader.take(&mut buffer).unwrap();
                prop_assert_eq!(moved.bytes, take.min(sent.len() - heard.len()));
                heard.extend(&buffer[..moved.bytes]);
                prop_assert_eq!(writer.held(), Ok(sent.len() - heard.len()));
            }
            prop_assert_eq!(&heard[..], &sent[..heard.len()]);
        }

        /// Whatever a program writes to the memory, each step is an error or moves no more
        /// than a ring holds.
        #[test]
        fn hostile_counters_are_errors_or_bounded(
            steps in vec((any::<bool>(), 0..700_usize, 0..WORDS, any_counter()), 1..40),
        ) {
            let memory = memory();
            let (mut writer, mut reader) = ends(&memory);
            let mut buffer = [0; 700];
            for (puts, length, word, value) in steps {
                memory[word].store(value, Ordering::SeqCst);
                let moved = if puts {
                    writer.put(&buffer[..length])
                } else {
                    reader.take(&mut buffer[..length])
                };
                if let Ok(moved) = moved {
                    prop_assert!(moved.bytes <= length.min(512));
                }
            }
        }

        /// A counter that cannot be is found.
        #[test]
        fn a_counter_that_cannot_be_is_an_error(sent in 0..512_u64, value in any_counter()) {
            let memory = memory();
            let (mut writer, mut reader) = ends(&memory);
            writer.put(&vec![1; sent as usize]).unwrap();
            let [put, taken] = writer.ring.counters();
            taken.store(value, Ordering::SeqCst);
            prop_assert_eq!(writer.room().is_err(), value > sent);
            put.store(value, Ordering::SeqCst);
            prop_assert_eq!(reader.take(&mut [0; 9]).is_err(), value > 512);
        }
    }

    fn any_counter() -> impl Strategy<Value = u64> {
        prop_oneof![
            0..2048_u64,
            (0..2048_u64).prop_map(|less| u64::MAX - less),
            any::<u64>()
        ]
    }
}
