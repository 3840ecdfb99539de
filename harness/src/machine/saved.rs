//! States of machines that wait, kept from one run to the next.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use images::files::Hasher;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use serde_json::json;

use super::monitor::Monitor;

/// How many states are kept. Each takes some 70 MB.
const KEPT: usize = 24;
/// The size of the checksum at the end of a state, in bytes.
const CHECKSUM: usize = size_of::<u32>();

/// Where the state of a machine is kept: a file named by all that the state depends on.
/// It holds nothing of a user, and only its owner may read it, for it is trusted as this
/// program is.
#[derive(Clone, Debug)]
pub(crate) struct SavedState(PathBuf);

/// What is kept of a machine.
pub(super) enum Kept {
    /// Nothing yet.
    Nothing,
    /// That it cannot be saved: its guest shares no memory with the host.
    Unable,
    /// Its state, and the length of that.
    State(File, u64),
}

impl SavedState {
    /// The state, in this directory, of the machine that all of this makes what it is.
    pub(crate) fn of(dir: &Path, parts: &[&[u8]]) -> Self {
        let mut hash = Hasher::default();
        for part in parts {
            hash.update(&part.len().to_le_bytes());
            hash.update(part);
        }
        Self(dir.join(hash.finish()))
    }

    pub(super) fn find(&self) -> Kept {
        let Ok(file) = File::open(&self.0) else {
            return Kept::Nothing;
        };
        // The oldest go first, and this one is about to be used.
        let _ = file.set_modified(SystemTime::now());
        if file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            return Kept::Unable;
        }
        intact(&file).map_or(Kept::Nothing, |length| Kept::State(file, length))
    }

    /// Forgets a state that does not restore.
    pub(super) fn forget(&self) {
        let _ = fs::remove_file(&self.0);
    }

    /// Keeps in mind that the machine cannot be saved.
    pub(super) fn cannot_be(&self) {
        let _ = self.create().and_then(|file| Ok(file.persist(&self.0)?));
    }

    /// Saves a machine, and lets it go on. A state that cannot be kept is none.
    ///
    /// # Errors
    /// If the machine does not go on.
    pub(super) fn save(&self, monitor: &mut Monitor) -> Result<()> {
        monitor.greet()?;
        monitor.execute("stop", json!({}))?;
        let _ = self.save_stopped(monitor);
        monitor.execute("cont", json!({})).map(drop)
    }

    fn save_stopped(&self, monitor: &mut Monitor) -> Result<()> {
        let mut file = self.create().context("creating a file for the state")?;
        let (read, write) = pipe2(OFlag::O_CLOEXEC).context("making a pipe for the state")?;
        monitor.give("state", write.as_fd())?;
        drop(write);
        let writer = thread::spawn(move || -> io::Result<_> {
            let length = io::copy(&mut File::from(read), file.as_file_mut())?;
            let checksum = checksum(file.as_file(), length)?;
            file.write_all(&checksum.to_le_bytes())?;
            Ok(file)
        });
        monitor.execute("migrate", json!({ "uri": "fd:state" }))?;
        monitor.wait_for("query-migrate", "completed", "failed")?;
        let file = writer
            .join()
            .map_err(|_| anyhow!("the state could not be written"))?;
        file.context("writing the state")?
            .persist(&self.0)
            .context("keeping the state")?;
        Ok(())
    }

    fn create(&self) -> io::Result<tempfile::NamedTempFile> {
        let dir = self.0.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)?;
        make_room(dir)?;
        tempfile::Builder::new().prefix("new-").tempfile_in(dir)
    }
}

/// The length of a state; none if it is not what was once written.
fn intact(file: &File) -> Option<u64> {
    let length = file.metadata().ok()?.len().checked_sub(CHECKSUM as u64)?;
    let mut known = [0; CHECKSUM];
    file.read_exact_at(&mut known, length).ok()?;
    let found = checksum(file, length).ok()?;
    (found.to_le_bytes() == known).then_some(length)
}

/// The checksum of the beginning of a file.
fn checksum(file: &File, length: u64) -> io::Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while at < length {
        let most = buffer
            .len()
            .min(usize::try_from(length - at).unwrap_or(usize::MAX));
        file.read_exact_at(&mut buffer[..most], at)?;
        hasher.update(&buffer[..most]);
        at += most as u64;
    }
    Ok(hasher.finalize())
}

/// Removes the states that were not used for so long, and returns their size in bytes.
pub(crate) fn remove_states(dir: &Path, unused: Duration) -> io::Result<u64> {
    let mut size = 0;
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    for entry in entries {
        let (path, metadata) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        // A clock that was set back makes none old.
        if metadata.modified()?.elapsed().unwrap_or_default() >= unused {
            fs::remove_file(path)?;
            size += metadata.len();
        }
    }
    Ok(size)
}

/// Removes the oldest states, so that there is room for one more. Who uses one has it
/// open.
fn make_room(dir: &Path) -> io::Result<()> {
    let mut states = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        states.push((entry.metadata()?.modified()?, entry.path()));
    }
    states.sort();
    let excess = (states.len() + 1).saturating_sub(KEPT);
    for (_, path) in states.into_iter().take(excess) {
        let _ = fs::remove_file(path);
    }
    Ok(())
}
