//! Machines that take several programs at a time, one of them at a time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use guest::Job;
use images::Silent;

use crate::kernels::Bootable;
use crate::machine::{Deadlines, Dialogue, Lanes, Machine, Parcel};
use crate::payload::initramfs::{PackedInitramfs, pack};
use crate::system::{RunDir, lock};

/// How many machines are tried for a program before it has one for itself.
const MOST_TRIED: usize = 2;

/// Keeps a machine up that takes several programs at a time, and replaces it once it takes no
/// more: while its last programs run, the next ones begin on another.
pub(super) struct LaneKeeper {
    kernel: Bootable,
    machine: Machine,
    /// What the machine boots with: its path is in `machine`.
    _initramfs: PackedInitramfs,
    boot: Duration,
    current: Mutex<Option<Arc<Lanes>>>,
}

impl LaneKeeper {
    /// Starts the first machine. The inner error says why there are none on this kernel.
    ///
    /// # Errors
    /// If the machine does not come up.
    pub(super) fn start(
        kernel: &Bootable,
        memory_mib: u32,
        number: usize,
    ) -> Result<Result<Self, String>> {
        let job = pack(&Job::Lanes { number }, kernel.machine.arch)?;
        let mut machine = kernel.machine.clone();
        machine.memory_mib = memory_mib;
        machine.shares_memory = kernel.can_share_memory;
        machine.lanes = number;
        machine.parcel = kernel.parcel(&machine, &job, true)?;
        machine.initramfs = job.path();
        if machine.parcel.is_none() {
            let why = "this QEMU shares no memory with a machine, or saves none";
            return Ok(Err(why.to_owned()));
        }
        let keeper = Self {
            kernel: kernel.clone(),
            boot: Deadlines::of(machine.accelerator).boot,
            machine,
            _initramfs: job,
            current: Mutex::new(None),
        };
        let first = keeper.another()?;
        Ok(first.map(|first| Self {
            current: Mutex::new(Some(Arc::new(first))),
            ..keeper
        }))
    }

    /// How many programs it takes at a time.
    pub(super) const fn number(&self) -> usize {
        self.machine.lanes
    }

    /// Begins the job of a parcel on a machine that others use; none if there is no such.
    pub(super) fn begin(
        &self,
        machine: &Machine,
        dir: &RunDir,
        parcel: &Parcel,
    ) -> Result<Option<Dialogue>> {
        for _ in 0..MOST_TRIED {
            let Some(lanes) = self.lanes() else { break };
            if let Some(dialogue) = lanes.begin(machine, dir, parcel)? {
                return Ok(Some(dialogue));
            }
        }
        Ok(None)
    }

    /// The machine that takes programs, which may have to come up.
    fn lanes(&self) -> Option<Arc<Lanes>> {
        let mut current = lock(&self.current);
        if current.as_ref().is_some_and(|lanes| !lanes.is_open()) {
            *current = None;
        }
        if current.is_none() {
            *current = self.another().ok()?.ok().map(Arc::new);
        }
        current.clone()
    }

    fn another(&self) -> Result<Result<Lanes, String>> {
        let modules = self.kernel.modules.clone();
        let modules = Box::new(move || modules.file(&Silent));
        Lanes::start(&self.machine, &self.kernel.dir, self.boot, modules)
    }
}
