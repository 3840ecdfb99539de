//! The serial console, as the guest writes to it and reads from it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use guest::faults::Report;
use guest::wire::{self, Stream};
use guest::{Record, WINDOW};
use nix::sys::termios::{SetArg, cfmakeraw, tcdrain, tcgetattr, tcsetattr};

/// Where messages go. Clones write to the same console, in one sequence.
#[derive(Clone)]
pub(crate) struct Console {
    tty: Arc<File>,
    sequence: Arc<AtomicU32>,
}

impl Console {
    pub(crate) fn open() -> io::Result<Self> {
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
        Ok(Self {
            tty: Arc::new(tty),
            sequence: Arc::default(),
        })
    }

    /// Sends a record and sees it off, so that nothing is left in the kernel's
    /// buffer when the machine ends, by itself or not.
    pub(crate) fn send(&self, record: &Record) {
        self.post(record);
        let _ = tcdrain(&*self.tty);
    }

    /// Sends a record as a fault would have it.
    pub(crate) fn send_as(&self, record: &Record, report: Report) {
        // One that fails on the way is not counted.
        let frame = report(self.sequence.load(Ordering::Relaxed), record);
        self.next();
        self.write(&frame);
        let _ = tcdrain(&*self.tty);
    }

    /// Sends a record that may take its time.
    pub(crate) fn post(&self, record: &Record) {
        self.write(&wire::encode(self.next(), record));
    }

    /// Sends bytes of a stream, which may take their time.
    pub(crate) fn post_bytes(&self, stream: Stream, bytes: &[u8]) {
        self.write(&wire::encode_bytes(self.next(), stream, bytes));
    }

    /// What the host has sent, some of it: at least a byte once the console is
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

    /// There is nobody to tell where this fails; the host misses the frame.
    fn write(&self, frame: &[u8]) {
        let _ = (&*self.tty).write_all(frame);
    }
}

impl AsFd for Console {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tty.as_fd()
    }
}
