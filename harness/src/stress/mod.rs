//! Many boots on a loaded host, with faults among them, and what went wrong.

mod figures;
mod hostile;
mod load;
mod orphans;
mod plan;
mod trial;

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use images::{Catalogue, Kernel, Store};

use crate::qemu::Launch;
use crate::{Interrupt, RunDir, Wish, program_name};

pub use figures::Figures;
use load::Load;
use trial::Bed;

/// How many trials are made for each boot that is asked for, at most: those in
/// which nothing boots are no reason to go on for ever.
const TRIALS_A_BOOT: usize = 2;

/// What a stress run is made of.
#[derive(Clone, Debug)]
pub struct Stress {
    /// The kernels, which take turns.
    pub kernels: Vec<Kernel>,
    /// How many machines to boot, at least.
    pub boots: usize,
    /// How many machines may run at the same time.
    pub jobs: NonZeroUsize,
    /// How many processors other work keeps busy meanwhile.
    pub load: usize,
    /// What chance is made of: the same faults at the same places.
    pub seed: u64,
    /// The accelerator to use.
    pub wish: Wish,
    /// The QEMU that boots them.
    pub qemu: Launch,
    /// The program whose runs are killed: `cargo xtask` itself.
    pub program: PathBuf,
    /// Where everything is kept that is kept.
    pub dir: RunDir,
}

impl Stress {
    /// Does it. The figures so far are told as each trial ends.
    ///
    /// # Errors
    /// Where there is no kernel, or the harness cannot do its part.
    pub fn run(&self, tell: &(dyn Fn(&Figures) + Sync)) -> Result<Figures> {
        ensure!(
            !self.kernels.is_empty(),
            "there is no kernel in the cache: fetch one, such as `{} kernels fetch 6.1`",
            program_name()
        );
        let _load = Load::start(self.load);
        let next = AtomicUsize::new(0);
        let figures = Mutex::new(Figures::default());
        let worker = || -> Result<()> {
            loop {
                let enough = |figures: &Figures| figures.boots >= self.boots;
                if figures.lock().is_ok_and(|figures| enough(&figures)) {
                    return Ok(());
                }
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= TRIALS_A_BOOT.saturating_mul(self.boots) {
                    return Ok(());
                }
                let part = self.trial(number)?;
                let mut figures = figures.lock().map_err(|_| anyhow!("a trial panicked"))?;
                figures.add(part);
                tell(&figures);
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs.get()).map(|_| scope.spawn(worker)).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a trial panicked"))?)
        })?;
        figures
            .into_inner()
            .map_err(|_| anyhow!("a trial panicked"))
    }

    /// The same, until a signal comes: with the figures so far, and whether one came.
    ///
    /// # Errors
    /// As [`Stress::run`].
    pub fn run_unless_told(
        self,
        interrupt: &Interrupt,
        tell: impl Fn(&Figures) + Send + Sync + 'static,
    ) -> Result<(Figures, bool)> {
        let so_far = Arc::new(Mutex::new(Figures::default()));
        let keep = Arc::clone(&so_far);
        let work = move || {
            self.run(&|figures| {
                if let Ok(mut so_far) = keep.lock() {
                    so_far.clone_from(figures);
                }
                tell(figures);
            })
        };
        if let Some(figures) = interrupt.unless_told(work)? {
            return Ok((figures?, false));
        }
        let so_far = so_far.lock().map_err(|_| anyhow!("a trial panicked"))?;
        Ok((so_far.clone(), true))
    }

    fn trial(&self, number: usize) -> Result<Figures> {
        let kernel = &self.kernels[number % self.kernels.len()];
        let dir = self.dir.kernel(&format!("trial{number}"))?;
        let bed = Bed {
            kernel,
            store: Store::builder(&Catalogue::builtin()).build()?,
            stress: self,
            dir: &dir,
            number,
        };
        let figures = bed.run()?;
        if figures.nothing_went_wrong() {
            // The logs of a trial without findings are not kept.
            fs::remove_dir_all(dir.path())
                .with_context(|| format!("removing {}", dir.path().display()))?;
        }
        Ok(figures)
    }
}
