//! One boot for many tests.
//!
//! A test runner such as cargo-nextest runs each test in a separate process. The first
//! process that needs a kernel's row boots the kernel and runs all scenarios; the
//! others read the row from a file.

use std::fs::{self, File, TryLockError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use images::Kernel;

use super::suite::Suite;
use crate::results::{Row, Watcher};
use crate::system::remember;

/// How long another process may take to boot and examine a kernel, downloading
/// included.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
const POLL: Duration = Duration::from_millis(20);

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
        wait_for(&lock, &kernel.name())?;
        let path = dir.row();
        if let Ok(json) = fs::read(&path) {
            return serde_json::from_slice(&json)
                .with_context(|| format!("reading {}", path.display()));
        }
        let row = self.row(kernel, watcher);
        remember(&path, &row)?;
        Ok(row)
        // The lock goes with the file.
    }
}

fn wait_for(lock: &File, kernel: &str) -> Result<()> {
    let started = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => sleep(POLL),
            Err(TryLockError::WouldBlock) => bail!(
                "waited {} s in vain for another test to be done with kernel {kernel}",
                PATIENCE.as_secs()
            ),
            Err(TryLockError::Error(error)) => return Err(error).context("locking a kernel"),
        }
    }
}
