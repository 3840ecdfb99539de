//! A program's machine, and its devices.

use anyhow::Result;
use clap::Args;
use guest::Need;
use harness::{
    DeviceWords, Disks, Downloads, ExitCodes, Machines, Network, Program, PublishedPort, RunDir,
    Runner, StandingPlace, WantedDisk, Watcher, check_published, disk_names,
};
use images::{Catalogue, Store};

use super::host::{CpusOption, HostOptions, ModulesOption, SourceOptions};
use super::program::ProgramOptions;
use super::values::memory;

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
