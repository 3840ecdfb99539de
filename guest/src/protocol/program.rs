//! A program to run in place of scenarios.

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CgroupMode, Need, Ulimit};

/// Where the guest finds what a program is to read, or the beginning of it.
pub const STDIN_PATH: &str = "/strata/stdin";

/// What the disk with a program's files tells as its serial number.
pub const VOLUME: &str = "strata-volume";

/// The longest silence of the guest while a program runs.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// How many bytes of frames the host may have sent that the guest has not yet
/// said to have [taken](super::Record::Taken). A kernel's buffer for what comes
/// in on a terminal has 4096 (`N_TTY_BUF_SIZE`) and loses what is more.
pub const WINDOW: usize = 4000;

/// A program, as PID 1 is to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramJob {
    /// Its absolute path.
    pub path: String,
    /// Its arguments, its own name first.
    pub arguments: Vec<OsString>,
    /// The directory in which it starts.
    pub directory: String,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The user it runs as; root where none is given.
    pub user: Option<User>,
    /// What it reads.
    pub stdin: Stdin,
    /// The size of its terminal, if it is to have one.
    pub terminal: Option<WindowSize>,
    /// The modules that are loaded before it: a name, and parameters behind a space.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
    /// Whether it has a network, which the host attaches as it attaches modules.
    #[serde(default)]
    pub network: bool,
    /// The names of its disks, which the host attaches likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<String>,
    /// Whether its files are on a read-only disk, [`VOLUME`], and did not come with the job.
    #[serde(default)]
    pub volume: bool,
    /// How control groups are mounted for it, if not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<CgroupMode>,
    /// Limits of its resources; the last one of a resource counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ulimits: Vec<Ulimit>,
    /// What it needs: it is not started where something of it is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// The files and directories that the host wants when it has ended, by their absolute
    /// paths.
    pub wanted: Vec<String>,
}

/// A user, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user.
    pub uid: u32,
    /// Its only group.
    pub gid: u32,
}

/// What a program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stdin {
    /// Nothing.
    Null,
    /// The file at [`STDIN_PATH`].
    File,
    /// The bytes at [`STDIN_PATH`], and then what the host sends.
    Console,
}

/// The size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSize {
    /// Its height.
    pub rows: u16,
    /// Its width.
    pub columns: u16,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// By itself, with this exit status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
}

impl Status {
    /// Whether it ended by itself, with status 0.
    #[must_use]
    pub const fn success(self) -> bool {
        matches!(self, Self::Exited(0))
    }

    /// The status as a shell gives it: the exit status, or 128 and the number of
    /// the signal.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Exited(status) => status as u8,
            Self::Killed(signal) => 128 | signal as u8,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Exited(status) => write!(f, "exit status {status}"),
            Self::Killed(number) => match nix::sys::signal::Signal::try_from(number) {
                Ok(signal) => write!(f, "signal {number} ({signal})"),
                Err(_) => write!(f, "signal {number}"),
            },
        }
    }
}
