//! A program of this host, packed to run in a guest.

mod arch;
pub(crate) mod elf;
mod in_volume;
pub(crate) mod ld_cache;
mod pack;
pub(crate) mod script;
mod tree;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use guest::{CgroupMode, Need, Ulimit, User, WindowSize};

pub(crate) use pack::LoadedProgram;
pub use pack::PackedProgram;
use tree::Leave;

/// The guest's `PATH`.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program and its surroundings.
///
/// It travels into the guest under its own absolute path, together with its
/// interpreter and libraries, and runs as root in `/` unless asked otherwise.
#[derive(Clone, Debug, Default)]
pub struct Program {
    path: PathBuf,
    /// Its name (`argv[0]`), if that is not its path.
    name: Option<OsString>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    files: Vec<(PathBuf, Option<String>)>,
    trees: Vec<(PathBuf, Option<String>, Leave)>,
    /// The root file system in which the program is.
    root: Option<PathBuf>,
    /// Whether it finds all that is installed on this host.
    host_root: bool,
    /// Where it starts, if that is not `/`.
    directory: Option<String>,
    user: Option<User>,
    terminal: Option<WindowSize>,
    /// The modules that are loaded before it.
    modules: Vec<String>,
    /// Whether it has a network.
    network: bool,
    /// The names of its disks.
    disks: Vec<String>,
    /// How control groups are mounted, if not as usual.
    cgroup: Option<CgroupMode>,
    /// Limits of its resources.
    ulimits: Vec<Ulimit>,
    /// What it needs.
    needs: Vec<Need>,
    /// What is wanted back.
    wanted: Vec<String>,
}

impl Program {
    /// The program of this path, or of this name in `PATH`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// Calls it by another name than its path.
    #[must_use]
    pub fn named(mut self, name: impl Into<OsString>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable. There are none but `PATH`, `HOME` and, on a
    /// terminal, `TERM`.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Packs a file or directory, with what it needs to run, at its own absolute path
    /// or at another in the guest.
    #[must_use]
    pub fn file(mut self, host: impl Into<PathBuf>, guest: Option<String>) -> Self {
        self.files.push((host.into(), guest));
        self
    }

    /// Takes a directory along as it is, to its own absolute path or another: what is in it
    /// keeps its modes and owners, and nothing that it would need to run is looked for.
    #[must_use]
    pub fn tree(mut self, host: impl Into<PathBuf>, guest: Option<String>) -> Self {
        self.trees.push((host.into(), guest, Leave::Nothing));
        self
    }

    /// Runs it in a root file system of this host: a directory, a tar archive, or the
    /// directory of an OCI image. The program is looked for there.
    #[must_use]
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// Has it find all that is installed on this host and that this user may read: none of
    /// it travels, it is read when the program opens it.
    #[must_use]
    pub fn host_root(mut self) -> Self {
        self.host_root = true;
        self
    }

    /// Starts it in a directory of the guest, which is made if it is not there.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<String>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Starts it in a directory of this host, which travels, with the Go module in which it
    /// is, if it is in one: all that is in it, but for caches and git's own files.
    #[must_use]
    pub fn working_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        self.directory = directory.to_str().map(str::to_owned);
        // Tests of a package read files of others, as `../testdata`.
        let mut above = directory.ancestors();
        let module = above.find(|above| above.join("go.mod").is_file());
        let whole = module.unwrap_or(&directory).to_owned();
        self.trees.push((whole, None, Leave::Caches));
        self
    }

    /// Runs it as this user and group, without other groups.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.user = Some(user);
        self
    }

    /// Gives it a terminal of this size, where the kernel has pseudo-terminals.
    #[must_use]
    pub fn terminal(mut self, size: WindowSize) -> Self {
        self.terminal = Some(size);
        self
    }

    /// Loads a module of the kernel before the program starts: a name, and parameters
    /// behind a space.
    #[must_use]
    pub fn module(mut self, module: impl Into<String>) -> Self {
        self.modules.push(module.into());
        self
    }

    /// Gives it a network, or none; the runner is to have one, too.
    #[must_use]
    pub fn network(mut self, network: bool) -> Self {
        self.network = network;
        self
    }

    /// Gives it disks of these names; the runner is to have them, too.
    #[must_use]
    pub fn disks(mut self, names: Vec<String>) -> Self {
        self.disks = names;
        self
    }

    /// Mounts control groups for it in this way, where the kernel can.
    #[must_use]
    pub fn cgroup(mut self, mode: CgroupMode) -> Self {
        self.cgroup = Some(mode);
        self
    }

    /// Limits one of its resources.
    #[must_use]
    pub fn ulimit(mut self, limit: Ulimit) -> Self {
        self.ulimits.push(limit);
        self
    }

    /// Starts it only where the kernel and its machine have this.
    #[must_use]
    pub fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// Asks for a file or directory of the guest, by its absolute path, once the program
    /// has ended.
    #[must_use]
    pub fn wants(mut self, guest: impl Into<String>) -> Self {
        self.wanted.push(guest.into());
        self
    }

    /// The program as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A request that cannot be met: what is wrong, and what the user must change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub enum BadRequest {
    /// The request itself makes no sense.
    Senseless(String),
    /// The program is there and no kernel can execute it.
    NotExecutable(String),
    /// The program, or what it needs to run, is not there.
    Missing(String),
}

impl BadRequest {
    /// A request that makes no sense: what is wrong, and what to do.
    #[must_use]
    pub fn new(why: impl Into<String>) -> Self {
        Self::Senseless(why.into())
    }

    /// A file that cannot be read, for an error of this host.
    pub(crate) fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| {
            let hint = match error.kind() {
                io::ErrorKind::NotFound => ": name a file or directory that is there",
                _ => "",
            };
            Self::new(format!("{}: {error}{hint}", path.display()))
        }
    }
}
