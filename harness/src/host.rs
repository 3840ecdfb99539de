//! What this host must have, and how to get it.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::qemu;

/// Something that must be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// QEMU for x86-64.
    Qemu,
    /// The C library to link statically.
    StaticLibc,
    /// cargo-nextest, which runs the tests.
    Nextest,
    /// A static busybox, which is the shell inside a kernel.
    Busybox,
    /// Chromium, in which the page of a report is tested.
    Chromium,
    /// What steers it.
    Chromedriver,
}

impl Tool {
    /// What it takes to boot a guest.
    pub const TO_BOOT: [Self; 2] = [Self::Qemu, Self::StaticLibc];
    /// What it takes to test kernels.
    pub const TO_TEST_KERNELS: [Self; 3] = [Self::Qemu, Self::StaticLibc, Self::Nextest];
    /// All of them, which is what it takes to pass all tests.
    pub const ALL: [Self; 6] = [
        Self::Qemu,
        Self::StaticLibc,
        Self::Busybox,
        Self::Chromium,
        Self::Chromedriver,
        Self::Nextest,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Qemu => qemu::PROGRAM,
            Self::StaticLibc => "the static C library (libc.a)",
            Self::Nextest => "cargo-nextest",
            Self::Busybox => "busybox",
            Self::Chromium => "chromium",
            Self::Chromedriver => "chromedriver",
        }
    }

    fn is_there(self) -> bool {
        match self {
            Self::Qemu => which::which(qemu::PROGRAM).is_ok(),
            Self::Nextest => which::which("cargo-nextest").is_ok(),
            Self::Busybox => which::which("busybox").is_ok(),
            Self::StaticLibc => has_static_libc(),
            Self::Chromium => chromium().is_some(),
            Self::Chromedriver => which::which("chromedriver").is_ok(),
        }
    }
}

/// Chromium, or the browser that is made of it.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().find_map(|name| which::which(name).ok())
}

/// Whether the C compiler that Rust links with knows a `libc.a`.
fn has_static_libc() -> bool {
    // Where distributions put it; asking the compiler takes longer than all
    // else that is done before a boot.
    let usual = [
        "/usr/lib/x86_64-linux-gnu/libc.a",
        "/usr/lib64/libc.a",
        "/usr/lib/libc.a",
    ];
    if usual.iter().any(|path| Path::new(path).exists()) {
        return true;
    }
    let output = Command::new("cc").arg("-print-file-name=libc.a").output();
    // A file that it does not know, it gives back as it was named.
    output.is_ok_and(|output| output.stdout.contains(&b'/'))
}

/// A system's package manager.
struct Manager {
    program: &'static str,
    /// What to do before the first package is installed.
    refresh: Option<&'static [&'static str]>,
    install: &'static [&'static str],
    qemu: &'static str,
    static_libc: &'static str,
    busybox: &'static str,
    chromium: &'static str,
    chromedriver: &'static str,
}

impl Manager {
    /// The package that a tool is in; none for what cargo installs.
    const fn package(&self, tool: Tool) -> Option<&'static str> {
        match tool {
            Tool::Qemu => Some(self.qemu),
            Tool::StaticLibc => Some(self.static_libc),
            Tool::Busybox => Some(self.busybox),
            Tool::Chromium => Some(self.chromium),
            Tool::Chromedriver => Some(self.chromedriver),
            Tool::Nextest => None,
        }
    }
}

const MANAGERS: &[Manager] = &[
    Manager {
        program: "apt-get",
        refresh: Some(&["update"]),
        install: &["install", "--yes", "--no-install-recommends"],
        qemu: "qemu-system-x86",
        static_libc: "libc6-dev",
        busybox: "busybox-static",
        chromium: "chromium",
        chromedriver: "chromium-driver",
    },
    Manager {
        program: "dnf",
        refresh: None,
        install: &["install", "--assumeyes"],
        qemu: "qemu-system-x86-core",
        static_libc: "glibc-static",
        busybox: "busybox",
        chromium: "chromium",
        chromedriver: "chromedriver",
    },
    Manager {
        program: "zypper",
        refresh: None,
        install: &["--non-interactive", "install"],
        qemu: "qemu-x86",
        static_libc: "glibc-devel-static",
        busybox: "busybox-static",
        chromium: "chromium",
        chromedriver: "chromedriver",
    },
    Manager {
        program: "pacman",
        refresh: None,
        install: &["--sync", "--refresh", "--noconfirm", "--needed"],
        qemu: "qemu-system-x86",
        static_libc: "glibc",
        busybox: "busybox",
        chromium: "chromium",
        chromedriver: "chromium",
    },
];

/// Sees to those of the tools that are missing: asks on a terminal, installs
/// straight away where `yes` is given.
///
/// # Errors
/// Where something is missing and may not, or cannot, be installed. The error
/// has the command to run.
pub fn prepare(tools: &[Tool], yes: bool) -> Result<()> {
    let tools = tools.iter().copied();
    let missing: Vec<Tool> = tools.filter(|tool| !tool.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|tool| tool.name()).collect();
    let names = names.join(", ");
    // SAFETY: geteuid(2) always succeeds.
    let root = unsafe { libc::geteuid() } == 0;
    let manager = MANAGERS
        .iter()
        .find(|manager| which::which(manager.program).is_ok());
    let commands = commands(&missing, manager, root).with_context(|| {
        format!("{names} missing, and no package manager is known here: install it by hand")
    })?;
    let shown: Vec<String> = commands.iter().map(|command| command.join(" ")).collect();
    let shown = shown.join(" && ");
    if !(yes || confirmed(&format!("Missing: {names}. Run `{shown}`?"))?) {
        bail!("missing: {names}. To install, run:\n\n    {shown}\n");
    }
    for command in &commands {
        eprintln!("+ {}", command.join(" "));
        let status = Command::new(&command[0])
            .args(&command[1..])
            .status()
            .with_context(|| format!("running {}", command[0]))?;
        if !status.success() {
            bail!(
                "`{}` failed ({status}): its reason stands above",
                command.join(" ")
            );
        }
    }
    for tool in missing {
        if !tool.is_there() {
            bail!("{} is still missing after `{shown}`", tool.name());
        }
    }
    Ok(())
}

/// The commands that install what is missing. None where it takes a package
/// manager and there is none.
fn commands(missing: &[Tool], manager: Option<&Manager>, root: bool) -> Option<Vec<Vec<String>>> {
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|&word| word.to_owned())
            .collect::<Vec<_>>()
    };
    let mut commands = Vec::new();
    let by_manager: Vec<Tool> = missing
        .iter()
        .copied()
        .filter(|tool| *tool != Tool::Nextest)
        .collect();
    if !by_manager.is_empty() {
        let manager = manager?;
        let privileged = |arguments: &[&str]| {
            let mut command = if root { Vec::new() } else { words(&["sudo"]) };
            command.push(manager.program.to_owned());
            command.extend(words(arguments));
            command
        };
        if let Some(refresh) = manager.refresh {
            commands.push(privileged(refresh));
        }
        let mut install = privileged(manager.install);
        let packages = by_manager.iter().filter_map(|tool| manager.package(*tool));
        install.extend(packages.map(str::to_owned));
        commands.push(install);
    }
    if missing.contains(&Tool::Nextest) {
        commands.push(words(&["cargo", "install", "--locked", "cargo-nextest"]));
    }
    Some(commands)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(missing: &[Tool], program: &str, root: bool) -> Option<Vec<String>> {
        let manager = MANAGERS.iter().find(|manager| manager.program == program);
        let commands = commands(missing, manager, root)?;
        Some(commands.iter().map(|command| command.join(" ")).collect())
    }

    #[test]
    fn a_fresh_debian_gets_everything_in_one_line() {
        assert_eq!(
            shown(&Tool::ALL, "apt-get", false).unwrap(),
            [
                "sudo apt-get update",
                "sudo apt-get install --yes --no-install-recommends qemu-system-x86 libc6-dev \
                 busybox-static chromium chromium-driver",
                "cargo install --locked cargo-nextest",
            ]
        );
    }

    #[test]
    fn root_needs_no_sudo() {
        assert_eq!(
            shown(&[Tool::StaticLibc], "dnf", true).unwrap(),
            ["dnf install --assumeyes glibc-static"]
        );
    }

    #[test]
    fn without_a_package_manager_only_cargo_can_help() {
        assert_eq!(shown(&[Tool::Qemu], "none", true), None);
        assert_eq!(
            shown(&[Tool::Nextest], "none", false).unwrap(),
            ["cargo install --locked cargo-nextest"]
        );
    }
}
