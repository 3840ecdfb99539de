//! Checks what works on this host, for `doctor`.

use std::env::consts::ARCH;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use images::{CachedKind, Catalogue, Kernel, Silent, Store, ToolName};

use super::inventory::cached_kernels;
use super::machines::Machines;
use super::probe::AcceleratorChoice;
use crate::machine::{Qemu, QemuChoice};
use crate::system::{RunDir, runs, words};

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCheck {
    /// What.
    pub what: &'static str,
    /// What was found, and what to do if it does not work.
    pub text: String,
    /// Whether Strata can work with it.
    pub works: bool,
}

impl fmt::Display for HostCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.works { "ok" } else { "NO" };
        write!(f, "{mark}  {:<12} {}", self.what, self.text)
    }
}

fn works(what: &'static str, text: impl Into<String>) -> HostCheck {
    HostCheck {
        what,
        text: text.into(),
        works: true,
    }
}

fn fails(what: &'static str, text: impl Into<String>) -> HostCheck {
    HostCheck {
        works: false,
        ..works(what, text)
    }
}

/// Checks this host. Downloads release files only.
#[must_use]
pub fn examine(catalogue: &Catalogue, store: Store, choice: &QemuChoice) -> Vec<HostCheck> {
    let mut findings = vec![program(), host()];
    let cached = cached_kernels(catalogue, &store);
    findings.push(qemu(&store, choice));
    findings.push(busybox(&store));
    findings.push(cache(&store));
    findings.push(state());
    let archives = archives(&store);
    let reachable = archives.iter().any(|archive| archive.works);
    findings.extend(archives.into_iter().map(|archive| HostCheck {
        // One archive is enough, and cached kernels need none.
        works: archive.works || reachable || !cached.is_empty(),
        ..archive
    }));
    findings.push(first_run(&store, choice, catalogue, &cached));
    // Done last, since it boots a guest and consumes the store.
    let at = 2;
    findings.insert(at, accelerator(store, choice, &cached));
    findings
}

fn program() -> HostCheck {
    let linked = if cfg!(target_feature = "crt-static") {
        "statically linked: it runs on any x86-64 Linux"
    } else {
        "linked to this host's C library: it runs where that is as new or newer"
    };
    works(
        "strata",
        format!("{} for {ARCH}, {linked}", env!("CARGO_PKG_VERSION")),
    )
}

fn host() -> HostCheck {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let name = read("/etc/os-release");
    let name = name
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .unwrap_or("unknown distribution")
        .trim_matches('"')
        .to_owned();
    works("host", format!("{name}, Linux {}", release.trim()))
}

/// Probed with a cached kernel; without one, the first boot probes.
fn accelerator(store: Store, choice: &QemuChoice, cached: &[Kernel]) -> HostCheck {
    const WHAT: &str = "accelerator";
    if let Err(error) = OpenOptions::new().read(true).write(true).open("/dev/kvm") {
        let text = format!("tcg (emulation): /dev/kvm does not open ({error})");
        return works(WHAT, text);
    }
    let Some(kernel) = cached.last() else {
        return works(
            WHAT,
            "/dev/kvm opens; the first boot finds out whether a guest runs under it",
        );
    };
    let chosen = Machines::new(store, RunDir::anonymous()).and_then(|mut machines| {
        machines.accelerator = AcceleratorChoice::Auto;
        machines.qemu = choice.clone();
        machines.choice(kernel, &Silent)
    });
    match chosen {
        Ok(choice) => works(WHAT, choice.to_string()),
        Err(error) => fails(WHAT, words(&error)),
    }
}

fn qemu(store: &Store, choice: &QemuChoice) -> HostCheck {
    const WHAT: &str = "QEMU";
    let own = || own_tool(WHAT, store, ToolName::Qemu, "boot");
    let host = match choice {
        QemuChoice::Own => return own(),
        QemuChoice::Path(path) => Qemu::at(path),
        QemuChoice::Host | QemuChoice::Auto => Qemu::of_host(),
    };
    match (host, choice) {
        (Ok(qemu), _) => match &qemu.no_sandbox {
            None => works(WHAT, qemu.to_string()),
            Some(why) => works(WHAT, format!("{qemu}, without its sandbox: {why}")),
        },
        (Err(_), QemuChoice::Auto) => own(),
        (Err(error), _) => fails(WHAT, words(&error)),
    }
}

fn busybox(store: &Store) -> HostCheck {
    const WHAT: &str = "busybox";
    match which::which("busybox") {
        Ok(path) => works(WHAT, path.display().to_string()),
        Err(_) => own_tool(WHAT, store, ToolName::Busybox, "shell"),
    }
}

fn own_tool(what: &'static str, store: &Store, tool: ToolName, user: &str) -> HostCheck {
    let text = match store.tool_in_cache(tool) {
        Some(tool) => format!("{}, Strata's own, in the cache", tool.version),
        None => format!("Strata's own; the first {user} downloads it"),
    };
    works(what, text)
}

fn cache(store: &Store) -> HostCheck {
    const WHAT: &str = "cache";
    let dir = store.cache_dir();
    let cached = store.cached();
    let held: u64 = cached.iter().map(|cached| cached.about.size).sum();
    let kernels = cached
        .iter()
        .filter(|cached| cached.kind == CachedKind::Kernel);
    let text = format!(
        "{}, {} kernels, {} MB with the tools",
        dir.display(),
        kernels.count(),
        held / 1_000_000
    );
    match try_to_write(dir) {
        Ok(()) => works(WHAT, text),
        Err(error) => fails(
            WHAT,
            format!("{text}; read only ({error}): STRATA_CACHE names another directory"),
        ),
    }
}

fn state() -> HostCheck {
    const WHAT: &str = "runs";
    let dir = match runs() {
        Ok(dir) => dir,
        Err(error) => return fails(WHAT, words(&error)),
    };
    let text = dir.display().to_string();
    match try_to_write(&dir) {
        Ok(()) => works(WHAT, text),
        Err(error) => fails(
            WHAT,
            format!("{text}: {error}; --runs names another directory"),
        ),
    }
}

fn try_to_write(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    tempfile::tempfile_in(dir).map(drop)
}

fn archives(store: &Store) -> Vec<HostCheck> {
    const WHAT: &str = "archive";
    let asked = store.reachable(&Silent);
    if asked.is_empty() {
        return vec![fails(WHAT, "none is known: name a mirror with --mirror")];
    }
    let finding = |(name, answer): (String, Result<String, String>)| match answer {
        Ok(text) => works(WHAT, format!("{name}: {text}")),
        Err(why) => fails(WHAT, format!("{name}: {why}")),
    };
    asked.into_iter().map(finding).collect()
}

fn first_run(
    store: &Store,
    choice: &QemuChoice,
    catalogue: &Catalogue,
    cached: &[Kernel],
) -> HostCheck {
    let mut needed = Vec::new();
    let host = matches!(choice, QemuChoice::Auto) && Qemu::of_host().is_ok();
    let own = !host && matches!(choice, QemuChoice::Auto | QemuChoice::Own);
    if own && store.tool_in_cache(ToolName::Qemu).is_none() {
        needed.push("QEMU (some 26 MB)".to_owned());
    }
    let all = catalogue.default_kernels();
    let missing = all.iter().filter(|kernel| !cached.contains(kernel)).count();
    if missing > 0 {
        needed.push(format!(
            "those of {missing} kernels that can be had (20 to 60 MB each)"
        ));
    }
    let text = match needed.is_empty() {
        true => "nothing is left to download".to_owned(),
        false => format!("downloads {}", needed.join(" and ")),
    };
    works("first run", text)
}
