//! The programs that the tests of Strata itself are run with.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What `cargo nextest` is, by its version here.
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

/// A browser, in which the page of a report is tested, and what steers it.
const BROWSER: [&str; 2] = ["chromium", "chromium-driver"];

/// Sees to it that there is a Chromium, where this host has apt and the user, if
/// there is one, says yes. Without it the tests of the page are ignored.
///
/// # Errors
/// Where apt fails.
pub(crate) fn offer_chromium(yes: bool) -> Result<()> {
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    if browsers.iter().any(|name| has(name)) && has("chromedriver") {
        return Ok(());
    }
    // SAFETY: geteuid(2) always succeeds.
    let root = unsafe { libc::geteuid() } == 0;
    let apt = |words: &[&str]| {
        let mut words = words.to_vec();
        words.insert(0, "apt-get");
        if !root {
            words.insert(0, "sudo");
        }
        words.join(" ")
    };
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(BROWSER);
    let commands = [apt(&["update"]), apt(&install)];
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

fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir: PathBuf| dir.join(program).is_file())
}

fn run(command: &mut Command) -> Result<()> {
    eprintln!("+ {command:?}");
    let status = command
        .status()
        .with_context(|| format!("running {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{command:?} failed ({status}): its reason stands above");
    }
    Ok(())
}

/// Whether the user, if there is one, says yes. `CI=true` does.
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
