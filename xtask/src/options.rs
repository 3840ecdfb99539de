//! What several commands have in common: how a machine is run.

use clap::Args;
use harness::{AcceleratorChoice, Machines, QemuChoice};

/// The QEMU, and how it executes the processor.
#[derive(Args)]
pub(crate) struct HostOptions {
    /// How the processor is executed: auto, kvm or tcg
    #[arg(long, default_value = "auto")]
    pub(crate) accel: AcceleratorChoice,

    /// Which QEMU: host (the first in PATH), own (one that Strata downloads into
    /// its cache), or the path of one; auto takes the host's where it fits, else
    /// its own [also: STRATA_QEMU] [default: auto]
    #[arg(long, value_name = "auto|host|own|PATH")]
    pub(crate) qemu: Option<QemuChoice>,

    /// Accepted and without effect: nothing is installed on this host
    #[arg(long, hide = true)]
    yes: bool,
}

impl HostOptions {
    /// Makes a bench use them.
    pub(crate) fn apply(&self, bench: &mut Machines) {
        bench.accelerator = self.accel;
        if let Some(qemu) = &self.qemu {
            bench.qemu = qemu.clone();
        }
    }
}
