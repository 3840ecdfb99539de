//! A program's streams, carried between it and the host.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::modules;
use super::process::{self, Streams};
use super::serial::Serial;
use super::shared_memory::{self, GuestRings};
use crate::protocol::ring::Scribbled;
use crate::protocol::wire::{Decoder, FOREIGN, Message, Piece, Stream};
use crate::protocol::{Carried, HEARTBEAT, Order, Record};

/// The most bytes of a stream in one frame.
const FRAME: usize = 16 << 10;
/// The most bytes that are read from a stream at a time: what a pipe holds (pipe(7)).
const PART: usize = 64 << 10;
/// How long an output may be silent and open once every process that held it was
/// killed: one that is stuck in the kernel keeps it open. The time it takes to carry
/// output does not count.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait for more of it at a time.
const TURN: Duration = Duration::from_millis(100);
/// How long the rest of a frame is left to come in: a UART gives eight bytes at
/// a time, and to wake up for each costs more than they do.
const REST_OF_FRAME: Duration = Duration::from_millis(2);
/// What ends the input of a terminal (termios(3): VEOF).
const END_OF_TRANSMISSION: u8 = 0x04;

/// Lets SIGCHLD, and SIGUSR1 by which modules are wanted, interrupt PID 1 only while it
/// waits for something to carry, so that none is missed.
pub(crate) struct Signals(SigSet);

impl Signals {
    pub(crate) fn catch() -> Result<Self, Errno> {
        extern "C" fn nothing(_: libc::c_int) {}
        let action = SigAction::new(
            SigHandler::Handler(nothing),
            SaFlags::empty(),
            SigSet::empty(),
        );
        // SAFETY: the handler does nothing. It is there to interrupt ppoll(2).
        unsafe { sigaction(Signal::SIGCHLD, &action) }?;
        let mut blocked = SigSet::empty();
        blocked.add(Signal::SIGCHLD);
        blocked.add(Signal::SIGUSR1);
        blocked.thread_block()?;
        Ok(Self(SigSet::empty()))
    }

    /// What is blocked while PID 1 waits: nothing.
    pub(crate) const fn unblocked(&self) -> SigSet {
        self.0
    }
}

/// Carries the streams of a program between it and the host.
pub(crate) struct Pump<'a> {
    console: &'a Serial,
    streams: Streams,
    /// The way of the streams; the console where there is none.
    shared: Option<&'a mut GuestRings>,
    signals: Signals,
    decoder: Decoder,
    /// The sequence number of the host's next frame.
    next: u32,
    /// Input that the program has not yet read: what travelled with it, and
    /// frames by their number, with what is left of each. The host sends no more
    /// of these than the window lets it.
    input: VecDeque<(Option<u32>, Vec<u8>)>,
    /// No more input follows.
    input_ends: bool,
    /// The host is ready for the files that it wants.
    files_may_come: bool,
    /// What was read of an output, on its way to the host.
    buffer: Vec<u8>,
}

impl<'a> Pump<'a> {
    /// Carries what is at hand, and then what the host sends, if there is more. `next` is
    /// the number of its next frame.
    pub(crate) fn new(
        console: &'a Serial,
        streams: Streams,
        shared: Option<&'a mut GuestRings>,
        signals: Signals,
        at_hand: &[u8],
        more: bool,
        next: u32,
    ) -> Self {
        let at_hand = at_hand.chunks(FRAME).map(|part| (None, part.to_vec()));
        let input = at_hand.collect();
        Self {
            console,
            streams,
            shared,
            signals,
            decoder: Decoder::new(console.hosts_key()),
            next,
            input,
            input_ends: !more,
            files_may_come: false,
            buffer: vec![0; PART],
        }
    }

    /// Waits until something can be carried, a child has died or `patience` is
    /// at its end; carries what there is. Says whether anything happened.
    pub(crate) fn turn(&mut self, patience: Duration) -> Result<bool, String> {
        let failed = |errno: Errno| format!("carrying the program's streams: {errno}");
        if modules::are_wanted() {
            self.console.post(&Record::ModulesWanted);
        }
        self.close_input();
        let to_stdin = if self.input.is_empty() {
            // Only an error is of interest: that the reader has closed.
            PollFlags::empty()
        } else {
            PollFlags::POLLOUT
        };
        let mut wanted = vec![PollFd::new(self.console.as_fd(), PollFlags::POLLIN)];
        // Not those without room: at its end, a pipe is ready whatever is wanted of it.
        let open = self.outputs_with_room();
        wanted.extend(
            open.iter()
                .map(|(_, file)| PollFd::new(*file, PollFlags::POLLIN)),
        );
        let stdin = self.streams.stdin.iter();
        wanted.extend(stdin.map(|file| PollFd::new(file.as_fd(), to_stdin)));
        match ppoll(&mut wanted, Some(patience.into()), Some(self.signals.0)) {
            Ok(0) => return Ok(false),
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(true),
            Err(errno) => return Err(failed(errno)),
        }
        let mut ready = wanted.iter().map(|one| one.any().unwrap_or(true));
        let console = ready.next() == Some(true);
        let outputs: Vec<Stream> = (open.iter().zip(ready.by_ref()))
            .filter_map(|((stream, _), ready)| ready.then_some(*stream))
            .collect();
        let stdin = ready.next() == Some(true);

        if console {
            self.hear()?;
        }
        if stdin {
            self.feed();
        }
        self.carry(&outputs);
        Ok(true)
    }

    /// Carries the rest of the output, once the program is over: all of it, in
    /// whatever time the host takes for it. Says whether it came to its end.
    pub(crate) fn empty(&mut self) -> Result<bool, String> {
        self.streams.stdin = None;
        let mut quiet = Duration::ZERO;
        while !self.streams.outputs.is_empty() && quiet < PATIENCE {
            quiet = if self.turn(TURN)? {
                Duration::ZERO
            } else if self.waits_for_room() {
                // What has overwritten a counter may have silenced the bell.
                self.console.ring();
                Duration::ZERO
            } else {
                quiet + TURN
            };
        }
        Ok(self.streams.outputs.is_empty())
    }

    /// Carries an archive to the host, in the place of stdout: not before the host has all
    /// of that, or it would take the one for the other.
    pub(crate) fn carry_files(&mut self, mut archive: File) -> Result<(), String> {
        let mut buffer = vec![0; PART];
        loop {
            let room = self.room(Stream::Stdout);
            if room == 0 || !self.files_may_come {
                // No stream is left but this, so it waits for the host's word or bell.
                if !self.turn(HEARTBEAT)? {
                    self.console.post(&Record::Alive);
                }
                continue;
            }
            match archive.read(&mut buffer[..room]) {
                Ok(0) => return Ok(()),
                Ok(length) => self.send(Stream::Stdout, &buffer[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("reading what is packed: {error}")),
            }
        }
    }

    /// What was carried by shared memory, if there is any.
    pub(crate) fn carried(&self) -> Option<[Carried; 3]> {
        self.shared.as_deref().map(GuestRings::carried)
    }

    /// The outputs that can be carried further.
    fn outputs_with_room(&self) -> Vec<(Stream, BorrowedFd<'_>)> {
        let outputs = self.streams.outputs.iter();
        let outputs = outputs.filter(|(stream, _)| self.room(*stream) > 0);
        outputs
            .map(|(stream, file)| (*stream, file.as_fd()))
            .collect()
    }

    fn waits_for_room(&self) -> bool {
        self.outputs_with_room().len() < self.streams.outputs.len()
    }

    /// How many bytes of an output can be carried at once.
    fn room(&self, stream: Stream) -> usize {
        let Some(shared) = &self.shared else {
            return FRAME;
        };
        match shared.room(stream) {
            Ok(room) => room.min(PART),
            Err(scribbled) => self.garbled(scribbled),
        }
    }

    /// Takes input out of shared memory, once the program has what was taken before.
    fn refill(&mut self) {
        let Some(shared) = &mut self.shared else {
            return;
        };
        if self.streams.stdin.is_none() || !self.input.is_empty() {
            return;
        }
        match shared.take(PART) {
            Ok((bytes, bell)) => {
                if !bytes.is_empty() {
                    self.input.push_back((None, bytes));
                }
                if bell {
                    self.console.ring();
                }
            }
            Err(scribbled) => self.garbled(scribbled),
        }
    }

    fn garbled(&self, scribbled: Scribbled) -> ! {
        shared_memory::garbled(self.console, scribbled.to_string())
    }

    /// Takes in what the host says.
    fn hear(&mut self) -> Result<(), String> {
        if self.decoder.is_within_frame() {
            sleep(REST_OF_FRAME);
        }
        let bytes = self
            .console
            .read()
            .map_err(|error| format!("reading the console: {error}"))?;
        for piece in self.decoder.push(&bytes) {
            let (sequence, message) = match piece {
                Piece::Message(sequence, message) => (sequence, message),
                // A program in the guest typed it (ioctl_tty(2): TIOCSTI).
                Piece::Text(_) | Piece::Garbled(FOREIGN) => continue,
                Piece::Garbled(what) => return Err(format!("the host's words arrive as {what}")),
            };
            if sequence != self.next {
                let missing = self.next;
                return Err(format!("the host's frame {missing} did not arrive"));
            }
            self.next += 1;
            match message {
                Message::Bytes(Stream::Stdin, bytes) => {
                    self.input.push_back((Some(sequence), bytes));
                }
                Message::Record(Order::EndOfStdin) => self.input_ends = true,
                Message::Record(Order::Rescan) => modules::rescan(),
                Message::Record(Order::GoOn) => self.files_may_come = true,
                Message::Record(Order::Resize(size)) => {
                    if let Some(terminal) = &self.streams.terminal {
                        process::resize(terminal, size);
                    }
                }
                Message::Bytes(..)
                | Message::Record(
                    Order::Key(_) | Order::Deliver(..) | Order::Begin { .. } | Order::End { .. },
                ) => {
                    return Err("the host says what is not its turn to say".to_owned());
                }
            }
        }
        Ok(())
    }

    /// Gives the program what it has room for, and tells the host.
    fn feed(&mut self) {
        let Some(stdin) = &mut self.streams.stdin else {
            return;
        };
        let mut taken = None;
        // Without anything to write, it was an error that made it ready.
        let mut closed = self.input.is_empty();
        while let Some((sequence, bytes)) = self.input.front_mut() {
            match stdin.write(bytes) {
                // Room is left for the rest only after it has read.
                Ok(length) if length < bytes.len() => {
                    bytes.drain(..length);
                    break;
                }
                Ok(_) => {
                    taken = sequence.or(taken);
                    self.input.pop_front();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    closed = true;
                    break;
                }
            }
        }
        if let Some(sequence) = taken {
            self.console.post(&Record::Taken { sequence });
        }
        if closed {
            self.streams.stdin = None;
            self.input.clear();
            self.console.post(&Record::StdinClosed);
        }
    }

    /// Ends the program's input once it has all of it; takes more until then.
    fn close_input(&mut self) {
        // The host had put in all of it before it said so.
        self.refill();
        if !self.input_ends || !self.input.is_empty() {
            return;
        }
        if let Some(mut stdin) = self.streams.stdin.take()
            && self.streams.terminal.is_some()
        {
            // A terminal stays open: its reader gets a character that means the end.
            let _ = stdin.write_all(&[END_OF_TRANSMISSION]);
        }
    }

    /// Carries what there is of the outputs that are ready, and forgets those that
    /// have ended.
    fn carry(&mut self, ready: &[Stream]) {
        let mut buffer = mem::take(&mut self.buffer);
        for &stream in ready {
            // Something may have overwritten a counter meanwhile. To read nothing would look
            // like the end.
            let room = self.room(stream);
            if room == 0 {
                continue;
            }
            let outputs = &mut self.streams.outputs;
            let Some(number) = outputs.iter().position(|(other, _)| *other == stream) else {
                continue;
            };
            match outputs[number].1.read(&mut buffer[..room]) {
                Ok(length @ 1..) => self.send(stream, &buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // A terminal whose other side is closed gives EIO.
                Ok(0) | Err(_) => drop(outputs.remove(number)),
            }
        }
        self.buffer = buffer;
    }

    /// Gives the host bytes for which there is room.
    fn send(&mut self, stream: Stream, bytes: &[u8]) {
        let Some(shared) = &mut self.shared else {
            return self.console.post_bytes(stream, bytes);
        };
        match shared.put(stream, bytes) {
            Ok(true) => self.console.ring(),
            Ok(false) => {}
            Err(scribbled) => self.garbled(scribbled),
        }
    }
}
