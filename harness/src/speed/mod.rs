//! How fast Strata is, measured against bare QEMU and against what people use
//! today.
//!
//! Every figure is a ratio of two times that were taken in the same rounds, and
//! each time the median of them. The goals and what was found are in
//! docs/performance.md.

mod contest;
mod floor;
mod init;
mod line;
mod matrix;
mod one;
mod peers;
mod start;
mod stopwatch;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use images::{Catalogue, Kernel, Store};

use crate::{Bench, Machine, Watcher, cached_kernels};
use contest::Contest;
pub use line::{Figure, Goal, Line, Measured};

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Speed {
    /// Strata's command line, as a program.
    pub program: PathBuf,
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// What is asked for; everything where nothing is named.
    pub figures: Vec<Figure>,
    /// How often everything is timed.
    pub rounds: usize,
}

/// A kernel to measure with.
struct Entry {
    name: String,
    /// As the command line takes it.
    spec: String,
    /// The machine that Strata boots, with an initramfs of the smallest init.
    machine: Machine,
    /// The kernel as it is packaged.
    packaged: PathBuf,
}

impl Speed {
    /// Measures what is asked for; tells each line as soon as it is there.
    ///
    /// # Errors
    /// Where a kernel cannot be had. What fails while it is measured has a line
    /// that says so.
    pub fn measure(
        &self,
        bench: &Bench,
        watcher: &dyn Watcher,
        mut tell: impl FnMut(&Line),
    ) -> Result<()> {
        let mut entries = Vec::new();
        let mut of_peers = Vec::new();
        for kernel in &self.kernels {
            let entry = Entry::new(kernel, bench, watcher)?;
            let dir = bench.kernel_dir(kernel)?;
            let mut contest = Contest::new(&dir);
            floor::enter(&mut contest, &entry)?;
            one::enter(&mut contest, self, &entry);
            if self.wants(Figure::Peers) {
                peers::enter(&mut contest, &entry, &dir)?;
            }
            if self.wants(Figure::Floor) {
                floor::enter_tried(&mut contest, &entry);
            }
            contest.hold(self.rounds);
            if self.wants(Figure::One) {
                one::lines(&contest, &entry).iter().for_each(&mut tell);
            }
            if self.wants(Figure::Start) {
                start::lines(self, &entry, &dir).iter().for_each(&mut tell);
            }
            if self.wants(Figure::Floor) {
                floor::lines(&contest, &entry).iter().for_each(&mut tell);
            }
            if self.wants(Figure::Peers) {
                let lines = peers::lines(&contest, &entry);
                lines.iter().for_each(&mut tell);
                of_peers.extend(lines);
            }
            let bare: Option<Duration> = contest.took(floor::BARE).ok().map(|took| took.wall);
            entries.push((entry, bare));
        }
        if self.wants(Figure::Peers) {
            peers::counts(&of_peers).iter().for_each(&mut tell);
        }
        if self.wants(Figure::Matrix) && entries.len() > 1 {
            tell(&matrix::line(self, &entries, &bench.dir));
        }
        Ok(())
    }

    fn wants(&self, figure: Figure) -> bool {
        self.figures.is_empty() || self.figures.contains(&figure)
    }
}

impl Entry {
    fn new(kernel: &Kernel, bench: &Bench, watcher: &dyn Watcher) -> Result<Self> {
        let name = kernel.name();
        let bootable = bench
            .machine(kernel, watcher)
            .map_err(|problem| anyhow::anyhow!("{problem}"))
            .with_context(|| format!("kernel {name}"))?;
        Ok(Self {
            name,
            spec: kernel.spec(),
            machine: Machine {
                initramfs: bootable.dir.path().join("floor"),
                ..bootable.machine
            },
            packaged: bootable.packaged,
        })
    }
}

/// The kernels that are measured where none are named: the first and the last
/// of those that are in the cache.
#[must_use]
pub fn usual_kernels(catalogue: &Catalogue, store: &Store) -> Vec<Kernel> {
    let mut kernels = cached_kernels(catalogue, store);
    if kernels.len() > 2 {
        kernels.drain(1..kernels.len() - 1);
    }
    kernels
}
