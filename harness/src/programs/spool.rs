//! Shares one input among several programs, each at its own pace.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::input_frames::Coming;

/// How many bytes are read at a time, and ahead of the furthest program.
const PART: usize = 64 << 10;

/// The input read so far, in a temporary file. Input is read only as far as a program
/// has asked for it, so endless input does not fill the disk.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    state: Mutex<SpoolState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct SpoolState {
    /// How much is in the file.
    length: u64,
    /// How far the furthest program has read.
    wanted: u64,
    /// The input has ended, perhaps by this error.
    ended: bool,
    error: Option<(ErrorKind, String)>,
}

impl Spool {
    /// Begins to read, as far as programs ask for it.
    ///
    /// # Errors
    /// If there is no place for temporary files.
    pub(super) fn of(source: File) -> io::Result<Arc<Self>> {
        let spool = Arc::new(Self {
            file: tempfile::tempfile()?,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let filling = Arc::clone(&spool);
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || {
                let result = filling.fill(source);
                let mut state = filling.state();
                state.error = result.err().map(|error| (error.kind(), error.to_string()));
                state.ended = true;
                filling.changed.notify_all();
            })?;
        Ok(spool)
    }

    /// All of the input, for one more program.
    ///
    /// # Errors
    /// If a pipe or thread cannot be created.
    pub(super) fn from_the_beginning(self: &Arc<Self>) -> io::Result<Coming> {
        let (read, write) = io::pipe()?;
        let feeding = Arc::clone(self);
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || feeding.feed(write))?;
        Ok(Coming {
            file: OwnedFd::from(read).into(),
            spool: Some(Arc::clone(self)),
        })
    }

    /// The error by which the input ended, if any.
    ///
    /// # Errors
    /// If it did.
    pub(super) fn check(&self) -> io::Result<()> {
        match &self.state().error {
            Some((kind, why)) => Err(io::Error::new(*kind, why.clone())),
            None => Ok(()),
        }
    }

    fn fill(&self, mut source: File) -> io::Result<()> {
        let mut buffer = vec![0; PART];
        loop {
            let at = self.wait(|state| state.length < state.wanted).length;
            let length = match source.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read?,
            };
            if length == 0 {
                return Ok(());
            }
            self.file.write_all_at(&buffer[..length], at)?;
            self.state().length += length as u64;
            self.changed.notify_all();
        }
    }

    /// Feeds a program, until the input or the program ends.
    fn feed(&self, mut program: impl Write) {
        let mut buffer = vec![0; PART];
        let mut at = 0;
        loop {
            let wanted = at + PART as u64;
            let mut state = self.state();
            if state.wanted < wanted {
                state.wanted = wanted;
                self.changed.notify_all();
            }
            drop(state);
            let length = self.wait(|state| state.length > at || state.ended).length;
            let there = usize::try_from(length - at).map_or(PART, |there| there.min(PART));
            let part = &mut buffer[..there];
            if there == 0
                || self.file.read_exact_at(part, at).is_err()
                || program.write_all(part).is_err()
            {
                return;
            }
            at += there as u64;
        }
    }

    fn wait(&self, is_so: impl Fn(&SpoolState) -> bool) -> MutexGuard<'_, SpoolState> {
        let state = self.state();
        let waited = self.changed.wait_while(state, |state| !is_so(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, SpoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_gets_all_of_it() {
        let (read, mut write) = io::pipe().unwrap();
        let spool = Spool::of(OwnedFd::from(read).into()).unwrap();
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let mut coming = spool.from_the_beginning().unwrap();
                thread::spawn(move || {
                    let mut heard = Vec::new();
                    coming.file.read_to_end(&mut heard).map(|_| heard)
                })
            })
            .collect();
        let sent: Vec<u8> = (0..5 * PART + 7).map(|byte| byte as u8).collect();
        for part in sent.chunks(9999) {
            write.write_all(part).unwrap();
        }
        drop(write);
        for reader in readers {
            assert!(reader.join().unwrap().unwrap() == sent);
        }
        assert!(spool.check().is_ok());
    }

    #[test]
    fn input_is_read_no_further_than_programs_ask() {
        let zeroes = File::open("/dev/zero").unwrap();
        let spool = Spool::of(zeroes).unwrap();
        let mut coming = spool.from_the_beginning().unwrap();
        coming.file.read_exact(&mut [0; PART]).unwrap();
        thread::sleep(std::time::Duration::from_millis(200));
        // What is in the pipe, on its way there, and read ahead.
        let length = spool.state().length;
        assert!(length <= 5 * PART as u64, "{length} bytes were read");
    }
}
