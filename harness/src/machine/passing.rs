//! What is read of the console of a machine with lanes, on its way to the dialogue of one: all
//! text, and the frames under its key. A reader of output that stops keeps its own lane
//! waiting only.

use std::io::{ErrorKind, Write};
use std::os::unix::net::UnixStream;

use guest::ring::BELL;
use guest::wire::{self, Decoder, Message, Piece};
use guest::{Key, Record};

use super::dialogue::PART;

/// The most bytes that wait for a task which reads none of them.
const MOST_BACKLOG: usize = 1 << 20;

/// What is passed on to the dialogue of a lane.
pub(super) struct Passing {
    pub(super) to: UnixStream,
    key: Key,
    decoder: Decoder,
    /// What the socket has not taken yet.
    backlog: Vec<u8>,
    /// Whether the guest has said that the job is done.
    pub(super) is_done: bool,
}

impl Passing {
    /// To the other end of this socket, about the task with this key.
    pub(super) fn new(to: UnixStream, key: Key) -> Self {
        Self {
            to,
            key,
            decoder: Decoder::new(key),
            backlog: Vec::new(),
            is_done: false,
        }
    }

    /// Passes on what is about this lane. Says whether its dialogue still follows.
    pub(super) fn pass_on(&mut self, bytes: &[u8]) -> bool {
        for piece in self.decoder.push::<Record>(bytes) {
            match piece {
                // It will look, as soon as it reads.
                Piece::Text(text)
                    if !self.backlog.is_empty() && text.iter().all(|&byte| byte == BELL) => {}
                Piece::Text(text) => self.backlog.extend(text),
                Piece::Message(number, Message::Record(record)) => {
                    self.is_done |= matches!(record, Record::Finished { .. });
                    self.backlog.extend(wire::encode(self.key, number, &record));
                }
                Piece::Message(number, Message::Bytes(stream, bytes)) => {
                    let frame = wire::encode_bytes(self.key, number, stream, &bytes);
                    self.backlog.extend(frame);
                }
                // Of another lane.
                Piece::Garbled(_) => {}
            }
        }
        while !self.backlog.is_empty() {
            // A reader takes one part at a time.
            let length = self.backlog.len().min(PART);
            match self.to.write(&self.backlog[..length]) {
                Ok(length) => drop(self.backlog.drain(..length)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // It has gone, which is heard, too.
                Err(_) => self.backlog.clear(),
            }
        }
        self.backlog.len() <= MOST_BACKLOG
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// A frame of another lane is not passed on, and neither is a bell to a reader that has
    /// something to read already.
    #[test]
    fn a_lane_hears_text_and_its_own_frames() {
        let [own, other] = [7, 8].map(|byte| Key::new([byte; 16]));
        let (to, mut from) = UnixStream::pair().unwrap();
        to.set_nonblocking(true).unwrap();
        let mut passing = Passing::new(to, own);
        let frame = |key, record: &Record| wire::encode(key, 3, record);
        let heard = [
            frame(other, &Record::Finished { scenarios: 0 }),
            b"text".to_vec(),
            frame(own, &Record::Alive),
        ];
        assert!(passing.pass_on(&heard.concat()));
        let mut passed = [0; 4096];
        let length = from.read(&mut passed).unwrap();
        assert_eq!(passed[..length], heard[1..].concat());
        assert!(!passing.is_done);
        passing.pass_on(&frame(own, &Record::Finished { scenarios: 0 }));
        assert!(passing.is_done);

        // Until the socket is full.
        while passing.backlog.is_empty() {
            assert!(passing.pass_on(&[b'x'; PART]));
        }
        let before = passing.backlog.len();
        passing.pass_on(&[BELL]);
        assert_eq!(passing.backlog.len(), before);
        assert!(!passing.pass_on(&vec![b'x'; MOST_BACKLOG + 1]));
    }
}
