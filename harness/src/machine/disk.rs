//! A disk of a machine.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;

use super::monitor::Monitor;

/// A file of this host that is a disk of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    /// What it is called in `/dev/disk/by-name`.
    pub(crate) name: String,
    /// The path under which QEMU opens it.
    pub(crate) path: PathBuf,
    /// What QEMU calls its format.
    pub(crate) format: &'static str,
    /// Whether the machine may write to it.
    pub(crate) writable: bool,
}

impl Disk {
    /// Attaches it to a running machine.
    pub(super) fn attach(&self, monitor: &mut Monitor) -> Result<()> {
        let Self { name, path, .. } = self;
        monitor.greet()?;
        let block = json!({
            "driver": self.format, "node-name": name, "read-only": !self.writable,
            "file": { "driver": "file", "filename": path, "read-only": !self.writable },
        });
        let opening = || {
            let path = path.display();
            format!("opening {path}; a file that another machine has cannot be written meanwhile")
        };
        monitor
            .execute("blockdev-add", block)
            .with_context(opening)?;
        plug(name, monitor)
    }
}

/// Plugs what QEMU has opened under a name into a running machine, as a disk of that name.
pub(super) fn plug(name: &str, monitor: &mut Monitor) -> Result<()> {
    let device = json!({
        "driver": "virtio-blk-pci", "drive": name, "serial": name, "id": format!("{name}-device"),
    });
    monitor.add_device(device)
}
