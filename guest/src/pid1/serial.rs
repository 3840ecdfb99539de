//! The serial console, as the guest writes to it and reads from it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{SetArg, cfmakeraw, tcdrain, tcgetattr, tcsetattr};

use crate::faults::FaultyReport;
use crate::protocol::ring::BELL;
use crate::protocol::wire::{self, Decoder, Message, Piece, Stream};
use crate::protocol::{Delivery, Key, Order, Record, WINDOW};

/// How long the host may take to answer. Strata ends the machine long before; this
/// is for a machine that something else has started.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where messages go. Clones write to the same console, in one sequence.
#[derive(Clone)]
pub(crate) struct Serial {
    tty: Arc<File>,
    /// The key of this boot. No other process ever has it: execve(2) takes it from
    /// those that run a program.
    key: Key,
    sequence: Arc<AtomicU32>,
}

impl Serial {
    /// Opens it, greets the host, and gets the key of this boot before anything runs
    /// that could listen; for a machine that waits, also what is delivered.
    pub(crate) fn open(greeting: &Record) -> io::Result<(Self, Option<Delivery>)> {
        // The node is in the initramfs: this works before anything is mounted.
        let tty = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOCTTY)
            .open("/dev/console")?;
        // Bytes are to arrive as they are sent.
        let mut settings = tcgetattr(&tty)?;
        cfmakeraw(&mut settings);
        tcsetattr(&tty, SetArg::TCSANOW, &settings)?;
        let mut console = Self {
            tty: Arc::new(tty),
            key: Key::NONE,
            sequence: Arc::default(),
        };
        console.write(&wire::encode(Key::NONE, 0, greeting));
        let (key, delivery) = console.hear_key()?;
        console.key = key;
        Ok((console, delivery))
    }

    /// The key under which the host speaks.
    pub(crate) fn hosts_key(&self) -> Key {
        self.key.of_host()
    }

    fn hear_key(&self) -> io::Result<(Key, Option<Delivery>)> {
        let started = Instant::now();
        let mut decoder = Decoder::new(Key::NONE);
        loop {
            for piece in decoder.push(&self.hear(PATIENCE.saturating_sub(started.elapsed()))?) {
                match piece {
                    Piece::Message(_, Message::Record(Order::Key(key))) => return Ok((key, None)),
                    Piece::Message(_, Message::Record(Order::Deliver(key, delivery))) => {
                        return Ok((key, Some(delivery)));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Waits for what the host sends, and reads some of it.
    pub(crate) fn hear(&self, patience: Duration) -> io::Result<Vec<u8>> {
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(self.tty.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, patience)? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.read()
    }

    /// Sends a record and waits until it has left, so that nothing of it is in the
    /// kernel's buffer when the machine ends.
    pub(crate) fn send(&self, record: &Record) {
        self.post(record);
        let _ = tcdrain(&*self.tty);
    }

    /// Sends a record as a fault would have it.
    pub(crate) fn send_as(&self, record: &Record, report: FaultyReport) {
        // If `report` panics, the number is not used up.
        let frame = report(self.key, self.sequence.load(Ordering::Relaxed), record);
        self.next();
        self.write(&frame);
        let _ = tcdrain(&*self.tty);
    }

    /// Writes a record, which may wait in the kernel's buffer.
    pub(crate) fn post(&self, record: &Record) {
        self.write(&wire::encode(self.key, self.next(), record));
    }

    /// Writes bytes of a stream, which may wait in the kernel's buffer.
    pub(crate) fn post_bytes(&self, stream: Stream, bytes: &[u8]) {
        self.write(&wire::encode_bytes(self.key, self.next(), stream, bytes));
    }

    /// Rings the host's bell.
    pub(crate) fn ring(&self) {
        self.write(&[BELL]);
    }

    /// Reads some of what the host has sent: at least a byte once the console is
    /// readable.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; WINDOW];
        let length = (&*self.tty).read(&mut buffer)?;
        buffer.truncate(length);
        Ok(buffer)
    }

    fn next(&self) -> u32 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// A failure cannot be reported; the host misses the frame.
    fn write(&self, frame: &[u8]) {
        let _ = (&*self.tty).write_all(frame);
    }
}

impl AsFd for Serial {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tty.as_fd()
    }
}
