//! The guest: built when something it is made of has changed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, io};

use anyhow::{Context, Result, bail};

use crate::workspace;

const TARGET: &str = "x86_64-unknown-linux-gnu";
const PROFILE: &str = "guest";

/// The static guest, built if need be.
///
/// # Errors
/// Where cargo fails; it says on stderr why.
pub fn guest_binary() -> Result<PathBuf> {
    let dir = workspace::target().join(TARGET).join(PROFILE);
    let binary = dir.join("strata-guest");
    let stamp = dir.join("strata-guest.fresh");
    if is_fresh(&binary, &stamp) {
        return Ok(binary);
    }
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--package",
            "strata-guest",
            "--bin",
            "strata-guest",
        ])
        .args(["--target", TARGET, "--profile", PROFILE])
        .current_dir(workspace::root())
        .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .status()
        .context("running cargo to build the guest")?;
    if !status.success() {
        bail!("cargo could not build the guest: its reason stands above");
    }
    File::create(&stamp).with_context(|| format!("creating {}", stamp.display()))?;
    Ok(binary)
}

/// Whether nothing has changed since the stamp was set.
///
/// Asking cargo takes as long as everything else before a boot together. What
/// it would look at is in the dependency file it leaves beside a binary. A new
/// toolchain shows in this program itself, which was built by it.
fn is_fresh(binary: &Path, stamp: &Path) -> bool {
    let inner = || -> io::Result<bool> {
        let stamped = fs::metadata(stamp)?.modified()?;
        let older =
            |path: &Path| -> io::Result<bool> { Ok(fs::metadata(path)?.modified()? <= stamped) };
        let sources = fs::read_to_string(binary.with_extension("d"))?;
        let sources = sources.split_once(": ").map_or("", |(_, sources)| sources);
        let fixed = ["Cargo.toml", "Cargo.lock", "guest/Cargo.toml"];
        for path in fixed.iter().copied().chain(sources.split_whitespace()) {
            if !older(&workspace::root().join(path))? {
                return Ok(false);
            }
        }
        Ok(older(&env::current_exe()?)? && stamped <= SystemTime::now() && binary.exists())
    };
    inner().unwrap_or(false)
}
