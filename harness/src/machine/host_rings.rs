//! A program's streams in the memory that its machine shares with this process.

use std::collections::VecDeque;

use guest::ring::{Moved, RingReader, RingWriter, Scribbled};
use guest::wire::Stream;
use guest::{Carried, Digest, Key};

use super::shared_memory::SharedMemory;

/// The streams, each with its ring.
const STREAMS: [Stream; 3] = [Stream::Stdin, Stream::Stdout, Stream::Stderr];

/// The host's ends of the three rings. What the guest's PID 1 says on the console of the
/// bytes that it carried is compared with what was carried here: a program in the guest
/// can write to the memory, and not to that.
pub(crate) struct HostRings {
    stdin: RingWriter<SharedMemory>,
    /// What was put into stdin's ring and not yet taken out, as far as is known.
    sent: VecDeque<u8>,
    stdout: RingReader<SharedMemory>,
    stderr: RingReader<SharedMemory>,
    /// Of what was taken out, by the number of the stream.
    digests: [Digest; 3],
    /// Whether other programs run beside this one, which could write to the memory before
    /// it runs.
    beside_others: bool,
}

impl HostRings {
    pub(crate) fn new(memory: &SharedMemory, key: Key) -> Self {
        let memory = || memory.clone();
        Self {
            stdin: RingWriter::new(memory(), Stream::Stdin),
            sent: VecDeque::new(),
            stdout: RingReader::new(memory(), Stream::Stdout),
            stderr: RingReader::new(memory(), Stream::Stderr),
            digests: STREAMS.map(|stream| Digest::new(key, stream)),
            beside_others: false,
        }
    }

    /// Those in the memory of a lane, which is clear.
    pub(super) fn beside_others(memory: &SharedMemory, key: Key) -> Self {
        Self {
            beside_others: true,
            ..Self::new(memory, key)
        }
    }

    /// Begins a new job: what is carried counts from here. Returns where in stdin it
    /// begins.
    pub(crate) fn begin(&mut self, key: Key) -> u64 {
        self.digests = STREAMS.map(|stream| Digest::new(key, stream));
        self.sent.clear();
        self.stdin.place()
    }

    /// For how many bytes of stdin there is room.
    pub(crate) fn room(&self) -> Result<usize, Scribbled> {
        self.stdin.room()
    }

    /// Puts in bytes of a delivery, for which there is room, before those of stdin. Says
    /// whether the guest must be told. They count in no digest where nothing runs in the guest,
    /// while they are carried, that could write to the memory.
    pub(super) fn deliver(&mut self, bytes: &[u8]) -> Result<bool, Scribbled> {
        match self.beside_others {
            true => self.put(bytes),
            false => self.put_in(bytes),
        }
    }

    /// Puts in bytes of stdin, for which there is room. Says whether the guest must be
    /// told.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<bool, Scribbled> {
        let bell = self.put_in(bytes)?;
        self.sent.extend(bytes);
        let held = self.stdin.held()?;
        self.was_taken(self.sent.len().saturating_sub(held));
        Ok(bell)
    }

    fn put_in(&mut self, bytes: &[u8]) -> Result<bool, Scribbled> {
        let moved = self.stdin.put(bytes)?;
        if moved.bytes < bytes.len() {
            // What the guest has taken out it cannot put back.
            return Err(Scribbled(Stream::Stdin));
        }
        Ok(moved.bell)
    }

    /// Takes the next bytes of an output. Says whether the guest must be told.
    pub(crate) fn take(&mut self, stream: Stream, buffer: &mut [u8]) -> Result<Moved, Scribbled> {
        let moved = match stream {
            Stream::Stderr => self.stderr.take(buffer)?,
            Stream::Stdout | Stream::Stdin => self.stdout.take(buffer)?,
        };
        self.digests[stream as usize].add(&buffer[..moved.bytes]);
        Ok(moved)
    }

    /// The stream of which the guest has carried something else, if there is one.
    pub(crate) fn differs(&mut self, carried: &[Carried; 3]) -> Option<Stream> {
        let known = self.digests[Stream::Stdin as usize].carried().bytes;
        let more = carried[Stream::Stdin as usize].bytes.saturating_sub(known);
        self.was_taken(usize::try_from(more).unwrap_or(usize::MAX));
        let mut streams = STREAMS.into_iter().zip(self.digests.iter().zip(carried));
        let differs = streams.find(|(_, (digest, carried))| digest.carried() != **carried);
        differs.map(|(stream, _)| stream)
    }

    /// These many more bytes of stdin were taken out.
    fn was_taken(&mut self, bytes: usize) {
        let bytes = bytes.min(self.sent.len());
        let (first, second) = self.sent.as_slices();
        let digest = &mut self.digests[Stream::Stdin as usize];
        digest.add(&first[..bytes.min(first.len())]);
        digest.add(&second[..bytes.saturating_sub(first.len())]);
        self.sent.drain(..bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key::new([7; 16]);

    fn carried(stream: Stream, bytes: &[u8]) -> Carried {
        let mut digest = Digest::new(KEY, stream);
        digest.add(bytes);
        digest.carried()
    }

    /// The guest has taken a part of stdin, and written to stdout.
    #[test]
    fn what_the_guest_says_of_the_streams_must_be_so() {
        let memory = SharedMemory::new(1).unwrap();
        let mut rings = HostRings::new(&memory, KEY);
        let input: Vec<u8> = (0..100).collect();
        let mut stdin = RingReader::new(memory.clone(), Stream::Stdin);
        // A delivery is no stream.
        assert_eq!(rings.deliver(&input), Ok(true));
        stdin.take(&mut [0; 100]).unwrap();
        assert_eq!(rings.put(&input), Ok(true));
        stdin.take(&mut [0; 40]).unwrap();
        // By now the host knows of these.
        assert_eq!(rings.put(&input), Ok(false));
        stdin.take(&mut [0; 20]).unwrap();
        let mut stdout = RingWriter::new(memory.clone(), Stream::Stdout);
        stdout.put(b"words").unwrap();
        assert_eq!(rings.take(Stream::Stdout, &mut [0; 9]).unwrap().bytes, 5);

        let told = [
            carried(Stream::Stdin, &input[..60]),
            carried(Stream::Stdout, b"words"),
            carried(Stream::Stderr, b""),
        ];
        let with = |stream: Stream, bytes: &[u8]| {
            let mut told = told;
            told[stream as usize] = carried(stream, bytes);
            told
        };
        for (lie, stream) in [
            (with(Stream::Stdin, &input[..39]), Stream::Stdin),
            (with(Stream::Stdout, b"swords"), Stream::Stdout),
            (with(Stream::Stdout, b"sword"), Stream::Stdout),
            (with(Stream::Stderr, b"x"), Stream::Stderr),
        ] {
            assert_eq!(rings.differs(&lie), Some(stream));
        }
        assert_eq!(rings.differs(&told), None);
        let more = [&input[..], &input, b"x"].concat();
        assert_eq!(
            rings.differs(&with(Stream::Stdin, &more)),
            Some(Stream::Stdin)
        );
    }

    /// Where others run that could write to it, what is delivered counts as well.
    #[test]
    fn beside_others_a_delivery_is_compared_too() {
        let memory = SharedMemory::new(2).unwrap().of_lane(1).unwrap();
        let mut rings = HostRings::beside_others(&memory, KEY);
        assert_eq!(rings.deliver(b"program"), Ok(true));
        assert_eq!(rings.put(b"input"), Ok(false));
        let mut stdin = RingReader::new(memory.clone(), Stream::Stdin);
        stdin.take(&mut [0; 12]).unwrap();
        let told = |stdin: &[u8]| {
            [
                carried(Stream::Stdin, stdin),
                carried(Stream::Stdout, b""),
                carried(Stream::Stderr, b""),
            ]
        };
        assert_eq!(rings.differs(&told(b"prograninput")), Some(Stream::Stdin));
        assert_eq!(rings.differs(&told(b"programinput")), None);
        assert!(memory.of_lane(2).is_none());
    }
}
