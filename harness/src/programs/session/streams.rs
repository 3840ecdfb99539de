//! The streams of a program, between its guest and this host.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;

use anyhow::{Context, Result};
use guest::ring::{BELL, RING_BYTES, Scribbled};
use guest::wire::Stream;
use guest::{Carried, Order};

use super::Ending;
use crate::machine::{Dialogue, HostRings};
use crate::programs::input_frames::{InputFrames, InputRead};
use crate::programs::output::Output;
use crate::results::End;

/// How many bytes of files are taken of a guest, which may send for ever.
const MOST_FILES: usize = 1 << 30;
/// How many bytes of a stream are carried at a time.
const PART: usize = 64 << 10;

/// Where what comes in the place of stdout goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// To the output, as long as there is room.
    Output,
    /// To the output, all of it.
    WholeOutput,
    /// To the archive of the files that are wanted.
    Files,
}

/// What was carried.
pub(super) struct CarriedPart {
    /// Whether there was anything.
    pub(super) any: bool,
    /// Whether there may be more.
    pub(super) more: bool,
}

pub(super) struct ProgramStreams<'a> {
    /// The rings, while the streams are carried by shared memory.
    rings: Option<HostRings>,
    /// Whether the program's streams are.
    shared: bool,
    buffer: Vec<u8>,
    pub(super) input: &'a mut InputFrames,
    pub(super) output: &'a mut dyn Output,
    /// Whether any of the output, or of the files, has arrived.
    pub(super) has_arrived: bool,
    /// Where the files go that are wanted.
    pub(super) files: Option<&'a File>,
    /// How many bytes of them are still taken.
    files_left: usize,
}

impl<'a> ProgramStreams<'a> {
    pub(super) fn new(
        input: &'a mut InputFrames,
        output: &'a mut dyn Output,
        files: Option<&'a File>,
    ) -> Self {
        Self {
            rings: None,
            shared: false,
            buffer: vec![0; PART],
            input,
            output,
            has_arrived: false,
            files,
            files_left: MOST_FILES,
        }
    }

    /// Begins with the streams, by shared memory or on the console.
    pub(super) fn begin(&mut self, shared: bool, dialogue: &mut Dialogue) {
        self.shared = shared;
        self.go_on(dialogue);
    }

    /// Goes on, in the same way, with files.
    pub(super) fn go_on(&mut self, dialogue: &mut Dialogue) {
        self.rings = dialogue.take_rings().filter(|_| self.shared);
    }

    /// Compares what has arrived with what the guest says it has carried. What comes after
    /// that is not the program's. Returns the end, if they differ.
    pub(super) fn end(
        &mut self,
        carried: Option<[Carried; 3]>,
        dialogue: &mut Dialogue,
    ) -> Option<Ending> {
        let what = self.differs(carried);
        dialogue.give_rings(self.rings.take());
        what.map(|what| Ending::Lost(End::Garbled(what)))
    }

    /// What is wrong with the streams that the guest says it has carried, if anything is.
    fn differs(&mut self, carried: Option<[Carried; 3]>) -> Option<String> {
        match (&mut self.rings, carried) {
            (None, None) => None,
            (Some(rings), Some(carried)) => rings.differs(&carried).map(|stream| {
                let stream = stream.name();
                format!(
                    "{stream} arrived with other bytes than were sent: something in the guest has \
                     written to its shared memory"
                )
            }),
            _ => Some("the guest carries streams by another way than it said".to_owned()),
        }
    }

    /// Takes what there is out of shared memory. Returns the end, if it cannot go there.
    pub(super) fn carry(
        &mut self,
        to: Destination,
        dialogue: &mut Dialogue,
    ) -> Result<ControlFlow<Ending, CarriedPart>> {
        let mut part = CarriedPart {
            any: false,
            more: false,
        };
        for stream in [Stream::Stdout, Stream::Stderr] {
            // No more than a ring holds: something else may have happened meanwhile.
            let mut carried = 0;
            while let Some(rings) = &mut self.rings {
                let is_full = to == Destination::Output && self.output.full().is_some();
                if carried >= RING_BYTES || is_full {
                    part.more = true;
                    break;
                }
                let moved = match rings.take(stream, &mut self.buffer) {
                    Ok(moved) => moved,
                    Err(scribbled) => return Ok(ControlFlow::Break(garbled(scribbled))),
                };
                if moved.bytes == 0 {
                    break;
                }
                if moved.bell {
                    send(dialogue, &[BELL])?;
                }
                carried += moved.bytes;
                part.any = true;
                let buffer = std::mem::take(&mut self.buffer);
                let ending = self.bytes(stream, &buffer[..moved.bytes], to);
                self.buffer = buffer;
                if let Some(ending) = ending? {
                    return Ok(ControlFlow::Break(ending));
                }
            }
        }
        Ok(ControlFlow::Continue(part))
    }

    /// Takes bytes that have come. Returns the end, if they cannot go there.
    pub(super) fn bytes(
        &mut self,
        stream: Stream,
        bytes: &[u8],
        to: Destination,
    ) -> Result<Option<Ending>> {
        self.has_arrived = true;
        if to != Destination::Files {
            return match self.output.bytes(stream, bytes) {
                Ok(()) => Ok(None),
                Err(error) => not_taken(error).map(Some),
            };
        }
        let Some(left) = self.files_left.checked_sub(bytes.len()) else {
            let why = "the files that are wanted have over 1 GiB: name fewer with --out";
            return Ok(Some(Ending::Lost(End::Broken(why.to_owned()))));
        };
        self.files_left = left;
        if let Some(mut files) = self.files {
            files
                .write_all(bytes)
                .context("keeping the files that are wanted")?;
        }
        Ok(None)
    }

    /// The file to wait for that has input, if there is room for it.
    pub(super) fn coming_input(&self) -> Option<BorrowedFd<'_>> {
        match &self.rings {
            Some(rings) => self.input.source().filter(|_| rings.room() != Ok(0)),
            None => self.input.wanted(),
        }
    }

    /// Gives the guest input that has come. Returns the end, if that cannot be.
    pub(super) fn feed(&mut self, dialogue: &mut Dialogue) -> Result<Option<Ending>> {
        const READING: &str = "reading the program's input";
        let Some(rings) = &mut self.rings else {
            let frame = self.input.frame(dialogue.key()).context(READING)?;
            send(dialogue, &frame.unwrap_or_default())?;
            return Ok(None);
        };
        let most = match rings.room() {
            Ok(0) => return Ok(None),
            Ok(room) => room.min(self.buffer.len()),
            Err(scribbled) => return Ok(Some(garbled(scribbled))),
        };
        let read = self.input.read(&mut self.buffer[..most]).context(READING)?;
        match read {
            InputRead::Nothing => {}
            InputRead::Bytes(length) => match rings.put(&self.buffer[..length]) {
                Ok(true) => send(dialogue, &[BELL])?,
                Ok(false) => {}
                Err(scribbled) => return Ok(Some(garbled(scribbled))),
            },
            InputRead::End => self.order(&Order::EndOfStdin, dialogue)?,
        }
        Ok(None)
    }

    /// Gives the guest an order, in the sequence of the input.
    pub(super) fn order(&mut self, order: &Order, dialogue: &mut Dialogue) -> Result<()> {
        let order = self.input.order(dialogue.key(), order);
        send(dialogue, &order)
    }
}

fn send(dialogue: &mut Dialogue, bytes: &[u8]) -> Result<()> {
    dialogue.send(bytes).context("writing to the console")
}

fn garbled(scribbled: Scribbled) -> Ending {
    Ending::Lost(End::Garbled(scribbled.to_string()))
}

/// How a run ends whose output cannot be written.
pub(super) fn not_taken(error: io::Error) -> Result<Ending> {
    if error.kind() == ErrorKind::BrokenPipe {
        return Ok(Ending::OutputClosed);
    }
    Err(error).context("writing the program's output")
}
