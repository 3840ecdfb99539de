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

use guest::X86_64;
use serde::{Deserialize, Serialize};

/// A tool that Strata brings along, where the host has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolName {
    /// The emulator, for x86 alone, without a display, sound or network.
    Qemu,
    /// The shell of a guest, static.
    Busybox,
    /// Makes, checks and looks into ext4: `mke2fs`, `e2fsck`, `debugfs`.
    Mke2fs,
}

impl ToolName {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Qemu, Self::Busybox, Self::Mke2fs];

    /// Its directory in the cache, its name in `tools.lock`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Busybox => "busybox",
            Self::Mke2fs => "mke2fs",
        }
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Qemu => "QEMU",
            Self::Busybox => "busybox",
            Self::Mke2fs => "mke2fs",
        }
    }

    /// Its packages; the version of the first is the tool's. What else it needs is
    /// found by dependency.
    pub(crate) fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Qemu => X86_64.qemu_packages,
            Self::Busybox => &["busybox-static"],
            Self::Mke2fs => &["e2fsprogs"],
        }
    }

    /// The files that are kept besides libraries; a directory, with a slash at
    /// its end, means what lies in it.
    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Qemu => X86_64.qemu_files,
            Self::Busybox => &["bin/busybox", "usr/bin/busybox"],
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
            Self::Qemu => &["libgcc_s.so.1"],
            Self::Busybox | Self::Mke2fs => &[],
        }
    }

    pub(crate) fn is_static(self) -> bool {
        self == Self::Busybox
    }

    /// Whether a version may be used in place of the pinned one. A newer QEMU is slower
    /// under emulation, and is another machine.
    pub(crate) fn is_of_series(self, version: &str) -> bool {
        let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
        self != Self::Qemu || upstream.starts_with("7.2")
    }

    /// Whether a file of a package is kept. Its path has no `./` before it.
    pub(crate) fn keeps(self, path: &str) -> bool {
        let is_listed = self.files().iter().any(|kept| match kept.ends_with('/') {
            true => (path.strip_prefix(kept)).is_some_and(|name| !name.contains('/')),
            false => path == *kept,
        });
        let is_library = path.rsplit_once('/').is_some_and(|(dir, name)| {
            X86_64.debian_libraries.contains(&dir)
                && (name.ends_with(".so") || name.contains(".so."))
        });
        is_listed || is_library && !self.is_static()
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
            assert_eq!(ToolName::Qemu.keeps(path), kept, "{path}");
        }
        assert!(ToolName::Busybox.keeps("bin/busybox"));
        assert!(!ToolName::Busybox.keeps("usr/lib/x86_64-linux-gnu/libz.so.1"));
    }

    #[test]
    fn only_the_same_series_of_qemu_is_a_substitute() {
        assert!(ToolName::Qemu.is_of_series("1:7.2+dfsg-7+deb12u18+b3"));
        assert!(!ToolName::Qemu.is_of_series("1:10.0.2+ds-2"));
        assert!(ToolName::Mke2fs.is_of_series("1.47.0-2"));
    }
}
