//! The directories of a run.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs, io};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use super::anonymous;
use super::old_runs::{LOCK, remove_old_runs};
use super::paths::runs;

/// The console, byte for byte.
pub(crate) const CONSOLE: &str = "console";
/// The events of a run.
pub(crate) const EVENTS: &str = "events.jsonl";
/// QEMU's own messages.
pub(crate) const QEMU_LOG: &str = "qemu.log";

/// The directory of a run or of a kernel in it: `<runs>/<run>/<kernel>/`.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
    /// Locked while a process uses the run; none if nothing is to be left behind.
    lock: Option<Arc<File>>,
}

impl RunDir {
    /// The directory of a run, which may exist.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn of_run(run: &str) -> Result<Self> {
        // Old runs are looked for one level below `runs`.
        ensure!(!run.contains('/'), "{run:?} cannot be the name of a run");
        let path = runs()?.join(run);
        create(&path)?;
        let lock = path.join(LOCK);
        let lock = File::create(&lock)
            .and_then(|file| file.lock_shared().map(|()| file))
            .with_context(|| format!("locking {}", lock.display()))?;
        Ok(Self {
            path,
            lock: Some(Arc::new(lock)),
        })
    }

    /// The directory of a new run, named by the time and this process. Removes old
    /// runs.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn new_run() -> Result<Self> {
        remove_old_runs(&runs()?);
        Self::of_run(&new_name())
    }

    /// A run whose directory is created only if a file is kept (`keep`).
    #[must_use]
    pub fn anonymous() -> Self {
        let runs = runs().unwrap_or_else(|_| env::temp_dir().join("strata"));
        Self {
            path: runs.join(new_name()),
            lock: None,
        }
    }

    /// The directory of a kernel in this run.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn kernel(&self, name: &str) -> Result<Self> {
        self.at(self.path.join(name))
    }

    /// The directory of the nth boot of a kernel.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn boot(&self, number: usize) -> Result<Self> {
        if number == 1 {
            Ok(self.clone())
        } else {
            self.at(self.path.join(format!("boot{number}")))
        }
    }

    /// The directory of a repeated boot.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn retry(&self, number: usize) -> Result<Self> {
        self.at(self.path.join(format!("retry{number}")))
    }

    fn at(&self, path: PathBuf) -> Result<Self> {
        if self.lock.is_some() {
            create(&path)?;
        }
        Ok(Self {
            path,
            lock: self.lock.clone(),
        })
    }

    /// A new file in this directory, or an anonymous one if nothing is to be left
    /// behind.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn file(&self, name: &str) -> Result<File> {
        if self.lock.is_none() {
            return anonymous::file(name);
        }
        let path = self.path.join(name);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        options
            .open(&path)
            .with_context(|| format!("creating {}", path.display()))
    }

    /// Copies a file into the run directory, which is created if it does not exist.
    /// Returns the path.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub(crate) fn keep(&self, name: &str, file: &File) -> Result<PathBuf> {
        let path = self.path.join(name);
        let run = self.path.parent().and_then(Path::file_name);
        if self.lock.is_none() {
            // Creates and locks it, so that it counts as a run.
            Self::of_run(&run.unwrap_or_default().to_string_lossy())?;
            create(&self.path)?;
            copy(file, &path).with_context(|| format!("keeping {}", path.display()))?;
        }
        Ok(path)
    }

    /// Its path, whether it exists or not.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The console, byte for byte.
    #[must_use]
    pub fn console(&self) -> PathBuf {
        self.path.join(CONSOLE)
    }

    /// What happened in this run, one JSON object a line.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.path.join(EVENTS)
    }

    /// The verdicts about this kernel, as JSON.
    #[must_use]
    pub fn row(&self) -> PathBuf {
        self.path.join("row.json")
    }
}

/// The name of a run: the time and this process.
fn new_name() -> String {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    format!("{now}-{}", std::process::id())
}

/// Copies a file in memory, which anyone may execute, to one that its owner may read.
fn copy(file: &File, path: &Path) -> io::Result<()> {
    let mut options = File::options();
    let mut to = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    io::copy(&mut File::open(anonymous::path(file))?, &mut to)?;
    Ok(())
}

fn create(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("creating {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_lies_where_old_ones_are_looked_for() {
        let error = RunDir::of_run("tests/one").unwrap_err();
        assert!(error.to_string().contains("cannot be the name of a run"));
    }
}
