//! Strata's own tools: from Debian's packages, without root, started with their own
//! libraries. May use: debian, messages, files.
//!
//! ```text
//! tools/<name>/<sha-256 of the list>/root/      the files
//!                                   /files      the list of them, with their hashes
//!                                   /tool.toml  what it is
//!                                   /proof/     of a substitute: what proves it genuine
//! ```
//!
//! `tools.lock` pins the packages and the list. So a tree in the cache is held
//! against what is built into this program, wherever the cache came from.

pub(crate) mod dependencies;
pub(crate) mod file_list;
pub(crate) mod launch;
pub(crate) mod libraries;
pub(crate) mod tool_pins;
pub(crate) mod unpack;

use std::fmt;

use guest::{Arch, HOST, arch};
use serde::{Deserialize, Serialize};

/// A tool that Strata brings along, where the host has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ToolName {
    /// The emulator of one architecture, without a display, sound or network.
    Qemu(&'static Arch),
    /// The shell of a guest of one architecture, static.
    Busybox(&'static Arch),
    /// Makes, checks and looks into ext4: `mke2fs`, `e2fsck`, `debugfs`.
    Mke2fs,
}

impl ToolName {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        let emulators = arch::ALL.into_iter().map(Self::Qemu);
        let shells = arch::ALL.into_iter().map(Self::Busybox);
        emulators.chain(shells).chain([Self::Mke2fs])
    }

    /// Its directory in the cache, its name in `tools.lock`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Qemu(arch) => arch.qemu_tool,
            Self::Busybox(arch) => arch.busybox_tool,
            Self::Mke2fs => "mke2fs",
        }
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Qemu(_) => "QEMU",
            Self::Busybox(_) => "busybox",
            Self::Mke2fs => "mke2fs",
        }
    }

    /// Its packages; the version of the first is the tool's. What else it needs is
    /// found by dependency.
    pub(crate) fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Qemu(arch) => arch.qemu_packages,
            Self::Busybox(_) => &["busybox-static"],
            Self::Mke2fs => &["e2fsprogs"],
        }
    }

    /// The files that are kept besides libraries; a directory, with a slash at
    /// its end, means what lies in it.
    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Qemu(arch) => arch.qemu_files,
            Self::Busybox(_) => &["bin/busybox", "usr/bin/busybox"],
            Self::Mke2fs => &[
                "etc/mke2fs.conf",
                "sbin/debugfs",
                "sbin/e2fsck",
                "sbin/mke2fs",
            ],
        }
    }

    /// Libraries that are opened by name, without being listed in any file.
    pub(crate) fn opened(self) -> &'static [&'static str] {
        match self {
            // glibc's, where a thread is cancelled.
            Self::Qemu(_) => &["libgcc_s.so.1"],
            Self::Busybox(_) | Self::Mke2fs => &[],
        }
    }

    pub(crate) fn is_static(self) -> bool {
        matches!(self, Self::Busybox(_))
    }

    /// The architecture of its packages.
    pub(crate) fn arch(self) -> &'static Arch {
        match self {
            Self::Busybox(arch) => arch,
            Self::Qemu(_) | Self::Mke2fs => HOST,
        }
    }

    /// Whether a version may be used in place of the pinned one. A newer QEMU is slower
    /// under emulation, and is another machine.
    pub(crate) fn is_of_series(self, version: &str) -> bool {
        let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
        !matches!(self, Self::Qemu(_)) || upstream.starts_with("7.2")
    }

    /// Whether a file of a package is kept. Its path has no `./` before it.
    pub(crate) fn keeps(self, path: &str) -> bool {
        let is_listed = self.files().iter().any(|kept| match kept.ends_with('/') {
            true => (path.strip_prefix(kept)).is_some_and(|name| !name.contains('/')),
            false => path == *kept,
        });
        let is_library = path.rsplit_once('/').is_some_and(|(dir, name)| {
            HOST.debian_libraries.contains(&dir) && (name.ends_with(".so") || name.contains(".so."))
        });
        is_listed || is_library && !self.is_static()
    }
}

impl From<ToolName> for String {
    fn from(tool: ToolName) -> Self {
        tool.name().to_owned()
    }
}

impl TryFrom<String> for ToolName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let named = Self::all().find(|tool| tool.name() == name);
        named.ok_or_else(|| format!("{name:?} is no tool"))
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_its_program_its_files_and_libraries() {
        for (path, kept) in [
            ("usr/bin/qemu-system-x86_64", true),
            ("usr/bin/qemu-system-i386", false),
            ("usr/share/seabios/bios-256k.bin", true),
            ("usr/share/seabios/more/bios.bin", false),
            ("usr/lib/x86_64-linux-gnu/libz.so.1", true),
            ("lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", true),
            ("usr/lib/x86_64-linux-gnu/gconv/EUC-JP.so", false),
            ("usr/lib/x86_64-linux-gnu/libz.a", false),
            ("usr/share/doc/libz.so.1", false),
        ] {
            assert_eq!(ToolName::Qemu(HOST).keeps(path), kept, "{path}");
        }
        assert!(ToolName::Busybox(HOST).keeps("bin/busybox"));
        assert!(!ToolName::Busybox(HOST).keeps("usr/lib/x86_64-linux-gnu/libz.so.1"));
    }

    #[test]
    fn only_the_same_series_of_qemu_is_a_substitute() {
        assert!(ToolName::Qemu(HOST).is_of_series("1:7.2+dfsg-7+deb12u18+b3"));
        assert!(!ToolName::Qemu(HOST).is_of_series("1:10.0.2+ds-2"));
        assert!(ToolName::Mke2fs.is_of_series("1.47.0-2"));
    }
}
