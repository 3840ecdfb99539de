//! What a distribution keeps of a kernel in /boot: its configuration and its symbols.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::path::Path;

use flate2::read::GzDecoder;

use super::root::is_directory;
use crate::protocol::CONFIG_PATH;

/// Where a kernel shows its configuration, if it does (CONFIG_IKCONFIG_PROC).
const OWN_CONFIG: &str = "/proc/config.gz";
/// The most bytes of it that are read.
const MOST_CONFIG: u64 = 4 << 20;
/// The kernel's symbols, in the form of a System.map.
const SYMBOLS: &str = "/proc/kallsyms";

/// Unpacks the configuration that the kernel shows, unless the host has given it.
pub(crate) fn unpack_config() {
    if fs::exists(CONFIG_PATH).unwrap_or(false) {
        return;
    }
    let own = File::open(OWN_CONFIG)
        .and_then(|file| io::read_to_string(GzDecoder::new(file).take(MOST_CONFIG)));
    if let Ok(text) = own {
        let _ = fs::write(CONFIG_PATH, text);
    }
}

/// The configuration.
pub(crate) fn config() -> Result<String, String> {
    fs::read_to_string(CONFIG_PATH).map_err(|_| {
        "the kernel's configuration is not known: neither the kernel tells it \
         (CONFIG_IKCONFIG_PROC) nor its package"
            .to_owned()
    })
}

/// Puts the files into this directory of a root, but for those that are there.
pub(crate) fn put(boot: &Path) -> io::Result<()> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let release = release.trim_end();
    let [config, symbols] = ["config", "System.map"].map(|it| boot.join(format!("{it}-{release}")));
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if !is_directory(boot) {
        return Ok(());
    }
    if !is_there(&config) && fs::exists(CONFIG_PATH)? {
        fs::copy(CONFIG_PATH, config)?;
    }
    // A copy of some megabytes would take longer than many a program.
    if !is_there(&symbols) && fs::exists(SYMBOLS)? {
        symlink(SYMBOLS, symbols)?;
    }
    Ok(())
}
