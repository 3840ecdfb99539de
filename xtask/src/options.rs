//! Options that several commands have.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use guest::{Arch, CgroupMode, Need, Ulimit, User, WindowSize};
use harness::ExitCodes;
use harness::{
    AcceleratorChoice, BadRequest, DeviceWords, Disks, Downloads, Failures, Header, LEAST_MIB,
    Machines, Merged, Network, PastRun, Program, PublishedPort, QemuChoice, RunDir, Runner, Shard,
    StandingPlace, WantedDisk, Watcher, check_published, disk_names, project, runs,
};
use images::{Catalogue, Kernel, Spec, Store, StoreBuilder};
use jiff::SignedDuration;

/// The size of a terminal that does not say its size.
pub(crate) const SIZE: WindowSize = WindowSize {
    rows: 24,
    columns: 80,
};

/// Where kernels come from.
#[derive(Args, Default)]
pub(crate) struct SourceOptions {
    /// A Debian mirror to ask first, such as <http://mirror.example.org/debian>
    /// [also: STRATA_MIRROR]
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,

    /// Take exactly the kernels that are pinned, no newer ones of their series
    #[arg(long)]
    locked: bool,
}

impl SourceOptions {
    pub(crate) fn store(&self, catalogue: &Catalogue) -> Result<Store> {
        self.builder(catalogue).locked(self.locked).build()
    }

    /// A store that serves no other version than the one asked for, and pins
    /// none: for kernels that are not the catalogue's.
    pub(crate) fn exact_store(&self, catalogue: &Catalogue) -> Result<Store> {
        self.builder(catalogue).locked(true).build()
    }

    /// A store that also keeps what only saves time, where machines keep it.
    pub(crate) fn remembering_store(&self, catalogue: &Catalogue) -> Result<Store> {
        Ok(self.store(catalogue)?.remembering(&runs()?.join("images")))
    }

    fn builder(&self, catalogue: &Catalogue) -> StoreBuilder {
        let mut builder = Store::builder(catalogue);
        if let Some(lock) = project::lock_file() {
            builder = builder.lock_file(lock);
        }
        let mirrors = self.mirror.iter();
        mirrors.fold(builder, |builder, mirror| builder.mirror(mirror))
    }
}

#[derive(Args)]
pub(crate) struct ArchOption {
    /// The architecture of kernels that are named without one: x86-64 or arm64 [default: the
    /// program's, else x86-64]
    #[arg(long, value_name = "ARCH", value_parser = architecture)]
    arch: Option<&'static Arch>,
}

impl ArchOption {
    /// These specs, of the architecture that was asked for; without one, of the program's
    /// where it has one.
    pub(crate) fn apply(&self, specs: &[Spec], program: Option<&'static Arch>) -> Vec<Spec> {
        match self.arch.or(program) {
            Some(arch) => specs.iter().map(|spec| spec.on(arch)).collect(),
            None => specs.to_vec(),
        }
    }

    /// The architecture that was asked for.
    pub(crate) fn named(&self) -> Option<&'static Arch> {
        self.arch
    }
}

#[derive(Args)]
pub(crate) struct AccelOption {
    /// How the processor is executed: auto, kvm or tcg
    #[arg(long, default_value = "auto")]
    pub(crate) accel: AcceleratorChoice,
}

#[derive(Args)]
pub(crate) struct QemuOption {
    /// Which QEMU: host (the first in PATH), own (one that Strata downloads into
    /// its cache), or the path of one; auto takes the host's where it fits, else
    /// its own [also: STRATA_QEMU] [default: auto]
    #[arg(long, value_name = "auto|host|own|PATH")]
    qemu: Option<QemuChoice>,
}

impl QemuOption {
    pub(crate) fn choice(&self) -> QemuChoice {
        let named = self.qemu.clone();
        named.unwrap_or_else(QemuChoice::from_environment)
    }
}

/// How machines are run on this host.
#[derive(Args)]
pub(crate) struct HostOptions {
    #[command(flatten)]
    accel: AccelOption,

    #[command(flatten)]
    qemu: QemuOption,

    /// Accepted and without effect: nothing is installed on this host
    #[arg(long, hide = true)]
    yes: bool,
}

impl HostOptions {
    pub(crate) fn apply(&self, machines: &mut Machines) {
        machines.accelerator = self.accel.accel;
        machines.qemu = self.qemu.choice();
    }
}

#[derive(Args)]
pub(crate) struct JobsOption {
    /// How many machines to run side by side [default: one a core]
    #[arg(short, long, value_name = "N", value_parser = positive::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    jobs: Option<NonZeroUsize>,
}

impl JobsOption {
    /// The number, if one is named.
    pub(crate) const fn named(&self) -> Option<NonZeroUsize> {
        self.jobs
    }

    pub(crate) fn number(&self) -> NonZeroUsize {
        let cores = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.jobs.unwrap_or_else(cores)
    }
}

#[derive(Args)]
pub(crate) struct RerunOption {
    /// Run what failed in the newest run: its kernels, and on each of them its tests
    #[arg(long, conflicts_with_all = ["kernels"])]
    rerun_failed: bool,
}

impl RerunOption {
    /// What failed in the newest run of a kind, if that is wanted.
    pub(crate) fn failures(&self, of_kind: impl Fn(&Header) -> bool) -> Result<Option<Failures>> {
        if !self.rerun_failed {
            return Ok(None);
        }
        let Some(run) = PastRun::newest_of(of_kind)? else {
            let runs = runs()?;
            bail!(BadRequest::new(format!(
                "no run in {} could have failed: leave out --rerun-failed",
                runs.display()
            )));
        };
        if run.finished.is_none() {
            bail!(BadRequest::new(format!(
                "the newest run, {}, did not finish: leave out --rerun-failed",
                run.header.run
            )));
        }
        let failures = Failures::of(&run);
        match failures.is_empty() {
            true => eprintln!("nothing failed in the run {}", failures.run),
            false => eprintln!("what failed in the run {}", failures.run),
        }
        Ok(Some(failures))
    }
}

#[derive(Args)]
pub(crate) struct ShardOption {
    /// Run on this part of the kernels only: 1/3, 2/3 and 3/3 are all of them [default:
    /// the part of this job, as GitLab, Slurm or Kubernetes tells it]
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,

    /// Spread the kernels over the parts by how long each took in this run, its directory or
    /// the file of its events; the same for all parts; may be given more than once
    #[arg(long, value_name = "RUN")]
    spread_by: Vec<PathBuf>,
}

impl ShardOption {
    /// The kernels of a part.
    pub(crate) fn part(&self, shard: Shard, kernels: Vec<Kernel>) -> Result<Vec<Kernel>> {
        if self.spread_by.is_empty() {
            return Ok(shard.part(kernels));
        }
        let run = Merged::read(&self.spread_by)?;
        Ok(shard.part_by_time(kernels, |kernel| run.took(&kernel.name())))
    }

    /// The part that was asked for; else that of the engine, unless the running kernel is
    /// among those to be tested.
    pub(crate) fn shard(&self, native: bool) -> Result<Option<Shard>> {
        if self.shard.is_some() || native {
            return Ok(self.shard);
        }
        let told = Shard::of_engine(|name| env::var(name).ok());
        told.map_err(|error| {
            BadRequest::new(format!(
                "the part of this job: {error}; or name it with --shard"
            ))
            .into()
        })
    }
}

#[derive(Args)]
pub(crate) struct CpusOption {
    /// Processors of each machine
    #[arg(long, value_name = "N", default_value = "1", value_parser = positive::<NonZeroU32>)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) cpus: NonZeroU32,
}

#[derive(Args)]
pub(crate) struct ModulesOption {
    /// Where a kernel's modules are, in place of its own package: a directory such as
    /// /lib/modules/6.1.0-50-amd64, a package, a built kernel tree; may be given more than once
    #[arg(long, value_name = "PATH")]
    modules: Vec<PathBuf>,
}

impl ModulesOption {
    pub(crate) fn apply(&self, machines: &mut Machines) {
        machines.modules.clone_from(&self.modules);
    }
}

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
    needs: Vec<Need>,

    #[command(flatten)]
    files: FilesOptions,
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

/// What a machine has beside processors and memory.
#[derive(Args)]
pub(crate) struct DeviceOptions {
    /// Give the machine a network: this host's, behind an address of its own
    #[arg(long)]
    network: bool,

    /// Let a TCP port of this host's loopback interface lead to one of the guest; implies
    /// --network
    #[arg(long = "publish", value_name = "HOST:GUEST")]
    published: Vec<PublishedPort>,

    /// Give the machine a disk, /dev/disk/by-name/NAME: a new one of a size, with a file
    /// system if need be, or a file (raw or qcow2), read-only without :rw; may be given more
    /// than once
    #[arg(long = "disk", value_name = "[NAME=]SIZE[:ext4]|FILE[:rw]")]
    disks: Vec<WantedDisk>,
}

impl DeviceOptions {
    /// Checks what must make sense before anything is obtained.
    pub(crate) fn check(&self, kernels: usize) -> Result<()> {
        Ok(check_published(&self.published, kernels)?)
    }

    pub(crate) fn network(&self) -> Option<Network> {
        let is_wanted = self.network || !self.published.is_empty();
        is_wanted.then(|| Network {
            published: self.published.clone(),
        })
    }

    pub(crate) fn disks(&self, machines: &Machines, watcher: &dyn Watcher) -> Result<Disks> {
        let wanted = self.disks.clone();
        Disks::new(wanted, &machines.store, &Downloads::told_to(watcher))
    }

    pub(crate) fn words(&self) -> DeviceWords {
        DeviceWords::of(self.network().as_ref(), &self.disks)
    }
}

/// A program's machine, and what travels into it.
#[derive(Args)]
pub(crate) struct MachineOptions {
    #[command(flatten)]
    program: ProgramOptions,

    /// Memory of the machine [default: 256, more where much travels]
    #[arg(long, value_name = "MIB", value_parser = memory, allow_negative_numbers = true)]
    memory: Option<u32>,

    #[command(flatten)]
    cpus: CpusOption,

    /// Add to the kernel's command line; may be given more than once
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    append: Vec<String>,

    #[command(flatten)]
    modules: ModulesOption,

    #[command(flatten)]
    pub(crate) devices: DeviceOptions,

    /// Boot the kernel, also where the machine was saved after an earlier boot
    #[arg(long)]
    fresh: bool,

    #[command(flatten)]
    host: HostOptions,

    #[command(flatten)]
    sources: SourceOptions,

    /// The exit codes of failures that are not the program's: standard or legacy
    #[arg(long, value_name = "CODES", default_value = "standard")]
    pub(crate) exit_codes: ExitCodes,
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

impl MachineOptions {
    /// Gives a program what was asked for it.
    pub(crate) fn furnish(&self, program: Program) -> Program {
        self.program
            .furnish(program)
            .network(self.network().is_some())
            .disks(disk_names(&self.devices.disks))
    }

    /// Gives a program what was asked for it, and the devices of a machine that is up.
    pub(crate) fn furnish_in(&self, place: &StandingPlace, program: Program) -> Result<Program> {
        // A network that is needed is asked for.
        let asked = DeviceWords::of(self.network().as_ref(), &self.devices.disks);
        place.furnish(self.program.furnish(program), &asked)
    }

    fn network(&self) -> Option<Network> {
        let is_needed = self.program.needs.contains(&Need::Network);
        let needed = || is_needed.then(Network::default);
        self.devices.network().or_else(needed)
    }

    pub(crate) fn store(&self, catalogue: &Catalogue) -> Result<Store> {
        self.sources.store(catalogue)
    }

    pub(crate) fn machines(&self, catalogue: &Catalogue) -> Result<Machines> {
        let mut machines = Machines::new(self.store(catalogue)?, RunDir::anonymous())?;
        self.host.apply(&mut machines);
        machines.cpus = self.cpus.cpus.get();
        machines.append.clone_from(&self.append);
        self.modules.apply(&mut machines);
        machines.needs_config = self.program.needs.iter().any(Need::is_of_config);
        Ok(machines)
    }

    pub(crate) fn runner(&self) -> Runner<'_> {
        Runner {
            memory_mib: self.memory,
            fresh: self.fresh,
            network: self.network(),
            ..Runner::default()
        }
    }
}

/// Memory of a machine, in MiB.
pub(crate) fn memory(text: &str) -> Result<u32, String> {
    let enough = text.parse().ok().filter(|memory| *memory >= LEAST_MIB);
    enough.ok_or_else(|| {
        format!("write a number of MiB: {LEAST_MIB} is the least with which the kernels of Debian come up")
    })
}

fn positive<T: FromStr>(text: &str) -> Result<T, String> {
    let wrong = |_| "write a whole number that is 1 at least".to_owned();
    text.parse().map_err(wrong)
}

fn architecture(text: &str) -> Result<&'static Arch, String> {
    let unknown = || format!("write one of {}", Arch::titles());
    Arch::named(text).ok_or_else(unknown)
}

/// No longer than a clock can add up.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs);
    let with_units = || text.parse::<SignedDuration>().ok()?.try_into().ok();
    let time = seconds.ok().or_else(with_units);
    time.filter(|time| !time.is_zero() && *time <= Duration::from_secs(u32::MAX.into()))
        .ok_or_else(|| "write a number of seconds, or a time such as 90s, 10m or 1h".to_owned())
}

/// A user by number, in the group of that number, or one of this host by name (passwd(5)).
fn user(text: &str) -> Result<User, String> {
    // The last number means no user (setresuid(2)).
    if let Some(uid) = text.parse().ok().filter(|uid| *uid != u32::MAX) {
        return Ok(User { uid, gid: uid });
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut users = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let known = users.find_map(|user| match user[..] {
        [name, _, uid, gid, ..] if name == text => Some((uid.parse().ok()?, gid.parse().ok()?)),
        _ => None,
    });
    known.map(|(uid, gid)| User { uid, gid }).ok_or_else(|| {
        "write a name in this host's /etc/passwd, or the user's number, which `id -u NAME` tells"
            .to_owned()
    })
}

fn variable(text: &str) -> Result<(OsString, OsString), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        None if !text.is_empty() => match env::var_os(text) {
            Some(value) => Ok((text.into(), value)),
            None => Err(format!(
                "{text} is not set on this host: write {text}=VALUE"
            )),
        },
        _ => Err(format!("{text:?} is no variable: write NAME=VALUE")),
    }
}

/// A module's name, and its parameters behind a space, as modprobe(8) takes them.
fn module(text: &str) -> Result<String, String> {
    let (name, parameters) = text.split_once('=').unwrap_or((text, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return Err("write a module's name, as loop or loop=max_loop=4".to_owned());
    }
    Ok(format!("{name} {parameters}").trim_end().to_owned())
}

/// A file whose own name has a colon is taken as it is.
fn file(text: &str) -> Result<(PathBuf, Option<String>), String> {
    match text.rsplit_once(':') {
        Some((host, guest)) if !Path::new(text).exists() => {
            Ok((host.into(), Some(guest.to_owned())))
        }
        _ => Ok((text.into(), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_enough_for_a_kernel() {
        assert_eq!(memory("256"), Ok(256));
        assert_eq!(memory(&LEAST_MIB.to_string()), Ok(LEAST_MIB));
        for text in ["16", "0", "-1", "x", "", "99999999999"] {
            assert!(memory(text).unwrap_err().contains("the least"), "{text}");
        }
    }

    #[test]
    fn a_time_is_seconds_or_has_units() {
        for (text, seconds) in [("90", 90), ("1s", 1), ("10m", 600), ("1h30m", 5400)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["0", "0s", "-1", "-1m", "1x", "", "18446744073709551615"] {
            assert!(time(text).unwrap_err().contains("10m"), "{text}");
        }
    }
}
