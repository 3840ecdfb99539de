//! What works on this host, in a dozen lines.

use std::env::consts::ARCH;
use std::fmt;
use std::fs::{self, OpenOptions};

use images::{CachedKind, Catalogue, Kernel, Silent, Store, ToolName};

use crate::qemu::{Qemu, QemuChoice};
use crate::{Bench, RunDir, Wish, cached_kernels, runs};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// What was found, and what to do where it does not work.
    pub text: String,
    /// Whether Strata can work with it.
    pub works: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.works { "ok" } else { "NO" };
        write!(f, "{mark}  {:<12} {}", self.what, self.text)
    }
}

fn works(what: &'static str, text: impl Into<String>) -> Finding {
    Finding {
        what,
        text: text.into(),
        works: true,
    }
}

fn fails(what: &'static str, text: impl Into<String>) -> Finding {
    Finding {
        works: false,
        ..works(what, text)
    }
}

/// Looks at this host. Only release files are downloaded.
#[must_use]
pub fn examine(catalogue: &Catalogue, store: Store, choice: &QemuChoice) -> Vec<Finding> {
    let mut findings = vec![program(), host()];
    let cached = cached_kernels(catalogue, &store);
    findings.push(qemu(&store, choice));
    findings.push(busybox(&store));
    findings.push(cache(&store));
    findings.push(state());
    let archives = archives(&store);
    let reachable = archives.iter().any(|archive| archive.works);
    findings.extend(archives.into_iter().map(|archive| Finding {
        // One is enough, and what is in the cache needs none.
        works: archive.works || reachable || !cached.is_empty(),
        ..archive
    }));
    findings.push(first_run(&store, choice, catalogue, &cached));
    // Last, since it boots a guest and takes the store.
    let at = 2;
    findings.insert(at, accelerator(store, choice, &cached));
    findings
}

fn program() -> Finding {
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

fn host() -> Finding {
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

/// Found out with a kernel of the cache; where there is none, by the first boot.
fn accelerator(store: Store, choice: &QemuChoice, cached: &[Kernel]) -> Finding {
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
    let chosen = Bench::new(store, RunDir::nameless()).and_then(|mut bench| {
        bench.wish = Wish::Auto;
        bench.qemu = choice.clone();
        bench.choice(kernel, &Silent)
    });
    match chosen {
        Ok(choice) => works(WHAT, choice.to_string()),
        Err(error) => fails(WHAT, crate::report::words(&error)),
    }
}

fn qemu(store: &Store, choice: &QemuChoice) -> Finding {
    const WHAT: &str = "QEMU";
    let own = || match store.tool_in_cache(ToolName::Qemu) {
        Some(tool) => works(
            WHAT,
            format!("{}, Strata's own, in the cache", tool.version),
        ),
        None => works(WHAT, "Strata's own; the first boot downloads it"),
    };
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
        (Err(error), _) => fails(WHAT, crate::report::words(&error)),
    }
}

fn busybox(store: &Store) -> Finding {
    const WHAT: &str = "busybox";
    match (
        which::which("busybox"),
        store.tool_in_cache(ToolName::Busybox),
    ) {
        (Ok(path), _) => works(WHAT, path.display().to_string()),
        (Err(_), Some(tool)) => works(
            WHAT,
            format!("{}, Strata's own, in the cache", tool.version),
        ),
        (Err(_), None) => works(WHAT, "Strata's own; the first shell downloads it"),
    }
}

fn cache(store: &Store) -> Finding {
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
    match fs::create_dir_all(dir).and_then(|()| tempfile::tempfile_in(dir)) {
        Ok(_) => works(WHAT, text),
        Err(error) => works(
            WHAT,
            format!("{text}; read only ({error}): STRATA_CACHE names another directory"),
        ),
    }
}

fn state() -> Finding {
    const WHAT: &str = "runs";
    let dir = match runs() {
        Ok(dir) => dir,
        Err(error) => return fails(WHAT, crate::report::words(&error)),
    };
    match fs::create_dir_all(&dir).and_then(|()| tempfile::tempfile_in(&dir)) {
        Ok(_) => works(WHAT, dir.display().to_string()),
        Err(error) => fails(
            WHAT,
            format!("{}: {error}; --runs names another directory", dir.display()),
        ),
    }
}

fn archives(store: &Store) -> Vec<Finding> {
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
) -> Finding {
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
