//! Messages on a serial console that the kernel prints to as well.
//!
//! The kernel writes its own messages into the middle of whatever the guest is
//! writing. So the two are told apart byte by byte: a message of the guest is
//! written in bytes that no message of the kernel contains. Its frame is
//!
//! ```text
//! 0xC0  sixbits(crc32 of what follows: u32 | tag: u64 | sequence: u32 | channel: u8 | content)  0xC1
//! ```
//!
//! with six bits to a byte, as `0x80 | bits`. Neither 0xC0 nor 0xC1 occurs in
//! UTF-8 and 0x80 to 0xBF only after a lead byte (RFC 3629), so any valid UTF-8
//! can stand anywhere within a frame and still be told from it. Whatever else a
//! console may hold, a message that arrives damaged fails its checksum, and one
//! that does not arrive leaves a gap in the sequence.
//!
//! The tag is computed from what follows it, with the boot's [`Key`]: a whole frame
//! with another tag was sent by something else than the guest or the host of this
//! boot. The guest begins with [`Record::Hello`](crate::protocol::Record::Hello) under no
//! key, to which the host answers with the key; all that follows is under it, in
//! one sequence each way.
//!
//! What is sent is a record, as JSON, or bytes of one of a program's streams, as
//! they are. The host speaks to the guest in the same frames.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Key;

const START: u8 = 0xC0;
/// The last byte of a frame.
pub const END: u8 = 0xC1;
/// Bytes of the checksum.
const CHECKSUM: usize = 4;
/// Bytes of the tag.
const TAG: usize = 8;
/// Bytes of a message that are not its content.
pub const OVERHEAD: usize = CHECKSUM + TAG + 4 + 1;
/// What is wrong with a message of which every byte has arrived, and whose tag is
/// of another key.
pub const FOREIGN: &str = "a record that this boot's guest did not send: a console of another \
                           boot, or something in the guest that writes records";
/// A longer frame is damaged. Bounds the memory of a decoder.
const MAX_FRAME: usize = 1 << 20;
/// The channel of records; the other channels are the numbers of streams.
const RECORDS: u8 = 0xFF;

/// One of a program's standard streams, by its file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stream {
    /// What the program reads.
    Stdin = 0,
    /// What it writes; on a terminal, all that it writes.
    Stdout = 1,
    /// What it writes beside that.
    Stderr = 2,
}

impl Stream {
    /// Its name, as in the C library.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stdin => "stdin",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// What is sent in one frame. `T` is [`Record`](super::Record) from the guest
/// and [`Order`](super::Order) to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<T> {
    /// Something that happened, or is to happen.
    Record(T),
    /// The next bytes of a stream.
    Bytes(Stream, Vec<u8>),
}

/// The bytes of a record for the console.
///
/// # Panics
/// Never: a record always has a JSON form.
#[must_use]
pub fn encode<T: Serialize>(key: Key, sequence: u32, record: &T) -> Vec<u8> {
    let json = serde_json::to_vec(record).expect("a record is plain data");
    frame(key, sequence, RECORDS, &json)
}

/// Bytes of a stream, for the console.
#[must_use]
pub fn encode_bytes(key: Key, sequence: u32, stream: Stream, bytes: &[u8]) -> Vec<u8> {
    frame(key, sequence, stream as u8, bytes)
}

fn frame(key: Key, sequence: u32, channel: u8, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(OVERHEAD + content.len());
    body.extend([0; CHECKSUM + TAG]);
    body.extend(sequence.to_le_bytes());
    body.push(channel);
    body.extend(content);
    let tag = key.tag(&body[CHECKSUM + TAG..]);
    body[CHECKSUM..CHECKSUM + TAG].copy_from_slice(&tag.to_le_bytes());
    let checksum = crc32fast::hash(&body[CHECKSUM..]);
    body[..CHECKSUM].copy_from_slice(&checksum.to_le_bytes());

    let mut frame = Vec::with_capacity(body.len() * 4 / 3 + 4);
    frame.push(START);
    for group in body.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        // A group of n bytes takes n + 1 sixbits.
        for i in 0..=group.len() {
            let six = (bits >> (18 - 6 * i)) & 0x3F;
            frame.push(0x80 | six as u8);
        }
    }
    frame.push(END);
    frame
}

/// A piece of what a console held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<T> {
    /// Bytes that belong to no frame: the kernel's messages.
    Text(Vec<u8>),
    /// A message, whole and undamaged, with its place in the sequence from 0.
    Message(u32, Message<T>),
    /// A frame that is no message, and why.
    Garbled(&'static str),
}

/// Splits the bytes of a console into messages and text, as they come in.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// The key of the messages.
    key: Key,
    /// The sixbits of the frame that is open.
    frame: Option<Vec<u8>>,
    /// How many continuation bytes of a UTF-8 sequence are still to come.
    continuation: u8,
}

impl Decoder {
    /// For messages under this key.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self {
            key,
            frame: None,
            continuation: 0,
        }
    }

    /// Whether a frame has begun and not yet ended.
    #[must_use]
    pub fn is_within_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Takes in the next bytes.
    pub fn push<T: DeserializeOwned>(&mut self, bytes: &[u8]) -> Vec<Piece<T>> {
        let mut pieces = Vec::new();
        for &byte in bytes {
            self.push_byte(byte, &mut pieces);
        }
        pieces
    }

    fn push_byte<T: DeserializeOwned>(&mut self, byte: u8, pieces: &mut Vec<Piece<T>>) {
        let continues = self.continuation > 0 && matches!(byte, 0x80..=0xBF);
        self.continuation = match byte {
            0xC2..=0xDF => 1,
            0xE0..=0xEF => 2,
            0xF0..=0xF4 => 3,
            _ if continues => self.continuation - 1,
            _ => 0,
        };
        match byte {
            START => {
                if self.frame.replace(Vec::new()).is_some() {
                    pieces.push(Piece::Garbled("a frame without an end"));
                }
            }
            END => {
                if let Some(frame) = self.frame.take() {
                    pieces.push(open(self.key, &frame));
                } else {
                    pieces.push(Piece::Garbled("the end of no frame"));
                }
            }
            0x80..=0xBF if !continues && self.frame.is_some() => self.push_sixbits(byte, pieces),
            _ => match pieces.last_mut() {
                Some(Piece::Text(text)) => text.push(byte),
                _ => pieces.push(Piece::Text(vec![byte])),
            },
        }
    }

    fn push_sixbits<T>(&mut self, byte: u8, pieces: &mut Vec<Piece<T>>) {
        let Some(frame) = &mut self.frame else { return };
        frame.push(byte & 0x3F);
        if frame.len() > MAX_FRAME {
            self.frame = None;
            pieces.push(Piece::Garbled("a frame of over a mebibyte"));
        }
    }
}

/// The message in a frame.
fn open<T: DeserializeOwned>(key: Key, frame: &[u8]) -> Piece<T> {
    let mut body = Vec::with_capacity(frame.len() * 3 / 4);
    for group in frame.chunks(4) {
        let six = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = six(0) << 18 | six(1) << 12 | six(2) << 6 | six(3);
        // n + 1 sixbits hold n bytes; what is left of the last one is padding.
        let bytes = bits.to_be_bytes();
        let (bytes, padding) = bytes[1..].split_at(group.len() - 1);
        if padding.iter().any(|&byte| byte != 0) {
            return Piece::Garbled("a frame with something behind its end");
        }
        body.extend(bytes);
    }
    let whole = take_number(&body).filter(|(checksum, rest)| *checksum == crc32fast::hash(rest));
    let Some((tag, rest)) = whole.and_then(|(_, rest)| rest.split_first_chunk::<TAG>()) else {
        return Piece::Garbled("a frame with a wrong checksum");
    };
    if u64::from_le_bytes(*tag) != key.tag(rest) {
        return Piece::Garbled(FOREIGN);
    }
    match message(rest) {
        Some((sequence, message)) => Piece::Message(sequence, message),
        None => Piece::Garbled("a record this version of Strata does not know"),
    }
}

fn message<T: DeserializeOwned>(body: &[u8]) -> Option<(u32, Message<T>)> {
    let (sequence, rest) = take_number(body)?;
    let (&channel, content) = rest.split_first()?;
    let bytes = |stream| Message::Bytes(stream, content.to_vec());
    let message = match channel {
        RECORDS => Message::Record(serde_json::from_slice(content).ok()?),
        0 => bytes(Stream::Stdin),
        1 => bytes(Stream::Stdout),
        2 => bytes(Stream::Stderr),
        _ => return None,
    };
    Some((sequence, message))
}

/// The number that bytes begin with, and the rest.
fn take_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Record;

    const KEY: Key = Key::new([7; 16]);

    fn decoder() -> Decoder {
        Decoder::new(KEY)
    }

    fn record(scenario: &str) -> Record {
        Record::Started {
            scenario: scenario.to_owned(),
        }
    }

    fn decode(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Piece<Record>> {
        decoder.push(bytes)
    }

    fn records(pieces: Vec<Piece<Record>>) -> Vec<(u32, Record)> {
        let record = |piece| match piece {
            Piece::Message(sequence, Message::Record(record)) => Some((sequence, record)),
            _ => None,
        };
        pieces.into_iter().filter_map(record).collect()
    }

    fn text(pieces: &[Piece<Record>]) -> Vec<u8> {
        let text = |piece: &Piece<Record>| match piece {
            Piece::Text(text) => text.clone(),
            _ => Vec::new(),
        };
        pieces.iter().flat_map(text).collect()
    }

    #[test]
    fn a_record_of_any_length_comes_back() {
        for length in 0..64 {
            let record = record(&"x".repeat(length));
            let pieces = decode(&mut decoder(), &encode(KEY, 7, &record));
            assert_eq!(
                pieces,
                [Piece::Message(7, Message::Record(record))],
                "a name of {length} bytes"
            );
        }
    }

    #[test]
    fn a_record_survives_a_message_at_any_place() {
        let record = record("unshare_newpid");
        let frame = encode(KEY, 0, &record);
        let message = "[    1.234567] caf\u{e9} \u{20ac} \u{1f427}: irq 9\r\n".as_bytes();
        for place in 0..=frame.len() {
            let console = [&frame[..place], message, &frame[place..]].concat();
            let pieces = decode(&mut decoder(), &console);
            assert_eq!(text(&pieces), message, "a message after {place} bytes");
            assert_eq!(
                records(pieces),
                [(0, record.clone())],
                "a message after {place} bytes"
            );
        }
    }

    #[test]
    fn any_bytes_of_a_stream_come_back() {
        let every_byte: Vec<u8> = (0..=u8::MAX).collect();
        for stream in [Stream::Stdin, Stream::Stdout, Stream::Stderr] {
            for length in [0, 1, 2, 3, 256] {
                let bytes = every_byte[..length].to_vec();
                let frame = encode_bytes(KEY, 1, stream, &bytes);
                let pieces = decode(&mut decoder(), &frame);
                assert_eq!(pieces, [Piece::Message(1, Message::Bytes(stream, bytes))]);
            }
        }
    }

    #[test]
    fn a_record_may_come_byte_by_byte() {
        let record = record("unshare_newpid");
        let mut decoder = decoder();
        let pieces = encode(KEY, 3, &record)
            .iter()
            .flat_map(|byte| decode(&mut decoder, &[*byte]))
            .collect();
        assert_eq!(records(pieces), [(3, record)]);
    }

    #[test]
    fn a_damaged_record_is_garbled_and_the_next_one_is_not() {
        let (first, second) = (record("first"), record("second"));
        let whole = encode(KEY, 0, &first);
        for place in 0..whole.len() {
            let mut lost = whole.clone();
            lost.remove(place);
            let mut changed = whole.clone();
            changed[place] ^= 0x01;
            for damaged in [lost, changed] {
                let console = [damaged, encode(KEY, 1, &second)].concat();
                let pieces = decode(&mut decoder(), &console);
                let garbled = |piece: &Piece<Record>| matches!(piece, Piece::Garbled(_));
                assert!(pieces.iter().any(garbled), "damaged at {place}: {pieces:?}");
                assert_eq!(records(pieces), [(1, second.clone())], "damaged at {place}");
            }
        }
    }

    #[test]
    fn half_a_record_is_none() {
        let frame = encode(KEY, 0, &record("unshare_newpid"));
        for length in 0..frame.len() {
            assert_eq!(records(decode(&mut decoder(), &frame[..length])), []);
        }
    }

    #[test]
    fn an_endless_frame_does_not_fill_the_memory() {
        let mut decoder = decoder();
        decode(&mut decoder, &[START]);
        let garbled = (0..64)
            .flat_map(|_| decode(&mut decoder, &[0x80; 1 << 16]))
            .filter(|piece| matches!(piece, Piece::Garbled(_)));
        assert_eq!(garbled.count(), 1);
        assert!(decoder.frame.is_none());
    }

    #[test]
    fn what_is_under_another_key_is_no_message() {
        let record = record("unshare_newpid");
        for other in [Key::NONE, KEY.of_host(), Key::new([8; 16])] {
            let pieces = decode(&mut decoder(), &encode(other, 0, &record));
            assert_eq!(pieces, [Piece::Garbled(FOREIGN)]);
        }
    }
}
