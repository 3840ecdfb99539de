//! Records on a serial console that the kernel prints to as well.
//!
//! The kernel writes its messages into the middle of whatever the guest is
//! writing. So the two are told apart byte by byte: a record is written in bytes
//! that no message contains. The frame of a record is
//!
//! ```text
//! 0xC0  sixbits(crc32 of what follows: u32 | sequence: u32 | record: JSON)  0xC1
//! ```
//!
//! with six bits to a byte, as `0x80 | bits`. Neither 0xC0 nor 0xC1 occurs in
//! UTF-8 and 0x80 to 0xBF only after a lead byte (RFC 3629), so any valid UTF-8
//! can stand anywhere within a frame and still be told from it. Whatever else a
//! console may hold, a record that arrives damaged fails its checksum, and one
//! that does not arrive leaves a gap in the sequence.

use crate::Record;

const START: u8 = 0xC0;
const END: u8 = 0xC1;
/// Bytes of the checksum.
const CHECKSUM: usize = 4;
/// A longer frame is damaged. Bounds the memory of a decoder.
const MAX_FRAME: usize = 1 << 20;

/// The bytes of a record for the console.
///
/// # Panics
/// Never: a record always has a JSON form.
#[must_use]
pub fn encode(sequence: u32, record: &Record) -> Vec<u8> {
    let json = serde_json::to_vec(record).expect("a record is plain data");
    let mut body = vec![0; CHECKSUM];
    body.extend(sequence.to_le_bytes());
    body.extend(json);
    let checksum = crc32fast::hash(&body[CHECKSUM..]);
    body[..CHECKSUM].copy_from_slice(&checksum.to_le_bytes());

    let mut frame = vec![START];
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

/// What a console held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes that belong to no record: the kernel's messages.
    Text(Vec<u8>),
    /// A record, whole and undamaged, with its place in the sequence from 0.
    Record(u32, Record),
    /// A frame that is no record, and why.
    Garbled(&'static str),
}

/// Takes a console apart, as its bytes come in.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// The sixbits of the frame that is open.
    frame: Option<Vec<u8>>,
    /// How many continuation bytes of a UTF-8 sequence are still to come.
    continuation: u8,
}

impl Decoder {
    /// Takes the next bytes apart.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for &byte in bytes {
            self.push_byte(byte, &mut pieces);
        }
        pieces
    }

    fn push_byte(&mut self, byte: u8, pieces: &mut Vec<Piece>) {
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
                    pieces.push(open(&frame));
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

    fn push_sixbits(&mut self, byte: u8, pieces: &mut Vec<Piece>) {
        let Some(frame) = &mut self.frame else { return };
        frame.push(byte & 0x3F);
        if frame.len() > MAX_FRAME {
            self.frame = None;
            pieces.push(Piece::Garbled("a frame of over a mebibyte"));
        }
    }
}

/// The record in a frame.
fn open(frame: &[u8]) -> Piece {
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
    match take_number(&body) {
        Some((checksum, rest)) if checksum == crc32fast::hash(rest) => {
            let record = take_number(rest)
                .and_then(|(sequence, json)| Some((sequence, serde_json::from_slice(json).ok()?)));
            match record {
                Some((sequence, record)) => Piece::Record(sequence, record),
                None => Piece::Garbled("a record this version of Strata does not know"),
            }
        }
        _ => Piece::Garbled("a record with a wrong checksum"),
    }
}

/// The number that bytes begin with, and the rest.
fn take_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(scenario: &str) -> Record {
        Record::Started {
            scenario: scenario.to_owned(),
        }
    }

    fn records(pieces: Vec<Piece>) -> Vec<(u32, Record)> {
        let record = |piece| match piece {
            Piece::Record(sequence, record) => Some((sequence, record)),
            _ => None,
        };
        pieces.into_iter().filter_map(record).collect()
    }

    fn text(pieces: &[Piece]) -> Vec<u8> {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            _ => Vec::new(),
        };
        pieces.iter().flat_map(text).collect()
    }

    #[test]
    fn a_record_of_any_length_comes_back() {
        for length in 0..64 {
            let record = record(&"x".repeat(length));
            let pieces = Decoder::default().push(&encode(7, &record));
            assert_eq!(
                pieces,
                [Piece::Record(7, record)],
                "a name of {length} bytes"
            );
        }
    }

    #[test]
    fn a_record_survives_a_message_at_any_place() {
        let record = record("unshare_newpid");
        let frame = encode(0, &record);
        let message = "[    1.234567] caf\u{e9} \u{20ac} \u{1f427}: irq 9\r\n".as_bytes();
        for place in 0..=frame.len() {
            let console = [&frame[..place], message, &frame[place..]].concat();
            let pieces = Decoder::default().push(&console);
            assert_eq!(text(&pieces), message, "a message after {place} bytes");
            assert_eq!(
                records(pieces),
                [(0, record.clone())],
                "a message after {place} bytes"
            );
        }
    }

    #[test]
    fn a_record_may_come_byte_by_byte() {
        let record = record("unshare_newpid");
        let mut decoder = Decoder::default();
        let pieces = encode(3, &record)
            .iter()
            .flat_map(|byte| decoder.push(&[*byte]))
            .collect();
        assert_eq!(records(pieces), [(3, record)]);
    }

    #[test]
    fn a_damaged_record_is_garbled_and_the_next_one_is_not() {
        let (first, second) = (record("first"), record("second"));
        let whole = encode(0, &first);
        for place in 0..whole.len() {
            let mut lost = whole.clone();
            lost.remove(place);
            let mut changed = whole.clone();
            changed[place] ^= 0x01;
            for damaged in [lost, changed] {
                let console = [damaged, encode(1, &second)].concat();
                let pieces = Decoder::default().push(&console);
                let garbled = |piece: &Piece| matches!(piece, Piece::Garbled(_));
                assert!(pieces.iter().any(garbled), "damaged at {place}: {pieces:?}");
                assert_eq!(records(pieces), [(1, second.clone())], "damaged at {place}");
            }
        }
    }

    #[test]
    fn half_a_record_is_none() {
        let frame = encode(0, &record("unshare_newpid"));
        for length in 0..frame.len() {
            assert_eq!(records(Decoder::default().push(&frame[..length])), []);
        }
    }

    #[test]
    fn an_endless_frame_does_not_fill_the_memory() {
        let mut decoder = Decoder::default();
        decoder.push(&[START]);
        let garbled = (0..64)
            .flat_map(|_| decoder.push(&[0x80; 1 << 16]))
            .filter(|piece| matches!(piece, Piece::Garbled(_)));
        assert_eq!(garbled.count(), 1);
        assert!(decoder.frame.is_none());
    }
}
