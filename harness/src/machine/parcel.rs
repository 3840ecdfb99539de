//! What a machine is given once it waits, and the ways to one that does.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Range;
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

/// The contents of files that were taken out of an archive.
pub(crate) type TakenOut = (Arc<File>, Vec<Range<u64>>);

/// The part of an initramfs that a machine which waits gets by shared memory.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// The initramfs of the machine that waits.
    pub(crate) waiting: Arc<File>,
    /// The file with the archive, and where in it the archive begins.
    pub(crate) archive: (Arc<File>, u64),
    /// What was taken out of the archive and may be asked for, if the machine may have it: a
    /// file, and where the contents are in it.
    pub(crate) taken_out: Option<TakenOut>,
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
        let delivery = self.delivery(from)?;
        Ok(wire::encode(before, 0, &Order::Deliver(key, delivery)))
    }

    /// What is delivered, from this place of stdin.
    pub(super) fn delivery(&self, from: u64) -> Result<Delivery> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(Delivery {
            bytes: self.bytes()?,
            known: self.taken_out.is_some(),
            from,
            now: now.unwrap_or_default(),
            entropy: super::dialogue::random()?,
        })
    }
}

/// A parcel on its way, or contents that were taken out of one.
pub(super) struct Delivering {
    file: Arc<File>,
    parts: VecDeque<Range<u64>>,
    buffer: Vec<u8>,
}

impl Delivering {
    pub(super) fn of(parcel: &Parcel) -> Result<Self> {
        let (file, from) = parcel.archive.clone();
        let whole = from..from + parcel.bytes()?;
        Ok(Self::of_parts(file, [whole].into()))
    }

    /// Of those of these numbers; none if there are no such.
    pub(super) fn of_contents((file, contents): &TakenOut, numbers: &[usize]) -> Option<Self> {
        let parts = numbers.iter().map(|&number| contents.get(number).cloned());
        let parts: VecDeque<_> = parts.collect::<Option<_>>()?;
        (parts.len() <= contents.len()).then(|| Self::of_parts(Arc::clone(file), parts))
    }

    fn of_parts(file: Arc<File>, parts: VecDeque<Range<u64>>) -> Self {
        Self {
            file,
            parts,
            buffer: vec![0; PART],
        }
    }

    /// Delivers as much as there is room for. Returns what to send to the guest.
    pub(super) fn go_on(&mut self, rings: &mut HostRings) -> Result<Vec<u8>> {
        let mut bells = Vec::new();
        while let Some(part) = self.parts.front_mut() {
            let left = usize::try_from(part.end - part.start).unwrap_or(PART);
            if left == 0 {
                self.parts.pop_front();
                continue;
            }
            let most = left.min(rings.room()?).min(PART);
            if most == 0 {
                break;
            }
            let bytes = &mut self.buffer[..most];
            (self.file.read_exact_at(bytes, part.start)).context("reading what is delivered")?;
            part.start += most as u64;
            if rings.deliver(bytes)? {
                bells.push(BELL);
            }
        }
        Ok(bells)
    }
}
