//! What a machine is given once it waits, and the ways to one that does.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use guest::ring::BELL;
use guest::wire;
use guest::{Delivery, Key, Order};
use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use super::host_rings::HostRings;
use super::saved::{Kept, SavedState};
use super::{Machine, RunningMachine};
use crate::system::anonymous;

/// The most bytes that are delivered at a time.
const PART: usize = 64 << 10;

/// The arguments of a QEMU whose state another one can take over.
const SAVES: &str = "-global migration.store-global-state=off";

/// The part of an initramfs that a machine which waits gets by shared memory.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// The initramfs of the machine that waits.
    pub(crate) waiting: Arc<File>,
    /// The file with the archive, and where in it the archive begins.
    pub(crate) archive: (Arc<File>, u64),
    /// Where the state of the machine is kept.
    pub(crate) state: SavedState,
}

/// How a machine comes up.
pub(super) enum Start {
    /// With all in its initramfs.
    Whole,
    /// It waits for a parcel, and is saved then.
    Waits(Parcel),
    /// It waits for a parcel, as it did when it was saved.
    Restored(Parcel),
}

impl Machine {
    /// Starts the machine: from its state, if there is one.
    pub(super) fn come_up(&self, log: &File) -> Result<(RunningMachine, Start)> {
        let Some(parcel) = &self.parcel else {
            return Ok((self.start(log.try_clone()?)?, Start::Whole));
        };
        let waiting = Self {
            initramfs: anonymous::path(&*parcel.waiting),
            ..self.clone()
        };
        match parcel.state.find() {
            Kept::Unable => Ok((self.start(log.try_clone()?)?, Start::Whole)),
            Kept::State(state, length) => match waiting.restore(log, state, length) {
                Ok(running) => Ok((running, Start::Restored(parcel.clone()))),
                Err(_) => {
                    // A state that does not restore is as good as none.
                    parcel.state.forget();
                    log.set_len(0)?;
                    (&mut &*log).rewind()?;
                    waiting.wait(log, parcel)
                }
            },
            Kept::Nothing => waiting.wait(log, parcel),
        }
    }

    fn wait(&self, log: &File, parcel: &Parcel) -> Result<(RunningMachine, Start)> {
        let running = self.start_with(log.try_clone()?, SAVES, None)?;
        Ok((running, Start::Waits(parcel.clone())))
    }

    /// Starts QEMU, restores the state, and waits until the machine runs.
    fn restore(&self, log: &File, state: File, length: u64) -> Result<RunningMachine> {
        let (read, write) = pipe2(OFlag::O_CLOEXEC).context("making a pipe for the state")?;
        let words = format!("{SAVES} -incoming fd:{}", read.as_raw_fd());
        let mut running = self.start_with(log.try_clone()?, &words, Some(read))?;
        // It ends with the pipe, at the latest when QEMU does.
        thread::spawn(move || io::copy(&mut state.take(length), &mut File::from(write)));
        running.monitor.greet()?;
        // What is sent before would be lost.
        running
            .monitor
            .wait_for("query-status", "running", "internal-error")?;
        Ok(running)
    }
}

impl Parcel {
    /// The length of the archive, in bytes.
    fn bytes(&self) -> Result<u64> {
        let (file, from) = &self.archive;
        let length = file.metadata()?.len();
        length
            .checked_sub(*from)
            .context("the archive is shorter than was said")
    }

    /// The words that begin the delivery under a new key, in a message under the one
    /// before. The archive begins at this place of stdin.
    pub(super) fn announce(&self, before: Key, key: Key, from: u64) -> Result<Vec<u8>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let delivery = Delivery {
            bytes: self.bytes()?,
            from,
            now: now.unwrap_or_default(),
            entropy: super::dialogue::random()?,
        };
        Ok(wire::encode(before, 0, &Order::Deliver(key, delivery)))
    }
}

/// A parcel on its way.
pub(super) struct Delivering {
    archive: (Arc<File>, u64),
    left: u64,
    buffer: Vec<u8>,
}

impl Delivering {
    pub(super) fn of(parcel: &Parcel) -> Result<Self> {
        Ok(Self {
            archive: parcel.archive.clone(),
            left: parcel.bytes()?,
            buffer: vec![0; PART],
        })
    }

    /// Delivers as much as there is room for. Returns what to send to the guest.
    pub(super) fn go_on(&mut self, rings: &mut HostRings) -> Result<Vec<u8>> {
        let mut bells = Vec::new();
        while self.left > 0 {
            let room = rings.room()?;
            let most = usize::try_from(self.left)
                .unwrap_or(PART)
                .min(room)
                .min(PART);
            if most == 0 {
                break;
            }
            let (file, from) = &mut self.archive;
            let part = &mut self.buffer[..most];
            file.read_exact_at(part, *from)
                .context("reading what is delivered")?;
            *from += most as u64;
            self.left -= most as u64;
            if rings.put(part)? {
                bells.push(BELL);
            }
        }
        Ok(bells)
    }
}
