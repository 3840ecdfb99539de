//! The programs that build, check and test Strata.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The version of cargo-nextest that is built where there is none.
const NEXTEST: &str = "0.9.143";

/// The `PATH` in which cargo finds nextest. Where it is missing, cargo builds it
/// into `dir`, and nothing is installed on the host.
///
/// # Errors
/// Where cargo cannot build it.
pub(crate) fn path_with_nextest(dir: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    if has("cargo-nextest") {
        return Ok(path);
    }
    let root = dir.join(format!("nextest-{NEXTEST}"));
    let bin = root.join("bin");
    if !bin.join("cargo-nextest").exists() {
        eprintln!(
            "cargo-nextest is missing: building it into {}",
            root.display()
        );
        let mut cargo = Command::new("cargo");
        cargo
            .args(["install", "--locked", "cargo-nextest", "--version", NEXTEST])
            // Every new machine waits for this build, and an optimised one takes longer.
            .args(["--debug", "--no-default-features"])
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .arg("--root")
            .arg(&root)
            // Away from this repository, whose settings are not nextest's.
            .current_dir(env::temp_dir());
        run(&mut cargo)?;
    }
    let mut all = vec![bin];
    all.extend(env::split_paths(&path));
    env::join_paths(all).context("adding cargo-nextest to PATH")
}

/// Installs Chromium where it is missing, this host has apt, and the user, if there
/// is one, agrees. Without it the tests of the report's page are ignored.
///
/// # Errors
/// Where apt fails.
pub(crate) fn offer_chromium(yes: bool) -> Result<()> {
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    if browsers.into_iter().any(has) && has("chromedriver") {
        return Ok(());
    }
    // SAFETY: geteuid(2) always succeeds.
    let root = unsafe { libc::geteuid() } == 0;
    let commands = [
        "apt-get update",
        "apt-get install --yes --no-install-recommends chromium chromium-driver",
    ]
    .map(|command| match root {
        true => command.to_owned(),
        false => format!("sudo {command}"),
    });
    let shown = commands.join(" && ");
    if !has("apt-get") || !(yes || confirmed(&format!("Chromium is missing. Run `{shown}`?"))?) {
        eprintln!(
            "no chromium or no chromedriver: the tests of the report's page are ignored \
             (`{shown}` installs them)"
        );
        return Ok(());
    }
    for command in commands {
        let mut words = command.split(' ');
        run(Command::new(words.next().unwrap_or_default()).args(words))?;
    }
    Ok(())
}

/// Whether a program is in `PATH`.
pub(crate) fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Whether a command succeeds; it says itself why not.
///
/// # Errors
/// Where it cannot be started.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    // Cargo sets these for the program that it runs. A cargo below this program would
    // build again what depends on them (ring), and so would the next above it.
    for (name, _) in env::vars_os() {
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(b"CARGO_PKG_") || bytes.starts_with(b"CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    let status = command
        .status()
        .with_context(|| format!("running {}", command.get_program().display()))?;
    Ok(status.success())
}

fn run(command: &mut Command) -> Result<()> {
    eprintln!("+ {command:?}");
    if !succeeds(command)? {
        bail!("{command:?} failed: its reason stands above");
    }
    Ok(())
}

/// Whether the user, if there is one, agrees. `CI=true` does.
fn confirmed(question: &str) -> Result<bool> {
    if env::var("CI").is_ok_and(|ci| ci == "true") {
        return Ok(true);
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(false);
    }
    eprint!("{question} [Y/n] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    // The end of input is no yes.
    let said = io::stdin().read_line(&mut answer)? > 0;
    Ok(said && ["", "y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
