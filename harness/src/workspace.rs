//! Where things are.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use crate::nameless;
use crate::upkeep::{LOCK, remove_old_runs};

/// The console, byte for byte.
pub(crate) const CONSOLE: &str = "console";
/// What happened in a run.
pub(crate) const EVENTS: &str = "events.jsonl";
/// What QEMU itself had to say.
pub(crate) const QEMU_LOG: &str = "qemu.log";

/// The root of the workspace that this crate was built in.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Whether cargo started this program within the workspace that it was built in,
/// as `cargo xtask` and the workspace's tests do.
#[must_use]
pub fn is_in_workspace() -> bool {
    let manifest = env::var_os("CARGO_MANIFEST_DIR");
    manifest.is_some_and(|dir| Path::new(&dir).starts_with(root()))
}

/// Cargo's target directory.
#[must_use]
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The variable that names the directory of runs.
pub const RUNS: &str = "STRATA_RUNS";

/// Where runs are, and what is remembered from one to the next: `$STRATA_RUNS`,
/// else `target/strata` within this workspace, else `strata` in the user's state
/// directory (XDG base directory specification).
///
/// # Errors
/// Where the environment names no such place.
pub fn runs() -> Result<PathBuf> {
    if let Some(dir) = set(RUNS) {
        return std::path::absolute(dir).context("finding the current directory");
    }
    if is_in_workspace() {
        return Ok(target().join("strata"));
    }
    let of_user = || Some(PathBuf::from(set("HOME")?).join(".local/state"));
    let state = set("XDG_STATE_HOME").map(PathBuf::from).or_else(of_user);
    let state = state.context(
        "there is no place for runs: set HOME, or name a directory with --runs or STRATA_RUNS",
    )?;
    Ok(state.join("strata"))
}

/// A variable of the environment that is not empty.
fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Where it is remembered which accelerator works on this host.
pub(crate) fn accelerator_memory() -> Option<PathBuf> {
    Some(runs().ok()?.join("accelerator.json"))
}

/// Where it is remembered what a QEMU of this host can do.
pub(crate) fn qemu_memory() -> Option<PathBuf> {
    Some(runs().ok()?.join("qemu.json"))
}

/// Where it is remembered how long kernels take.
pub(crate) fn usual_memory() -> Option<PathBuf> {
    Some(runs().ok()?.join("usual.json"))
}

/// What a run leaves behind, one directory a kernel:
/// `<runs>/<run>/<kernel>/`.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
    /// Locked for as long as somebody takes part in the run; none where nothing
    /// is to be left behind.
    lock: Option<Arc<File>>,
}

impl RunDir {
    /// The directory of a run, new or not.
    ///
    /// # Errors
    /// Where it cannot be created.
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

    /// The directory of a new run, named by the time and this process. Old runs
    /// make room for it.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn new_run() -> Result<Self> {
        remove_old_runs(&runs()?);
        Self::of_run(&new_name())
    }

    /// A run that leaves nothing behind, however it ends, but what it decides to
    /// keep.
    #[must_use]
    pub fn nameless() -> Self {
        let runs = runs().unwrap_or_else(|_| env::temp_dir().join("strata"));
        Self {
            path: runs.join(new_name()),
            lock: None,
        }
    }

    /// The directory of a kernel in this run.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn kernel(&self, name: &str) -> Result<Self> {
        self.at(self.path.join(name))
    }

    /// The directory of a further boot of the same kernel.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn boot(&self, number: usize) -> Result<Self> {
        if number == 1 {
            Ok(self.clone())
        } else {
            self.at(self.path.join(format!("boot{number}")))
        }
    }

    /// The directory of a boot that had to be begun anew.
    ///
    /// # Errors
    /// Where it cannot be created.
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

    /// A new file in this directory, or one without a name where nothing is to
    /// be left behind.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub(crate) fn file(&self, name: &str) -> Result<File> {
        if self.lock.is_none() {
            return nameless::file(name);
        }
        let path = self.path.join(name);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        options
            .open(&path)
            .with_context(|| format!("creating {}", path.display()))
    }

    /// Keeps this file of a run that was to leave nothing behind; says where.
    ///
    /// # Errors
    /// Where it cannot be copied.
    pub(crate) fn keep(&self, name: &str, file: &File) -> Result<PathBuf> {
        let path = self.path.join(name);
        let run = self.path.parent().and_then(Path::file_name);
        if self.lock.is_none() {
            // It counts among the runs from now on.
            Self::of_run(&run.unwrap_or_default().to_string_lossy())?;
            create(&self.path)?;
            fs::copy(nameless::path(file), &path)
                .with_context(|| format!("keeping {}", path.display()))?;
        }
        Ok(path)
    }

    /// Where it is, or would be.
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
