//! Many kernels, side by side.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use guest::Scenario;
use images::{Kernel, ObtainError, Store};

use crate::accelerator::{Choice, Wish, choose};
use crate::examine::examine;
use crate::{
    Accelerator, Cell, Machine, Matrix, Problem, Row, RunDir, Substitute, Verdict, qemu, workspace,
};

/// What is to be told while a suite runs. Called from several threads.
pub trait Watcher: images::Progress {
    /// The accelerator was chosen.
    fn accelerator(&self, choice: &Choice);
    /// A kernel is done.
    fn row(&self, row: &Row);
}

/// What to run, and how.
pub struct Suite<'a> {
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// The scenarios, for each of them.
    pub scenarios: Vec<&'a Scenario>,
    /// Where kernels come from.
    pub store: Store,
    /// The accelerator to use.
    pub wish: Wish,
    /// How many machines may run at the same time.
    pub jobs: NonZeroUsize,
    /// Where transcripts go.
    pub dir: RunDir,
    /// What was found out about this host's accelerators.
    accelerator: Mutex<Option<Choice>>,
    qemu: PathBuf,
}

impl<'a> Suite<'a> {
    /// A suite on this host.
    ///
    /// # Errors
    /// Where QEMU is missing.
    pub fn new(
        kernels: Vec<Kernel>,
        scenarios: Vec<&'a Scenario>,
        store: Store,
        dir: RunDir,
    ) -> Result<Self> {
        Ok(Self {
            kernels,
            scenarios,
            store,
            wish: Wish::default(),
            jobs: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            dir,
            accelerator: Mutex::new(None),
            qemu: qemu::find()?,
        })
    }

    /// Runs everything. Whatever becomes of one kernel, the others are run.
    pub fn run(&self, watcher: &dyn Watcher) -> Matrix {
        let next = AtomicUsize::new(0);
        let rows: Vec<Mutex<Option<Row>>> = self.kernels.iter().map(|_| Mutex::default()).collect();
        thread::scope(|scope| {
            for _ in 0..self.jobs.get().min(self.kernels.len()) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(kernel) = self.kernels.get(index) else {
                            break;
                        };
                        let row = self.row(kernel, watcher);
                        watcher.row(&row);
                        if let Ok(mut slot) = rows[index].lock() {
                            *slot = Some(row);
                        }
                    }
                });
            }
        });
        let rows = rows
            .into_iter()
            .filter_map(|row| row.into_inner().ok().flatten())
            .collect();
        Matrix { rows }
    }

    /// Runs one kernel.
    pub fn row(&self, kernel: &Kernel, watcher: &dyn Watcher) -> Row {
        let mut row = Row {
            name: kernel.name(),
            spec: match kernel {
                Kernel::Catalogued(entry) => entry.name.clone(),
                Kernel::File(path) => path.display().to_string(),
            },
            image: None,
            substitute: None,
            kernel: None,
            cells: Vec::new(),
            problem: None,
            boots: 0,
            took: Duration::ZERO,
            last_lines: Vec::new(),
            dir: PathBuf::new(),
        };
        row.problem = self.fill(kernel, &mut row, watcher).err();
        if let Some(Problem::Unavailable(why) | Problem::Failed(why)) = &row.problem {
            let cell = |scenario: &&Scenario| Cell::without(scenario.name, Verdict::NotRun, why);
            row.cells = self.scenarios.iter().map(cell).collect();
        }
        row
    }

    fn fill(&self, kernel: &Kernel, row: &mut Row, watcher: &dyn Watcher) -> Result<(), Problem> {
        let failed = |error: anyhow::Error| Problem::Failed(format!("{error:#}"));
        let path = match kernel {
            Kernel::File(path) => {
                row.image = Some(path.display().to_string());
                path.clone()
            }
            Kernel::Catalogued(entry) => {
                let image = self
                    .store
                    .obtain(entry, watcher)
                    .map_err(|error| match error {
                        ObtainError::Unavailable { why } => Problem::Unavailable(why),
                        error => Problem::Failed(error.to_string()),
                    })?;
                row.image = Some(format!("{} from {}", image.debian_version, image.source));
                row.substitute = image.substituted_for.map(|pinned| Substitute {
                    served: image.debian_version,
                    pinned,
                });
                image.path
            }
        };
        let dir = self.kernel_dir(kernel).map_err(failed)?;
        row.dir = dir.path().to_owned();
        let mut machine = Machine {
            qemu: self.qemu.clone(),
            accelerator: Accelerator::Tcg,
            kernel: path,
            initramfs: dir.initramfs(),
            memory_mib: 256,
            cpus: 1,
        };
        machine.accelerator = self.accelerator(&machine, watcher).map_err(failed)?;
        let findings = examine(&machine, &self.scenarios, &dir).map_err(failed)?;
        row.kernel = findings.kernel;
        row.cells = findings.cells;
        row.boots = findings.boots;
        row.took = findings.took;
        row.last_lines = findings.last_lines;
        Ok(())
    }

    /// Where what concerns a kernel is kept in this run.
    pub(crate) fn kernel_dir(&self, kernel: &Kernel) -> Result<RunDir> {
        self.dir.kernel(&dir_name(kernel))
    }

    /// The accelerator, found out with the first machine there is.
    fn accelerator(&self, machine: &Machine, watcher: &dyn Watcher) -> Result<Accelerator> {
        let mut known = self
            .accelerator
            .lock()
            .map_err(|_| anyhow::anyhow!("the probe panicked"))?;
        if known.is_none() {
            let choice = choose(
                self.wish,
                machine,
                &self.dir,
                &workspace::accelerator_memory(),
            )?;
            watcher.accelerator(&choice);
            *known = Some(choice);
        }
        Ok(known
            .as_ref()
            .map_or(Accelerator::Tcg, |choice| choice.accelerator))
    }
}

/// The name of a kernel's directory: two images may have the same file name.
fn dir_name(kernel: &Kernel) -> String {
    match kernel {
        Kernel::Catalogued(entry) => entry.name.clone(),
        Kernel::File(path) => path
            .to_string_lossy()
            .trim_start_matches('/')
            .replace('/', "_"),
    }
}
