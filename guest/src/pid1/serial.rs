//! The serial console, as the guest writes to it and reads from it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// How long a machine may be without a job. It is for the host to end it before.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the host may look at a scenario that is out of time.
const LOOK: Duration = Duration::from_secs(30);

/// Where messages go. Clones write to the same console, in one sequence.
#[derive(Clone)]
pub(crate) struct Serial {
    tty: Arc<File>,
    /// Where the host's words are read: the same, or what PID 1 passes on to a lane.
    input: Arc<File>,
    numbering: Arc<Mutex<Numbering>>,
}

/// How messages are signed and numbered: in the same way for a job.
struct Numbering {
    /// The key of this job. No other process ever has it: execve(2) takes it from
    /// those that run a program.
    key: Key,
    next: u32,
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
        let tty = Arc::new(tty);
        let console = Self {
            input: Arc::clone(&tty),
            tty,
            numbering: Arc::new(Mutex::new(Numbering {
                key: Key::NONE,
                next: 0,
            })),
        };
        console.write(&wire::encode(Key::NONE, 0, greeting));
        let delivery = console.hear_job(Key::NONE, PATIENCE)?;
        Ok((console, delivery))
    }

    /// The same console for a task in a lane, which has a key of its own and hears what is
    /// passed on to it. A frame is written at once, so those of two tasks do not mix.
    pub(crate) fn of_task(&self, sent: Key, input: File) -> Self {
        let key = self.numbering().key.with(sent);
        Self {
            tty: Arc::clone(&self.tty),
            input: Arc::new(input),
            numbering: Arc::new(Mutex::new(Numbering { key, next: 0 })),
        }
    }

    /// The key under which the host speaks.
    pub(crate) fn hosts_key(&self) -> Key {
        self.numbering().key.of_host()
    }

    /// Waits for the next job, whatever else the host may still say of this one; for a
    /// machine that waits, says what is delivered.
    pub(crate) fn next_job(&self) -> io::Result<Option<Delivery>> {
        self.hear_job(self.hosts_key(), IDLE)
    }

    fn hear_job(&self, hosts_key: Key, patience: Duration) -> io::Result<Option<Delivery>> {
        let (key, delivery) = self.hear_key(hosts_key, patience)?;
        *self.numbering() = Numbering { key, next: 0 };
        Ok(delivery)
    }

    fn hear_key(&self, hosts_key: Key, patience: Duration) -> io::Result<(Key, Option<Delivery>)> {
        let started = Instant::now();
        let mut decoder = Decoder::new(hosts_key);
        loop {
            for piece in decoder.push(&self.hear(patience.saturating_sub(started.elapsed()))?) {
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

    /// Waits until the host says that it has looked, or gives up.
    pub(crate) fn be_looked_at(&self) {
        let started = Instant::now();
        let mut decoder = Decoder::new(self.hosts_key());
        while let Ok(bytes) = self.hear(LOOK.saturating_sub(started.elapsed())) {
            let pieces = decoder.push(&bytes);
            let go_on =
                |piece: &_| matches!(piece, Piece::Message(_, Message::Record(Order::GoOn)));
            if pieces.iter().any(go_on) {
                return;
            }
        }
    }

    /// Waits for what the host sends, and reads some of it.
    pub(crate) fn hear(&self, patience: Duration) -> io::Result<Vec<u8>> {
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(self.input.as_fd(), PollFlags::POLLIN)];
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
        let Numbering { key, next } = *self.numbering();
        let frame = report(key, next, record);
        self.numbering().next += 1;
        self.write(&frame);
        let _ = tcdrain(&*self.tty);
    }

    /// Writes a record, which may wait in the kernel's buffer.
    pub(crate) fn post(&self, record: &Record) {
        let (key, number) = self.next();
        self.write(&wire::encode(key, number, record));
    }

    /// Writes bytes of a stream, which may wait in the kernel's buffer.
    pub(crate) fn post_bytes(&self, stream: Stream, bytes: &[u8]) {
        let (key, number) = self.next();
        self.write(&wire::encode_bytes(key, number, stream, bytes));
    }

    /// Rings the host's bell.
    pub(crate) fn ring(&self) {
        self.write(&[BELL]);
    }

    /// Reads some of what the host has sent: at least a byte once the console is
    /// readable.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; WINDOW];
        let length = (&*self.input).read(&mut buffer)?;
        buffer.truncate(length);
        Ok(buffer)
    }

    fn next(&self) -> (Key, u32) {
        let mut numbering = self.numbering();
        let next = numbering.next;
        numbering.next += 1;
        (numbering.key, next)
    }

    fn numbering(&self) -> MutexGuard<'_, Numbering> {
        self.numbering
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A failure cannot be reported; the host misses the frame.
    fn write(&self, frame: &[u8]) {
        let _ = (&*self.tty).write_all(frame);
    }
}

impl AsFd for Serial {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }
}
