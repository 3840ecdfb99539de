//! How a tool is started: by its own loader, with its own libraries.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use guest::HOST;
use serde::{Deserialize, Serialize};

use crate::tools::ToolName;

/// Where programs are in a package.
const PROGRAMS: [&str; 4] = ["usr/bin", "bin", "usr/sbin", "sbin"];
/// Variables that would make a tool load libraries of the host.
const REMOVED: [&str; 12] = [
    "GCONV_PATH",
    "GIO_EXTRA_MODULES",
    "GIO_MODULE_DIR",
    "GLIBC_TUNABLES",
    "LD_AUDIT",
    "LD_BIND_NOT",
    "LD_BIND_NOW",
    "LD_DEBUG",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LD_PROFILE",
    "LOCPATH",
];

/// A tool on this machine, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The name of the tool.
    pub name: ToolName,
    /// The root of its files.
    pub dir: PathBuf,
    /// Debian version of its main package.
    pub version: String,
    /// Where it came from, for people.
    pub source: String,
    /// The packages that were asked for, with their versions, where others of
    /// the suite are used instead.
    pub substituted_for: Option<String>,
    /// Bytes of its files.
    pub size: u64,
    /// SHA-256 of the list of its files, which names it.
    pub sha256: String,
}

/// A program and what it is started with; the caller's arguments come after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// What is executed.
    pub program: PathBuf,
    /// The first arguments.
    pub arguments: Vec<OsString>,
    /// Variables to be set.
    pub environment: Vec<(OsString, OsString)>,
    /// Variables that must not be set.
    pub removed: Vec<OsString>,
}

impl Launch {
    /// A program of the host, started as it is.
    #[must_use]
    pub fn of_host(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            ..Self::default()
        }
    }

    /// The command, to be completed.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for name in &self.removed {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().cloned());
        command.args(&self.arguments);
        command
    }
}

impl fmt::Display for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program.display().fmt(f)
    }
}

impl Tool {
    /// How one of its programs is started, such as `qemu-system-x86_64`.
    #[must_use]
    pub fn launch(&self, program: &str) -> Launch {
        let places = PROGRAMS.map(|dir| self.dir.join(dir).join(program));
        let there = places.iter().find(|path| path.is_file());
        let program = there.unwrap_or(&places[0]).clone();
        if self.name.is_static() {
            return Launch::of_host(program);
        }
        let libraries = HOST
            .debian_libraries
            .map(|dir| self.dir.join(dir).into_os_string());
        let mut arguments: Vec<OsString> = vec![
            "--inhibit-cache".into(),
            "--library-path".into(),
            libraries.join(OsStr::new(":")),
            program.into(),
        ];
        // For any other locale it would load files of the host.
        let mut environment: Vec<(OsString, OsString)> = vec![("LC_ALL".into(), "C".into())];
        let mut set = |name: &str, path: &str| {
            environment.push((name.into(), self.dir.join(path).into()));
        };
        match self.name {
            ToolName::Qemu(_) => {
                set("QEMU_MODULE_DIR", HOST.qemu_modules);
                for data in ["usr/share/qemu", "usr/share/seabios"] {
                    arguments.push("-L".into());
                    arguments.push(self.dir.join(data).into());
                }
            }
            ToolName::Mke2fs => set("MKE2FS_CONFIG", "etc/mke2fs.conf"),
            ToolName::Busybox(_) => {}
        }
        Launch {
            program: self.dir.join(HOST.debian_loader),
            arguments,
            environment,
            removed: REMOVED.map(OsString::from).into(),
        }
    }

    /// The path of one of its files.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.join(path)
    }
}
