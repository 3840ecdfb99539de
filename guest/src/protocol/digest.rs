//! What is told of the bytes that were carried past the console.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use super::Key;
use super::wire::Stream;

/// How many bytes of a stream were carried, and their tag under a key that is this
/// stream's only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// How many.
    pub bytes: u64,
    /// Their tag.
    pub tag: u64,
}

/// Computes [`Carried`], as the bytes come.
#[derive(Clone, Debug)]
pub struct Digest {
    bytes: u64,
    hasher: SipHasher24,
}

impl Digest {
    /// Of no bytes yet of this stream.
    #[must_use]
    pub fn new(key: Key, stream: Stream) -> Self {
        Self {
            bytes: 0,
            hasher: key.of(stream.name().as_bytes()).hasher(),
        }
    }

    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hasher.write(bytes);
    }

    /// What was carried so far.
    #[must_use]
    pub fn carried(&self) -> Carried {
        Carried {
            bytes: self.bytes,
            tag: self.hasher.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key::new([7; 16]);

    fn carried(stream: Stream, parts: &[&[u8]]) -> Carried {
        let mut digest = Digest::new(KEY, stream);
        parts.iter().for_each(|part| digest.add(part));
        digest.carried()
    }

    #[test]
    fn only_the_bytes_count_and_not_the_parts_in_which_they_come() {
        let bytes: Vec<u8> = (0..99).collect();
        let whole = carried(Stream::Stdout, &[&bytes]);
        for length in 0..=bytes.len() {
            let (first, rest) = bytes.split_at(length);
            assert_eq!(carried(Stream::Stdout, &[first, rest]), whole, "{length}");
        }
        assert_eq!(whole.bytes, 99);
    }

    #[test]
    fn other_bytes_and_other_streams_are_told_apart() {
        let one = carried(Stream::Stdout, &[b"one"]);
        assert_ne!(one, carried(Stream::Stdout, &[b"two"]));
        assert_ne!(one, carried(Stream::Stderr, &[b"one"]));
        assert_ne!(one.tag, KEY.tag(b"one"));
    }
}
