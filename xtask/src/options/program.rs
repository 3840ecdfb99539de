//! What a program is given.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use guest::{CgroupMode, Need, Ulimit, User, WindowSize};
use harness::{Program, Runner};

use super::values::{file, module, time, user, variable};

/// The size of a terminal that does not say its size.
pub(crate) const SIZE: WindowSize = WindowSize {
    rows: 24,
    columns: 80,
};

#[derive(Args)]
pub(crate) struct TimeoutOption {
    /// How long the program may take on each kernel: seconds, or as 90s, 10m, 1h
    /// [default: 600]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    timeout: Option<Duration>,
}

impl TimeoutOption {
    pub(crate) fn apply(&self, runner: &mut Runner<'_>) {
        runner.timeout = self.timeout.or(runner.timeout);
    }
}

/// Whether a program has a terminal.
#[derive(Clone, Copy, ValueEnum)]
enum TerminalChoice {
    Auto,
    Yes,
    No,
}

#[derive(Args)]
pub(crate) struct TerminalOption {
    /// Give the program a terminal, of the size of this one: auto does where stdin and
    /// stdout are terminals and one kernel is named
    #[arg(long = "tty", value_name = "auto|yes|no", default_value = "auto")]
    #[arg(hide_possible_values = true)]
    choice: TerminalChoice,
}

impl TerminalOption {
    pub(crate) fn is_wanted(&self, kernels: usize) -> bool {
        match self.choice {
            TerminalChoice::Yes => true,
            TerminalChoice::No => false,
            TerminalChoice::Auto => {
                kernels <= 1 && io::stdin().is_terminal() && io::stdout().is_terminal()
            }
        }
    }
}

/// What a program is given.
#[derive(Args)]
pub(crate) struct ProgramOptions {
    /// Run as this user instead of root: a number, or the name of a user of this host
    #[arg(long, value_name = "USER", value_parser = user, allow_negative_numbers = true)]
    user: Option<User>,

    /// Set an environment variable, or take this host's value of one; may be given more
    /// than once
    #[arg(long = "env", value_name = "K[=V]", value_parser = variable)]
    environment: Vec<(OsString, OsString)>,

    /// Take this host's whole environment along
    #[arg(long)]
    env_all: bool,

    /// Start the program in this directory of the guest, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,

    /// Run the program in this root file system: a directory, a tar archive (as `docker
    /// export` writes it), or the directory of an OCI image
    #[arg(long, value_name = "DIR|TAR|OCI-LAYOUT")]
    root: Option<PathBuf>,

    /// Have the program find all that is installed on this host (/usr, /etc, /opt and the
    /// like) and that you may read: it is read as it is opened, and what is written to it
    /// stays in the guest
    #[arg(long, conflicts_with = "root")]
    host_root: bool,

    /// Load a module of the kernel before the program starts, with parameters if need be;
    /// may be given more than once. What a program asks the kernel for is loaded anyway
    #[arg(long = "module", value_name = "NAME[=PARAMS]", value_parser = module)]
    ahead: Vec<String>,

    /// Limit a resource of the program, as nofile=64, nofile=64:1024 (soft and hard) or
    /// core=unlimited; may be given more than once
    #[arg(long = "ulimit", value_name = "NAME=SOFT[:HARD]")]
    ulimits: Vec<Ulimit>,

    /// Mount control groups as a system with these: v1, v2, hybrid or none
    /// [default: v2, or v1 where the kernel's v2 has no controller of processors and memory]
    #[arg(long, value_name = "MODE")]
    cgroup: Option<CgroupMode>,

    /// Start the program only where the kernel and its machine have this: root, network,
    /// disk, module=NAME, cgroup=v1|v2, config=CONFIG_NAME[=VALUE] or sysctl=NAME[=VALUE];
    /// may be given more than once
    #[arg(long = "needs", value_name = "NEED")]
    pub(super) needs: Vec<Need>,

    #[command(flatten)]
    files: FilesOptions,
}

impl ProgramOptions {
    /// Gives a program what was asked for it.
    pub(crate) fn furnish(&self, mut program: Program) -> Program {
        let all = env::vars_os().filter(|_| self.env_all);
        for (name, value) in all.chain(self.environment.iter().cloned()) {
            program = program.env(name, value);
        }
        program = self.files.furnish(program);
        if let Some(root) = &self.root {
            program = program.root(root);
        }
        if self.host_root {
            program = program.host_root();
        }
        if let Some(directory) = &self.cwd {
            program = program.directory(directory);
        }
        for module in &self.ahead {
            program = program.module(module);
        }
        for limit in &self.ulimits {
            program = program.ulimit(*limit);
        }
        if let Some(mode) = self.cgroup {
            program = program.cgroup(mode);
        }
        for need in &self.needs {
            program = program.needs(need.clone());
        }
        match self.user {
            Some(user) => program.user(user),
            None => program,
        }
    }
}

/// What travels besides a program.
#[derive(Args)]
pub(crate) struct FilesOptions {
    /// Take a directory along as it is, to its own path or another; may be given more
    /// than once
    #[arg(long = "tree", value_name = "DIR[:GUEST]", value_parser = file)]
    trees: Vec<(PathBuf, Option<String>)>,

    /// Take a file or directory along, to its own path or another; may be given
    /// more than once
    #[arg(long = "file", value_name = "HOST[:GUEST]", value_parser = file)]
    files: Vec<(PathBuf, Option<String>)>,
}

impl FilesOptions {
    /// Gives a program what it asks for.
    pub(crate) fn furnish(&self, mut program: Program) -> Program {
        for (host, guest) in &self.files {
            program = program.file(host, guest.clone());
        }
        for (host, guest) in &self.trees {
            program = program.tree(host, guest.clone());
        }
        program
    }
}
