//! One boot for many tests.
//!
//! A test runner such as cargo-nextest runs each test in a separate process. The first
//! process that needs a kernel's row boots the kernel and runs all scenarios; the
//! others read the row from a file.

use std::fs::{self, File};
use std::time::Duration;

use anyhow::{Context, Result};
use images::Kernel;
use images::files::FileLock;

use super::suite::Suite;
use crate::results::{Row, Watcher};
use crate::system::remember;

/// How long another process may take to boot and examine a kernel, downloading
/// included.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

impl Suite<'_> {
    /// This kernel's row in this run: made by the first process that asks, read by the
    /// others.
    ///
    /// # Errors
    /// If the process that examines this kernel never finishes, or its row cannot be
    /// read.
    pub fn row_once(&self, kernel: &Kernel, watcher: &dyn Watcher) -> Result<Row> {
        let dir = self.machines.kernel_dir(kernel)?;
        let lock = dir.path().join("lock");
        let lock = File::create(&lock).with_context(|| format!("creating {}", lock.display()))?;
        let what = format!("the kernel {}, which another test boots", kernel.name());
        let _lock = FileLock::wait(lock, &what, PATIENCE, || {})?;
        let path = dir.row();
        if let Ok(json) = fs::read(&path) {
            return serde_json::from_slice(&json)
                .with_context(|| format!("reading {}", path.display()));
        }
        let row = self.row(kernel, watcher);
        remember(&path, &row)?;
        Ok(row)
    }
}
