//! Many boots on a loaded host, with faults among them, and what went wrong.
//!
//! `plan` says what is tried, `boot` and `hard_run` try it and judge what comes of it,
//! and `figures` sums it up. May use: the library.

mod boot;
mod figures;
mod hard_run;
mod orphans;
mod plan;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, hint, mem, thread};

use anyhow::{Context, Result, ensure};
use guest::scenarios;
use harness::{AcceleratorChoice, Interrupt, Launch, RunDir, program_name, side_by_side};
use images::Kernel;
use indicatif::{ProgressBar, ProgressStyle};

use figures::{Figures, Finding, WENT_WRONG};
use plan::Trial;

/// How many trials are made for each boot that is asked for, at most: there are
/// trials without a boot, and hosts on which nothing boots.
const TRIALS_A_BOOT: usize = 2;

const BAR: &str = "{elapsed_precise} {pos} of {len} boots {bar:20} {msg}";

/// A stress run.
pub(crate) struct Stress {
    /// The kernels, which take turns.
    pub(crate) kernels: Vec<Kernel>,
    /// How many machines to boot, at least.
    pub(crate) boots: usize,
    /// How many machines may run at the same time.
    pub(crate) jobs: NonZeroUsize,
    /// How many processors other work keeps busy.
    pub(crate) load: usize,
    /// The seed of all random choices.
    pub(crate) seed: u64,
    pub(crate) wish: AcceleratorChoice,
    /// The QEMU that boots them.
    pub(crate) qemu: Launch,
    /// Strata's command line, as a program.
    pub(crate) program: PathBuf,
    pub(crate) dir: RunDir,
}

impl Stress {
    /// Makes all trials, or stops at a signal: the figures, and whether a signal came.
    /// Keeps processors busy until this process ends.
    ///
    /// # Errors
    /// Where there is no kernel, or the harness cannot do its part.
    pub(crate) fn run(self: Arc<Self>, interrupt: &Interrupt) -> Result<(Figures, bool)> {
        ensure!(
            !self.kernels.is_empty(),
            "there is no kernel in the cache: fetch one, such as `{} kernels fetch 6.1`",
            program_name()
        );
        for _ in 0..self.load {
            thread::spawn(|| {
                loop {
                    hint::spin_loop();
                }
            });
        }
        let figures = Arc::new(Mutex::new(Ok(Figures::default())));
        let counted = Arc::clone(&figures);
        let done = interrupt.unless_told(move || self.run_trials(&counted))?;
        let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
        let figures = mem::replace(&mut *figures, Ok(Figures::default()))?;
        Ok((figures, done.is_none()))
    }

    /// Adds up the figures of the trials; the first error ends them.
    fn run_trials(&self, figures: &Mutex<Result<Figures>>) {
        let bar = ProgressBar::new(self.boots as u64);
        bar.set_style(ProgressStyle::with_template(BAR).unwrap_or(ProgressStyle::default_bar()));
        let numbers: Vec<usize> = (0..TRIALS_A_BOOT.saturating_mul(self.boots)).collect();
        let lock = || figures.lock().unwrap_or_else(PoisonError::into_inner);
        let work = |&number: &usize| {
            if !matches!(&*lock(), Ok(figures) if figures.number(Finding::Boot) < self.boots) {
                return;
            }
            let more = self.run_trial(number);
            let mut figures = lock();
            match (&mut *figures, more) {
                (Ok(figures), Ok(more)) => {
                    figures.add(more);
                    bar.set_position(figures.number(Finding::Boot) as u64);
                    let [wrong, lost, orphans] = WENT_WRONG.map(|what| figures.number(what));
                    bar.set_message(format!("{wrong} wrong, {lost} lost, {orphans} orphans"));
                }
                (Ok(_), Err(error)) => *figures = Err(error),
                (Err(_), _) => {}
            }
        };
        side_by_side(self.jobs, &numbers, work, |()| {});
    }

    fn run_trial(&self, number: usize) -> Result<Figures> {
        let kernel = &self.kernels[number % self.kernels.len()];
        let dir = self.dir.kernel(&format!("trial{number}"))?;
        let figures = match plan::trial(number, scenarios::ALL.len(), self.seed) {
            Trial::Boot(fault) => self.boot(kernel, &dir, fault),
            Trial::Hard(run) if run.is_possible() => self.run_hard(kernel, dir.path(), &run),
            Trial::Hard(_) => self.boot(kernel, &dir, None),
        }?;
        if figures.nothing_went_wrong() {
            fs::remove_dir_all(dir.path())
                .with_context(|| format!("removing {}", dir.path().display()))?;
        }
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stress run whose harness is a script, and the directory of one trial.
    pub(super) fn with_program(script: &str) -> (Stress, RunDir, tempfile::TempDir) {
        use std::os::unix::fs::PermissionsExt;

        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("xtask");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let name = place.path().file_name().unwrap().display().to_string();
        let dir = RunDir::of_run(&format!("tests-stress{name}")).unwrap();
        let stress = Stress {
            kernels: vec![Kernel::File(PathBuf::from("/k/vmlinuz").into())],
            boots: 1,
            jobs: NonZeroUsize::MIN,
            load: 0,
            seed: 1,
            wish: AcceleratorChoice::Auto,
            qemu: Launch::of_host(guest::HOST.qemu),
            program,
            dir: dir.clone(),
        };
        (stress, dir, place)
    }
}
