//! The frames that go to a guest while a program runs: input, no faster than the
//! program reads it, and orders.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use guest::wire::{self, OVERHEAD, Stream};
use guest::{Key, Order, WINDOW};

use super::spool::Spool;

/// How much input goes into one frame: three of them fit the window.
const FRAME: usize = 960;

/// The rest of a program's input: a file, which a spool may feed.
#[derive(Debug)]
pub struct Coming {
    pub(super) file: File,
    pub(super) spool: Option<Arc<Spool>>,
}

/// What the rest of the input has given.
pub(super) enum InputRead {
    /// This many bytes, at the beginning of the buffer.
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// Its end.
    End,
}

/// The frames to the guest.
pub(super) struct InputFrames {
    /// The rest of the input; none at its end.
    source: Option<Coming>,
    /// The sequence number of the next frame.
    next: u32,
    /// Frames of input that were sent and not taken, with their lengths.
    sent: VecDeque<(u32, usize)>,
    /// Whether some of the input was read, or will never be.
    is_used: bool,
}

impl InputFrames {
    pub(super) fn new(source: Option<Coming>) -> Self {
        Self {
            source,
            next: 0,
            sent: VecDeque::new(),
            is_used: false,
        }
    }

    /// Begins with another guest.
    pub(super) fn begin(&mut self) {
        self.next = 0;
        self.sent.clear();
    }

    /// Whether another guest would miss some of the input.
    pub(super) fn is_used(&self) -> bool {
        self.is_used
    }

    /// The file to wait for; none if the window is full.
    pub(super) fn wanted(&self) -> Option<BorrowedFd<'_>> {
        let sent: usize = self.sent.iter().map(|(_, length)| length).sum();
        self.source()
            .filter(|_| sent + frame_length(FRAME) <= WINDOW)
    }

    /// The file to wait for, where input travels past the console.
    pub(super) fn source(&self) -> Option<BorrowedFd<'_>> {
        self.source.as_ref().map(|source| source.file.as_fd())
    }

    /// Reads input.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<InputRead> {
        let Some(source) = &mut self.source else {
            return Ok(InputRead::Nothing);
        };
        let read = source.file.read(buffer);
        self.is_used |= read.is_ok();
        match read {
            Ok(0) => {
                // A spool may have ended by an error.
                source
                    .spool
                    .as_ref()
                    .map_or(Ok(()), |spool| spool.check())?;
                self.source = None;
                Ok(InputRead::End)
            }
            Ok(length) => Ok(InputRead::Bytes(length)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(InputRead::Nothing),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(InputRead::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Reads input, and makes a frame of it, unless there is none yet.
    pub(super) fn frame(&mut self, key: Key) -> io::Result<Option<Vec<u8>>> {
        let mut buffer = [0; FRAME];
        Ok(match self.read(&mut buffer)? {
            InputRead::Bytes(length) => {
                let frame = wire::encode_bytes(key, self.next, Stream::Stdin, &buffer[..length]);
                self.sent.push_back((self.next, frame.len()));
                self.next += 1;
                Some(frame)
            }
            InputRead::Nothing => None,
            InputRead::End => Some(self.order(key, &Order::EndOfStdin)),
        })
    }

    /// The frame of an order. Orders are few and small, so the window does not count
    /// them.
    pub(super) fn order(&mut self, key: Key, order: &Order) -> Vec<u8> {
        let frame = wire::encode(key, self.next, order);
        self.next += 1;
        frame
    }

    /// The program was given the frames up to this one.
    pub(super) fn taken(&mut self, sequence: u32) {
        self.sent.retain(|(sent, _)| *sent > sequence);
    }

    /// The program reads no more.
    pub(super) fn close(&mut self) {
        self.is_used |= self.source.take().is_some();
    }
}

/// The length of a frame with this many bytes.
const fn frame_length(bytes: usize) -> usize {
    // Six bits to a byte; start and end.
    ((OVERHEAD + bytes) * 8).div_ceil(6) + 2
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;

    use super::*;

    #[test]
    fn three_frames_fit_the_window() {
        let frame = wire::encode_bytes(Key::NONE, u32::MAX, Stream::Stdin, &[0; FRAME]);
        assert_eq!(frame.len(), frame_length(FRAME));
        assert!(3 * frame.len() <= WINDOW);
    }

    #[test]
    fn no_more_is_read_than_there_is_room_for() {
        let (read, mut write) = io::pipe().unwrap();
        write.write_all(&[0; 10 * FRAME]).unwrap();
        drop(write);
        let file = File::from(OwnedFd::from(read));
        let mut input = InputFrames::new(Some(Coming { file, spool: None }));
        for _ in 0..3 {
            assert!(input.wanted().is_some());
            assert!(input.frame(Key::NONE).unwrap().is_some());
        }
        assert!(input.wanted().is_none());
        input.taken(0);
        assert!(input.wanted().is_some());
    }
}
