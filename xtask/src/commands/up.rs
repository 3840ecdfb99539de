use std::env;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::slice;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use harness::{
    BadRequest, Exit, Machines, RunDir, Runner, StandingMachines, StandingPlace, program_name,
    report, serve,
};
use images::{Catalogue, Spec};
use nix::unistd::setsid;

use crate::options::{
    CpusOption, DeviceOptions, HostOptions, JobsOption, ModulesOption, SourceOptions, memory, time,
};
use crate::stdout::print;

/// How long the machines may take to be up, once their kernel is at hand.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long another command's machines may take once they are found to come up.
const ALMOST: Duration = Duration::from_secs(2);
/// How often to look whether they are.
const TURN: Duration = Duration::from_millis(20);

/// Keep machines with a kernel up, for `run --in`
///
/// A process in the background keeps them, as many as this host has processors, and up to
/// eight while programs take long, as shells do. Each comes up when it is first needed
/// and then takes one program after another: a program has its own root file system, and
/// what it leaves running is killed. A machine that a program has broken is replaced. The
/// process ends by `down`, or when it was idle for long; nothing of it is left then.
///
/// With --publish, or a disk that is a file to be written, there is one machine. With
/// --at-a-time there is one as well, which runs so many programs beside each other: they
/// share its processors, memory and settings.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  they are up, or were already
  2  the command line makes no sense
  3  they could not be brought up

Examples:
  cargo xtask up 6.1
  cargo xtask up 6.12 --network --disk data=1G:ext4
  cargo xtask run --in 6.1 -- ./reproducer
  cargo xtask down 6.1")]
pub(crate) struct UpCommand {
    /// The kernel: 3.10, or the path of a bzImage
    #[arg(value_name = "KERNEL")]
    kernel: Spec,

    /// What `run --in` and `down` call them [default: as the kernel]
    #[arg(long)]
    name: Option<String>,

    /// Memory of each machine
    #[arg(long, value_name = "MIB", default_value = "512", value_parser = memory)]
    memory: u32,

    #[command(flatten)]
    cpus: CpusOption,

    /// Add to the kernel's command line; may be given more than once
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    append: Vec<String>,

    #[command(flatten)]
    modules: ModulesOption,

    #[command(flatten)]
    devices: DeviceOptions,

    /// End after such a time without a program
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10m")]
    idle: Duration,

    #[command(flatten)]
    jobs: JobsOption,

    /// Run so many programs at a time on one machine, each in namespaces of its own
    #[arg(long, value_name = "N", value_parser = at_a_time)]
    #[arg(conflicts_with_all = ["jobs", "network", "published", "disks"])]
    at_a_time: Option<NonZeroUsize>,

    #[command(flatten)]
    sources: SourceOptions,

    #[command(flatten)]
    host: HostOptions,

    /// Be the process in the background.
    #[arg(long, hide = true)]
    serve: bool,
}

impl UpCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let catalogue = Catalogue::of_user()?;
        let kernels = catalogue.select(slice::from_ref(&self.kernel))?;
        let [kernel] = &kernels[..] else {
            bail!(BadRequest::new(format!(
                "{} is more than one kernel: bring each up on its own",
                self.kernel
            )));
        };
        let name = self.name.clone().unwrap_or_else(|| kernel.name());
        let place = StandingPlace::of(&name)?;
        self.devices.check(kernels.len())?;
        let (cpus, devices) = (self.cpus.cpus.get(), self.devices.words());
        let described = StandingMachines::new(kernel, self.memory, cpus, &self.append, devices)?
            .at_a_time(self.at_a_time.unwrap_or(NonZeroUsize::MIN));
        if !self.serve && place.is_up() {
            return self.is_up_already(&place, &described);
        }
        place.check_room()?;
        let mut machines = Machines::new(self.sources.store(&catalogue)?, RunDir::anonymous())?;
        self.host.apply(&mut machines);
        machines.cpus = self.cpus.cpus.get();
        machines.append.clone_from(&self.append);
        self.modules.apply(&mut machines);
        machines.needs_config = true;
        // What takes long is told here: downloads, and the choice of an accelerator.
        let bootable = machines
            .machine(kernel, &report::Terminal::reserved())
            .with_context(|| format!("kernel {}", kernel.name()))?;
        let disks = self
            .devices
            .disks(&machines, &report::Terminal::reserved())?;
        if self.serve {
            let runner = Runner {
                memory_mib: Some(self.memory),
                network: self.devices.network(),
                disks,
                ..Runner::default()
            };
            let jobs = self.jobs.named();
            serve(&place, &described, bootable, runner, jobs, self.idle)?;
            return Ok(Exit::Agreed);
        }
        self.bring_up(&place)?;
        if self.at_a_time.is_some() {
            // That this kernel cannot do that, for one.
            let said = fs::read_to_string(place.log()).unwrap_or_default();
            eprint!("{said}");
        }
        let (name, program) = (place.name(), program_name());
        print(format_args!(
            "{name} is up: {program} run --in {name} -- PROGRAM\n"
        ));
        Ok(Exit::Agreed)
    }

    /// Other machines of the same name are not those that were asked for.
    fn is_up_already(&self, place: &StandingPlace, described: &StandingMachines) -> Result<Exit> {
        let name = place.name();
        let there = place.machines();
        if there.have_another_image(described) {
            bail!(BadRequest::new(format!(
                "{name} is up with a kernel that was at this path before: end it with `{} down {name}`",
                program_name()
            )));
        }
        if there != *described {
            bail!(BadRequest::new(format!(
                "{name} is up with {there}: take another --name, or end it with `{} down {name}`",
                program_name()
            )));
        }
        print(format_args!("{name} is up already\n"));
        Ok(Exit::Agreed)
    }

    /// Starts the process in the background, and waits until it answers.
    fn bring_up(&self, place: &StandingPlace) -> Result<()> {
        let log = File::create(place.log()).context("creating the machines' log")?;
        let mut command = Command::new(env::current_exe().context("finding this program")?);
        command.args(env::args_os().skip(1)).arg("--serve");
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // SAFETY: between fork(2) and execve(2) it makes a system call only.
        unsafe { command.pre_exec(|| Ok(setsid().map(drop)?)) };
        let mut process = command
            .spawn()
            .context("starting the process in the background")?;
        let mut until = Instant::now() + PATIENCE;
        let mut ended = None;
        while Instant::now() < until {
            if place.is_up() {
                return Ok(());
            }
            if ended.is_none() {
                ended = process.try_wait()?;
                if ended.is_some() {
                    // Another command may be faster, and about to answer.
                    until = Instant::now() + ALMOST;
                }
            }
            sleep(TURN);
        }
        if let Some(status) = ended {
            let log = fs::read_to_string(place.log()).unwrap_or_default();
            let log = log.trim();
            bail!("the process in the background ended ({status}): {log}");
        }
        bail!(
            "the process in the background does not answer: its log is {}",
            place.log().display()
        )
    }
}

/// How many programs run at a time on one machine. Each takes its part of the memory that the
/// machine shares with this host.
fn at_a_time(text: &str) -> Result<NonZeroUsize, String> {
    const MOST: usize = 64;
    match text.parse::<NonZeroUsize>() {
        Ok(number) if number.get() <= MOST => Ok(number),
        _ => Err(format!("a number from 1 to {MOST} is wanted")),
    }
}
