//! Checks what works on this host, for `doctor`.

use std::env::consts;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use guest::{Arch, HOST, arch};
use images::{CachedKind, Catalogue, Kernel, Silent, Store, ToolName};

use super::inventory::cached_kernels;
use super::machines::Machines;
use super::probe::AcceleratorChoice;
use crate::machine::{Qemu, QemuChoice};
use crate::payload::guest_of;
use crate::results::Watcher;
use crate::system::{RunDir, runs, words};

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCheck {
    /// What is checked.
    pub what: &'static str,
    /// What was found, and what to do if it does not work.
    pub text: String,
    /// Whether Strata can work with it.
    pub works: bool,
    /// Whether Strata cannot work without it.
    pub needed: bool,
}

impl fmt::Display for HostCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match (self.works, self.needed) {
            (true, _) => "ok",
            (false, true) => "NO",
            (false, false) => "--",
        };
        write!(f, "{mark}  {:<12} {}", self.what, self.text)
    }
}

/// What a check found; or what does not work, and what to do.
type CheckResult = Result<String, String>;

fn check(what: &'static str, found: CheckResult) -> HostCheck {
    let works = found.is_ok();
    let (Ok(text) | Err(text)) = found;
    HostCheck {
        what,
        text,
        works,
        needed: true,
    }
}

/// Checks this host. Downloads release files only.
#[must_use]
pub fn examine(
    catalogue: &Catalogue,
    store: Store,
    choice: &QemuChoice,
    watcher: &dyn Watcher,
) -> Vec<HostCheck> {
    let cached = cached_kernels(catalogue, &store);
    let mut checks = vec![
        check("strata", Ok(program())),
        check("host", Ok(host())),
        check("QEMU", qemu(&store, choice, HOST)),
        check("busybox", Ok(busybox(&store))),
        check("cache", cache(&store)),
        check("runs", state()),
    ];
    let others = arch::ALL.into_iter().filter(|arch| *arch != HOST);
    checks.extend(others.map(|arch| HostCheck {
        needed: false,
        ..check(arch.title(), other(&store, choice, arch))
    }));
    let archives = archives(&store);
    let reachable = archives.iter().any(Result::is_ok);
    checks.extend(archives.into_iter().map(|archive| {
        HostCheck {
            // One archive is enough, and cached kernels need none.
            needed: !reachable && cached.is_empty(),
            ..check("archive", archive)
        }
    }));
    let first_run = first_run(&store, choice, catalogue, &cached);
    checks.push(check("first run", Ok(first_run)));
    // Done last, since it boots a guest and consumes the store.
    let accelerator = accelerator(store, choice, &cached, watcher);
    checks.insert(2, check("accelerator", accelerator));
    checks
}

fn program() -> String {
    let linked = match cfg!(target_feature = "crt-static") {
        true => "statically linked: it runs on any Linux of that architecture",
        false => "linked to this host's C library: it runs where that is as new or newer",
    };
    let guest = |arch: &'static Arch| {
        let size = guest_of(arch).ok()?.len();
        Some(format!("{arch} ({} kB)", size / 1000))
    };
    let guests: Vec<String> = arch::ALL.into_iter().filter_map(guest).collect();
    format!(
        "{} for {}, {linked}; guests of {}",
        env!("CARGO_PKG_VERSION"),
        consts::ARCH,
        guests.join(" and ")
    )
}

fn host() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let name = read("/etc/os-release");
    let mut lines = name.lines();
    let name = lines.find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.unwrap_or("unknown distribution").trim_matches('"');
    format!("{name}, Linux {}", release.trim())
}

/// Probed with a cached kernel; without one, the first boot probes.
fn accelerator(
    store: Store,
    choice: &QemuChoice,
    cached: &[Kernel],
    watcher: &dyn Watcher,
) -> CheckResult {
    if let Err(error) = OpenOptions::new().read(true).write(true).open("/dev/kvm") {
        return Ok(format!("tcg (emulation): /dev/kvm does not open ({error})"));
    }
    let Some(kernel) = cached.last() else {
        let text = "/dev/kvm opens; the first boot finds out whether a guest runs under it";
        return Ok(text.to_owned());
    };
    let chosen = Machines::new(store, RunDir::anonymous()).and_then(|mut machines| {
        machines.accelerator = AcceleratorChoice::Auto;
        machines.qemu = choice.clone();
        machines.choice(kernel, watcher)
    });
    let text = chosen.map(|choice| choice.to_string());
    text.map_err(|error| words(&error))
}

/// Whether kernels of an architecture that is not this host's can be booted, and by what.
fn other(store: &Store, choice: &QemuChoice, arch: &'static Arch) -> CheckResult {
    guest_of(arch).map_err(|error| words(&error))?;
    let qemu = qemu(store, choice, arch)?;
    Ok(format!(
        "emulated by {qemu}; asked for as {arch}/6.1; a host of {arch}, and KVM there, are unseen"
    ))
}

fn qemu(store: &Store, choice: &QemuChoice, arch: &'static Arch) -> CheckResult {
    let own = || Ok(own_tool(store, ToolName::Qemu(arch), "boot"));
    let host = match choice {
        QemuChoice::Own => return own(),
        QemuChoice::Path(path) => Qemu::at(path, arch),
        QemuChoice::Host | QemuChoice::Auto => Qemu::of_host(arch),
    };
    match (host, choice) {
        (Ok(qemu), _) => Ok(match &qemu.no_sandbox {
            None => qemu.to_string(),
            Some(why) => format!("{qemu}, without its sandbox: {why}"),
        }),
        (Err(_), QemuChoice::Auto) => own(),
        (Err(error), _) => Err(words(&error)),
    }
}

fn busybox(store: &Store) -> String {
    match which::which("busybox") {
        Ok(path) => path.display().to_string(),
        Err(_) => own_tool(store, ToolName::Busybox(HOST), "shell"),
    }
}

fn own_tool(store: &Store, tool: ToolName, user: &str) -> String {
    match store.tool_in_cache(tool) {
        Some(tool) => format!("{}, Strata's own, in the cache", tool.version),
        None => format!("Strata's own; the first {user} downloads it"),
    }
}

fn cache(store: &Store) -> CheckResult {
    let dir = store.cache_dir();
    let cached = store.cached();
    let held: u64 = cached.iter().map(|cached| cached.about.size).sum();
    let kernels = cached.iter().filter(|one| one.kind == CachedKind::Kernel);
    let (shown, kernels, held) = (dir.display(), kernels.count(), held / 1_000_000);
    let text = format!("{shown}, {kernels} kernels, {held} MB with the tools");
    let read_only =
        |error| format!("{text}; read only ({error}): STRATA_CACHE names another directory");
    try_to_write(dir).map_err(read_only)?;
    Ok(text)
}

fn state() -> CheckResult {
    let dir = runs().map_err(|error| words(&error))?;
    let text = dir.display().to_string();
    let elsewhere = |error| format!("{text}: {error}; --runs names another directory");
    try_to_write(&dir).map_err(elsewhere)?;
    Ok(text)
}

fn try_to_write(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    tempfile::tempfile_in(dir).map(drop)
}

fn archives(store: &Store) -> Vec<CheckResult> {
    let asked = store.reachable(&Silent);
    if asked.is_empty() {
        let text = "none is known: name a mirror with --mirror";
        return vec![Err(text.to_owned())];
    }
    let checked = |(name, answer): (String, CheckResult)| {
        let named = |text| named(&name, text);
        answer.map(named).map_err(named)
    };
    asked.into_iter().map(checked).collect()
}

/// What is said of an archive; an error may begin with its name.
fn named(name: &str, text: String) -> String {
    match text.starts_with(name) {
        true => text,
        false => format!("{name}: {text}"),
    }
}

fn first_run(
    store: &Store,
    choice: &QemuChoice,
    catalogue: &Catalogue,
    cached: &[Kernel],
) -> String {
    let mut needed = Vec::new();
    let host = matches!(choice, QemuChoice::Auto) && Qemu::of_host(HOST).is_ok();
    let own = !host && matches!(choice, QemuChoice::Auto | QemuChoice::Own);
    if own && store.tool_in_cache(ToolName::Qemu(HOST)).is_none() {
        needed.push("QEMU (some 26 MB)".to_owned());
    }
    let all = catalogue.default_kernels();
    let missing = all.iter().filter(|kernel| !cached.contains(kernel)).count();
    if missing > 0 {
        needed.push(format!(
            "those of {missing} kernels that can be had (20 to 60 MB each)"
        ));
    }
    match needed.is_empty() {
        true => "nothing is left to download".to_owned(),
        false => format!("downloads {}", needed.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reached_is_not_ok_also_where_it_is_not_needed() {
        let text = named(
            "archive.example.org",
            "archive.example.org: no name".to_owned(),
        );
        assert_eq!(text, "archive.example.org: no name");
        let mut found = check("archive", Err(text));
        assert!(found.to_string().starts_with("NO  archive"), "{found}");
        found.needed = false;
        assert!(found.to_string().starts_with("--  archive"), "{found}");
        let found = check(
            "archive",
            Ok(named("archive.example.org", "has it".to_owned())),
        );
        let (mark, text) = ("ok  archive", "archive.example.org: has it");
        assert!(
            found.to_string().starts_with(mark) && found.text == text,
            "{found}"
        );
    }
}
