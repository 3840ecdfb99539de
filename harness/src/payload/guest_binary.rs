//! The guest's binary as a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow};
use guest::Arch;

use crate::system::{anonymous, lock};

/// The path of the static guest for kernels of an architecture, for as long as this process
/// runs.
///
/// # Errors
/// If this program was built without it, or no file in memory can be created.
pub fn guest_binary(arch: &'static Arch) -> Result<PathBuf> {
    static FILES: Mutex<BTreeMap<&Arch, File>> = Mutex::new(BTreeMap::new());
    let mut files = lock(&FILES);
    if let Some(file) = files.get(arch) {
        return Ok(anonymous::path(file));
    }
    let mut file = anonymous::file("strata-guest")?;
    file.write_all(guest_of(arch)?)
        .context("writing the guest")?;
    let path = anonymous::path(&file);
    files.insert(arch, file);
    Ok(path)
}

/// The bytes of the guest for kernels of an architecture.
pub(crate) fn guest_of(arch: &Arch) -> Result<&'static [u8]> {
    let guest = guest_binary::guest(arch);
    guest.map_err(|why| anyhow!("this Strata boots no kernel of {arch}: {why}"))
}
