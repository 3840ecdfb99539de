//! The volume of a machine: a read-only disk whose bytes this process has, or reads from
//! files of this host when the machine does.

use std::fmt::Debug;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use guest::VOLUME;
use serde_json::json;

use super::monitor::Monitor;
use super::{disk, nbd};
use crate::system::first_ready;

/// How long QEMU may take to open it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes that are read as a disk is: a whole number of sectors.
pub(crate) trait ServedBytes: Debug + Send + Sync {
    /// How many they are.
    fn bytes(&self) -> u64;

    /// Reads some of them, which are there.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()>;
}

/// Attaches a volume to a running machine. It is served as long as the machine lives.
pub(super) fn attach(content: &Arc<dyn ServedBytes>, monitor: &mut Monitor) -> Result<()> {
    monitor.greet()?;
    let place = tempfile::tempdir().context("making a directory for a socket")?;
    let path = place.path().join("volume");
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("making {}: is TMPDIR a long path?", path.display()))?;
    let content = Arc::clone(content);
    thread::spawn(move || {
        let until = Instant::now() + PATIENCE;
        if let Ok(Some(_)) = first_ready(&[listener.as_fd()], Some(until))
            && let Ok((client, _)) = listener.accept()
        {
            // It ends with QEMU, which has heard of all that went wrong.
            let _ = nbd::serve(client, &*content);
        }
    });
    let server = json!({ "type": "unix", "path": path });
    let block = json!({
        "driver": "raw", "node-name": VOLUME, "read-only": true,
        "file": { "driver": "nbd", "read-only": true, "server": server },
    });
    monitor
        .execute("blockdev-add", block)
        .context("giving the machine files of this host, as a disk")?;
    disk::plug(VOLUME, monitor)
}
