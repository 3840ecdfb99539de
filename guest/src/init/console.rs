//! The serial console, as the guest writes to it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use guest::{Record, wire};
use nix::sys::termios::{SetArg, cfmakeraw, tcdrain, tcgetattr, tcsetattr};

/// Where records go. Clones write to the same console, in one sequence.
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

    /// Sends a record. There is nobody to tell where that fails; the host
    /// misses it.
    pub(crate) fn send(&self, record: &Record) {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        let _ = (&*self.tty).write_all(&wire::encode(sequence, record));
        // So that nothing is left in the kernel's buffer when the machine ends.
        let _ = tcdrain(&*self.tty);
    }
}
