//! Where kernels come from, and how machines are run on this host.

use std::num::NonZeroU32;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use guest::Arch;
use harness::{AcceleratorChoice, Machines, QemuChoice, project, runs};
use images::{Catalogue, Spec, Store, StoreBuilder};

use super::values::{architecture, positive};

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
